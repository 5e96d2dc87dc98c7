"""`SecureRateLimiter`: the seat of a budget, where LangChain asks before it calls a model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable

from langchain_core.rate_limiters import BaseRateLimiter

from secure_core import Action, Blocked, Context, Decision, Finding, InputError, Stage, Status

from ._context import context_for

__all__ = ["Budget", "SecureRateLimiter"]

Budget = Callable[[Context], bool | Awaitable[bool]]
"""Says whether one more call may be made for whom the context tells; a coroutine function where all else is async."""


class SecureRateLimiter(BaseRateLimiter):
    """Raises when a budget says no: LangChain calls the model all the same when a rate limiter returns False.

    The context tells principal, session and tenant where LangChain keeps the configuration of what is around: in a
    function of a chain, in a node of a graph, in an agent. Called or streamed by itself, a model tells its rate limiter
    nothing. For an answer from the cache nobody asks.

    >>> limiter = SecureRateLimiter(lambda context: spent[context.tenant] < 1_000)  # doctest: +SKIP
    >>> model = secure_model(ChatOpenAI(rate_limiter=limiter), "default")  # doctest: +SKIP

    Args:
        budget: says whether one more call may be made.
        limiter: another limiter, asked once the budget said yes.

    Raises:
        Blocked: the budget is spent, or the other limiter said no. The category is ``limit.budget``.
        InputError: a budget that is a coroutine function was asked in synchronous code.
    """

    def __init__(self, budget: Budget, limiter: BaseRateLimiter | None = None) -> None:
        self.budget = budget
        self.limiter = limiter

    def acquire(self, *, blocking: bool = True) -> bool:
        """Return True, or raise."""
        context = context_for(Stage.INPUT)
        allowed = self.budget(context)
        if isawaitable(allowed):
            getattr(allowed, "close", bool)()  # nobody will await it
            raise InputError("this budget is a coroutine function: use ainvoke, astream or abatch")
        if not allowed or (self.limiter is not None and not self.limiter.acquire(blocking=blocking)):
            raise Blocked(_spent(context))
        return True

    async def aacquire(self, *, blocking: bool = True) -> bool:
        """Return True, or raise."""
        context = context_for(Stage.INPUT)
        allowed = self.budget(context)
        if isawaitable(allowed):
            allowed = await allowed
        if not allowed or (self.limiter is not None and not await self.limiter.aacquire(blocking=blocking)):
            raise Blocked(_spent(context))
        return True


def _spent(context: Context) -> Decision:
    """Return a block on account of everything: a finding with an empty range."""
    finding = Finding(0, 0, "limit.budget", detector="rate_limiter")
    return Decision(Action.BLOCK, "", context, (finding,), status=Status.BLOCKED)
