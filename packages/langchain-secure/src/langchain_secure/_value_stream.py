"""What one runnable streams to the next, through the guard, whatever the kind of chunk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.runnables.utils import AddableDict

from secure_core import Context, Guard, StreamSanitizer

from ._content import clean, rewrite
from ._message_stream import MessageStream, flushed
from ._run_span import under_run

__all__ = ["ValueStream"]


class ValueStream:
    """The chunks that one runnable hands to the next, cleaned, whatever their kind.

    Text and message chunks are buffered; a chunk of an `AddableDict` is buffered key by key; of a value that
    replaces the one before it (a JSON parser's growing object) only the part that can no longer change is shown
    early; a list of documents, a prompt or a whole message is judged as one value.
    """

    def __init__(self, guard: Guard, context: Context) -> None:
        self._guard = guard
        self._context = context
        self._open: _Texts | _Messages | _Parts | _Values | None = None

    def push(self, chunk: Any) -> Iterator[Any]:
        """Yield what may be passed on now.

        Raises:
            Blocked: a text was blocked.
        """
        kind = _kind(chunk)
        if self._open is None or type(self._open) is not kind:
            yield from self.flush()
            self._open = kind(self._guard, self._context)
        yield from self._open.push(chunk)

    def flush(self) -> Iterator[Any]:
        """Yield what was kept back. Raises as `push` does."""
        if self._open is not None:
            yield from self._open.flush()
        self._open = None


def _kind(chunk: Any) -> type[_Texts | _Messages | _Parts | _Values]:
    match chunk:
        case str():
            return _Texts
        case AIMessageChunk():
            return _Messages
        case AddableDict():
            return _Parts
    return _Values


class _Texts:
    def __init__(self, guard: Guard, context: Context) -> None:
        self._stream = guard.stream(context=context)
        self._said = False

    def push(self, chunk: str) -> Iterator[str]:
        with under_run():
            text = self._stream.push(chunk)
        if text:
            self._said = True
            yield text

    def flush(self) -> Iterator[str]:
        with under_run():
            tail = flushed(self._stream)
        if tail or not self._said:
            yield tail


class _Messages:
    def __init__(self, guard: Guard, context: Context) -> None:
        self._stream = MessageStream(guard, context)
        self._id: str | None = None

    def push(self, chunk: AIMessageChunk) -> Iterator[AIMessageChunk]:
        self._id = chunk.id or self._id
        with under_run():
            fields = self._stream.push(chunk)
        yield chunk.model_copy(update=fields)

    def flush(self) -> Iterator[AIMessageChunk]:
        with under_run():
            tail = self._stream.flush()
        if tail:
            yield tail.model_copy(update={"id": self._id})


class _Parts:
    def __init__(self, guard: Guard, context: Context) -> None:
        self._guard = guard
        self._context = context
        self._parts: dict[Any, ValueStream] = {}

    def push(self, chunk: AddableDict) -> Iterator[AddableDict]:
        for key, value in chunk.items():
            part = self._parts.setdefault(key, ValueStream(self._guard, self._context))
            yield from (AddableDict({key: piece}) for piece in part.push(value))

    def flush(self) -> Iterator[AddableDict]:
        for key, part in self._parts.items():
            yield from (AddableDict({key: piece}) for piece in part.flush())


class _Values:
    """Whole values. One is kept until the next one shows whether it was only the beginning of it."""

    def __init__(self, guard: Guard, context: Context) -> None:
        self._guard = guard
        self._context = context
        self._held: list[Any] = []
        self._growing: list[_Growing] = []
        self._from_nothing = False

    def push(self, value: Any) -> Iterator[Any]:
        if isinstance(value, list) and not value:
            self._from_nothing = True
        grows = self._from_nothing or not isinstance(value, list)  # other lists are parts: LangChain adds lists up
        if self._held and grows and _continues(self._held[0], value):
            yield self._beginning(self._held.pop())
        else:
            yield from self.flush()
        self._held = [value]

    def flush(self) -> Iterator[Any]:
        self._growing.clear()
        if self._held:
            yield clean(self._guard, self._held.pop(), self._context)

    def _beginning(self, value: Any) -> Any:
        """Return the value with every text cut to what of it is already sure."""
        seen = 0

        def sure(text: str, place: Context) -> str:
            nonlocal seen
            if seen == len(self._growing):
                self._growing.append(_Growing(self._guard))
            seen += 1
            return self._growing[seen - 1].show(text, place)

        return rewrite(value, self._context, sure)


class _Growing:
    """A text that is shown again and again, each time longer."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._stream: StreamSanitizer | None = None
        self._raw = self._shown = ""

    def show(self, text: str, context: Context) -> str:
        if self._stream is None or not text.startswith(self._raw):
            self._stream = self._guard.stream(context=context)
            self._raw = self._shown = ""
        with under_run():
            self._shown += self._stream.push(text[len(self._raw) :])
        self._raw = text
        return self._shown


def _continues(old: Any, new: Any) -> bool:
    """Whether ``new`` may be ``old`` with more of it arrived."""
    match old, new:
        case str(), str():
            return new.startswith(old)
        case dict(), dict():
            return all(key in new and _continues(value, new[key]) for key, value in old.items())
        case list(), list():
            return len(old) <= len(new) and all(_continues(a, b) for a, b in zip(old, new, strict=False))
        case bool(), bool():
            return old is new
        case ((int() | float()), (int() | float())):
            return True
    return old is None or old is new
