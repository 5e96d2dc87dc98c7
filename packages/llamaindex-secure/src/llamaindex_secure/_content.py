"""The one walk over what LlamaIndex hands around: every text in it, and a copy that holds other texts instead."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from enum import Enum
from typing import Any, Protocol, TypeVar

from llama_index.core.base.llms.types import (
    AudioBlock,
    ChatMessage,
    DocumentBlock,
    ImageBlock,
    MessageRole,
    ToolCallBlock,
    VideoBlock,
)
from llama_index.core.bridge.pydantic import BaseModel
from llama_index.core.instrumentation import DispatcherSpanMixin  # type: ignore[attr-defined]
from llama_index.core.schema import (
    BaseNode,
    ImageNode,
    IndexNode,
    MediaResource,
    NodeWithScore,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.tools import ToolOutput, ToolSelection
from llama_index.core.workflow import Event

from secure_core import Action, Blocked, Context, Decision, Guard, Stage
from secure_core.errors import InputError

__all__ = ["Judge", "aclean", "clean", "rewrite", "texts"]

T = TypeVar("T")
Put = Callable[[str, Context], str]

KEPT: dict[type, set[str]] = {
    AudioBlock: {"audio"},
    BaseNode: {"embedding", "id_"},
    DocumentBlock: {"data"},
    ImageBlock: {"image"},
    ImageNode: {"image", "image_mimetype", "text_embedding"},
    IndexNode: {"index_id"},
    MediaResource: {"data", "embeddings", "mimetype"},
    QueryBundle: {"embedding", "image_path"},
    RelatedNodeInfo: {"hash", "node_id", "node_type"},
    TextNode: {"end_char_idx", "mimetype", "start_char_idx"},
    ToolCallBlock: {"tool_call_id", "tool_name"},
    ToolOutput: {"tool_name"},
    ToolSelection: {"tool_id", "tool_name"},
    VideoBlock: {"video"},
    object: {"block_type"},
}
"""Fields that are structure or media, not text: identities, vectors, pictures. Any other field is walked."""

VECTORS = {"embedding", "embeddings", "text_embedding"}
KEY_LISTS = {"excluded_embed_metadata_keys", "excluded_llm_metadata_keys"}
EXTRAS = {"additional_information", "additional_kwargs"}

ROLES = {
    MessageRole.USER: Stage.INPUT,
    MessageRole.TOOL: Stage.TOOL_RESULT,
    MessageRole.FUNCTION: Stage.TOOL_RESULT,
    MessageRole.ASSISTANT: Stage.OUTPUT,
    MessageRole.CHATBOT: Stage.OUTPUT,
    MessageRole.MODEL: Stage.OUTPUT,
}
"""Where the messages of a prompt stand. Those of other roles are the application's own words and stay as they are."""

CALLS = {"function_call", "tool_calls"}
"""Keys of additional arguments under which providers keep tool calls in a form of their own,"""
ARGUMENTS = {"args", "arguments", "input", "tool_kwargs"}
"""where they keep what the tool is called with,"""
NAMES = frozenset(
    {"id", "index", "name", "session_id", "tool_call_id", "tool_id", "tool_name", "type"}
    | {"signature", "thought_signature", "thought_signatures"}
)
"""and what only tells one call from another, or signs it."""

LONG = 10**12
"""A whole number of thirteen digits and more may be a card's: it is judged as it prints."""


def rewrite(value: Any, context: Context, put: Put) -> Any:
    """Return a copy of ``value`` in which each text is what ``put`` makes of it.

    Structure (`KEPT`) and parts of a pipeline (retrievers, tools, models) stay as they are, and so do mapping keys
    made of letters. What is no text is judged as it prints, and becomes a string if that is changed.

    Raises:
        InputError: there are bytes in it.
        Blocked: ``put`` raised it; a node in a list is left out instead.
    """
    if isinstance(value, ChatMessage) and value.role not in ROLES and context.stage is not Stage.OUTPUT:
        return value
    context = _within(value, context)
    match value:
        case None | "" | bool() | Enum() | DispatcherSpanMixin():
            return value
        case float() | int() if isinstance(value, float) or abs(value) < LONG:
            return value
        case str():
            return put(value, context)
        case bytes() | bytearray() | memoryview():
            raise InputError("bytes cannot be judged; decode them to a str before they come here")
        case Event():
            return _event(value, context, put)
        case ToolOutput():
            copied = value.model_copy(update=_fields(type(value), value, context, put))
            copied._exception = None  # which may quote data; what the model is told of it is in the content
            return copied
        case BaseModel():
            return value.model_copy(update=_fields(type(value), value, context, put))
        case Mapping():
            return {_key(key, context, put): rewrite(item, context, put) for key, item in value.items()}
        case list():
            return list(_unblocked(value, context, put))
        case tuple() | set() | frozenset():
            items = [rewrite(item, context, put) for item in value]
            return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if callable(value):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        stored = [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value) if field.init]
        return dataclasses.replace(value, **_fields(type(value), stored, context, put))
    shown = str(value)
    text = put(shown, context)
    return value if text == shown else text


def _within(value: Any, context: Context) -> Context:
    """Return the context of what lies inside ``value``: in a prompt the roles tell, in an answer what it is."""
    if isinstance(value, ToolCallBlock):
        return dataclasses.replace(context, stage=Stage.TOOL_CALL, source=value.tool_name)
    if isinstance(value, ChatMessage) and context.stage is Stage.INPUT:
        return dataclasses.replace(context, stage=ROLES[value.role])
    if isinstance(value, NodeWithScore | BaseNode) and context.stage is Stage.OUTPUT:
        return dataclasses.replace(context, stage=Stage.RETRIEVAL)
    return context


