"""SecureMiddleware: an agent whose model, tools and conversation are clean, and that still does its work."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain.tools import ToolRuntime
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import Command
from pydantic import BaseModel

from langchain_secure import SecureMiddleware
from secure_core import Blocked, Guard, PolicyError, Stage

from .actor import Actor, call
from .agent import ASKED, REFUSAL, actor, agent
from .conftest import EDITING, EMAIL, KEY, MASK, ORDER, Planted, holds_planted


def test_every_message_is_clean_and_the_agent_did_its_work(guard: Guard, go: Callable[..., Any]) -> None:
    model = actor()
    messages = go(agent(guard, model), {"messages": [HumanMessage(f"Who is {EMAIL}?")]})["messages"]
    assert [message.content for message in messages] == [
        f"Who is {MASK}?",
        f"I ask {MASK}.",
        f"{MASK} is {MASK}",
        f"Ask {MASK} now.",
    ]
    assert messages[1].tool_calls == [call("find", who=MASK)]
    assert not holds_planted(model.heard)


def test_a_message_is_replaced_and_not_said_twice(guard: Guard, go: Callable[..., Any]) -> None:
    asked = HumanMessage(EMAIL, id="h1")
    messages = go(agent(guard), {"messages": [asked]})["messages"]
    assert [message.id for message in messages].count("h1") == 1
    assert asked.content == EMAIL


def test_older_messages_are_cleaned_too(guard: Guard, go: Callable[..., Any]) -> None:
    past = [
        HumanMessage(f"I am {EMAIL}"),
        AIMessage(f"Hello {EMAIL}", tool_calls=[call("find", "c0", who=EMAIL)]),
        ToolMessage(EMAIL, tool_call_id="c0", artifact=[Document(EMAIL)]),
        AIMessage([{"type": "reasoning", "reasoning": EMAIL}, {"type": "text", "text": EMAIL}]),
        HumanMessage("And now?"),
    ]
    model = actor()
    assert not holds_planted(go(agent(guard, model), {"messages": past}))
    assert not holds_planted(model.heard)


def test_the_system_prompt_is_the_applications_own_word(guard: Guard, go: Callable[..., Any]) -> None:
    model = actor()
    go(agent(guard, model, system_prompt=f"Sign as {EMAIL}."), ASKED)
    assert model.heard[0][0] == SystemMessage(f"Sign as {EMAIL}.")


@pytest.mark.parametrize("mode", ["values", "updates", "messages", "debug", "checkpoints", "tasks"])
@pytest.mark.parametrize("way", ["stream", "astream"])
def test_every_stream_is_clean(guard: Guard, way: str, mode: str) -> None:
    secure = agent(guard, checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "1"}}

    async def astream() -> list[Any]:
        return [part async for part in secure.astream(ASKED, config, stream_mode=mode)]

    parts = list(secure.stream(ASKED, config, stream_mode=mode)) if way == "stream" else asyncio.run(astream())
    assert len(parts) > 2
    assert not holds_planted(parts)


def test_tokens_still_stream(guard: Guard) -> None:
    answer = "".join(f"This is sentence {number}: ask {EMAIL}.\n" for number in range(40))
    model = Actor(script=[AIMessage(answer)])
    chunks = [chunk.content for chunk, _ in agent(EDITING, model).stream(ASKED, stream_mode="messages")]
    assert "".join(chunks) == answer.replace(EMAIL, MASK)
    assert len([chunk for chunk in chunks if chunk]) > 3


def test_thoughts_and_structured_blocks_are_clean(guard: Guard, go: Callable[..., Any]) -> None:
    blocks: list[Any] = [{"type": "reasoning", "reasoning": f"Hm, {EMAIL}."}, {"type": "text", "text": f"Ask {EMAIL}."}]
    secure = agent(guard, Actor(script=[AIMessage(blocks)]))
    assert [block.get("reasoning") or block["text"] for block in go(secure, ASKED)["messages"][-1].content] == [
        f"Hm, {MASK}.",
        f"Ask {MASK}.",
    ]
    assert not holds_planted(list(secure.stream(ASKED, stream_mode="messages")))


class Owner(BaseModel):
    """Who owns it."""

    owner: str


def test_a_structured_response_is_clean(guard: Guard, go: Callable[..., Any]) -> None:
    by_tool = Actor(script=[AIMessage("", tool_calls=[call("Owner", owner=EMAIL)])])
    by_provider = Actor(script=[AIMessage(f'{{"owner": "{EMAIL}"}}')])
    for model, strategy in ((by_tool, ToolStrategy(Owner)), (by_provider, ProviderStrategy(Owner))):
        result = go(agent(guard, model, response_format=strategy), ASKED)
        assert result["structured_response"] == Owner(owner=MASK)
        assert not holds_planted(result)


def test_parallel_tool_calls_are_all_clean(guard: Guard, go: Callable[..., Any]) -> None:
    calls = [call("find", f"c{number}", who=f"{number} {EMAIL}") for number in range(8)]
    messages = go(agent(guard, actor(*calls)), ASKED)["messages"]
    assert [message.content for message in messages[2:-1]] == [f"{number} {MASK} is {MASK}" for number in range(8)]


def test_a_command_of_a_tool_is_clean_and_obeyed(guard: Guard, go: Callable[..., Any]) -> None:
    @tool
    def find(who: str, runtime: ToolRuntime) -> Command[Any]:
        """Find someone."""
        answer = ToolMessage(EMAIL, tool_call_id=runtime.tool_call_id, artifact={"cc": KEY})
        return Command(update={"messages": [answer]})

    messages = go(agent(guard, tools=[find]), ASKED)["messages"]
    assert (messages[2].content, messages[2].artifact) == (MASK, {"cc": "[AWS_ACCESS_KEY]"})
    assert len(messages) == 4


def test_an_agent_inside_of_a_graph_is_clean(guard: Guard, go: Callable[..., Any]) -> None:
    graph: Any = StateGraph(MessagesState).add_node("inner", agent(guard)).add_edge(START, "inner").compile()
    assert not holds_planted(go(graph, ASKED))
    parts = list(graph.stream(ASKED, stream_mode=["messages", "updates"], subgraphs=True))
    assert len(parts) > 5
    assert not holds_planted(parts)


# -- what is blocked -------------------------------------------------------------------------------------


def test_an_attack_ends_the_agent_before_its_model_is_called(guard: Guard, go: Callable[..., Any]) -> None:
    model = actor()
    messages = go(agent(guard, model), {"messages": [HumanMessage(f"{ORDER}!")]})["messages"]
    assert [message.content for message in messages] == ["[message removed]", REFUSAL]
    assert model.heard == []


def test_an_attack_raises_if_the_application_wants_that(guard: Guard, go: Callable[..., Any]) -> None:
    model = actor()
    with pytest.raises(Blocked, match=r"blocked at stage input: injection\.override"):
        go(agent(guard, model, secure={"exit_behavior": "error"}), {"messages": [HumanMessage(ORDER)]})
    assert model.heard == []


def test_the_conversation_goes_on_after_an_attack(guard: Guard, go: Callable[..., Any]) -> None:
    model = actor(answer="It is Ann.")
    secure = agent(guard, model, checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "1"}}
    go(secure, {"messages": [HumanMessage(ORDER)]}, config)
    assert go(secure, ASKED, config)["messages"][-1].content == "It is Ann."


def test_an_old_message_that_is_blocked_is_taken_out(guard: Guard, go: Callable[..., Any]) -> None:
    past = [
        AIMessage("", tool_calls=[call("find", "c0", who="x")]),
        ToolMessage(ORDER, tool_call_id="c0", artifact=ORDER),
        HumanMessage("And now?"),
    ]
    messages = go(agent(guard, actor(answer="Ann.")), {"messages": past})["messages"]
    assert (messages[1].content, messages[1].artifact, messages[1].status) == (
        "This tool cannot be used for that.",
        None,
        "error",
    )
    assert messages[-1].content == "Ann."


def test_an_answer_that_is_blocked_becomes_a_refusal_in_every_stream(strict: Guard, go: Callable[..., Any]) -> None:
    secure = agent(strict, Actor(script=[AIMessage(f"Ask {EMAIL}.")]))
    assert go(secure, ASKED)["messages"][-1].content == REFUSAL
    parts = list(secure.stream(ASKED, stream_mode=["messages", "updates", "values"]))
    assert REFUSAL in str(parts)
    assert not holds_planted(parts)


def test_an_answer_that_is_blocked_raises_if_the_application_wants_that(strict: Guard, go: Callable[..., Any]) -> None:
    with pytest.raises(Blocked, match="blocked at stage output"):
        go(agent(strict, Actor(script=[AIMessage(EMAIL)]), secure={"exit_behavior": "error"}), ASKED)


def test_a_blocked_tool_call_is_answered_and_the_others_and_the_agent_go_on(
    strict: Guard, go: Callable[..., Any]
) -> None:
    @tool
    def find(who: str) -> str:
        """Find someone."""
        return EMAIL if who == "leak" else "found"

    script = [
        AIMessage("", tool_calls=[call("find", "c1", who="leak"), call("find", "c2", who="Ann")]),
        AIMessage("It is Ann."),
    ]
    messages = go(agent(strict, Actor(script=script), tools=[find]), ASKED)["messages"]
    assert [(message.status, message.content) for message in messages[2:4]] == [
        ("error", "This tool cannot be used for that."),
        ("success", "found"),
    ]
    assert messages[-1].content == "It is Ann."


def test_a_tool_that_nobody_knows_is_answered_by_langgraph(guard: Guard, go: Callable[..., Any]) -> None:
    messages = go(agent(guard, actor(call("nothing"))), ASKED)["messages"]
    assert messages[2].status == "error"
    assert "nothing is not a valid tool" in messages[2].content


# -- who asks, and what is wrong ---------------------------------------------------------------------------


def test_the_context_says_who_asks(guard: Guard, planted: Planted, go: Callable[..., Any]) -> None:
    go(agent(guard), ASKED, {"configurable": {"thread_id": "s", "user_id": "p"}, "metadata": {"tenant": "t"}})
    told = {(context.principal, context.session, context.tenant) for context in planted.contexts}
    assert told == {("p", "s", "t")}
    assert {context.stage for context in planted.contexts} >= {
        Stage.INPUT,
        Stage.OUTPUT,
        Stage.TOOL_CALL,
        Stage.TOOL_RESULT,
    }


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"policy": "nothing"}, PolicyError),
        ({"policy": {"rulez": []}}, PolicyError),
        ({"exit_behavior": "x"}, ValueError),
    ],
)
def test_what_is_wrong_is_refused_at_once(wrong: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        SecureMiddleware(**wrong)


def test_64_threads_and_64_tasks_share_one_agent(guard: Guard) -> None:
    model = Actor(script=[AIMessage("", tool_calls=[call("find", who=EMAIL)]), AIMessage(f"Ask {EMAIL} now.")])
    secure = agent(guard, model)
    barrier = threading.Barrier(64)

    def asked(number: int) -> Any:
        return {"messages": [HumanMessage(f"{number}: who is {EMAIL}?")]}

    def work(number: int) -> Any:
        barrier.wait()
        return secure.invoke(asked(number))["messages"]

    async def tasks() -> list[Any]:
        return [run["messages"] for run in await asyncio.gather(*(secure.ainvoke(asked(n)) for n in range(64)))]

    with ThreadPoolExecutor(64) as pool:
        runs = [*pool.map(work, range(64)), *asyncio.run(tasks())]
    assert [run[0].content for run in runs] == [f"{number}: who is {MASK}?" for number in range(64)] * 2
    assert not holds_planted(runs)
