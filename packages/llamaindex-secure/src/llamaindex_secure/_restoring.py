"""The way back: stand-ins in what a user is given become values again, for those who may see them.

Nothing happens unless the guard is bound to a vault. What is restored was sanitised before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Generator, Iterable, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from secure_core import Context, Guard, Stage

from ._content import rewrite, texts

__all__ = [
    "Restoring",
    "Words",
    "aasked",
    "arestored",
    "arestored_words",
    "asked",
    "atool_arguments",
    "in_thread",
    "restored",
    "restored_words",
    "tool_arguments",
]

T = TypeVar("T")


class Words(Protocol):
    """Restores a text that arrives in pieces (`secure_core.vault.RestoreStream`)."""

    def push(self, chunk: str) -> str:
        """Take a piece; return what is certain by now."""

    async def apush(self, chunk: str) -> str:
        """Async twin of `push`."""

    def flush(self) -> str:
        """Return the rest."""

    async def aflush(self) -> str:
        """Async twin of `flush`."""


@runtime_checkable
class Restoring(Protocol):
    """A guard that is bound to a vault; a protocol, because vaults need a package that guards do not."""

    @property
    def blocking(self) -> bool:
        """Whether the vault may wait for a disk or a network."""

    @property
    def principal(self) -> str | None:
        """Who reads what is restored."""

    @property
    def scope_digest(self) -> str:
        """What names the scope."""

    def restore_many(self, texts: Sequence[str], *, context: Context | None = None) -> list[str]:
        """Return the texts with values in the place of stand-ins."""

    async def arestore_many(self, texts: Sequence[str], *, context: Context | None = None) -> list[str]:
        """Async twin of `restore_many`."""

    def restore_stream(self) -> Words:
        """Return a restorer for a text that arrives in pieces."""


# -- whole values ----------------------------------------------------------------------------------


def restored(guard: Guard, answer: T) -> T:
    """Return a copy of an answer with values in the place of stand-ins; its tool calls and nodes keep theirs."""
    return _restored_at(guard, answer, Stage.OUTPUT)


async def arestored(guard: Guard, answer: T) -> T:
    """Async twin of `restored`."""
    return await _arestored_at(guard, answer, Stage.OUTPUT)


def asked(guard: Guard, question: T) -> T:
    """Return a copy of a question as a retriever may read it, which finds what was said, and not what stands for it."""
    return _restored_at(guard, question, Stage.RETRIEVAL)


async def aasked(guard: Guard, question: T) -> T:
    """Async twin of `asked`."""
    return await _arestored_at(guard, question, Stage.RETRIEVAL)


def tool_arguments(guard: Guard, given: T, tool: str) -> T:
    """Return a copy of what a tool is called with, with the values that the policy restores for that tool."""
    return _restored_at(guard, given, Stage.TOOL_CALL, tool)


async def atool_arguments(guard: Guard, given: T, tool: str) -> T:
    """Async twin of `tool_arguments`."""
    return await _arestored_at(guard, given, Stage.TOOL_CALL, tool)


def _restored_at(guard: Guard, value: T, stage: Stage, source: str | None = None) -> T:
    if not isinstance(guard, Restoring):
        return value
    where = Context(stage, principal=guard.principal, source=source)
    found = _found(value, where)
    return _holding(value, where, found, guard.restore_many(found, context=where))


async def _arestored_at(guard: Guard, value: T, stage: Stage, source: str | None = None) -> T:
    if not isinstance(guard, Restoring):
        return value
    where = Context(stage, principal=guard.principal, source=source)
    found = _found(value, where)
    return _holding(value, where, found, await guard.arestore_many(found, context=where))


def _found(value: object, where: Context) -> list[str]:
    """Return the texts that stand at the stage itself, and not deeper, as a tool call does in an answer."""
    return [text for text, at in texts(value, where) if at == where]


def _holding(value: T, where: Context, found: Sequence[str], values: Sequence[str]) -> T:
    known = dict(zip(found, values, strict=True))
    copied: T = rewrite(value, where, lambda text, at: known[text] if at == where else text)
    return copied


# -- streams ---------------------------------------------------------------------------------------


def restored_words(guard: Guard, words: Iterable[str]) -> Generator[str, None, None]:
    """Yield a streamed text with values in the place of stand-ins, as early as it is certain what stands there."""
    if not isinstance(guard, Restoring):
        yield from words
        return
    stream = guard.restore_stream()
    for word in words:
        if text := stream.push(word):
            yield text
    if text := stream.flush():
        yield text


async def arestored_words(guard: Guard, words: AsyncIterable[str]) -> AsyncGenerator[str, None]:
    """Async twin of `restored_words`."""
    stream = guard.restore_stream() if isinstance(guard, Restoring) else None
    async for word in words:
        if text := await stream.apush(word) if stream else word:
            yield text
    if stream and (text := await stream.aflush()):
        yield text


async def in_thread(guard: Restoring, call: Callable[..., T], *args: object) -> T:
    """Return what a call gives that may ask the vault, in a thread if that may keep the event loop waiting."""
    return await asyncio.to_thread(call, *args) if guard.blocking else call(*args)