def _fields(owner: type, stored: Iterable[tuple[str, Any]], context: Context, put: Put) -> dict[str, Any]:
    """Return an object's new fields; the vector of a text that was changed is dropped, for it can be inverted."""
    edited = False

    def note(text: str, where: Context) -> str:
        nonlocal edited
        new = put(text, where)
        edited = edited or new != text
        return new

    kept = {name for ancestor in owner.__mro__ for name in KEPT.get(ancestor, ())}
    declared = getattr(owner, "model_fields", {})
    fields = {}
    for name, item in stored:
        own_words = isinstance(item, str) and name in declared and item == declared[name].default  # a node's templates
        if name in kept or own_words:
            fields[name] = copy(item)
        elif name in KEY_LISTS:
            fields[name] = [_key(key, context, note) for key in item]
        elif name == "tool_kwargs" and isinstance(item, str):
            fields[name] = _arguments(item, context, note)
        elif name in EXTRAS:
            fields[name] = {key: _additional(key, extra, context, note) for key, extra in item.items()}
        else:
            fields[name] = rewrite(item, context, note)
    if edited:
        fields.update(dict.fromkeys(kept & VECTORS & fields.keys()))
    return fields


def _event(event: Event, context: Context, put: Put) -> Event:
    """Rewrite a workflow's event, which keeps part of what it carries in private attributes."""
    stored = [(name, getattr(event, name)) for name in type(event).model_fields]
    copied = event.model_copy(update=_fields(type(event), stored, context, put))
    for name, item in (event.__pydantic_private__ or {}).items():
        setattr(copied, name, rewrite(item, context, put))
    return copied


def _key(key: Any, context: Context, put: Put) -> Any:
    """Return a mapping's key; one that is not of letters only may be content (a table keyed by address)."""
    plain = not isinstance(key, str) or key.replace("_", "").isalpha()
    return key if plain else put(key, context)


def _additional(key: str, value: Any, context: Context, put: Put) -> Any:
    """Rewrite an additional argument of a message or an answer."""
    if key in NAMES:
        return value
    if key not in CALLS:
        return rewrite(value, context, put)
    return _call(value, dataclasses.replace(context, stage=Stage.TOOL_CALL), put)


def _call(value: Any, context: Context, put: Put) -> Any:
    """Rewrite a provider's own form of tool calls, which keep their ids and names."""

    def entry(key: str, item: Any) -> Any:
        if key in NAMES:
            return item
        if key in ARGUMENTS:
            return _arguments(item, context, put) if isinstance(item, str) else rewrite(item, context, put)
        return _call(item, context, put)

    match value:
        case BaseModel():
            return value.model_copy(update={key: entry(key, item) for key, item in value})
        case Mapping():
            return {key: entry(key, item) for key, item in value.items()}
        case list():
            return [_call(item, context, put) for item in value]
    return rewrite(value, context, put)


def _unblocked(items: list[Any], context: Context, put: Put) -> Iterator[Any]:
    for item in items:
        try:
            yield rewrite(item, context, put)
        except Blocked:
            if not isinstance(item, NodeWithScore | BaseNode):
                raise


def _arguments(text: str, context: Context, put: Put) -> str:
    """Rewrite a tool's arguments: inside a JSON text only the values, so that it stays JSON."""
    try:
        value = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return put(text, context)
    if not isinstance(value, dict | list):
        return put(text, context)
    new = rewrite(value, context, put)
    return text if new == value else json.dumps(new, ensure_ascii=False)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object in which a key stands twice: what one parser drops, another one reads."""
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def texts(value: Any, context: Context) -> list[tuple[str, Context]]:
    """Return every text in ``value`` and where it stands, each once, in order of appearance.

    Raises:
        InputError: there are bytes in it, or it is nested too deeply to be walked.
    """
    found: dict[tuple[str, Context], None] = {}

    def note(text: str, where: Context) -> str:
        found[text, where] = None
        return text

    try:
        rewrite(value, context, note)
    except RecursionError:
        raise InputError("it is nested too deeply, or holds itself; flatten it before it comes here") from None
    return list(found)


def _decided(value: T, context: Context, found: Iterable[tuple[str, Context]], decisions: Iterable[Decision]) -> T:
    known = dict(zip(found, decisions, strict=True))

    def put(text: str, where: Context) -> str:
        decision = known.get((text, where))
        if decision is None:
            raise InputError("something in it prints differently each time; make plain data of it before it comes here")
        if decision.action is Action.BLOCK:
            raise Blocked(decision)
        return decision.text

    copied: T = rewrite(value, context, put)
    return copied


class Judge(Protocol):
    """What decides about texts: a guard, or something that stands before one."""

    def check_many(self, texts: Sequence[str], *, contexts: Sequence[Context]) -> list[Decision]:
        """Judge many texts in one batch."""


def clean(guard: Judge, value: T, context: Context) -> T:
    """Return a sanitised copy of ``value``, all its texts judged in one batch; blocked nodes in lists are left out.

    Raises:
        Blocked: another text in it was blocked.
    """
    found = texts(value, context)
    decisions = guard.check_many([text for text, _ in found], contexts=[where for _, where in found])
    return _decided(value, context, found, decisions)


async def aclean(guard: Guard, value: T, context: Context) -> T:
    """Async twin of `clean`."""
    found = texts(value, context)
    decisions = await guard.acheck_many([text for text, _ in found], contexts=[where for _, where in found])
    return _decided(value, context, found, decisions)
