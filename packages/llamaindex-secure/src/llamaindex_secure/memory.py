"""A memory around another one: what a conversation leaves behind is clean."""

from __future__ import annotations

from typing import Any, Self

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import Field
from llama_index.core.memory import BaseMemory, Memory

from secure_core import Blocked, Context, Stage

from ._component import SecureComponent
from ._content import aclean, clean

__all__ = ["SecureMemory"]

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
