"""From what LangChain knows of a run to the core's `Context`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.runnables.config import RunnableConfig, ensure_config

from secure_core import Context, Stage

__all__ = ["context_for"]

_PRINCIPAL = ("principal", "user_id")
_SESSION = ("session", "session_id", "thread_id")
_TENANT = ("tenant", "tenant_id")


def context_for(
    stage: Stage,
    config: RunnableConfig | None = None,
    *,
    metadata: Mapping[str, Any] | None = None,
    source: str | None = None,
) -> Context:
    """Return the context of a text at ``stage``.

    ``configurable`` speaks before ``metadata``. The principal is read from ``principal`` or ``user_id``,
    the session from ``session``, ``session_id`` or ``thread_id``, the tenant from ``tenant`` or ``tenant_id``.
    """
    config = ensure_config(config)
    known = {**config.get("metadata", {}), **(metadata or {}), **config.get("configurable", {})}
    return Context(
        stage,
        principal=_first(known, _PRINCIPAL),
        session=_first(known, _SESSION),
        tenant=_first(known, _TENANT),
        source=source,
    )


def _first(known: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((str(known[key]) for key in keys if known.get(key) is not None), None)
