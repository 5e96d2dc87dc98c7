"""Once: a text that comes again is not judged again, and is not kept either."""

from __future__ import annotations

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver

from langchain_secure._once import Once
from secure_core import Context, Guard, Stage

from .actor import Actor
from .agent import agent
from .conftest import EMAIL, MASK, Planted, holds_planted


def test_each_text_of_a_conversation_is_judged_once(guard: Guard, planted: Planted) -> None:
    judged: list[str] = []
    found = planted.detect
    planted.detect = lambda texts, contexts: judged.extend(texts) or found(texts, contexts)  # type: ignore[func-returns-value,method-assign]
    secure = agent(guard, Actor(script=[AIMessage("It is Ann.")]), checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "1"}}
    for number in range(5):
        secure.invoke({"messages": [HumanMessage(f"question {number}")]}, config)
    assert [judged.count(f"question {number}") for number in range(5)] == [1] * 5


def test_the_memory_of_what_was_judged_holds_no_text_and_is_bounded(guard: Guard) -> None:
    once = Once(guard)
    context = Context(Stage.INPUT)
    texts = [f"{number} {EMAIL if number % 2 else 'clean'}" for number in range(6000)]
    first = once.check_many(texts, contexts=[context] * 6000)
    assert (
        once.check_many(texts, contexts=[context] * 6000) == first == guard.check_many(texts, contexts=[context] * 6000)
    )
    assert len(once._known) == 4096
    assert not holds_planted(once._known)
    assert "5998 clean" not in str(once._known)


def test_what_is_known_of_a_text_holds_for_its_context_only(guard: Guard, planted: Planted) -> None:
    once = Once(guard)
    here, there = Context(Stage.MEMORY, tenant="a"), Context(Stage.MEMORY, tenant="b")
    for context in (here, there, here):
        assert once.check_many([EMAIL, EMAIL], contexts=[context, context])[1].text == MASK
    assert [context.tenant for context in planted.contexts if context.tenant] == ["a", "a", "b", "b"]
    assert not holds_planted(vars(once))


def test_what_was_not_asked_for_the_longest_is_forgotten(
    guard: Guard, planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("langchain_secure._once._MOST", 2)
    once, context = Once(guard), Context(Stage.MEMORY)
    for text in ("a", "b", "a", "c", "a", "b"):
        once.check_many([text], contexts=[context])
    assert len(planted.batches) == 4  # a, b, c, and b once more
