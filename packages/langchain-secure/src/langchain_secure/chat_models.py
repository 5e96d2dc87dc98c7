"""`SecureChatModel`: a chat model whose prompts and answers are clean, whatever they pass through afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar, overload
from uuid import UUID

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun, Callbacks
from langchain_core.exceptions import LangChainException
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult, LLMResult
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
from ._failures import afailing_cleanly, failing_cleanly, safe_error
from ._generations import answer, last_parts, pushed_parts, spoken
from ._guarded import Guarded, PolicyLike
from ._message_stream import MessageStream
from ._restoring import Restorer, Restoring, wanted
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
def secure_model(model: BaseChatModel, policy: PolicyLike = ..., *, restore: bool | None = ...) -> SecureChatModel: ...
@overload
def secure_model(
    model: Runnable[Any, Any], policy: PolicyLike = ..., *, restore: bool | None = ...
) -> Runnable[Any, Any]: ...
def secure_model(model: Any, policy: PolicyLike = "default", *, restore: bool | None = None) -> Any:
    """Return ``model`` with clean prompts and clean answers.

    Args:
        model: a chat model, or a chat model with something bound to it (``model.bind_tools(...)``).
        policy: a shipped policy's name, a path, a `Policy` or a `Guard`.
        restore: whether answers are restored, if the guard is bound to a vault; see `SecureChatModel`.

    Raises:
        TypeError: there is no chat model in it that could be wrapped.
        PolicyError: the policy is wrong.
    """
    return _rebound(model, lambda inner: SecureChatModel(model=inner, policy=policy, restore=restore))


class SecureChatModel(BlockIsFinal, Guarded, BaseChatModel):
    """A chat model around another one; wherever that one can stand, this one can.

    Prompts are cleaned before callbacks, tracers, the cache and the provider see them: a user's message as
    `Stage.INPUT`, a tool's as `Stage.TOOL_RESULT`, earlier answers as `Stage.OUTPUT`; system messages are the
    application's own words and stay as they are. Answers are cleaned as `Stage.OUTPUT`, the arguments of tool calls,
    string by string, as `Stage.TOOL_CALL`. The caller's messages are never changed.

    With a guard that is bound to a vault the provider, callbacks, tracers, events and the cache see stand-ins, and what
    `invoke`, `stream`, `batch` and their async twins return is restored last; the arguments of tool calls keep their
    stand-ins, which `secure_tools` restore for the tool. In a node of a graph, whose state is stored, all stand-ins are
    kept; with ``restore=False`` they are everywhere (before a chat history, say): restore at the edge, with
    `SecureOutput`.

    Raises:
        Blocked: a prompt or an answer was blocked.
        LangChainException: in place of an error of the model whose message had to be cleaned.
    """

    model: BaseChatModel
    restore: bool | None = None
    """Whether answers are restored, if the guard is bound to a vault; ``None``: unless a graph's node asks."""
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
        said = super(SecureChatModel, called).invoke(input, config, **kwargs)
        return clean(Restorer.of(self._guard), said, called._context(Stage.OUTPUT)) if self._restores(config) else said

    async def ainvoke(
        self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AIMessage:
        """Return the answer."""
        called = self._called(config)
        said = await super(SecureChatModel, called).ainvoke(input, config, **kwargs)
        if not self._restores(config):
            return said
        return await aclean(Restorer.of(self._guard), said, called._context(Stage.OUTPUT))

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
        if not self._restores(config):
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
        shown = ValueStream(Restorer.of(self._guard), called._context(Stage.OUTPUT)) if self._restores(config) else None
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

    def _restores(self, config: RunnableConfig | None) -> bool:
        return isinstance(self._guard, Restoring) and wanted(self.restore, config)

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
        try:
            result = self.model._generate(messages, stop=stop, **kwargs)
            with under_run(run_manager.run_id if run_manager else None):
                return answer(result, clean(self._guard, spoken(result), self._context(Stage.OUTPUT)))
        except Exception as error:
            failure = self._failure(error)
        raise failure

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        try:
            result = await self.model._agenerate(messages, stop=stop, **kwargs)
            with under_run(run_manager.run_id if run_manager else None):
                return answer(result, await aclean(self._guard, spoken(result), self._context(Stage.OUTPUT)))
        except Exception as error:
            failure = self._failure(error)
        raise failure

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        stream = MessageStream(self._guard, self._context(Stage.OUTPUT))
        for chunk in failing_cleanly(self.model._stream(messages, stop=stop, **kwargs), self._failure):
            with under_run(run_manager.run_id if run_manager else None):
                pushed = list(pushed_parts(stream, chunk))
            yield from pushed
        with under_run(run_manager.run_id if run_manager else None):
            tail = list(last_parts(stream))
        yield from tail

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        stream = MessageStream(self._guard, self._context(Stage.OUTPUT))
        async for chunk in afailing_cleanly(self.model._astream(messages, stop=stop, **kwargs), self._failure):
            with under_run(run_manager.run_id if run_manager else None):
                pushed = await self._aside(pushed_parts, stream, chunk)
            for part in pushed:
                yield part
        with under_run(run_manager.run_id if run_manager else None):
            tail = await self._aside(last_parts, stream)
        for part in tail:
            yield part

    def _failure(self, error: Exception) -> Exception:
        return safe_error(self._guard, error, self._context(Stage.OUTPUT), otherwise=LangChainException)

    # -- what is bound to the inner model is bound to this one ------------------------------------

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[LanguageModelInput, AIMessage]:
        """Bind tools as the inner model does, to this model."""
        return _rebound(self.model.bind_tools(tools, **kwargs), self._as_this)

    def with_structured_output(self, schema: Any, **kwargs: Any) -> Runnable[LanguageModelInput, Any]:
        """Structure answers as the inner model does, from this model's answers; values are restored in the structure.

        In the text that it is parsed from, a restored quotation mark would end a string.
        """
        within = self.model_copy(update={"restore": False})
        structured = _rebound(self.model.with_structured_output(schema, **kwargs), within._as_this)
        if self.restore is False or not isinstance(self._guard, Restoring):
            return structured
        return structured | SecureRestore(self._guard, restore=self.restore)

    def _as_this(self, model: BaseChatModel) -> SecureChatModel:
        if model is self.model:
            return self
        return SecureChatModel(model=model, policy=self._guard, restore=self.restore)

    def _as_secure(self, fallback: Runnable[Any, Any]) -> Runnable[Any, Any]:
        try:
            return _rebound(fallback, self._as_this)
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


def _rebound(runnable: Any, secured: Callable[[BaseChatModel], SecureChatModel]) -> Runnable[Any, Any]:
    """Return ``runnable`` with the chat models in it secured.

    Args:
        runnable: a chat model, or what one made of itself: a binding, or a sequence that begins with one.
        secured: returns a chat model's `SecureChatModel`.
    """
    match runnable:
        case BaseChatModel():
            return secured(runnable)
        case RunnableBinding():
            return runnable.model_copy(update={"bound": _rebound(runnable.bound, secured)})
        case RunnableSequence():
            first, *rest = runnable.steps
            return RunnableSequence(_rebound(first, secured), *rest, name=runnable.name)
        case RunnableParallel():
            return RunnableParallel({key: _rebound(step, secured) for key, step in runnable.steps__.items()})
        case RunnableWithFallbacks():
            others = [_rebound(other, secured) for other in runnable.fallbacks]
            return runnable.model_copy(update={"runnable": _rebound(runnable.runnable, secured), "fallbacks": others})
    raise TypeError(f"there is no chat model to be seen in a {type(runnable).__name__}; wrap the model itself")
