"""The events and traces of an agent: clean, and complete."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import tool
from langgraph.stream import StreamTransformer

from secure_core import Guard

from .actor import Actor, call
from .agent import ASKED, REFUSAL, actor, agent
from .conftest import EDITING, EMAIL, MASK, ORDER, holds_planted
from .leaks import Traces


def test_v3_events_are_clean_and_complete(guard: Guard) -> None:
    run = agent(EDITING).stream_events(ASKED, version="v3")
    texts = [str(message.text) for message in run.messages]
    assert texts == [f"I ask {MASK}.", f"Ask {MASK} now."]


@tool
def delegate(task: str) -> str:
    """Let another model do it."""
    return str(
        Actor(
            script=[
                AIMessage(
                    [{"type": "reasoning", "reasoning": EMAIL}, {"type": "text", "text": f"Ask {EMAIL} now.\n" * 40}]
                )
            ]
        )
        .invoke(task)
        .text
    )


def test_v3_events_of_a_model_inside_of_a_tool_are_clean() -> None:
    secure = agent(EDITING, actor(call("delegate", task="x")), tools=[delegate])
    events = list(secure.stream_events(ASKED, version="v3"))
    assert not holds_planted(events)
    told = [event["params"]["data"] for event in events if event["method"] == "messages"]
    inside = [data for data, metadata in told if metadata["langgraph_node"] == "tools"]
    streamed = "".join(data["delta"].get("text", "") for data in inside if data["event"] == "content-block-delta")
    finished = [data["content"] for data in inside if data["event"] == "content-block-finish"]
    assert [block.get("reasoning") or block["text"] for block in finished] == [MASK, f"Ask {MASK} now.\n" * 40]
    assert streamed
    assert finished[1]["text"].startswith(streamed)  # consumers read the rest from the finished block


@tool
def plan(task: str) -> str:
    """Let another model plan it."""
    inner = Actor(script=[AIMessage(f"Ask {EMAIL}.", tool_calls=[call("send", to=EMAIL)])])
    return str(inner.invoke(task).tool_calls)


@pytest.mark.parametrize("policy", ["guard", "strict"])
def test_v3_events_of_calls_and_of_blocked_answers_inside_of_a_tool_hold_nothing(
    policy: str, request: pytest.FixtureRequest
) -> None:
    secure = agent(
        request.getfixturevalue(policy),
        Actor(script=[AIMessage("", tool_calls=[call("plan", task="x")]), AIMessage("Done.")]),
        tools=[plan],
    )
    shown: list[Any] = []

    class After(StreamTransformer):
        """Sees what the built-in transformers see."""

        required_stream_modes = ("messages", "tools", "values")

        def init(self) -> dict[str, Any]:
            return {}

        def process(self, event: Any) -> bool:
            shown.append(copy.deepcopy(event["params"]["data"]))
            return True

    events = list(secure.stream_events(ASKED, version="v3", transformers=[After]))
    assert "tool_call" in str(shown)
    assert not holds_planted([events, shown])


def test_v3_events_of_an_attack_end_in_a_refusal(guard: Guard) -> None:
    run = agent(guard).stream_events({"messages": [HumanMessage(f"{ORDER}!")]}, version="v3")
    assert ORDER not in str(list(run))
    assert [message.content for message in run.output["messages"]] == ["[message removed]", REFUSAL]


async def test_v3_events_are_clean_in_async_code_too() -> None:
    secure = agent(EDITING, actor(call("delegate", task="x")), tools=[delegate])
    run = await secure.astream_events(ASKED, version="v3")
    events = [event async for event in run]
    assert len(events) > 5
    assert not holds_planted(events)


async def test_v2_events_are_clean(guard: Guard) -> None:
    events = [event async for event in agent(guard).astream_events(ASKED, version="v2")]
    assert {"on_chat_model_stream", "on_tool_start", "on_tool_end"} <= {event["event"] for event in events}
    assert not holds_planted(events)


def test_callbacks_see_nothing(guard: Guard, recorder: Any, go: Callable[..., Any]) -> None:
    go(agent(guard), ASKED, {"callbacks": [recorder]})
    assert {"on_chat_model_start", "on_llm_end", "on_tool_start", "on_tool_end"} <= set(recorder.seen)
    assert not holds_planted(recorder.seen)


def test_the_middleware_keeps_payloads_out_of_its_own_traces(guard: Guard) -> None:
    tracer = Traces()
    agent(guard).invoke({"messages": [HumanMessage("who?")]}, {"callbacks": [tracer]})
    [span] = [run for run in tracer.runs if run[0] == "SecureMiddleware.before_agent"]
    assert span[1:3] == ({}, {})
