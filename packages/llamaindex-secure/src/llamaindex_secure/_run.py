"""The run of an agent, restored where it reaches whoever started it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from functools import cache
from typing import Any

from llama_index.core.agent.workflow import AgentOutput, AgentStream
from llama_index.core.agent.workflow.workflow_events import AgentStreamStructuredOutput
from llama_index.core.workflow import StopEvent

from secure_core import Guard

from ._restoring import Restoring, Words, arestored, in_thread

__all__ = ["restoring"]


def restoring(handler: Any, guard: Guard) -> Any:
    """Return the handler of a run, which from now on restores the answer, whole and as it comes."""
    if isinstance(guard, Restoring):
        kind: Any = type(handler)
        handler.__class__ = _restoring_class(kind)
        handler._guard = guard
    return handler


@cache
def _restoring_class(kind: Any) -> Any:
    class Restoring(kind):  # type: ignore[misc]
        _guard: Any

        def __await__(self) -> Generator[Any, Any, Any]:
            result = yield from super().__await__()
            return (yield from _answer(self._guard, result).__await__())

        async def stream_events(self, *args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
            """Yield the events of the run."""
            saying = _Saying(self._guard)
            async for event in super().stream_events(*args, **kwargs):
                if isinstance(event, AgentStream):
                    yield await in_thread(self._guard, saying.push, event)
                    continue
                if held := await in_thread(self._guard, saying.close):
                    yield held
                yield await _answer(self._guard, event)

    return Restoring


_ANSWERS: dict[type, tuple[str, ...]] = {
    AgentOutput: ("response", "structured_response"),
    AgentStreamStructuredOutput: ("output",),
}
"""Events that hold an answer, and where."""


async def _answer(guard: Guard, value: Any) -> Any:
    """Return a result or an event restored, if it is an answer; the others tell of calls, which keep stand-ins."""
    if type(value) is StopEvent:
        return StopEvent(result=await _answer(guard, value.result))
    names = _ANSWERS.get(type(value), ())
    fields = {name: await arestored(guard, getattr(value, name)) for name in names}
    return value.model_copy(update=fields) if fields else value


class _Saying:
    """What an agent says and thinks, event by event, until an event of another kind ends it."""

    def __init__(self, guard: Any) -> None:
        self._guard = guard
        self._begin()

    def _begin(self) -> None:
        self._words: Words = self._guard.restore_stream()
        self._thoughts: Words = self._guard.restore_stream()
        self._said = ""
        self._last: AgentStream | None = None

    def push(self, event: AgentStream) -> AgentStream:
        """Take an event; return it with what is certain by now."""
        self._last = event
        thought = event.thinking_delta
        return self._event(event, self._words.push(event.delta), thought and self._thoughts.push(thought))

    def close(self) -> AgentStream | None:
        """Return one more event, if something was held back."""
        words, thoughts, last = self._words.flush(), self._thoughts.flush(), self._last
        held = self._event(last, words, thoughts or None) if last and (words or thoughts) else None
        self._begin()
        return held

    def _event(self, event: AgentStream, words: str, thoughts: str | None) -> AgentStream:
        self._said += words
        return event.model_copy(update={"delta": words, "thinking_delta": thoughts, "response": self._said})
