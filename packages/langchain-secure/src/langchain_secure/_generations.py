"""A chat model's results, and the chunks of its streams, cleaned with all that is told beside the message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult, Generation

from ._message_stream import MessageStream

__all__ = ["answer", "info", "last_parts", "pushed_parts", "spoken", "telling"]


def spoken(result: ChatResult) -> list[BaseMessage]:
    """Return all that a result says: each message with what its generation tells, and what the provider tells."""
    told = AIMessage("", response_metadata=result.llm_output or {})
    return [*(telling(generation) for generation in result.generations), told]


def telling(generation: Generation) -> BaseMessage:
    """Return the message with its generation's information, where LangChain will put it anyway."""
    if not isinstance(generation, ChatGeneration):
        return AIMessage(generation.text, response_metadata=generation.generation_info or {})
    if not generation.generation_info:
        return generation.message
    metadata = {**generation.generation_info, **generation.message.response_metadata}
    return generation.message.model_copy(update={"response_metadata": metadata})


def answer(result: ChatResult, said: list[BaseMessage]) -> ChatResult:
    """Return the result with what became of `spoken`."""
    *messages, told = said
    generations = [
        ChatGeneration(message=message, generation_info=info(generation, message))
        for generation, message in zip(result.generations, messages, strict=True)
    ]
    return ChatResult(generations=generations, llm_output=told.response_metadata or result.llm_output)


def info(generation: Generation, message: BaseMessage) -> dict[str, Any] | None:
    """Return a generation's information as it stands in its clean message."""
    told = generation.generation_info
    return {key: message.response_metadata[key] for key in told if key in message.response_metadata} if told else told


def pushed_parts(stream: MessageStream, chunk: ChatGenerationChunk) -> Iterator[ChatGenerationChunk]:
    """Yield what may be given out of a chunk."""
    if not isinstance(chunk.message, AIMessageChunk):
        raise TypeError(f"a chat model's stream brought {type(chunk.message).__name__}; it has to bring AIMessageChunk")
    raw: Any = telling(chunk)
    message = raw.model_copy(update=stream.push(raw))
    told = {"message": message, "text": str(message.text), "generation_info": info(chunk, message)}
    return _apart(chunk.model_copy(update=told))  # not validated again: a stream is made of many


def last_parts(stream: MessageStream) -> Iterator[ChatGenerationChunk]:
    """Yield what was kept back, at the end of a stream without a last chunk."""
    tail = stream.flush()
    return _apart(ChatGenerationChunk(message=tail)) if tail is not None else iter(())


def _apart(chunk: ChatGenerationChunk) -> Iterator[ChatGenerationChunk]:
    """Yield tool calls before the rest of a chunk: LangChain's v3 events lose those that come beside text, or last."""
    message: Any = chunk.message
    beside = message.content or message.chunk_position == "last"
    if not message.tool_call_chunks or not beside or not _is_plain(message.content):
        yield chunk
        return
    calls = AIMessageChunk(content="", id=message.id, tool_call_chunks=message.tool_call_chunks)
    yield ChatGenerationChunk(message=calls)
    rest = message.model_copy(update={"tool_call_chunks": [], "tool_calls": [], "invalid_tool_calls": []})
    yield chunk.model_copy(update={"message": rest})


def _is_plain(content: Any) -> bool:
    """Whether no content block may speak of a tool call as well."""
    return isinstance(content, str) or all(
        isinstance(block, str) or block.get("type") in ("text", "reasoning", "thinking") for block in content
    )
