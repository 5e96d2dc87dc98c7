"""secure_input: what a graph is called with is clean before the graph writes it down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import HumanMessage, RemoveMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import MessagesState, StateGraph

from langchain_secure import secure_input
from secure_core import Blocked, Guard

from .agent import ASKED, agent
from .conftest import EMAIL, ORDER, holds_planted


def test_the_first_checkpoint_is_clean_behind_secure_input(guard: Guard, recorder: Any, go: Callable[..., Any]) -> None:
    saver = InMemorySaver()
    secure = secure_input(agent(guard, checkpointer=saver), guard)
    config: RunnableConfig = {"configurable": {"thread_id": "1"}, "callbacks": [recorder]}
    for asked in (HumanMessage(EMAIL), ("user", EMAIL), {"role": "user", "content": EMAIL}):
        go(secure, {"messages": [asked]}, config)
    history = list(secure.get_state_history(config))
    assert len(history) > 5
    assert not holds_planted([*history, recorder.seen, *saver.list(None)])
    stored = [saver.serde.loads_typed(value) for value in saver.blobs.values() if value[0] != "empty"]
    assert not holds_planted([*stored, saver.writes])


def test_without_secure_input_the_first_checkpoint_is_not(guard: Guard) -> None:
    secure = agent(guard, checkpointer=InMemorySaver())
    config: RunnableConfig = {"configurable": {"thread_id": "1"}}
    secure.invoke({"messages": [HumanMessage(EMAIL)]}, config)
    assert not holds_planted(secure.get_state(config))
    assert holds_planted(list(secure.get_state_history(config)))


@pytest.mark.parametrize("mode", ["values", "updates", "debug"])
async def test_an_input_is_clean_in_every_stream_and_every_event(guard: Guard, mode: str) -> None:
    secure = secure_input(agent(guard), guard)
    asked = {"messages": [HumanMessage(EMAIL)]}
    parts = [part async for part in secure.astream(asked, stream_mode=mode)]
    events = [event async for event in secure.astream_events(asked, version="v2")]
    told = list(secure.stream_events(asked, version="v3"))
    assert len(parts) > 2
    assert not holds_planted([parts, events, told])


def test_resumed_and_updated_values_are_clean(guard: Guard) -> None:
    secure = secure_input(agent(guard, checkpointer=InMemorySaver()), guard)
    config: RunnableConfig = {"configurable": {"thread_id": "1"}}
    secure.invoke(ASKED, config)
    secure.update_state(config, {"messages": [HumanMessage(EMAIL)]})
    asyncio.run(secure.aupdate_state(config, {"messages": [HumanMessage(EMAIL)]}))
    assert not holds_planted(list(secure.get_state_history(config)))


def test_an_attack_is_stopped_at_the_door(guard: Guard, go: Callable[..., Any]) -> None:
    with pytest.raises(Blocked):
        go(secure_input(agent(guard), guard), {"messages": [HumanMessage(ORDER)]})


def test_what_is_made_of_a_secured_graph_is_secured(guard: Guard) -> None:
    secure = secure_input(agent(guard), guard).with_config(tags=["t"])
    assert not holds_planted(list(secure.stream({"messages": [HumanMessage(EMAIL)]}, stream_mode="values")))
    assert secure_input(secure, guard).get_graph().nodes


def test_secure_input_wants_a_compiled_graph(guard: Guard) -> None:
    with pytest.raises(TypeError, match="no compiled graph"):
        secure_input(StateGraph(MessagesState), guard)  # type: ignore[type-var]


def test_messages_can_still_be_removed(guard: Guard) -> None:
    secure = secure_input(agent(guard, checkpointer=InMemorySaver()), guard)
    config: RunnableConfig = {"configurable": {"thread_id": "1"}}
    first = secure.invoke({"messages": [HumanMessage("hi", id="h")]}, config)["messages"]
    secure.update_state(config, {"messages": [RemoveMessage("h")]})
    assert len(secure.get_state(config).values["messages"]) == len(first) - 1
