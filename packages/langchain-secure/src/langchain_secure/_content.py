"""The one walk over the text in what LangChain passes around: messages, documents, prompts and plain values.

A walk visits every text together with the context in which it arose, and puts another text in its place. What it
was given is never changed: whatever holds a changed text is copied, everything else is the same object as before.
"""

from __future__ import annotations

import copy
import dataclasses
import inspect
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar
from uuid import UUID

from langchain_core.documents import Document
from langchain_core.messages import AIMessage, BaseMessage, FunctionMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.runnables import Runnable
from pydantic import BaseModel

from secure_core import Action, Blocked, Context, Decision, Guard, InputError, Stage, Status

from ._run_span import under_run

__all__ = [
    "CALLS",
    "LABELS",
    "Verdict",
    "aclean",
    "ajudge",
    "clean",
    "cleaned",
    "is_opaque",
    "judge",
    "refuse",
    "rewrite",
]

T = TypeVar("T")
Replace = Callable[[str, Context], str]
Verdict = dict[tuple[str, Context], Decision]

CALLS = frozenset({"args", "arguments", "input", "partial_json"})
"""Keys of content blocks and tool calls that hold what a tool is to be called with."""

_FIELDS = (
    *("content", "tool_calls", "invalid_tool_calls", "tool_call_chunks"),
    *("additional_kwargs", "response_metadata", "artifact"),
)
_BINARY = frozenset({"base64", "signature", "thought_signature", "encrypted_content"})
_REFERENCES = frozenset(
    {"id", "call_id", "tool_call_id", "tool_use_id", "file_id", "mime_type", "media_type", "source_type"}
)
LABELS = frozenset(
    {"model", "model_name", "model_provider", "model_version", "finish_reason", "stop_reason", "stop_sequence"}
    | {"system_fingerprint", "service_tier", "output_version", "id", "object"}
)
"""Keys of ``response_metadata`` under which providers speak of themselves."""
_GRAPH = {"Command": ("update", "resume", "goto"), "Send": ("arg",), "Interrupt": ("value",), "Overwrite": ("value",)}
"""What holds text in the values of LangGraph (which need not be installed); the rest names nodes and interrupts."""
_PICTURED = ("data:image/", "data:audio/", "data:video/", "data:application/pdf")
_PLAIN = (type(None), bool, float, complex, Decimal, date, time, timedelta, Enum, UUID, type, Runnable)
_LONG = 10**12
"""A whole number of thirteen digits and more may be a card's: it is judged as it prints."""


def judge(guard: Guard, value: Any, context: Context) -> Verdict:
    """Decide every text in ``value``, in one batch."""
    if not (found := _texts(value, context)):
        return {}
    with under_run():
        decisions = guard.check_many([text for text, _ in found], contexts=[place for _, place in found])
    return dict(zip(found, decisions, strict=True))


async def ajudge(guard: Guard, value: Any, context: Context) -> Verdict:
    """As `judge`, without blocking the event loop."""
    if not (found := _texts(value, context)):
        return {}
    with under_run():
        decisions = await guard.acheck_many([text for text, _ in found], contexts=[place for _, place in found])
    return dict(zip(found, decisions, strict=True))


def cleaned(value: T, context: Context, verdict: Verdict) -> T:
    """Return ``value`` with what ``verdict`` decided about its texts.

    A blocked document is left out of its list.

    Raises:
        Blocked: any other text was blocked.
        InputError: the value is not the one that was judged.
    """

    def decided(text: str, place: Context) -> str:
        decision = verdict.get((text, place))
        if decision is None:
            raise InputError("a value changed while it was judged; hand in one that nobody else writes to")
        if decision.action is Action.BLOCK:
            raise Blocked(decision)
        return decision.text

    new: T = rewrite(value, context, decided)
    return new


def refuse(verdict: Verdict) -> None:
    """Stop at a text that a rule would have to change, where nothing can be changed.

    Raises:
        Blocked: with the strictest decision, as it is enforced here.
    """
    worst = max(verdict.values(), key=lambda decision: decision.action, default=None)
    if worst is not None and worst.action >= Action.SANITIZE:
        raise Blocked(replace(worst, action=Action.BLOCK, text="", edits=(), status=Status.BLOCKED))


def clean(guard: Guard, value: T, context: Context) -> T:
    """Judge ``value`` and return what may be passed on; raises as `cleaned` does."""
    return cleaned(value, context, judge(guard, value, context))


