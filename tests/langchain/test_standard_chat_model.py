"""LangChain's own suites for chat models, over a scripted model that is secured."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

pytest.importorskip("langchain_tests")

from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.base import LangSmithParams
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from langchain_secure import SecureChatModel
from secure_core import Guard

USAGE = UsageMetadata(input_tokens=9, output_tokens=4, total_tokens=13)
ARGUMENTS: dict[str, dict[str, Any]] = {
    "magic_function": {"input": 3},
    "magic_function_no_args": {},
    "Joke": {"setup": "Why did the guard stay?", "punchline": "Policy."},
    "joke": {"setup": "Why did the guard stay?", "punchline": "Policy."},
    "my_adder_tool": {"a": 1, "b": 2},
}


class Scripted(BaseChatModel):
    """Calls the first tool that it is given, as often as nobody has answered yet; else says hello."""

    model_name: str = "scripted-1"
    temperature: float | None = None
    max_tokens: int | None = None
    timeout: float | None = None
    stop: list[str] | None = None
    max_retries: int | None = None

    @property
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        return LangSmithParams(
            ls_provider="scripted",
            ls_model_type="chat",
            ls_model_name=kwargs.get("model") or self.model_name,
        )

    def bind_tools(self, tools: Sequence[Any], *, tool_choice: Any = None, **kwargs: Any) -> Runnable[Any, Any]:
        return self.bind(tools=[convert_to_openai_tool(each) for each in tools], **kwargs)

    def _calls(self, messages: list[BaseMessage], tools: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if not tools or any(isinstance(message, ToolMessage) for message in messages):
            return []
        name = tools[0]["function"]["name"]
        wanted = tools[0]["function"].get("parameters", {}).get("properties", {})
        arguments = ARGUMENTS.get(name, {key: str(messages[-1].text) for key in wanted})
        return [{"name": name, "args": arguments, "id": "call_1", "type": "tool_call"}]

    def _generate(self, messages: list[BaseMessage], *args: Any, tools: Any = (), **kwargs: Any) -> ChatResult:
        calls = self._calls(messages, tools)
        message = AIMessage(
            "" if calls else "Hello there, and goodbye.",
            tool_calls=calls,
            usage_metadata=USAGE,
            response_metadata={"model_name": kwargs.get("model") or self.model_name, "model_provider": "scripted"},
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self, messages: list[BaseMessage], *args: Any, tools: Any = (), **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        told = {"model_name": kwargs.get("model") or self.model_name, "model_provider": "scripted"}
        calls = self._calls(messages, tools)
        for number, word in enumerate([] if calls else ["Hello ", "there, ", "and goodbye."]):
            usage = None if number else UsageMetadata(input_tokens=9, output_tokens=0, total_tokens=9)
            metadata = {} if number else told
            yield ChatGenerationChunk(
                message=AIMessageChunk(content=word, usage_metadata=usage, response_metadata=metadata)
            )
        for call in calls:
            written = json.dumps(call["args"], ensure_ascii=False)
            for head, part in ((call["name"], written[:4]), (None, written[4:])):
                chunk = tool_call_chunk(name=head, id=head and call["id"], args=part, index=0)
                yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[chunk]))
        read = 9 if calls else 0
        last = UsageMetadata(input_tokens=read, output_tokens=4, total_tokens=read + 4)
        end = AIMessageChunk(
            content="", usage_metadata=last, response_metadata=told if calls else {}, chunk_position="last"
        )
        yield ChatGenerationChunk(message=end)


class SecureScripted(SecureChatModel):
    """The suites construct the model by name."""

    def __init__(self, **kwargs: Any) -> None:
        if "model" in kwargs:
            super().__init__(**kwargs)
            return
        known = {name: kwargs.pop(name) for name in tuple(kwargs) if name in Scripted.model_fields}
        super().__init__(model=Scripted(**known), policy=Guard.from_policy("default"), **kwargs)


class TestUnit(ChatModelUnitTests):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return SecureScripted

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {}


class TestIntegration(ChatModelIntegrationTests):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return SecureScripted

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {}

    @property
    def has_tool_choice(self) -> bool:
        return True

    @property
    def supports_json_mode(self) -> bool:
        return False
