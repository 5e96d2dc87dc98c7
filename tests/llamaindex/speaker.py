"""A function-calling model that speaks as providers do, from a script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from llama_index.core.base.llms.types import LogProb, ThinkingBlock, ToolCallBlock
from llama_index.core.llms import (
    ChatMessage,
    ChatResponse,
    ChatResponseAsyncGen,
    ChatResponseGen,
    CompletionResponse,
    CompletionResponseAsyncGen,
    CompletionResponseGen,
    LLMMetadata,
    MessageRole,
    TextBlock,
)
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import ToolSelection
from llama_index.core.tools import BaseTool
from pydantic import Field


class Speaker(FunctionCallingLLM):
    """Says the answers of its script one after the other, as a provider would, and remembers what it was asked."""

    script: list[list[Any]] = Field(default_factory=list)
    size: int = 3
    asked: list[Any] = Field(default_factory=list)
    options: list[dict[str, Any]] = Field(default_factory=list)

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(is_chat_model=True, is_function_calling_model=True, context_window=32_000)

    def _next(self, asked: Any, **options: Any) -> list[Any]:
        self.asked.append(asked)
        self.options.append(options)
        return self.script[min(len(self.asked), len(self.script)) - 1]

    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        return self._whole(self._next(list(messages), **kwargs))

    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        return self._chunks(self._next(list(messages), **kwargs))

    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        return self.chat(messages, **kwargs)

    async def astream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseAsyncGen:
        chunks = self.stream_chat(messages, **kwargs)

        async def gen() -> ChatResponseAsyncGen:
            for chunk in chunks:
                await asyncio.sleep(0)
                yield chunk

        return gen()

    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        whole = self._whole(self._next(prompt))
        return CompletionResponse(text=whole.message.content or "", raw=whole.raw, logprobs=whole.logprobs)

    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        for chunk in self._chunks(self._next(prompt)):
            yield CompletionResponse(text=chunk.message.content or "", delta=chunk.delta, raw=chunk.raw)

    async def acomplete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        return self.complete(prompt)

    async def astream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseAsyncGen:
        chunks = self.stream_complete(prompt)

        async def gen() -> CompletionResponseAsyncGen:
            for chunk in chunks:
                yield chunk

        return gen()

    def _whole(self, blocks: list[Any]) -> ChatResponse:
        message = ChatMessage(list(blocks), role=MessageRole.ASSISTANT)
        return ChatResponse(message=message, raw={"choices": str(blocks)}, logprobs=[[LogProb(token=str(blocks))]])

    def _chunks(self, blocks: list[Any]) -> ChatResponseGen:
        """Text and thoughts come in pieces, tool calls grow with their arguments as text."""
        done: list[Any] = []
        for block in blocks:
            if isinstance(block, ToolCallBlock):
                done.append(block)
                partial = block.model_copy(update={"tool_kwargs": json.dumps(block.tool_kwargs)[:-1]})
                yield self._chunk([*done[:-1], partial])
                continue
            text = block.text if isinstance(block, TextBlock) else getattr(block, "content", "")
            done.append(block)
            for start in range(0, len(text), self.size):
                piece, so_far = text[start : start + self.size], text[: start + self.size]
                if isinstance(block, TextBlock):
                    yield self._chunk([*done[:-1], TextBlock(text=so_far)], delta=piece)
                else:
                    yield self._chunk([*done[:-1], ThinkingBlock(content=so_far)], thinking_delta=piece)
        yield self._chunk(done)

    def _chunk(self, blocks: list[Any], delta: str = "", **extra: Any) -> ChatResponse:
        message = ChatMessage(list(blocks), role=MessageRole.ASSISTANT)
        return ChatResponse(
            message=message, delta=delta, raw={"delta": delta}, additional_kwargs={**extra, "tokens": 7}
        )

    def _prepare_chat_with_tools(
        self,
        tools: Sequence[BaseTool],
        user_msg: str | ChatMessage | None = None,
        chat_history: list[ChatMessage] | None = None,
        verbose: bool = False,
        allow_parallel_tool_calls: bool = False,
        tool_required: bool = False,
        **kwargs: Any,
    ) -> dict[str, Any]:
        messages = [*(chat_history or []), *([ChatMessage(user_msg)] if isinstance(user_msg, str) else [])]
        return {"messages": messages, "tools": [tool.metadata.name for tool in tools], "tool_required": tool_required}

    def get_tool_calls_from_response(
        self, response: ChatResponse, error_on_no_tool_call: bool = True, **kwargs: Any
    ) -> list[ToolSelection]:
        return [
            ToolSelection(tool_id=block.tool_call_id or "", tool_name=block.tool_name, tool_kwargs=block.tool_kwargs)
            for block in response.message.blocks
            if isinstance(block, ToolCallBlock) and isinstance(block.tool_kwargs, dict)
        ]
