"""`SecureChatModel`: a chat model whose prompts and answers are clean, whatever they pass through afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar, overload
from uuid import UUID

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun, Callbacks
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult, LLMResult
from langchain_core.runnables import (
    Runnable,
    RunnableBinding,
    RunnableConfig,
    RunnableParallel,
    RunnableSequence,
    RunnableWithFallbacks,
)
from langchain_core.runnables.config import run_in_executor
from pydantic import PrivateAttr, model_validator

from secure_core import Context, Stage

from ._content import aclean, clean
from ._context import context_for
from ._guarded import Guarded, PolicyLike
from ._message_stream import MessageStream
from ._restoring import Restorer, Restoring
from ._run_span import run_around, under_run
from ._value_stream import ValueStream
from .attempts import BlockIsFinal
from .runnables import SecureInput, SecureOutput, SecureRestore

__all__ = ["SecureChatModel", "secure_model"]

T = TypeVar("T")

_HOISTED = (
    *("cache", "callbacks", "custom_get_token_ids", "disable_streaming", "metadata", "name"),
    *("output_version", "profile", "rate_limiter", "tags", "verbose"),
)
"""What `BaseChatModel` does around a call; the inner model is called inside of that, so the wrapper has to do it."""


@overload
def secure_model(model: BaseChatModel, policy: PolicyLike = ...) -> SecureChatModel: ...
@overload
def secure_model(model: Runnable[Any, Any], policy: PolicyLike = ...) -> Runnable[Any, Any]: ...
def secure_model(model: Any, policy: PolicyLike = "default") -> Any:
    """Return ``model`` with clean prompts and clean answers.

    Args:
        model: a chat model, or a chat model with something bound to it (``model.bind_tools(...)``).
        policy: a shipped policy's name, a path, a `Policy` or a `Guard`.

    Raises:
        TypeError: there is no chat model in it that could be wrapped.
        PolicyError: the policy is wrong.
    """
    if isinstance(model, BaseChatModel):
        return SecureChatModel(model=model, policy=policy)
    return _rebound(model, policy)


class SecureChatModel(BlockIsFinal, Guarded, BaseChatModel):
    """A chat model around another one; wherever that one can stand, this one can.

    Prompts are cleaned before callbacks, tracers, the cache and the provider see them: a user's message as
    `Stage.INPUT`, a tool's as `Stage.TOOL_RESULT`, earlier answers as `Stage.OUTPUT`; system messages are the
    application's own words and stay as they are. Answers are cleaned as `Stage.OUTPUT`, the arguments of tool calls,
    string by string, as `Stage.TOOL_CALL`. The caller's messages are never changed.

    With a guard that is bound to a vault the provider, callbacks, tracers, events and the cache see stand-ins, and what
    `invoke`, `stream`, `batch` and their async twins return is restored last; the arguments of tool calls keep their
    stand-ins, which `secure_tools` restore for the tool. Where the answer is stored and not shown (in an agent, before
    a chat history), ``restore=False`` keeps all stand-ins: restore at the edge, with `SecureOutput`.

    Raises:
        Blocked: a prompt or an answer was blocked.
    """

    model: BaseChatModel
    restore: bool = True
    """Whether answers are restored, if the guard is bound to a vault."""
    _caller: Context | None = PrivateAttr(default=None)
    _around: UUID | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _settings_of_inner(cls, values: Any) -> Any:
        inner = values.get("model")
        if not isinstance(inner, BaseChatModel):
            return values
        settings = {name: getattr(inner, name) for name in _HOISTED if hasattr(inner, name)}
        if type(inner)._stream is BaseChatModel._stream and type(inner)._astream is BaseChatModel._astream:
            settings["disable_streaming"] = True  # there is no stream to be cleaned: LangChain takes the answer whole
        return {**settings, **values}

    # -- prompts: cleaned before the run begins, so that no callback sees them raw ---------------

    def invoke(self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any) -> AIMessage:
        """Return the answer."""
        called = self._called(config)
        answer = super(SecureChatModel, called).invoke(input, config, **kwargs)
        return clean(Restorer.of(self._guard), answer, called._context(Stage.OUTPUT)) if self._restores else answer

    async def ainvoke(
        self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AIMessage:
        """Return the answer."""
        called = self._called(config)
        answer = await super(SecureChatModel, called).ainvoke(input, config, **kwargs)
        if not self._restores:
            return answer
        return await aclean(Restorer.of(self._guard), answer, called._context(Stage.OUTPUT))  # type: ignore[no-any-return]

    def generate(
        self,
        messages: list[list[BaseMessage]],
        stop: list[str] | None = None,
        callbacks: Callbacks = None,
        **kwargs: Any,
    ) -> LLMResult:
        """Answer each list of messages; `invoke` and `batch` end here."""
        with under_run(self._around):
            prompts = clean(self._guard, messages, self._context(Stage.INPUT))
        return super().generate(prompts, stop, callbacks, **kwargs)

    async def agenerate(
        self,
        messages: list[list[BaseMessage]],
        stop: list[str] | None = None,
        callbacks: Callbacks = None,
        **kwargs: Any,
    ) -> LLMResult:
        """Answer each list of messages; `ainvoke` and `abatch` end here."""
        with under_run(self._around):
            prompts = await aclean(self._guard, messages, self._context(Stage.INPUT))
        return await super().agenerate(prompts, stop, callbacks, **kwargs)

    def stream(
        self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[AIMessageChunk]:
        """Yield the answer as it comes."""
        called = self._called(config)
        chunks = super(SecureChatModel, called).stream(called._prompt(input), config, **kwargs)
        if not self._restores:
            yield from chunks
            return
        shown = ValueStream(Restorer.of(self._guard), called._context(Stage.OUTPUT))
        for chunk in chunks:
            yield from shown.push(chunk)
        yield from shown.flush()

    async def astream(
        self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[AIMessageChunk]:
        """Yield the answer as it comes."""
        called = self._called(config)
        with under_run(called._around):
            prompt = await aclean(self._guard, self._convert_input(input), called._context(Stage.INPUT))
        shown = ValueStream(Restorer.of(self._guard), called._context(Stage.OUTPUT)) if self._restores else None
        async for chunk in super(SecureChatModel, called).astream(prompt, config, **kwargs):
            for piece in await self._aside(shown.push, chunk) if shown else (chunk,):
                yield piece
        for piece in await self._aside(shown.flush) if shown else ():
            yield piece

    def stream_events(self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Return the events of a run, which begin with the prompt."""
        called = self._called(config)
        return super(SecureChatModel, called).stream_events(called._prompt(input), config, **kwargs)

    def astream_events(self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Return the events of a run, which begin with the prompt."""
        called = self._called(config)
        return super(SecureChatModel, called).astream_events(called._prompt(input), config, **kwargs)

    def _called(self, config: RunnableConfig | None) -> SecureChatModel:
        """Return this model as it is called once, by somebody: LangChain does not tell the inside of a model."""
        _ = self._serialized  # LangChain makes it once for a model and keeps it there: before the copy, not in each
        called = self.model_copy(update={"restore": False})  # whoever is called restores, once
        called._caller = context_for(Stage.INPUT, config, source=self._source)
        called._around = run_around(config)
        return called

    def _context(self, stage: Stage) -> Context:
        return replace(self._caller, stage=stage) if self._caller else context_for(stage, source=self._source)

    @property
    def _restores(self) -> bool:
        return self.restore and isinstance(self._guard, Restoring)

    async def _aside(self, work: Callable[..., Iterable[T]], *arguments: Any) -> list[T]:
        """Return all that a stream gives out at once; in a thread if a vault may keep the event loop waiting."""
        if getattr(self._guard, "blocking", False):
            return await run_in_executor(None, lambda: list(work(*arguments)))
        return list(work(*arguments))

    @property
    def _source(self) -> str:
        return self.name or self.model.get_name()

    def _prompt(self, input: LanguageModelInput) -> Any:
        with under_run(self._around):
            return clean(self._guard, self._convert_input(input), self._context(Stage.INPUT))

    # -- answers: the inner model is called directly and without a run manager, which it would tell raw tokens ---

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        result = self.model._generate(messages, stop=stop, **kwargs)
        with under_run(run_manager.run_id if run_manager else None):
            return _answer(result, clean(self._guard, _spoken(result), self._context(Stage.OUTPUT)))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        result = await self.model._agenerate(messages, stop=stop, **kwargs)
        with under_run(run_manager.run_id if run_manager else None):
            return _answer(result, await aclean(self._guard, _spoken(result), self._context(Stage.OUTPUT)))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        stream = MessageStream(self._guard, self._context(Stage.OUTPUT))
        for chunk in self.model._stream(messages, stop=stop, **kwargs):
            with under_run(run_manager.run_id if run_manager else None):
                pushed = list(_pushed_parts(stream, chunk))
            yield from pushed
        with under_run(run_manager.run_id if run_manager else None):
            tail = list(_last_parts(stream))
        yield from tail

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        stream = MessageStream(self._guard, self._context(Stage.OUTPUT))
        async for chunk in self.model._astream(messages, stop=stop, **kwargs):
            with under_run(run_manager.run_id if run_manager else None):
                pushed = await self._aside(_pushed_parts, stream, chunk)
            for part in pushed:
                yield part
        with under_run(run_manager.run_id if run_manager else None):
            tail = await self._aside(_last_parts, stream)
        for part in tail:
            yield part

    # -- what is bound to the inner model is bound to this one ------------------------------------

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[LanguageModelInput, AIMessage]:
        """Bind tools as the inner model does, to this model."""
        return _rebound(self.model.bind_tools(tools, **kwargs), self)  # type: ignore[no-any-return]

    def with_structured_output(self, schema: Any, **kwargs: Any) -> Runnable[LanguageModelInput, Any]:
        """Structure answers as the inner model does, from this model's answers; values are restored in the structure.

        In the text that it is parsed from, a restored quotation mark would end a string.
        """
        within = self.model_copy(update={"restore": False})
        structured = _rebound(self.model.with_structured_output(schema, **kwargs), within)
        return structured | SecureRestore(self._guard) if self._restores else structured  # type: ignore[no-any-return]

    def _as_secure(self, fallback: Runnable[Any, Any]) -> Runnable[Any, Any]:
        try:
            return _rebound(fallback, self)  # type: ignore[no-any-return]
        except TypeError:  # there is no model to be seen in it
            return SecureInput(self._guard) | fallback | SecureOutput(self._guard, restore=self.restore)

    # -- what others ask a model about itself -----------------------------------------------------

    @property
    def _llm_type(self) -> str:
        return f"secure-{self.model._llm_type}"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        # The policy is part of a cache's key: what one policy lets pass is no answer under another one,
        # and one session's stand-ins say nothing in another session.
        params = {**self.model._identifying_params, "secure_policy": self._guard.policy.digest}
        return {**params, "secure_scope": self._guard.scope_digest} if isinstance(self._guard, Restoring) else params

    @property
    def model_name(self) -> str | None:
        """The inner model's name, by which `create_agent` knows what it can do."""
        names = (getattr(self.model, key, None) for key in ("model_name", "model", "model_id"))
        return next((name for name in names if isinstance(name, str)), None)

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        return self.model._get_ls_params(stop=stop, **kwargs)

    def get_token_ids(self, text: str) -> list[int]:
        """Return the tokens of a text as the inner model counts them."""
        return self.model.get_token_ids(text)

    def get_num_tokens_from_messages(self, messages: list[BaseMessage], tools: Sequence[Any] | None = None) -> int:
        """Return the number of tokens as the inner model counts them."""
        return self.model.get_num_tokens_from_messages(messages, tools)


def _spoken(result: ChatResult) -> list[BaseMessage]:
    """Return all that a result says: each message with what its generation tells, and what the provider tells."""
    told = [AIMessage("", response_metadata=result.llm_output or {})]
    return [*(_telling(generation) for generation in result.generations), *told]


def _telling(generation: ChatGeneration) -> Any:
    """Return the message with its generation's information, where LangChain will put it anyway."""
    metadata = {**(generation.generation_info or {}), **generation.message.response_metadata}
    return generation.message.model_copy(update={"response_metadata": metadata})


def _answer(result: ChatResult, spoken: list[BaseMessage]) -> ChatResult:
    """Return the result with what became of `_spoken`."""
    *messages, told = spoken
    generations = [
        ChatGeneration(message=message, generation_info=_info(generation, message))
        for generation, message in zip(result.generations, messages, strict=True)
    ]
    return ChatResult(generations=generations, llm_output=told.response_metadata or result.llm_output)


def _info(generation: ChatGeneration, message: BaseMessage) -> dict[str, Any] | None:
    told = generation.generation_info
    return {key: message.response_metadata[key] for key in told if key in message.response_metadata} if told else told


def _pushed(stream: MessageStream, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
    if not isinstance(chunk.message, AIMessageChunk):
        raise TypeError(f"a chat model's stream brought {type(chunk.message).__name__}; it has to bring AIMessageChunk")
    raw = _telling(chunk) if chunk.generation_info else chunk.message
    message = raw.model_copy(update=stream.push(raw))
    told = {"message": message, "text": str(message.text), "generation_info": _info(chunk, message)}
    return chunk.model_copy(update=told)  # not validated again: a stream is made of many


def _pushed_parts(stream: MessageStream, chunk: ChatGenerationChunk) -> Iterator[ChatGenerationChunk]:
    return _apart(_pushed(stream, chunk))


def _last_parts(stream: MessageStream) -> Iterator[ChatGenerationChunk]:
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


def _rebound(runnable: Any, secure: Any) -> Any:
    """Return ``runnable`` with the chat models in it secured.

    Args:
        runnable: what a chat model made of itself: a binding, or a sequence that begins with one.
        secure: the `SecureChatModel` to put in its place, or a policy to wrap it with.
    """
    match runnable:
        case BaseChatModel():
            return _secured(runnable, secure)
        case RunnableBinding():
            return runnable.model_copy(update={"bound": _rebound(runnable.bound, secure)})
        case RunnableSequence():
            first, *rest = runnable.steps
            return RunnableSequence(_rebound(first, secure), *rest, name=runnable.name)
        case RunnableParallel():
            return RunnableParallel({key: _rebound(step, secure) for key, step in runnable.steps__.items()})
        case RunnableWithFallbacks():
            others = [_rebound(other, secure) for other in runnable.fallbacks]
            return runnable.model_copy(update={"runnable": _rebound(runnable.runnable, secure), "fallbacks": others})
    raise TypeError(f"there is no chat model to be seen in a {type(runnable).__name__}; wrap the model itself")


def _secured(model: BaseChatModel, secure: Any) -> SecureChatModel:
    if not isinstance(secure, SecureChatModel):
        return SecureChatModel(model=model, policy=secure)
    if model is secure.model:
        return secure
    return SecureChatModel(model=model, policy=secure._guard, restore=secure.restore)
