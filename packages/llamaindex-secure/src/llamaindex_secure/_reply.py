"""The answer of a model, whole or as it comes, in LlamaIndex's form: each chunk holds all that was said so far."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable, Iterator
from typing import Any, TypeVar

from llama_index.core.base.llms.types import ChatMessage, ChatResponse, CompletionResponse, TextBlock

from secure_core import Context, Guard, StreamSanitizer
from secure_core.failures import afailing_cleanly, failing_cleanly

from ._content import clean
from ._failures import safe_error
from ._restoring import Restoring, Words, in_thread, restored
from ._stream import finish

__all__ = ["areplies", "arestored_replies", "bare", "replies", "restored_replies"]

R = TypeVar("R", ChatResponse, CompletionResponse)

_THOUGHT = "thinking_delta"
"""The additional argument in which a chunk carries what the model thinks."""


def bare(response: R) -> R:
    """Return a response without ``raw`` and ``logprobs``, which repeat what it says in forms that cannot be cleaned."""
    return response.model_copy(update={"raw": None, "logprobs": None})


def replies(guard: Guard, chunks: Iterable[R], context: Context) -> Generator[R, None, None]:
    """Yield the sanitised chunks of an answer; tool calls and whatever else is not streamed come with the last.

    Raises:
        Blocked: the answer was blocked.
    """
    reply = _Reply(guard, context)
    for chunk in failing_cleanly(chunks, lambda error: safe_error(guard, error, context)):
        yield from reply.push(chunk)
    yield from reply.close()


async def areplies(guard: Guard, chunks: AsyncIterable[R], context: Context) -> AsyncGenerator[R, None]:
    """Async twin of `replies`."""
    reply = _Reply(guard, context)
    async for chunk in afailing_cleanly(chunks, lambda error: safe_error(guard, error, context)):
        for clean_chunk in reply.push(chunk):
            yield clean_chunk
    for clean_chunk in reply.close():
        yield clean_chunk


def restored_replies(guard: Guard, chunks: Iterable[R]) -> Generator[R, None, None]:
    """Yield the chunks of a sanitised answer restored, and one more if some of it was held back."""
    if not isinstance(guard, Restoring):
        yield from chunks
        return
    reply = _Restored(guard)
    for chunk in chunks:
        yield reply.push(chunk)
    yield from reply.close()


async def arestored_replies(guard: Guard, chunks: AsyncIterable[R]) -> AsyncGenerator[R, None]:
    """Async twin of `restored_replies`."""
    if not isinstance(guard, Restoring):
        async for chunk in chunks:
            yield chunk
        return
    reply = _Restored(guard)
    async for chunk in chunks:
        yield await in_thread(guard, reply.push, chunk)
    for chunk in await in_thread(guard, list, reply.close()):
        yield chunk


class _Restored:
    """One streamed answer on its way back. What the model says and what it thinks are two streams of text."""

    def __init__(self, guard: Any) -> None:
        self._guard = guard
        self._words: Words = guard.restore_stream()
        self._thoughts: Words = guard.restore_stream()
        self._said: str | None = None  # until a word comes as a delta
        self._last: Any = None

    def push(self, chunk: Any) -> Any:
        """Take a chunk; return it with what is certain by now."""
        self._last = chunk
        if chunk.delta:
            self._said = self._said or ""
        thought = chunk.additional_kwargs.get(_THOUGHT)
        return self._chunk(self._words.push(chunk.delta or ""), thought and self._thoughts.push(thought))

    def close(self) -> Iterator[Any]:
        """Yield a last chunk, if something was held back."""
        words, thoughts = self._words.flush(), self._thoughts.flush()
        if words or thoughts:
            yield self._chunk(words, thoughts)

    def _chunk(self, words: str, thoughts: str | None) -> Any:
        chunk = restored(self._guard, _rest(self._last, self._said is not None))
        if self._said is not None:
            self._said += words
            chunk = _saying(chunk, self._said)
        extra = {**chunk.additional_kwargs, **({_THOUGHT: thoughts} if thoughts else {})}
        return chunk.model_copy(update={"delta": words, "additional_kwargs": extra})


class _Reply:
    """One streamed answer. What the model says and what it thinks are two streams of text."""

    def __init__(self, guard: Guard, context: Context) -> None:
        self._guard = guard
        self._context = context
        self._words: StreamSanitizer | None = None
        self._thoughts: StreamSanitizer | None = None
        self._said = ""
        self._last: Any = None

    def push(self, chunk: Any) -> Iterator[Any]:
        """Take a chunk of the model's; yield what is certain by now, if anything."""
        self._last = chunk
        words = thoughts = ""
        if chunk.delta:
            self._words = self._words or self._guard.stream(context=self._context)
            words = self._words.push(chunk.delta)
        if thought := chunk.additional_kwargs.get(_THOUGHT):
            self._thoughts = self._thoughts or self._guard.stream(context=self._context)
            thoughts = self._thoughts.push(thought)
        if words or thoughts:
            yield self._chunk(words, thoughts)

    def close(self) -> Iterator[Any]:
        """Yield the last chunk: what was held back, and the answer as a whole."""
        if self._last is None:
            return
        words = finish(self._words) if self._words else ""
        thoughts = finish(self._thoughts) if self._thoughts else ""
        chunk = self._chunk(words, thoughts)
        answer = clean(self._guard, _rest(self._last, self._words is not None), self._context)
        extra = {**answer.additional_kwargs, **chunk.additional_kwargs}
        if self._words is not None:
            answer = _saying(answer, self._said)
        yield answer.model_copy(update={"delta": words, "additional_kwargs": extra})

    def _chunk(self, words: str, thoughts: str) -> Any:
        self._said += words
        extra = {_THOUGHT: thoughts} if thoughts else {}
        if isinstance(self._last, ChatResponse):
            message = ChatMessage(self._said, role=self._last.message.role)
            return ChatResponse(message=message, delta=words, additional_kwargs=extra)
        return CompletionResponse(text=self._said, delta=words, additional_kwargs=extra)


def _rest(last: Any, streamed: bool) -> Any:
    """Return what remains to be judged of the last chunk: all but what was streamed."""
    extra = {key: value for key, value in last.additional_kwargs.items() if key != _THOUGHT}
    rest = bare(last).model_copy(update={"delta": None, "additional_kwargs": extra})
    return _saying(rest, "") if streamed else rest


def _saying(response: Any, text: str) -> Any:
    """Return the response with ``text`` in the place of all that it says."""
    if isinstance(response, CompletionResponse):
        return response.model_copy(update={"text": text})
    blocks = list(response.message.blocks)
    place = next((at for at, block in enumerate(blocks) if isinstance(block, TextBlock)), 0)
    others = [block for block in blocks if not isinstance(block, TextBlock)]
    message = response.message.model_copy(update={"blocks": [*others[:place], TextBlock(text=text), *others[place:]]})
    return response.model_copy(update={"message": message})