async def aclean(guard: Guard, value: T, context: Context) -> T:
    """As `clean`, without blocking the event loop."""
    return cleaned(value, context, await ajudge(guard, value, context))


def _texts(value: Any, context: Context) -> list[tuple[str, Context]]:
    found: dict[tuple[str, Context], None] = {}

    def note(text: str, place: Context) -> str:
        found[text, place] = None
        return text

    rewrite(value, context, note)
    return list(found)


def rewrite(value: Any, context: Context, put: Replace) -> Any:
    """Return ``value`` with ``put(text, context)`` in the place of every text in it.

    Messages and documents know better than the caller where their text arose: a human message is `Stage.INPUT`, a
    model's message `Stage.OUTPUT` and its tool calls `Stage.TOOL_CALL`, a tool's message `Stage.TOOL_RESULT`, a
    document `Stage.RETRIEVAL` (or `Stage.INGEST`); what a human and a model said is `Stage.MEMORY` where the caller
    says so; system messages are the application's own words and stay as they are. An object of an unknown type is
    judged as it prints; bytes that are no UTF-8 are taken for media and pass.

    Raises:
        InputError: an iterator is in it, whose texts nobody has read yet.
    """
    match value:
        case str() if not isinstance(value, Enum):
            return _text(value, context, put)
        case int() if not isinstance(value, bool | Enum):
            return _text(str(value), context, put, instead=value) if abs(value) >= _LONG else value
        case BaseMessage():
            return _message(value, context, put)
        case Document():
            return _document(value, context, put)
        case {"type": "tool_call", "args": _}:
            return _block(value, context, put, item=True)
        case Mapping():
            return _mapping(value, {key: rewrite(held, context, put) for key, held in value.items()}, context, put)
        case list() | tuple() | set() | frozenset():
            return _items(value, _each(value, context, put))
        case bytes():
            return _bytes(value, context, put)
        case _ if isinstance(value, _PLAIN) or inspect.isroutine(value):
            return value
        case _ if type(value).__module__ == "langgraph.types" and type(value).__name__ in _GRAPH:
            return _with(value, {name: getattr(value, name) for name in _GRAPH[type(value).__name__]}, context, put)
        case BaseModel():
            names = (*type(value).model_fields, *(value.model_extra or ()))
            return _with(value, {name: getattr(value, name) for name in names}, context, put)
        case _ if dataclasses.is_dataclass(value):
            return _with(value, {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}, context, put)
        case Iterator() | AsyncIterator():
            raise InputError(f"a {type(value).__name__} cannot be judged before it is read; hand in a list")
    return _text(str(value), context, put, instead=value)


def _text(text: str, context: Context, put: Replace, *, instead: Any = None) -> Any:
    """Return the new text, or the very object that was given if nothing changed."""
    new = put(text, context) if text else text
    return (text if instead is None else instead) if new == text else new


def _bytes(data: bytes, context: Context, put: Replace) -> bytes:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data
    new = _text(text, context, put)
    return data if new is text else new.encode()


def _each(items: Iterable[Any], context: Context, put: Replace) -> Iterator[Any]:
    for item in items:
        try:
            yield rewrite(item, context, put)
        except Blocked:
            if not isinstance(item, Document):
                raise


def _items(old: Any, items: Iterator[Any]) -> Any:
    new = list(items)
    if len(new) == len(old) and all(a is b for a, b in zip(new, old, strict=True)):
        return old
    if isinstance(old, list):
        return new
    return type(old)(*new) if hasattr(old, "_fields") else type(old)(new)


def _mapping(old: Mapping[Any, Any], values: dict[Any, Any], context: Context, put: Replace) -> Any:
    """Rebuild a mapping. Keys that are not plain words may be content (a JSON object keyed by address)."""
    new = {_key(key, context, put): value for key, value in values.items()}
    if len(new) == len(old) and all(key in old and old[key] is value for key, value in new.items()):
        return old
    if not isinstance(old, dict):
        return new
    rebuilt = copy.copy(old)  # keeps AddableDict, defaultdict and their kind
    rebuilt.clear()
    rebuilt.update(new)
    return rebuilt


def _key(key: Any, context: Context, put: Replace) -> Any:
    return _text(key, context, put) if isinstance(key, str) and not key.isidentifier() else key


