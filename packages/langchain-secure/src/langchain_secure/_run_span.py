"""Under which span a decision is written: the run's own, where an instrumentation keeps one.

OpenInference and OpenLLMetry add a handler of theirs to every callback manager, which keeps a span for each run;
most of these spans are never made current, so that OpenTelemetry's own context does not lead to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackManager
from langchain_core.runnables.config import RunnableConfig, var_child_runnable_config
from opentelemetry import context as otel_context
from opentelemetry.trace import Span, set_span_in_context

__all__ = ["run_around", "under_run"]

_FOUND = otel_context.create_key("langchain_secure.run")


@contextmanager
def under_run(*runs: UUID | None) -> Iterator[None]:
    """Make a run's span current while the body decides something. The body must not yield to a caller.

    Args:
        runs: ids of runs, the likeliest first; the run around all that comes last and goes without saying.
            Inside another `under_run` nothing changes.
    """
    span = None if otel_context.get_value(_FOUND) else _span(runs)
    if span is None:
        yield
        return
    token = otel_context.attach(otel_context.set_value(_FOUND, True, set_span_in_context(span)))
    try:
        yield
    finally:
        otel_context.detach(token)


def run_around(config: RunnableConfig | None) -> UUID | None:
    """Return the run that handed a config down to a step, if one did."""
    manager = config.get("callbacks") if config else None
    return manager.parent_run_id if isinstance(manager, BaseCallbackManager) else None


def _span(runs: tuple[UUID | None, ...]) -> Span | None:
    handlers = BaseCallbackManager([]).handlers  # those that instrumentations add to every manager
    if not handlers:
        return None
    found = (
        _kept(handler, run)
        for run in (*runs, run_around(var_child_runnable_config.get()))
        if run is not None
        for handler in handlers
    )
    return next((span for span in found if span is not None), None)


def _kept(handler: Any, run: UUID) -> Span | None:
    if hasattr(handler, "get_span"):  # OpenInference
        span: Span | None = handler.get_span(run)
        return span
    holder = getattr(handler, "spans", {}).get(run)  # OpenLLMetry
    return getattr(holder, "span", None)
