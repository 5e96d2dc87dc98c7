"""A chat engine around another one: what is said to it, what it says and what it remembers are clean."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from copy import copy
from pathlib import Path
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, ChatResponse, MessageRole
from llama_index.core.chat_engine.types import AgentChatResponse, BaseChatEngine, StreamingAgentChatResponse
from llama_index.core.memory import BaseMemory

from secure_core import Blocked, Context, Guard, Policy, Stage

from ._content import aclean, clean
from ._failures import clean_errors
from ._restoring import arestored, arestored_words, restored, restored_words
from ._stream import asanitized, sanitized
from .memory import SecureMemory

__all__ = ["SecureChatEngine"]

_PROMPT = Context(Stage.INPUT)
_MATERIAL = Context(Stage.RETRIEVAL)
_RESULT = Context(Stage.TOOL_RESULT)
_ANSWER = Context(Stage.OUTPUT)


class SecureChatEngine(BaseChatEngine):
    """Chats as ``engine`` does, with messages, answers, source nodes and the engine's memory sanitised.

    A message is judged at stage ``input``, an answer at ``output`` (streams stay streams), source nodes and metadata
    at ``retrieval``, what is remembered at ``memory``. What the engine's own model reads of retrieved material is
    cleaned by a `SecureNodePostprocessor` in the engine, or a `SecureRetriever`. With a guard that is bound to a vault
    answers are restored last; memory, sources and source nodes keep the stand-ins.

    >>> engine = SecureChatEngine(index.as_chat_engine(node_postprocessors=[SecureNodePostprocessor()]))

    Args:
        engine: Any chat engine. It is not changed; a copy of it writes to its memory.
        policy: A shipped policy's name, a path to TOML, a `Policy` or a `Guard`.

    Raises:
        PolicyError: The policy cannot be turned into a guard.
        Blocked: From every method that takes a message or gives an answer, if one of them is blocked;
            from a streamed answer while it is read.
        RuntimeError: In the place of the engine's own error, if that quotes what is not clean.
    """

    def __init__(self, engine: BaseChatEngine, policy: str | Path | Policy | Guard = "default") -> None:
        self._guard = Guard.from_policy(policy)
        self._engine = _remembering(engine, self._guard)

    def reset(self) -> None:
        """Forget the conversation."""
        self._engine.reset()

    @property
    def chat_history(self) -> list[ChatMessage]:
        """The conversation so far, sanitised; messages that are blocked are left out."""
        return [kept for message in self._engine.chat_history if (kept := self._remembered(message))]

    @clean_errors(_ANSWER)
    def chat(self, message: str, chat_history: list[ChatMessage] | None = None) -> AgentChatResponse:
        """Return the sanitised answer to a sanitised message."""
        message, chat_history = clean(self._guard, (message, chat_history), _PROMPT)
        return self._clean_answer(self._engine.chat(message, chat_history))

    @clean_errors(_ANSWER)
    async def achat(self, message: str, chat_history: list[ChatMessage] | None = None) -> AgentChatResponse:
        """Async twin of `chat`."""
        message, chat_history = await aclean(self._guard, (message, chat_history), _PROMPT)
        return await self._aclean_answer(await self._engine.achat(message, chat_history))

    @clean_errors(_ANSWER)
    def stream_chat(self, message: str, chat_history: list[ChatMessage] | None = None) -> StreamingAgentChatResponse:
        """Return the sanitised answer to a sanitised message, as the words come."""
        message, chat_history = clean(self._guard, (message, chat_history), _PROMPT)
        response = self._engine.stream_chat(message, chat_history)
        words = sanitized(self._guard, response.response_gen, _ANSWER)
        return StreamingAgentChatResponse(
            chat_stream=_chunks(restored_words(self._guard, words)),
            sources=clean(self._guard, response.sources, _RESULT),
            source_nodes=clean(self._guard, response.source_nodes, _MATERIAL),
            is_writing_to_memory=False,  # the inner response does
        )

    @clean_errors(_ANSWER)
    async def astream_chat(
        self, message: str, chat_history: list[ChatMessage] | None = None
    ) -> StreamingAgentChatResponse:
        """Async twin of `stream_chat`."""
        message, chat_history = await aclean(self._guard, (message, chat_history), _PROMPT)
        response = await self._engine.astream_chat(message, chat_history)
        words = asanitized(self._guard, response.async_response_gen(), _ANSWER)
        return StreamingAgentChatResponse(
            achat_stream=_achunks(arestored_words(self._guard, words)),
            sources=await aclean(self._guard, response.sources, _RESULT),
            source_nodes=await aclean(self._guard, response.source_nodes, _MATERIAL),
            is_writing_to_memory=False,
        )

    def _clean_answer(self, response: Any) -> AgentChatResponse:
        return AgentChatResponse(
            response=restored(self._guard, clean(self._guard, response.response, _ANSWER)),
            sources=clean(self._guard, response.sources, _RESULT),
            source_nodes=clean(self._guard, response.source_nodes, _MATERIAL),
            is_dummy_stream=response.is_dummy_stream,
            metadata=clean(self._guard, response.metadata, _MATERIAL),
        )

    async def _aclean_answer(self, response: Any) -> AgentChatResponse:
        return AgentChatResponse(
            response=await arestored(self._guard, await aclean(self._guard, response.response, _ANSWER)),
            sources=await aclean(self._guard, response.sources, _RESULT),
            source_nodes=await aclean(self._guard, response.source_nodes, _MATERIAL),
            is_dummy_stream=response.is_dummy_stream,
            metadata=await aclean(self._guard, response.metadata, _MATERIAL),
        )

    def _remembered(self, message: ChatMessage) -> ChatMessage | None:
        try:
            return clean(self._guard, message, Context(Stage.MEMORY))
        except Blocked:
            return None


def _remembering(engine: BaseChatEngine, guard: Guard) -> BaseChatEngine:
    """Return the engine with a secured memory; an engine without the usual attribute keeps what it has."""
    memory = getattr(engine, "_memory", None)
    if not isinstance(memory, BaseMemory) or isinstance(memory, SecureMemory):
        return engine
    secured: Any = copy(engine)
    secured._memory = SecureMemory(memory=memory, policy=guard)
    return secured  # type: ignore[no-any-return]


def _chunks(words: Generator[str, None, None]) -> Generator[ChatResponse, None, None]:
    for text in words:
        yield ChatResponse(message=ChatMessage(text, role=MessageRole.ASSISTANT), delta=text)


async def _achunks(words: AsyncGenerator[str, None]) -> AsyncGenerator[ChatResponse, None]:
    async for text in words:
        yield ChatResponse(message=ChatMessage(text, role=MessageRole.ASSISTANT), delta=text)