def _with(owner: T, fields: Mapping[str, Any], context: Context, put: Replace) -> T:
    """Return a copy of an object whose fields hold other values, or the object itself."""
    new = {name: rewrite(value, context, put) for name, value in fields.items() if name != "type"}
    changed = {name: value for name, value in new.items() if value is not fields[name]}
    if not changed:
        return owner
    if isinstance(owner, BaseModel):
        return owner.model_copy(update=changed)
    twin = copy.copy(owner)
    for name, value in changed.items():
        object.__setattr__(twin, name, value)  # a frozen dataclass too
    return twin


def _document(document: Document, context: Context, put: Replace) -> Document:
    if context.stage is not Stage.INGEST:
        context = replace(context, stage=Stage.RETRIEVAL)
    fields = {"page_content": document.page_content, "metadata": document.metadata}
    return _with(document, fields, context, put)


def _message(message: BaseMessage, context: Context, put: Replace) -> BaseMessage:
    match message:
        case SystemMessage():
            return message
        case HumanMessage() | AIMessage() if context.stage is Stage.MEMORY:
            pass
        case HumanMessage():
            context = replace(context, stage=Stage.INPUT)
        case AIMessage():
            context = replace(context, stage=Stage.OUTPUT)
        case ToolMessage() | FunctionMessage():
            context = replace(context, stage=Stage.TOOL_RESULT, source=message.name or context.source)
    changed = {}
    said = ("name",) if isinstance(message, HumanMessage) else ()
    for name in (*_FIELDS, *said, *(message.model_extra or ())):
        if old := getattr(message, name, None):
            new = _WALKS.get(name, _block)(old, context, put)
            if new is not old:
                changed[name] = new
    if not changed:
        return message
    if "logprobs" in message.response_metadata:  # they spell the text that was taken out
        metadata = changed.get("response_metadata", message.response_metadata)
        changed["response_metadata"] = {key: value for key, value in metadata.items() if key != "logprobs"}
    return message.model_copy(update=changed)


def _metadata(metadata: dict[str, Any], context: Context, put: Replace) -> Any:
    values = {key: value if key in LABELS else _block(value, context, put) for key, value in metadata.items()}
    return _mapping(metadata, values, context, put)


_WALKS: dict[str, Callable[[Any, Context, Replace], Any]] = {"artifact": rewrite, "response_metadata": _metadata}
"""How fields of messages are walked that do not consist of content blocks."""


def _block(block: Any, context: Context, put: Replace, *, item: bool = False) -> Any:
    """Rewrite what stands in a message: content, content blocks, tool calls, what providers add."""
    match block:
        case list():
            return _items(block, (_block(one, context, put, item=True) for one in block))
        case dict():
            entries = {key: _entry(block, key, value, context, put, item) for key, value in block.items()}
            return _mapping(block, entries, context, put)
    return rewrite(block, context, put)


def _entry(block: dict[str, Any], key: str, value: Any, context: Context, put: Replace, item: bool) -> Any:
    if is_opaque(block, key, value, item=item):
        return value
    if key in CALLS:
        call = replace(context, stage=Stage.TOOL_CALL, source=block.get("name") or context.source)
        return _json(value, call, put) if isinstance(value, str) else rewrite(value, call, put)
    return _block(value, context, put)


def is_opaque(block: Mapping[str, Any], key: str, value: Any, *, item: bool) -> bool:
    """Whether ``block[key]`` is no text: a type, a reference that has to stay as it is, or media.

    Args:
        block: a dictionary in a message.
        key: one of its keys.
        value: what stands there.
        item: whether it is an item of a list: a content block or a tool call, which have identities.
    """
    if key in {"type", "index"} or key in _BINARY or (key in _REFERENCES and item):
        return True
    if key == "name":  # a tool's, beside its arguments
        return not CALLS.isdisjoint(block)
    if key == "data":
        kind = block.get("mime_type") or block.get("media_type") or block.get("format") or block.get("type")
        return bool(kind) and not str(kind).startswith("text")
    return isinstance(value, str) and value.startswith(_PICTURED) and not value.startswith("data:image/svg")


def _json(text: str, context: Context, put: Replace) -> str:
    """Rewrite the strings inside a JSON text; what does not parse is one text."""
    try:
        value = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return str(_text(text, context, put))
    try:
        new = rewrite(value, context, put)
    except RecursionError:
        return str(_text(text, context, put))
    return text if new is value else json.dumps(new, ensure_ascii=False)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says a key twice: what one parser drops, another one reads."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found
