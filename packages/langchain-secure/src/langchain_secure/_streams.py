"""Streams of LangChain chunks through the guard: a buffer for each text that grows, so that any chunking is exact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.base import merge_content
from langchain_core.runnables.utils import AddableDict
from langchain_core.utils._merge import merge_dicts, merge_lists
from secure_core import Action, Blocked, Context, Guard, Stage

from ._content import CALLS, OPAQUE, clean, is_media, rewrite

__all__ = ["MessageStream", "ValueStream"]

Step = str | tuple[str, Any]
"""One step from a message down to a text: a key, or an item of a list: ``("index", 0)``, ``("type", "text")``."""
Path = tuple[Step, ...]

_GROW = frozenset({None, "text", "reasoning", "thinking"})
"""Types of content blocks that come in pieces even where the provider gives them no index."""


class MessageStream:
    """The chunks of one model message, cleaned.

    A string in a message chunk is a delta of the string at the same place in the whole message, as LangChain itself
    adds chunks up: the content, a block's text or reasoning (by the block's index), what a provider puts into
    ``additional_kwargs``. Each has a buffer of its own. What a tool is to be called with is kept until the message
    is complete and then judged string by string, never as raw JSON.
    """

    def __init__(self, guard: Guard, context: Context) -> None:
        self._guard = guard
        self._context = replace(context, stage=Stage.OUTPUT)
        self._texts: dict[Path, Any] = {}
        self._calls: dict[Path, str] = {}
        self._tools: dict[Path, str] = {}
        self._shapes: dict[Path, dict[str, Any]] = {}
        self._last: dict[Path, Step] = {}

    @property
    def holds(self) -> bool:
        """Whether the end of the message has yet to be given out."""
        return bool(self._texts or self._calls)

    def push(self, chunk: AIMessageChunk) -> dict[str, Any]:
        """Return the fields of ``chunk`` as they may be passed on; the last chunk's hold all that was kept back.

        Raises:
            Blocked: the message was blocked.
        """
        fields: dict[str, Any] = {"content": self._push(chunk.content, ("content",))}
        for name in ("additional_kwargs", "tool_call_chunks"):
            if value := getattr(chunk, name):
                fields[name] = self._push(value, (name,))
        if chunk.chunk_position == "last":
            fields = _joined(fields, self._tails())
        if "tool_call_chunks" in fields:
            fields.update(_parsed(fields["tool_call_chunks"]))
        if "logprobs" in chunk.response_metadata:  # they spell the text, token by token
            fields["response_metadata"] = {k: v for k, v in chunk.response_metadata.items() if k != "logprobs"}
        return fields

    def flush(self) -> AIMessageChunk | None:
        """Return what was kept back, for a stream without a last chunk; ``None`` if nothing was. Raises as `push`."""
        fields = self._tails()
        return AIMessageChunk(**{"content": "", **fields}) if fields else None

    def _push(self, value: Any, path: Path) -> Any:
        match value:
            case str():
                return self._text(path).push(value) if value else value
            case list():
                return self._list(value, path)
            case dict():
                return {key: self._entry(value, key, held, path) for key, held in value.items()}
        return clean(self._guard, value, self._context)

    def _text(self, path: Path) -> Any:
        if path not in self._texts:
            self._texts[path] = self._guard.stream(context=self._context)
        return self._texts[path]

    def _entry(self, block: dict[str, Any], key: str, value: Any, path: Path) -> Any:
        if key == "name" and value:
            self._tools[path] = value
        if key in OPAQUE or value is None or is_media(block, key, value):
            return value
        if key not in CALLS:
            return self._push(value, (*path, key))
        if not isinstance(value, str):
            return self._whole({"name": block.get("name"), key: value})[key]
        self._calls[*path, key] = self._calls.get((*path, key), "") + value
        return ""

    def _whole(self, block: Any) -> Any:
        return clean(self._guard, AIMessage(content=[block]), self._context).content[0]

    def _list(self, items: list[Any], path: Path) -> list[Any]:
        given: list[Any] = []
        for item in items:
            step = _step(item)
            before = self._last.get(path, step)
            if before != step and before[0] == "type":  # LangChain adds no pieces to a block without an index
                given += self._tails((*path, before))
            self._last[path] = step
            if isinstance(item, dict):
                shape = {key: item[key] for key in ("type", "index") if item.get(key) is not None}
                self._shapes.setdefault((*path, step), shape)
            grows = step[0] == "index" or not isinstance(item, dict) or item.get("type") in _GROW and path != _CALLS
            given.append(self._push(item, (*path, step)) if grows else self._whole(item))
        return given

    def _tails(self, under: Path = ()) -> Any:
        """Close the texts under a path and return what they kept back: fields of a message, or items of a list."""
        n = len(under)
        kept: list[tuple[Path, str]] = []
        for path in [path for path in self._texts if path[:n] == under]:
            stream = self._texts.pop(path)
            kept.append((path, stream.flush()))
            if stream.decision.action is Action.BLOCK:
                raise Blocked(stream.decision)
        for path in [path for path in self._calls if path[:n] == under]:
            key, call = str(path[-1]), self._calls.pop(path)
            kept.append((path, self._whole({"name": self._tools.get(path[:-1]), key: call})[key]))
        if under:
            return [item for path, tail in kept if tail for item in self._nested(path, n - 1, tail)]
        fields: dict[str, Any] = {}
        for path, tail in kept:
            fields = _joined(fields, self._nested(path, 0, tail)) if tail else fields
        return fields

    def _nested(self, path: Path, at: int, tail: str) -> Any:
        """Return a tail inside the fields, blocks and items that lead to it."""
        if at == len(path):
            return tail
        inner = self._nested(path, at + 1, tail)
        step = path[at]
        if isinstance(step, str):
            return {step: inner}
        return [{**self._shapes[path[: at + 1]], **inner}] if isinstance(inner, dict) else [inner]


_CALLS: Path = ("tool_call_chunks",)


def _step(item: Any) -> tuple[str, Any]:
    """Name an item of a list as LangChain does when it adds chunks up: by its index, if it has one."""
    if not isinstance(item, dict):
        return ("type", "")
    if item.get("index") is not None:
        return ("index", item["index"])
    return ("type", item.get("type"))


def _joined(fields: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Add fields of one message up, as LangChain adds chunks."""
    joined = dict(fields)
    for name, value in more.items():
        match joined.get(name):
            case None | "" | []:
                joined[name] = value
            case dict() as held:
                joined[name] = merge_dicts(held, value)
            case list() as held if name != "content":
                joined[name] = merge_lists(held, value)
            case held:
                joined[name] = merge_content(held, value)  # type: ignore[arg-type]
    return joined


