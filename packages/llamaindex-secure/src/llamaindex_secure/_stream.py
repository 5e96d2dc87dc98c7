"""Streams of text through a guard."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable

from secure_core import Action, Blocked, Context, Guard, StreamSanitizer
from secure_core.failures import afailing_cleanly, failing_cleanly

from ._failures import safe_error

__all__ = ["asanitized", "finish", "sanitized"]


def finish(stream: StreamSanitizer) -> str:
    """Flush a stream and return what it still held.

    Raises:
        Blocked: the text, now that all of it is known, was blocked.
    """
    text = stream.flush()
    if stream.decision is not None and stream.decision.action is Action.BLOCK:
        raise Blocked(stream.decision)
    return text


def sanitized(guard: Guard, tokens: Iterable[str], context: Context) -> Generator[str, None, None]:
    """Yield what the guard lets out of a streamed text, as early as it does.

    Raises:
        Blocked: as `finish`; nothing of the text was yielded then.
    """
    stream = guard.stream(context=context)
    for token in failing_cleanly(tokens, lambda error: safe_error(guard, error, context)):
        if text := stream.push(token):
            yield text
    if text := finish(stream):
        yield text


async def asanitized(guard: Guard, tokens: AsyncIterable[str], context: Context) -> AsyncGenerator[str, None]:
    """Async twin of `sanitized`."""
    stream = guard.stream(context=context)
    async for token in afailing_cleanly(tokens, lambda error: safe_error(guard, error, context)):
        if text := stream.push(token):
            yield text
    if text := finish(stream):
        yield text
