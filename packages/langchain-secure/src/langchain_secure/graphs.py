"""`secure_input`: what a graph is called with, cleaned before the graph writes it down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.pregel import Pregel

from secure_core import Guard, Stage

from ._content import aclean, clean
from ._context import context_for
from ._guarded import PolicyLike, guard_of

__all__ = ["secure_input"]

G = TypeVar("G", bound=Pregel[Any, Any, Any, Any])


def secure_input(graph: G, policy: PolicyLike = "default") -> G:
    """Return a copy of a compiled graph, an agent for instance, whose inputs are cleaned.

    LangGraph shows what a graph is called with to callbacks and tracers, streams it and writes it into the first
    checkpoint before any node or middleware runs; here it is cleaned before that, whichever way the graph is run
    (values to resume with, and updates of its state, too). Messages are judged where their text arose, everything
    else as `Stage.INPUT`.

    Args:
        graph: what ``create_agent`` or ``StateGraph.compile`` returned.
        policy: a shipped policy's name, a path, a `Policy` or a `Guard`.

    Raises:
        TypeError: it is no compiled graph.
        PolicyError: the policy is wrong.
        Blocked: from the copy, when what it is called with is blocked.

    >>> agent = secure_input(create_agent(model, tools, middleware=[SecureMiddleware()]))  # doctest: +SKIP
    """
    if not isinstance(graph, Pregel):
        raise TypeError(f"{type(graph).__name__} is no compiled graph; put SecureInput before it in a chain")
    kind: Any = type(graph)
    bases = (kind,) if issubclass(kind, _CleanInput) else (_CleanInput, kind)
    kind = type(kind.__name__, bases, {"_guard": guard_of(policy)})
    secured: G = kind.__new__(kind)
    secured.__dict__.update(graph.__dict__)
    return secured


class _CleanInput:
    """Stands before a graph's class in the order of its methods; the guard is the class's, for graphs copy fields."""

    _guard: Guard

    def stream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Any]:
        graph: Any = super()
        yield from graph.stream(self._clean(input, config), config, **kwargs)

    async def astream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> AsyncIterator[Any]:
        graph: Any = super()
        given = await aclean(self._guard, input, context_for(Stage.INPUT, config))
        async with aclosing(graph.astream(given, config, **kwargs)) as parts:
            async for part in parts:
                yield part

    def stream_events(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        graph: Any = super()
        return graph.stream_events(self._clean(input, config), config, **kwargs)

    def astream_events(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        graph: Any = super()
        return graph.astream_events(self._clean(input, config), config, **kwargs)

    def bulk_update_state(self, config: RunnableConfig, supersteps: Any) -> Any:
        graph: Any = super()
        return graph.bulk_update_state(config, self._clean(supersteps, config))

    async def abulk_update_state(self, config: RunnableConfig, supersteps: Any) -> Any:
        graph: Any = super()
        return await graph.abulk_update_state(config, self._clean(supersteps, config))

    def _clean(self, value: Any, config: RunnableConfig | None) -> Any:
        return clean(self._guard, value, context_for(Stage.INPUT, config))
