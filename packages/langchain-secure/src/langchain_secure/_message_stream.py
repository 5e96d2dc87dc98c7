"""A model's message in chunks, through the guard: a buffer for each text that grows, so that any chunking is exact."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.base import merge_content
from langchain_core.utils._merge import merge_dicts, merge_lists

from secure_core import Action, Blocked, Context, Guard, Stage, StreamSanitizer

from ._content import CALLS, LABELS, clean, is_opaque, judge, refuse

__all__ = ["MessageStream", "WholeMessage", "flushed"]

Step = str | tuple[str, Any]
"""One step from a message down to a text: a key, or an item of a list: ``("index", 0)``, ``("type", "text")``."""
Path = tuple[Step, ...]

_CALL_FIELDS = ("tool_call_chunks", "tool_calls", "invalid_tool_calls")
_FIELDS = ("content", "additional_kwargs", "response_metadata", *_CALL_FIELDS)
_GROW = frozenset({None, "text", "output_text", "reasoning", "thinking", "refusal"})
"""Types of content blocks that come in pieces even where the provider gives them no index."""


def flushed(stream: StreamSanitizer) -> str:
    """Return the end of a stream.

    Raises:
        Blocked: the text was blocked.
    """
    tail = stream.flush()
    if stream.decision is not None and stream.decision.action is Action.BLOCK:
        raise Blocked(stream.decision)
    return tail


class MessageStream:
    """The chunks of one model message, cleaned.

    A string in a message chunk is a delta of the string at the same place in the whole message, as LangChain itself
    adds chunks up: the content, a block's text or reasoning (by the block's index), what a provider puts into
    ``additional_kwargs`` and ``response_metadata``. Each has a buffer of its own. What a tool is to be called with is
    kept until the message is complete and then judged string by string, never as raw JSON.
    """

    def __init__(self, guard: Guard, context: Context) -> None:
        self._guard = guard
        self._context = replace(context, stage=Stage.OUTPUT)
        self._texts: dict[Path, StreamSanitizer] = {}
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
        if chunk.response_metadata:
            fields["response_metadata"] = self._metadata(chunk.response_metadata)
        if chunk.chunk_position == "last":
            fields = _joined(fields, self._tails())
        if "tool_call_chunks" in fields:
            fields.update(_parsed(fields["tool_call_chunks"]))
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
                return {key: self._entry(value, key, part, path) for key, part in value.items()}
        return clean(self._guard, value, self._context)

    def _text(self, path: Path) -> StreamSanitizer:
        if path not in self._texts:
            self._texts[path] = self._guard.stream(context=self._context)
        return self._texts[path]

    def _entry(self, block: dict[str, Any], key: str, value: Any, path: Path) -> Any:
        if key == "name" and value:
            self._tools[path] = value
        if value is None or is_opaque(block, key, value, item=isinstance(path[-1], tuple)):
            return value
        if key not in CALLS:
            return self._push(value, (*path, key))
        if not isinstance(value, str):
            return self._whole({"name": block.get("name"), key: value})[key]
        self._calls[*path, key] = self._calls.get((*path, key), "") + value
        return ""

    def _whole(self, block: Any) -> Any:
        return clean(self._guard, AIMessage(content=[block]), self._context).content[0]

    def _metadata(self, metadata: dict[str, Any]) -> dict[str, Any]:
        """Clean what a provider says about a chunk. Log probabilities go: they spell the text, token by token."""
        return {
            key: value if key in LABELS else self._push(value, ("response_metadata", key))
            for key, value in metadata.items()
            if key != "logprobs"
        }

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
            given.append(self._push(item, (*path, step)) if _grows(item, path) else self._whole(item))
        return given

    def _tails(self, under: Path = ()) -> Any:
        """Close the texts under a path and return what they kept back: fields of a message, or items of a list."""
        n = len(under)
        kept: list[tuple[Path, str]] = []
        for path in [path for path in self._texts if path[:n] == under]:
            kept.append((path, flushed(self._texts.pop(path))))
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


def _step(item: Any) -> tuple[str, Any]:
    """Name an item of a list as LangChain does when it adds chunks up: by its index, if it has one."""
    if not isinstance(item, dict):
        return ("type", "")
    if item.get("index") is not None:
        return ("index", item["index"])
    return ("type", item.get("type"))


def _grows(item: Any, path: Path) -> bool:
    """Whether more of an item may come; a block without an index comes whole, unless it is text."""
    if not isinstance(item, dict) or item.get("index") is not None:
        return True
    return item.get("type") in _GROW and path != ("tool_call_chunks",)


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
                joined[name] = merge_content(held, value)
    return joined


def _parsed(chunks: list[Any]) -> dict[str, Any]:
    """Return the tool call fields of a message with these chunks; what only brought arguments is gone."""
    told = [chunk for chunk in chunks if chunk.get("name") or chunk.get("id") or chunk.get("args")]
    message = AIMessageChunk(content="", tool_call_chunks=told)
    return {name: getattr(message, name) for name in _CALL_FIELDS}


class WholeMessage:
    """The chunks of one model message, kept until the last one: what may not be changed can only be refused."""

    def __init__(self, guard: Guard, context: Context) -> None:
        self._guard = guard
        self._context = replace(context, stage=Stage.OUTPUT)
        self._message: AIMessageChunk | None = None

    @property
    def holds(self) -> bool:
        """Whether the message has yet to be given out."""
        return self._message is not None

    def push(self, chunk: AIMessageChunk) -> dict[str, Any]:
        """Return a chunk's fields without text; the last chunk's hold the whole message.

        Raises:
            Blocked: a rule would have to change the message.
        """
        own = chunk.model_copy(update={"chunk_position": None})
        whole = own if self._message is None else self._message + own
        if chunk.chunk_position == "last":
            self._message = None
            refuse(judge(self._guard, whole, self._context))
            return {name: getattr(whole, name) for name in _FIELDS}
        self._message = whole
        return {name: type(getattr(chunk, name))() for name in _FIELDS}
