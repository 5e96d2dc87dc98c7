"""From what LangChain knows of a run to the core's `Context`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from langchain_core.runnables.config import RunnableConfig, ensure_config

from secure_core import Context, Stage

__all__ = ["context_for", "in_a_node"]

_PRINCIPAL = ("langgraph_auth_user_id", "principal", "user_id")
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

    All of ``configurable`` speaks before any of ``metadata``, which may come from outside. The principal is read from
    ``langgraph_auth_user_id`` (whom LangGraph's server let in), ``principal`` or ``user_id``, the session from
    ``session``, ``session_id`` or ``thread_id``, the tenant from ``tenant`` or ``tenant_id``.

    Args:
        stage: where the text stands.
        config: of the run; left out, that of the run around all this.
        metadata: of the run, where there is no config.
        source: name of the tool, retriever, model or runnable.
    """
    config = ensure_config(config)
    known = (config.get("configurable", {}), metadata or {}, config.get("metadata", {}))
    return Context(
        stage,
        principal=_first(known, _PRINCIPAL),
        session=_first(known, _SESSION),
        tenant=_first(known, _TENANT),
        source=source,
    )


def in_a_node(config: RunnableConfig | None = None) -> bool:
    """Whether a node of a LangGraph graph asks, and the graph writes down what it is told."""
    return "langgraph_node" in ensure_config(config).get("metadata", {})


def _first(known: Iterable[Mapping[str, Any]], keys: tuple[str, ...]) -> str | None:
    return next((str(told[key]) for told in known for key in keys if told.get(key) is not None), None)
