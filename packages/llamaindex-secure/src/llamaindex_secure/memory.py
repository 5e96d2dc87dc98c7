"""A memory around another one: what a conversation leaves behind is clean."""

from __future__ import annotations

from typing import Any, Self

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import Field, model_validator
from llama_index.core.memory import BaseMemory, BaseMemoryBlock, Memory

from secure_core import Blocked, Context, Stage

from ._component import SecureComponent
from ._content import aclean, clean

__all__ = ["SecureMemory", "SecureMemoryBlock"]

_MEMORY = Context(Stage.MEMORY)


class SecureMemory(SecureComponent, BaseMemory):
    """Remembers sanitised messages, the user's included, which chat engines and agents store as they came.

    Messages are judged at stage ``memory`` when they are written, tool calls at ``tool_call``; and again when they are
    read, since a store may have other writers. System messages stay as they are.

    >>> await agent.run("Hello", memory=SecureMemory(memory=Memory.from_defaults(), policy="default"))

    Raises:
        Blocked: From methods that write, if a message is blocked. Reading leaves such a message out.
    """

    memory: BaseMemory = Field(description="The memory that is written to.", exclude=True)

    @classmethod
    def class_name(cls) -> str:
        """Return the name under which it is serialised."""
        return "SecureMemory"

    @classmethod
    def from_defaults(cls, policy: Any = "default", **kwargs: Any) -> Self:
        """Return one around LlamaIndex's default memory, made with ``kwargs``."""
        return cls(memory=Memory.from_defaults(**kwargs), policy=policy)

    @property
    def tokenizer_fn(self) -> Any:
        """The inner memory's, by which chat engines count what else is in the prompt."""
        memory: Any = self.memory
        return memory.tokenizer_fn

    # -- reading -----------------------------------------------------------------------------------

    def get(self, input: str | None = None, **kwargs: Any) -> list[ChatMessage]:
        """Return the messages for the next turn."""
        return self._readable(self.memory.get(input=input, **kwargs))

    async def aget(self, input: str | None = None, **kwargs: Any) -> list[ChatMessage]:
        """Async twin of `get`."""
        return await self._areadable(await self.memory.aget(input=input, **kwargs))

    def get_all(self) -> list[ChatMessage]:
        """Return all messages."""
        return self._readable(self.memory.get_all())

    async def aget_all(self) -> list[ChatMessage]:
        """Async twin of `get_all`."""
        return await self._areadable(await self.memory.aget_all())

    # -- writing -----------------------------------------------------------------------------------

    def put(self, message: ChatMessage) -> None:
        """Add a message."""
        self.memory.put(clean(self._guard, message, _MEMORY))

    async def aput(self, message: ChatMessage) -> None:
        """Async twin of `put`."""
        await self.memory.aput(await aclean(self._guard, message, _MEMORY))

    def put_messages(self, messages: list[ChatMessage]) -> None:
        """Add messages."""
        self.memory.put_messages(clean(self._guard, messages, _MEMORY))

    async def aput_messages(self, messages: list[ChatMessage]) -> None:
        """Async twin of `put_messages`."""
        await self.memory.aput_messages(await aclean(self._guard, messages, _MEMORY))

    def set(self, messages: list[ChatMessage]) -> None:
        """Replace all messages."""
        self.memory.set(clean(self._guard, messages, _MEMORY))

    async def aset(self, messages: list[ChatMessage]) -> None:
        """Async twin of `set`."""
        await self.memory.aset(await aclean(self._guard, messages, _MEMORY))

    def reset(self) -> None:
        """Forget everything."""
        self.memory.reset()

    async def areset(self) -> None:
        """Async twin of `reset`."""
        await self.memory.areset()

    def _readable(self, messages: list[ChatMessage]) -> list[ChatMessage]:
        try:
            return clean(self._guard, messages, _MEMORY)
        except Blocked:
            return [kept for message in messages if (kept := self._unless_blocked(message))]

    async def _areadable(self, messages: list[ChatMessage]) -> list[ChatMessage]:
        try:
            return await aclean(self._guard, messages, _MEMORY)
        except Blocked:
            return [kept for message in messages if (kept := self._unless_blocked(message))]

    def _unless_blocked(self, message: ChatMessage) -> ChatMessage | None:
        try:
            return clean(self._guard, message, _MEMORY)
        except Blocked:
            return None


class SecureMemoryBlock(SecureComponent, BaseMemoryBlock[Any]):
    """Keeps what another block of a `Memory` keeps, sanitised when it is written and when it is read.

    A block that asks a model (facts, summaries) asks it with sanitised messages; what it puts into the prompt, which
    `Memory` may add to the system message, is judged at stage ``memory``.

    >>> block = SecureMemoryBlock(block=FactExtractionMemoryBlock(llm=llm), policy="default")
    >>> memory = Memory.from_defaults(memory_blocks=[block])

    Raises:
        Blocked: When messages are written, if one is blocked. Of what is read, a blocked message or text is left out.
    """

    name: str = Field(default="", description="The inner block's.")
    block: BaseMemoryBlock = Field(description="The block that is written to.", exclude=True)  # type: ignore[type-arg]

    @model_validator(mode="before")
    @classmethod
    def _settings_of_inner(cls, values: Any) -> Any:
        inner = values.get("block")
        names = ("name", "description", "priority", "accept_short_term_memory")
        return {**{n: getattr(inner, n) for n in names}, **values} if isinstance(inner, BaseMemoryBlock) else values

    async def _aget(self, messages: list[ChatMessage] | None = None, **block_kwargs: Any) -> Any:
        content = await self.block.aget(messages, **block_kwargs)
        if isinstance(content, list):
            return [kept for item in content if (kept := await self._unless_blocked(item))]
        return await self._unless_blocked(content) or ""

    async def _aput(self, messages: list[ChatMessage]) -> None:
        await self.block.aput(await aclean(self._guard, messages, _MEMORY))

    async def atruncate(self, content: Any, tokens_to_truncate: int) -> Any:
        """Shorten the content as the inner block does."""
        return await self.block.atruncate(content, tokens_to_truncate)

    async def _unless_blocked(self, item: Any) -> Any:
        try:
            return await aclean(self._guard, item, _MEMORY)
        except Blocked:
            return None
