"""A chat model that acts as providers do, from a script: text, thoughts and tool calls, whole or in small pieces."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field


class Actor(BaseChatModel):
    """Says the line of its script that is due: as many as it said since a human spoke last.

    It keeps no place of its own, so that threads can share it; what it heard it remembers.
    """

    script: list[AIMessage] = Field(repr=False)
    size: int = 3
    heard: list[list[BaseMessage]] = Field(default_factory=list, repr=False)
    bound: list[dict[str, Any]] = Field(default_factory=list, repr=False)

    def _line(self, messages: list[BaseMessage]) -> AIMessage:
        self.heard.append(list(messages))
        said = 0
        for message in reversed(messages):
            if isinstance(message, HumanMessage):
                break
            said += isinstance(message, AIMessage)
        return self.script[min(said, len(self.script) - 1)]

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        line = self._line(messages).model_copy(deep=True)
        return ChatResult(generations=[ChatGeneration(message=line)])

    def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        line = self._line(messages)
        blocks = line.content if isinstance(line.content, list) else [line.content]
        for number, block in enumerate(blocks):
            if isinstance(block, str):
                yield from (self._chunk(content=piece) for piece in self._pieces(block))
                continue
            key = "reasoning" if block["type"] == "reasoning" else "text"
            for piece in self._pieces(block[key]):
                yield self._chunk(content=[{"type": block["type"], key: piece, "index": number}])
        for number, call in enumerate(line.tool_calls, len(blocks)):
            yield self._call(name=call["name"], id=call["id"], args="", index=number)
            for piece in self._pieces(json.dumps(call["args"])):
                yield self._call(name=None, id=None, args=piece, index=number)

    def _pieces(self, text: str) -> Iterator[str]:
        return (text[start : start + self.size] for start in range(0, len(text), self.size))

    def _chunk(self, **fields: Any) -> ChatGenerationChunk:
        return ChatGenerationChunk(message=AIMessageChunk(**fields))

    def _call(self, **fields: Any) -> ChatGenerationChunk:
        return self._chunk(content="", tool_call_chunks=[{"type": "tool_call_chunk", **fields}])

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, Any]:
        self.bound.append(kwargs)
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    @property
    def _llm_type(self) -> str:
        return "actor"


def call(name: str, id: str = "c1", **args: Any) -> dict[str, Any]:
    """Return a tool call as messages hold it."""
    return {"type": "tool_call", "name": name, "id": id, "args": args}
