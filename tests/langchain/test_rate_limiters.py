"""SecureRateLimiter: a budget that says no keeps the model from being called."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.rate_limiters import BaseRateLimiter
from langchain_core.runnables import RunnableLambda

from langchain_secure import SecureRateLimiter, secure_model
from secure_core import Blocked, Context, Guard, InputError, Status


class Refusing(BaseRateLimiter):
    """Says no as LangChain has it: with False."""

    def acquire(self, *, blocking: bool = True) -> bool:
        return False

    async def aacquire(self, *, blocking: bool = True) -> bool:
        return False


def test_without_it_a_no_calls_the_model_all_the_same(talker: Any, run: Callable[..., Any]) -> None:
    model = talker(rate_limiter=Refusing())
    run(model, "hi")
    assert len(model.heard) == 1


@pytest.mark.parametrize(
    "limiter", [SecureRateLimiter(lambda context: False), SecureRateLimiter(lambda context: True, Refusing())]
)
@pytest.mark.parametrize("secure", [False, True])
def test_a_no_keeps_the_model_from_being_called(
    talker: Any, guard: Guard, run: Callable[..., Any], limiter: SecureRateLimiter, secure: bool
) -> None:
    model = talker(rate_limiter=limiter)
    with pytest.raises(Blocked, match=r"limit\.budget") as caught:
        run(secure_model(model, guard) if secure else model, "hi")
    assert model.heard == []
    assert caught.value.decision.status is Status.BLOCKED
    assert [(f.start, f.end) for f in caught.value.decision.findings] == [(0, 0)]


@pytest.mark.parametrize("stream", [False, True])
def test_in_a_step_of_a_chain_the_budget_knows_for_whom(talker: Any, stream: bool) -> None:
    asked: list[Context] = []
    limiter = SecureRateLimiter(lambda context: not asked.append(context))  # type: ignore[func-returns-value]
    chain = RunnableLambda(lambda text: talker(rate_limiter=limiter))
    config: Any = {"configurable": {"tenant": "acme"}}
    assert list(chain.stream("hi", config)) if stream else chain.invoke("hi", config)
    assert [context.tenant for context in asked] == ["acme"]


def test_a_budget_may_be_a_coroutine_function_where_all_is_async(talker: Any) -> None:
    async def budget(context: Context) -> bool:
        return context.tenant == "acme"

    model = talker(rate_limiter=SecureRateLimiter(budget))
    chain = RunnableLambda(lambda text: text) | model
    assert asyncio.run(chain.ainvoke("hi", {"configurable": {"tenant": "acme"}}))
    with pytest.raises(Blocked):
        asyncio.run(chain.ainvoke("hi"))
    with pytest.raises(InputError, match="ainvoke"):
        chain.invoke("hi")


def test_an_answer_from_the_cache_is_not_asked_for(talker: Any) -> None:
    left = [True]
    model = talker(rate_limiter=SecureRateLimiter(lambda context: bool(left and left.pop())), cache=InMemoryCache())
    assert model.invoke("hi").content == model.invoke("hi").content
    with pytest.raises(Blocked):
        model.invoke("something else")
