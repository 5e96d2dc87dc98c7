"""A secured tool in a graph: what is injected is injected, what it writes is clean."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import pytest
from langchain.tools import ToolRuntime
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import InjectedToolCallId, tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import InjectedState, ToolNode
from langgraph.types import Command, interrupt

from langchain_secure import SecureTool
from secure_core import Guard

from .actor import call
from .conftest import EMAIL, KEY, MASK, holds_planted


@tool
def inspect_run(
    question: str,
    runtime: ToolRuntime,
    state: Annotated[dict[str, Any], InjectedState],
    call_id: Annotated[str, InjectedToolCallId],
) -> Command[Any]:
    """Look at what was injected."""
    assert holds_planted(state["messages"])
    assert runtime.tool_call_id == call_id
    runtime.stream_writer({"found": EMAIL})
    get_stream_writer()({"found": KEY})
    for piece in ("Write to mar", EMAIL[3:], " now.\n"):
        runtime.emit_output_delta(piece)
    return Command(update={"messages": [ToolMessage(f"{question} {EMAIL}", tool_call_id=call_id)]})


def one_tool(secure: Any) -> Any:
    node = ToolNode([secure])
    return StateGraph(MessagesState).add_node("tools", node).add_edge(START, "tools").add_edge("tools", END).compile()


@pytest.mark.parametrize("way", ["stream", "astream"])
def test_what_is_injected_is_injected_and_what_is_written_is_clean(guard: Guard, way: str) -> None:
    graph = one_tool(SecureTool.wrap(inspect_run, guard))
    state = {"messages": [AIMessage(EMAIL, tool_calls=[call("inspect_run", question=EMAIL)])]}
    modes = ["custom", "tools", "updates"]

    async def stream() -> list[Any]:
        return [part async for part in graph.astream(state, stream_mode=modes)]

    parts = list(graph.stream(state, stream_mode=modes)) if way == "stream" else asyncio.run(stream())
    assert [part for mode, part in parts if mode == "custom"] == [{"found": MASK}, {"found": "[AWS_ACCESS_KEY]"}]
    events = [part for mode, part in parts if mode == "tools"]
    assert "".join(event.get("delta", "") for event in events) == f"Write to {MASK} now.\n"
    [update] = [part for mode, part in parts if mode == "updates"]
    assert update["tools"]["messages"][0].content == f"{MASK} {MASK}"
    assert not holds_planted(parts)


def test_an_interrupt_stays_an_interrupt(guard: Guard) -> None:
    @tool
    def ask() -> str:
        """Ask."""
        return str(interrupt({"really": EMAIL}))

    def node(state: Any) -> Any:
        return {"messages": [SecureTool.wrap(ask, guard).invoke(call("ask"))]}

    saver = InMemorySaver()
    graph = StateGraph(MessagesState).add_node("n", node).add_edge(START, "n").compile(checkpointer=saver)
    config: RunnableConfig = {"configurable": {"thread_id": "1"}}
    [asked] = graph.invoke({"messages": [HumanMessage("hi")]}, config)["__interrupt__"]
    assert asked.value == {"really": MASK}
    assert not holds_planted([saver.storage, saver.blobs, saver.writes])
    assert graph.invoke(Command(resume="yes"), config)["messages"][-1].content == "yes"
