"""SecureChatMessageHistory: what is remembered is clean, written and read."""

from __future__ import annotations

import asyncio
import copy
import pickle
from typing import Any

import pytest
from langchain_core.chat_history import BaseChatMessageHistory, InMemoryChatMessageHistory
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.runnables.history import RunnableWithMessageHistory

from langchain_secure import SecureChatMessageHistory
from secure_core import Blocked, Context, Guard, Policy, PolicyError, Stage

from .conftest import EMAIL, MASK, ORDER, Planted, holds_planted

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SAID: list[BaseMessage] = [
    HumanMessage(f"I am {EMAIL}", id="1"),
    AIMessage(f"Hello {EMAIL}", tool_calls=[{"name": "look", "args": {"who": EMAIL}, "id": "c1"}], id="2"),
    ToolMessage(f"found {EMAIL}", tool_call_id="c1", artifact=[EMAIL], name="look", id="3"),
    SystemMessage("Be brief.", id="4"),
]
MEMORY = Policy.model_validate(
    {
        "detectors": [],
        "rules": [
            {"category": "pii.*", "action": "sanitize"},
            {"category": "injection.*", "action": "block", "stages": ["memory", "tool_result"]},
        ],
    }
)


@pytest.fixture
def inner() -> InMemoryChatMessageHistory:
    return InMemoryChatMessageHistory()


@pytest.fixture
def secure(inner: InMemoryChatMessageHistory, planted: Planted) -> SecureChatMessageHistory:
    return SecureChatMessageHistory(inner, Guard(MEMORY, detectors=[planted]))


def read(history: BaseChatMessageHistory, asynchronous: bool) -> list[BaseMessage]:
    return asyncio.run(history.aget_messages()) if asynchronous else history.messages


def write(history: BaseChatMessageHistory, messages: list[BaseMessage], asynchronous: bool) -> None:
    if asynchronous:
        asyncio.run(history.aadd_messages(messages))
    else:
        history.add_messages(messages)


BOTH = pytest.mark.parametrize("asynchronous", [False, True])


@BOTH
def test_what_is_written_is_clean_and_the_callers_messages_stay(
    secure: SecureChatMessageHistory, inner: Any, planted: Planted, asynchronous: bool
) -> None:
    before = copy.deepcopy(SAID)
    write(secure, SAID, asynchronous)
    assert [message.content for message in inner.messages] == [
        *(f"I am {MASK}", f"Hello {MASK}", f"found {MASK}", "Be brief."),
    ]
    assert inner.messages[1].tool_calls[0]["args"] == {"who": MASK}
    assert [message.id for message in inner.messages] == ["1", "2", "3", "4"]
    assert not holds_planted(inner.messages)
    assert before == SAID
    assert {str(context.stage) for context in planted.contexts} == {"memory", "tool_call", "tool_result"}


@BOTH
def test_what_others_wrote_is_clean_when_it_is_read(
    secure: SecureChatMessageHistory, inner: Any, asynchronous: bool
) -> None:
    inner.add_messages([*SAID, HumanMessage(ORDER), HumanMessage("Bye.")])
    messages = read(secure, asynchronous)
    assert [message.content for message in messages][-2:] == ["Be brief.", "Bye."]
    assert not holds_planted(messages)
    assert len(inner.messages) == 6


@BOTH
def test_of_messages_of_which_one_is_blocked_none_is_written(
    secure: SecureChatMessageHistory, inner: Any, asynchronous: bool
) -> None:
    with pytest.raises(Blocked, match="stage memory"):
        write(secure, [HumanMessage("fine"), HumanMessage(ORDER)], asynchronous)
    assert inner.messages == []


def test_all_methods_that_write_write_clean(secure: SecureChatMessageHistory, inner: Any) -> None:
    secure.add_user_message(f"I am {EMAIL}")
    secure.add_ai_message(f"You are {EMAIL}")
    secure.add_message(HumanMessage(EMAIL))
    assert [message.content for message in inner.messages] == [f"I am {MASK}", f"You are {MASK}", MASK]
    assert not holds_planted(str(secure))


@BOTH
def test_forgetting_is_the_inner_histories(secure: SecureChatMessageHistory, inner: Any, asynchronous: bool) -> None:
    inner.add_messages(SAID)
    if asynchronous:
        asyncio.run(secure.aclear())
    else:
        secure.clear()
    assert inner.messages == []


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream"])
def test_a_conversation_leaves_nothing_behind(secure: Any, inner: Any, talker: Any, planted: Any, way: str) -> None:
    chain = RunnableWithMessageHistory(talker(), lambda session_id: secure)
    config: Any = {"configurable": {"session_id": "s"}}
    for _ in range(2):
        if way == "ainvoke":
            asyncio.run(chain.ainvoke([HumanMessage(f"I am {EMAIL}")], config))
        elif way == "stream":
            list(chain.stream([HumanMessage(f"I am {EMAIL}")], config))
        else:
            chain.invoke([HumanMessage(f"I am {EMAIL}")], config)
    assert len(inner.messages) == 4
    assert EMAIL not in str(inner.messages)
    assert MASK in str(inner.messages)


def test_inside_a_run_the_context_is_the_runs(secure: Any, talker: Any, planted: Any) -> None:
    chain = RunnableWithMessageHistory(talker(), lambda session_id: secure)
    secure.history.add_messages(SAID[:1])
    chain.invoke([HumanMessage("hi")], {"configurable": {"session_id": "s", "tenant": "acme"}})
    assert Context(Stage.MEMORY, session="s", tenant="acme") in planted.contexts


def test_survives_pickle_and_refuses_a_wrong_policy(inner: Any) -> None:
    inner.add_messages(SAID)
    twin = pickle.loads(pickle.dumps(SecureChatMessageHistory(inner, "default")))
    assert not holds_planted(twin.messages)
    with pytest.raises(PolicyError):
        SecureChatMessageHistory(inner, "no-such-policy")
