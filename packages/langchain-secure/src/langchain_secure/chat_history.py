"""`SecureChatMessageHistory`: what a conversation leaves behind is clean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import BaseMessage

from secure_core import Blocked, Context, Guard, Stage

from ._content import Verdict, aclean, ajudge, clean, cleaned, judge
from ._context import context_for
from ._guarded import PolicyLike, guard_of

__all__ = ["SecureChatMessageHistory"]


class SecureChatMessageHistory(BaseChatMessageHistory):
    """A history around another one, whose messages are cleaned when they are written, and again when they are read.

    What a human or a model said is judged as `Stage.MEMORY`, a tool's message as `Stage.TOOL_RESULT`, the arguments
    of tool calls as `Stage.TOOL_CALL`; system messages stay as they are. Reading is judged because a store may have
    other writers, or an older policy.

    >>> chain = RunnableWithMessageHistory(  # doctest: +SKIP
    ...     chain, lambda session: SecureChatMessageHistory(RedisChatMessageHistory(session), "default")
    ... )

    Args:
        history: where the messages are kept.
        policy: a shipped policy's name, a path, a `Policy` or a `Guard`.

    Raises:
        Blocked: when messages are written and one is blocked; none is written. Reading leaves such a message out.
        PolicyError: the policy is wrong.
    """

    def __init__(self, history: BaseChatMessageHistory, policy: PolicyLike = "default") -> None:
        self.history = history
        self._guard: Guard = guard_of(policy)

    @property
    def messages(self) -> list[BaseMessage]:  # type: ignore[override]
        """The messages, cleaned."""
        context = context_for(Stage.MEMORY)
        messages = list(self.history.messages)  # others may go on writing to it
        return list(_readable(messages, context, judge(self._guard, messages, context)))

    async def aget_messages(self) -> list[BaseMessage]:
        """Return the messages, cleaned."""
        context = context_for(Stage.MEMORY)
        messages = list(await self.history.aget_messages())
        return list(_readable(messages, context, await ajudge(self._guard, messages, context)))

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Clean messages and write them; all the other methods that write end here."""
        self.history.add_messages(clean(self._guard, list(messages), context_for(Stage.MEMORY)))

    async def aadd_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Clean messages and write them."""
        await self.history.aadd_messages(await aclean(self._guard, list(messages), context_for(Stage.MEMORY)))

    def clear(self) -> None:
        """Forget all messages."""
        self.history.clear()

    async def aclear(self) -> None:
        """Forget all messages."""
        await self.history.aclear()


def _readable(messages: Sequence[BaseMessage], context: Context, verdict: Verdict) -> Iterator[BaseMessage]:
    for message in messages:
        try:
            yield cleaned(message, context, verdict)
        except Blocked:
            continue
