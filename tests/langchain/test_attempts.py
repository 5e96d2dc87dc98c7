"""A block is final: what retries and fallbacks make of it, by themselves and with us."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda

from langchain_secure import SecureCallbackHandler, SecureInput, SecureRetriever, not_blocked, secure_model
from secure_core import Blocked, Guard, Policy

from .conftest import CLEAN, EMAIL, MASK, ORDER, SAID, Planted
from .test_retrievers import Shelf


class Down(BaseChatModel):
    """A provider that cannot be reached."""

    def _generate(self, *args: Any, **kwargs: Any) -> Any:
        raise ConnectionError

    @property
    def _llm_type(self) -> str:
        return "down"


class Failing(BaseRetriever):
    """Fails as often as it is told to, then answers."""

    times: int
    asked: list[str] = []  # noqa: RUF012  # pydantic copies it

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        self.asked.append(query)
        if len(self.asked) <= self.times:
            raise ConnectionError
        return [Document(EMAIL)]


# -- retries -------------------------------------------------------------------------------------------------


def counted(error: Exception) -> tuple[Any, list[str]]:
    calls: list[str] = []

    def fail(text: str) -> str:
        calls.append(text)
        raise error

    return RunnableLambda(fail), calls


BLOCKED = Blocked(Guard(Policy.model_validate({"detectors": [], "rules": []})).check("x", stage="input"))


@pytest.mark.parametrize(
    ("error", "options", "attempts"),
    [
        (BLOCKED, {}, 3),  # what LangChain does by itself
        (BLOCKED, {"retry_if_exception_type": not_blocked}, 1),
        (ConnectionError(), {"retry_if_exception_type": not_blocked}, 3),
    ],
)
def test_a_chain_retries_a_block_unless_it_is_told_otherwise(error: Any, options: Any, attempts: int) -> None:
    failing, calls = counted(error)
    with pytest.raises(type(error)):
        failing.with_retry(wait_exponential_jitter=False, **options).invoke("x")
    assert len(calls) == attempts


def test_a_retriever_of_ours_retries_failures_and_no_blocks(guard: Guard, planted: Planted) -> None:
    inner = Failing(times=2)
    secure = SecureRetriever(retriever=inner, policy=guard).with_retry(wait_exponential_jitter=False)
    assert secure.invoke("who?") == [Document(MASK)]
    assert len(inner.asked) == 3
    planted.batches.clear()
    with pytest.raises(Blocked):
        secure.invoke(ORDER)
    assert planted.batches == [1]


def test_cancellation_and_interrupts_are_no_failures() -> None:
    assert not_blocked(ValueError())
    assert not any(map(not_blocked, (BLOCKED, KeyboardInterrupt(), SystemExit())))


# -- fallbacks -----------------------------------------------------------------------------------------------


def test_langchain_takes_what_was_blocked_to_a_fallback_that_nobody_guards(talker: Any, guard: Guard) -> None:
    spare = talker()
    chain: Any = (SecureInput(guard) | RunnableLambda(str)).with_fallbacks([spare])
    assert chain.invoke(ORDER).content == SAID
    assert len(spare.heard) == 1


def test_it_does_not_if_only_failures_are_handled(talker: Any, guard: Guard) -> None:
    spare = talker()
    with pytest.raises(Blocked):
        SecureInput(guard).with_fallbacks([spare], exceptions_to_handle=(ConnectionError,)).invoke(ORDER)
    assert spare.heard == []


def test_a_model_that_is_secured_with_its_fallbacks_has_secured_fallbacks(
    talker: Any, guard: Guard, run: Callable[..., Any]
) -> None:
    spare = talker()
    model = secure_model(talker().with_fallbacks([spare]), guard)
    with pytest.raises(Blocked):
        run(model, ORDER)
    assert spare.heard == []


def test_a_handler_of_the_run_guards_the_fallback_too(talker: Any, guard: Guard, run: Callable[..., Any]) -> None:
    spare = talker()
    with pytest.raises(Blocked):
        run(talker().with_fallbacks([spare]), ORDER, {"callbacks": [SecureCallbackHandler(guard)]})
    assert spare.heard == []


def test_fallbacks_of_a_model_of_ours_are_secured(talker: Any, guard: Guard, run: Callable[..., Any]) -> None:
    for spare in (talker(), talker().bind(stop=["x"]), RunnableLambda(lambda prompt: talker().invoke(prompt))):
        model = secure_model(Down(), guard).with_fallbacks([spare])
        assert run(model, f"I am {EMAIL}").content == CLEAN
        with pytest.raises(Blocked):
            run(model, ORDER)


@pytest.mark.parametrize(
    "fallback",
    [Shelf(documents=[Document(EMAIL)]), RunnableLambda(lambda query: [Document(EMAIL)])],
    ids=["retriever", "function"],
)
def test_fallbacks_of_a_retriever_of_ours_are_secured(guard: Guard, run: Callable[..., Any], fallback: Any) -> None:
    secure = SecureRetriever(retriever=Failing(times=9), policy=guard).with_fallbacks([fallback])
    assert run(secure, "who?") == [Document(MASK)]
    with pytest.raises(Blocked):
        run(secure, ORDER)


def test_a_fallback_is_secured_by_the_same_policy(guard: Guard) -> None:
    secure = SecureRetriever(retriever=Failing(times=9), policy=guard)
    fallback: Any = secure.with_fallbacks([Shelf(documents=[])]).fallbacks[0]
    assert fallback._guard is guard


def test_an_answer_that_is_blocked_is_asked_of_the_fallback(planted: Planted, talker: Any) -> None:
    """Nothing of it was given out; a model that answers cleanly may."""
    policy = Policy.model_validate({"detectors": [], "rules": [{"category": "secret.*", "action": "block"}]})
    guard = Guard(policy, detectors=[planted])
    model = secure_model(talker().with_fallbacks([talker(says=AIMessage("fine"))]), guard)
    assert model.invoke("hi").content == "fine"
    seen: list[Any] = []
    with pytest.raises(Blocked):  # a stream that has begun is not begun again
        seen.extend(chunk.content for chunk in model.stream("hi"))
    assert "".join(seen) == ""
