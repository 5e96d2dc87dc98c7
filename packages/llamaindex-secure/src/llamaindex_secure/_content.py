"""The one walk over what LlamaIndex hands around: every text in it, and a copy that holds other texts instead."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from datetime import date
from enum import Enum
from pathlib import PurePath
from typing import Any, TypeVar

from llama_index.core.base.llms.types import BaseContentBlock, ToolCallBlock
from llama_index.core.bridge.pydantic import AnyUrl, BaseModel
from llama_index.core.instrumentation import DispatcherSpanMixin
from llama_index.core.schema import (
    BaseNode,
    ImageNode,
    IndexNode,
    MediaResource,
    Node,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
)

from secure_core import Action, Blocked, Decision, Guard, Stage

__all__ = ["aclean", "aclean_nodes", "clean", "clean_nodes", "decided", "rewrite", "texts"]

T = TypeVar("T")

SHOWN = (str, int, date, PurePath, AnyUrl)
"""Leaves that a prompt shows as text; whatever is neither a leaf nor a container is passed by reference."""

KEPT: dict[type, set[str]] = {
    BaseContentBlock: {"block_type"},
    BaseNode: {
        "embedding",
        "excluded_embed_metadata_keys",
        "excluded_llm_metadata_keys",
        "id_",
        "metadata_separator",
        "metadata_template",
    },
    ImageNode: {"image", "image_mimetype", "text_embedding"},
    IndexNode: {"index_id"},
    MediaResource: {"embeddings", "mimetype"},
    Node: {"text_template"},
    QueryBundle: {"embedding", "image_path"},
    RelatedNodeInfo: {"hash", "node_id", "node_type"},
    TextNode: {"end_char_idx", "mimetype", "start_char_idx", "text_template"},
    ToolCallBlock: {"tool_call_id", "tool_name"},
}
"""Fields that are structure, not content: identities, templates, vectors. Any other field is walked."""

VECTORS = {"embedding", "embeddings", "text_embedding"}


def rewrite(value: Any, replace: Callable[[str], str]) -> Any:
    """Return a copy of ``value`` in which each text is what ``replace`` makes of it.

    Mapping keys, structure (`KEPT`) and parts of a pipeline (retrievers, tools, models) stay as they are.
    A number, date, path or URL becomes a string if its text is changed.
    """
    if isinstance(value, bool | Enum | DispatcherSpanMixin):
        return value
    if isinstance(value, SHOWN):
        shown = str(value)
        text = replace(shown)
        return value if text == shown else text
    if isinstance(value, BaseModel):
        return value.model_copy(update=_fields(type(value), value, replace))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        items = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value) if field.init)
        return dataclasses.replace(value, **_fields(type(value), items, replace))
    if isinstance(value, Mapping):
        return {key: rewrite(item, replace) for key, item in value.items()}
    if isinstance(value, list | set | frozenset):
        return type(value)(rewrite(item, replace) for item in value)
    if isinstance(value, tuple):
        return tuple(rewrite(item, replace) for item in value)
    return value


def _fields(owner: type, items: Iterable[tuple[str, Any]], replace: Callable[[str], str]) -> dict[str, Any]:
    """Return an object's new fields; a vector of a text that was changed is dropped, for it can be inverted."""
    edited = False

    def note(text: str) -> str:
        nonlocal edited
        new = replace(text)
        edited = edited or new != text
        return new

    kept = {name for ancestor in owner.__mro__ for name in KEPT.get(ancestor, ())}
    fields = {name: copy(item) if name in kept else rewrite(item, note) for name, item in items}
    if edited:
        fields.update(dict.fromkeys(kept & VECTORS & fields.keys()))
    return fields


def texts(value: Any) -> list[str]:
    """Return every text in ``value``, each once, in order of appearance."""
    found: dict[str, str] = {}
    rewrite(value, lambda text: found.setdefault(text, text))
    return list(found)


def decided(value: T, decisions: Mapping[str, Decision]) -> T:
    """Return a copy of ``value`` that holds what was decided about each of its texts.

    Raises:
        Blocked: one of them was blocked.
    """

    def replace(text: str) -> str:
        decision = decisions[text]
        if decision.action is Action.BLOCK:
            raise Blocked(decision)
        return decision.text

    copied: T = rewrite(value, replace)
    return copied


def _kept(nodes: Sequence[T], decisions: Mapping[str, Decision]) -> list[T]:
    """Return what `decided` makes of each node, without those that hold a blocked text."""
    clean_ones = []
    for node in nodes:
        try:
            clean_ones.append(decided(node, decisions))
        except Blocked:
            continue
    return clean_ones


def clean(guard: Guard, value: T, stage: Stage) -> T:
    """Return a sanitised copy of ``value``, all its texts judged in one batch.

    Raises:
        Blocked: one of its texts was blocked.
    """
    found = texts(value)
    return decided(value, dict(zip(found, guard.check_many(found, stage=stage), strict=True)))


async def aclean(guard: Guard, value: T, stage: Stage) -> T:
    """Async twin of `clean`."""
    found = texts(value)
    return decided(value, dict(zip(found, await guard.acheck_many(found, stage=stage), strict=True)))


def clean_nodes(guard: Guard, nodes: Sequence[T], stage: Stage = Stage.RETRIEVAL) -> list[T]:
    """Return sanitised copies of the nodes, all texts of all nodes judged in one batch; blocked nodes are left out."""
    found = texts(list(nodes))
    return _kept(nodes, dict(zip(found, guard.check_many(found, stage=stage), strict=True)))


async def aclean_nodes(guard: Guard, nodes: Sequence[T], stage: Stage = Stage.RETRIEVAL) -> list[T]:
    """Async twin of `clean_nodes`."""
    found = texts(list(nodes))
    return _kept(nodes, dict(zip(found, await guard.acheck_many(found, stage=stage), strict=True)))
