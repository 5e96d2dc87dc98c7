"""A language model around another one: clean prompts go in, clean answers come out, streams included."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from typing import Any, Self, TypeVar, cast

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseAsyncGen,
    ChatResponseGen,
    CompletionResponse,
    CompletionResponseAsyncGen,
    CompletionResponseGen,
    LLMMetadata,
)
from llama_index.core.bridge.pydantic import BaseModel, Field, model_validator
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import LLM, ToolSelection
from llama_index.core.prompts import PromptTemplate
from llama_index.core.tools import BaseTool

from secure_core import Context, Stage

from ._component import SecureComponent
from ._content import aclean, clean
from ._failures import clean_errors
from ._reply import areplies, arestored_replies, bare, replies, restored_replies
from ._restoring import arestored, restored

__all__ = ["SecureLLM"]

A = TypeVar("A")
M = TypeVar("M", bound=BaseModel)
F = TypeVar("F", bound=Callable[..., Any])

_PROMPT = Context(Stage.INPUT)
_ANSWER = Context(Stage.OUTPUT)
_HOISTED = (
    "callback_manager",
    "completion_to_prompt",
    "messages_to_prompt",
    "output_parser",
    "pydantic_program_mode",
    "query_wrapper_prompt",
    "system_prompt",
)
"""What `LLM` does around a call; the inner model is called inside of that, so the wrapper has to do it."""


def _chat_events(method: F) -> F:
    """Let LlamaIndex tell its event handlers and callbacks of the call."""
    return cast(F, llm_chat_callback()(method))


def _completion_events(method: F) -> F:
    """As `_chat_events`, for completions."""
    return cast(F, llm_completion_callback()(method))


class SecureLLM(SecureComponent, FunctionCallingLLM):
    """Says what ``llm`` says, with prompts and answers sanitised. Stands wherever that model stands.

    Prompts: a user's message is judged at stage ``input``, a tool's at ``tool_result``, earlier answers at ``output``;
    system messages are the application's own words and stay as they are. Answers: text and thoughts are judged at
    ``output``, the arguments of tool calls, value by value, at ``tool_call``. Streams stay streams; tool calls come
    with their last chunk. ``raw`` and ``logprobs`` are dropped. The caller's messages are never changed.

    With a guard that is bound to a vault answers are restored last; the arguments of tool calls keep the stand-ins,
    which `secure_tools` restore for the tool. In an engine or an agent that restores by itself, ``restore=False`` keeps
    the values out of everything between the two; `secure_agent` sets it.

    >>> llm = SecureLLM(llm=OpenAI(), policy="default")

    Raises:
        Blocked: From every method that takes a prompt or gives an answer, if one of them is blocked.
        RuntimeError: In the place of the model's own error, if that quotes what is not clean.
    """

    llm: LLM = Field(description="The model that is asked.", exclude=True)
    restore: bool = Field(default=True, description="Whether answers are restored, if the guard is bound to a vault.")

    @model_validator(mode="before")
    @classmethod
    def _settings_of_inner(cls, values: Any) -> Any:
        inner = values.get("llm")
        return {**{name: getattr(inner, name) for name in _HOISTED}, **values} if isinstance(inner, LLM) else values

    @classmethod
    def class_name(cls) -> str:
        """Return the name under which it is serialised."""
        return "SecureLLM"

    @property
    def metadata(self) -> LLMMetadata:
        """The inner model's."""
        return self.llm.metadata

    # -- asking: prompts are cleaned before LlamaIndex's own events and callbacks see them ----------

    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """Answer a conversation."""
        return self._restored(self._chat(clean(self._guard, list(messages), _PROMPT), **kwargs))

    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """Async twin of `chat`."""
        return await self._arestored(await self._achat(await aclean(self._guard, list(messages), _PROMPT), **kwargs))

    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        """Answer a conversation as the words come."""
        return self._restored_stream(self._stream_chat(clean(self._guard, list(messages), _PROMPT), **kwargs))

    async def astream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseAsyncGen:
        """Async twin of `stream_chat`."""
        answer = await self._astream_chat(await aclean(self._guard, list(messages), _PROMPT), **kwargs)
        return self._arestored_stream(answer)

    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        """Complete a prompt."""
        return self._restored(self._complete(clean(self._guard, prompt, _PROMPT), formatted=formatted, **kwargs))

    async def acomplete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        """Async twin of `complete`."""
        prompt = await aclean(self._guard, prompt, _PROMPT)
        return await self._arestored(await self._acomplete(prompt, formatted=formatted, **kwargs))

    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        """Complete a prompt as the words come."""
        prompt = clean(self._guard, prompt, _PROMPT)
        return self._restored_stream(self._stream_complete(prompt, formatted=formatted, **kwargs))

    async def astream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseAsyncGen:
        """Async twin of `stream_complete`."""
        prompt = await aclean(self._guard, prompt, _PROMPT)
        return self._arestored_stream(await self._astream_complete(prompt, formatted=formatted, **kwargs))

    # -- answering ---------------------------------------------------------------------------------

    @_chat_events
    @clean_errors(_ANSWER)
    def _chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        return clean(self._guard, bare(self.llm.chat(messages, **kwargs)), _ANSWER)

    @_chat_events
    @clean_errors(_ANSWER)
    async def _achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        return await aclean(self._guard, bare(await self.llm.achat(messages, **kwargs)), _ANSWER)

    @_chat_events
    @clean_errors(_ANSWER)
    def _stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        return replies(self._guard, self.llm.stream_chat(messages, **kwargs), _ANSWER)

    @_chat_events
    @clean_errors(_ANSWER)
    async def _astream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseAsyncGen:
        return areplies(self._guard, await self.llm.astream_chat(messages, **kwargs), _ANSWER)

    @_completion_events
    @clean_errors(_ANSWER)
    def _complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        return clean(self._guard, bare(self.llm.complete(prompt, formatted=formatted, **kwargs)), _ANSWER)

    @_completion_events
    @clean_errors(_ANSWER)
    async def _acomplete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        answer = await self.llm.acomplete(prompt, formatted=formatted, **kwargs)
        return await aclean(self._guard, bare(answer), _ANSWER)

    @_completion_events
    @clean_errors(_ANSWER)
    def _stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        return replies(self._guard, self.llm.stream_complete(prompt, formatted=formatted, **kwargs), _ANSWER)

    @_completion_events
    @clean_errors(_ANSWER)
    async def _astream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponseAsyncGen:
        return areplies(self._guard, await self.llm.astream_complete(prompt, formatted=formatted, **kwargs), _ANSWER)

    # -- the way back, which LlamaIndex's own events and callbacks do not see ------------------------

    def _restored(self, answer: A) -> A:
        return restored(self._guard, answer) if self.restore else answer

    async def _arestored(self, answer: A) -> A:
        return await arestored(self._guard, answer) if self.restore else answer

    def _restored_stream(self, answer: A) -> A:
        return cast(A, restored_replies(self._guard, cast(Any, answer))) if self.restore else answer

    def _arestored_stream(self, answer: A) -> A:
        return cast(A, arestored_replies(self._guard, cast(Any, answer))) if self.restore else answer

    def _unrestored(self) -> Self:
        return self.model_copy(update={"restore": False})

    # A structured answer is read first and restored as an object: a value may hold what JSON has to escape.

    def structured_predict(
        self, output_cls: type[M], prompt: PromptTemplate, llm_kwargs: dict[str, Any] | None = None, **args: Any
    ) -> M:
        """Answer with an object of a class."""
        inner = self._unrestored()
        answer: M = FunctionCallingLLM.structured_predict(inner, output_cls, prompt, llm_kwargs, **args)
        return self._restored(answer)

    async def astructured_predict(
        self, output_cls: type[M], prompt: PromptTemplate, llm_kwargs: dict[str, Any] | None = None, **args: Any
    ) -> M:
        """Async twin of `structured_predict`."""
        inner = self._unrestored()
        answer: M = await FunctionCallingLLM.astructured_predict(inner, output_cls, prompt, llm_kwargs, **args)
        return await self._arestored(answer)

    def stream_structured_predict(
        self, output_cls: type[M], prompt: PromptTemplate, llm_kwargs: dict[str, Any] | None = None, **args: Any
    ) -> Generator[Any, None, None]:
        """Answer with objects that grow to one of a class."""
        inner = self._unrestored()
        for partial in FunctionCallingLLM.stream_structured_predict(inner, output_cls, prompt, llm_kwargs, **args):
            yield self._restored(partial)

    async def astream_structured_predict(
        self, output_cls: type[M], prompt: PromptTemplate, llm_kwargs: dict[str, Any] | None = None, **args: Any
    ) -> AsyncGenerator[Any, None]:
        """Async twin of `stream_structured_predict`."""
        inner = self._unrestored()
        partials = await FunctionCallingLLM.astream_structured_predict(inner, output_cls, prompt, llm_kwargs, **args)

        async def objects() -> AsyncGenerator[Any, None]:
            async for partial in partials:
                yield await self._arestored(partial)

        return objects()

    # -- tools -------------------------------------------------------------------------------------

    def _prepare_chat_with_tools(
        self,
        tools: Sequence[BaseTool],
        user_msg: str | ChatMessage | None = None,
        chat_history: list[ChatMessage] | None = None,
        verbose: bool = False,
        allow_parallel_tool_calls: bool = False,
        tool_required: bool = False,  # LlamaIndex looks for this name, and drops the argument where it is missing
        **kwargs: Any,
    ) -> dict[str, Any]:
        return self._calling._prepare_chat_with_tools_compat(
            tools, user_msg, chat_history, verbose, allow_parallel_tool_calls, tool_required, **kwargs
        )

    def _validate_chat_with_tools_response(
        self, response: ChatResponse, tools: Sequence[BaseTool], allow_parallel_tool_calls: bool = False, **kwargs: Any
    ) -> ChatResponse:
        return self._calling._validate_chat_with_tools_response(response, tools, allow_parallel_tool_calls, **kwargs)

    def get_tool_calls_from_response(
        self, response: ChatResponse, error_on_no_tool_call: bool = True, **kwargs: Any
    ) -> list[ToolSelection]:
        """Return the tool calls of a sanitised answer, as the inner model reads them."""
        return self._calling.get_tool_calls_from_response(
            response, error_on_no_tool_call=error_on_no_tool_call, **kwargs
        )

    @property
    def _calling(self) -> FunctionCallingLLM:
        if not isinstance(self.llm, FunctionCallingLLM):
            raise NotImplementedError(f"{type(self.llm).__name__} calls no tools; use a ReActAgent, or another model")
        return self.llm