def _parsed(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the tool call fields of a message with these chunks; what only brought arguments is gone."""
    message = AIMessageChunk(
        content="", tool_call_chunks=[c for c in chunks if c.get("name") or c.get("id") or c.get("args")]
    )
    return {name: getattr(message, name) for name in ("tool_call_chunks", "tool_calls", "invalid_tool_calls")}


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
        if text := self._stream.push(chunk):
            self._said = True
            yield text

    def flush(self) -> Iterator[str]:
        tail = self._stream.flush()
        if self._stream.decision.action is Action.BLOCK:
            raise Blocked(self._stream.decision)
        if tail or not self._said:
            yield tail


class _Messages:
    def __init__(self, guard: Guard, context: Context) -> None:
        self._stream = MessageStream(guard, context)
        self._id: str | None = None

    def push(self, chunk: AIMessageChunk) -> Iterator[AIMessageChunk]:
        self._id = chunk.id or self._id
        yield chunk.model_copy(update=self._stream.push(chunk))

    def flush(self) -> Iterator[AIMessageChunk]:
        if tail := self._stream.flush():
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

    def push(self, value: Any) -> Iterator[Any]:
        if self._held and _continues(self._held[0], value):
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
        self._stream: Any = None
        self._raw = self._shown = ""

    def show(self, text: str, context: Context) -> str:
        if self._stream is None or not text.startswith(self._raw):
            self._stream = self._guard.stream(context=context)
            self._raw = self._shown = ""
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
    return old is None or bool(old == new)
