"""What a tool writes into a graph's stream while it runs, cleaned. LangGraph need not be installed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from langchain_core.runnables import RunnableConfig

from secure_core import Blocked, Context, Guard

from ._content import clean
from ._message_stream import flushed

__all__ = ["clean_deltas", "config_with_clean_writer", "with_clean_writer"]

Write = Callable[[Any], None]


def _clean_write(guard: Guard, context: Context, write: Write) -> Write:
    """Return a writer for the ``custom`` stream: each value is judged by itself, a blocked one is not written."""

    def written(value: Any) -> None:
        try:
            write(clean(guard, value, context))
        except Blocked:
            return

    return written


def with_clean_writer(guard: Guard, context: Context, value: Any) -> Any:
    """Return a runtime of LangGraph that writes cleanly; anything else is returned as it is."""
    if not type(value).__module__.startswith("langgraph.") or not hasattr(value, "stream_writer"):
        return value
    changed: dict[str, Any] = {"stream_writer": _clean_write(guard, context, value.stream_writer)}
    if hasattr(value, "config"):
        changed["config"] = config_with_clean_writer(guard, context, value.config)
    return dataclasses.replace(value, **changed)


def config_with_clean_writer(guard: Guard, context: Context, config: RunnableConfig) -> RunnableConfig:
    """Return a config under which ``get_stream_writer()`` writes cleanly."""
    known = config.get("configurable", {})
    return {**config, "configurable": {key: with_clean_writer(guard, context, held) for key, held in known.items()}}


@contextmanager
def clean_deltas(guard: Guard, context: Context) -> Iterator[None]:
    """Clean what a tool emits with ``runtime.emit_output_delta``: texts as one stream, other values by themselves."""
    try:
        from langgraph.pregel._tools import _tool_call_writer as current
    except ImportError:
        yield
        return
    if (write := current.get()) is None:
        yield
        return
    stream = guard.stream(context=context)

    def written(delta: Any) -> None:
        value = stream.push(delta) if isinstance(delta, str) else clean(guard, delta, context)
        if value:
            write(value)

    token = current.set(written)
    try:
        yield
        if tail := flushed(stream):
            write(tail)
    finally:
        current.reset(token)
