"""SecureMiddleware: an agent whose model, tools and conversation are clean, and that still does its work."""

from __future__ import annotations

import asyncio
import copy
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, HumanInTheLoopMiddleware, ModelFallbackMiddleware
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain.tools import ToolRuntime
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage, RemoveMessage, SystemMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import tool
from langchain_core.tracers.base import BaseTracer
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.stream import StreamTransformer
from langgraph.types import Command
from pydantic import BaseModel

from langchain_secure import SecureCallbackHandler, SecureMiddleware, SecureTool, secure_input, secure_model
from langchain_secure._once import Once
from secure_core import Blocked, Context, Guard, Policy, PolicyError, Stage
from secure_core.vault import MemoryVault

from .actor import Actor, call
from .conftest import EDITING, EMAIL, KEY, MASK, ORDER, Planted, holds_planted

REFUSAL = "I cannot help with that."
ASKED = {"messages": [HumanMessage("Who is it?")]}


@tool
def find(who: str) -> str:
    """Find someone."""
    return f"{who} is {EMAIL}"


def actor(*calls: Any, answer: str = f"Ask {EMAIL} now.", **options: Any) -> Actor:
    script = [AIMessage(f"I ask {EMAIL}.", tool_calls=list(calls) or [call("find", who=EMAIL)]), AIMessage(answer)]
    return Actor(script=script, **options)


def agent(policy: Any, model: Any = None, tools: Any = (find,), **options: Any) -> Any:
    middleware = [*options.pop("before", []), SecureMiddleware(policy, **options.pop("secure", {}))]
    return create_agent(model or actor(), list(tools), middleware=middleware, **options)


WAYS: dict[str, Callable[..., Any]] = {
    "invoke": lambda agent, value, config=None: agent.invoke(value, config),
    "ainvoke": lambda agent, value, config=None: asyncio.run(agent.ainvoke(value, config)),
}


@pytest.fixture(params=sorted(WAYS))
def go(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return WAYS[request.param]


# -- what an agent hears, does and says ---------------------------------------------------------------


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


@pytest.mark.parametrize("way", sorted(WAYS))
def test_an_attack_ends_the_agent_before_its_model_is_called(guard: Guard, way: str) -> None:
    model = actor()
    messages = WAYS[way](agent(guard, model), {"messages": [HumanMessage(f"{ORDER}!")]})["messages"]
    assert [message.content for message in messages] == ["[message removed]", REFUSAL]
    assert model.heard == []


@pytest.mark.parametrize("way", sorted(WAYS))
def test_an_attack_raises_if_the_application_wants_that(guard: Guard, way: str) -> None:
    model = actor()
    with pytest.raises(Blocked, match=r"blocked at stage input: injection\.override"):
        WAYS[way](agent(guard, model, secure={"exit_behavior": "error"}), {"messages": [HumanMessage(ORDER)]})
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


@pytest.fixture
def strict(planted: Planted) -> Guard:
    rules = [{"category": "*", "action": "block", "stages": ["output", "tool_call", "tool_result"]}]
    return Guard(Policy.model_validate({"name": "strict", "detectors": [], "rules": rules}), detectors=[planted])


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


# -- beside other middleware -------------------------------------------------------------------------------


def test_two_of_them_are_accepted_under_two_names(guard: Guard, go: Callable[..., Any]) -> None:
    secure = create_agent(
        actor(), [find], middleware=[SecureMiddleware("observe", name="watch"), SecureMiddleware(guard)]
    )
    assert not holds_planted(go(secure, ASKED))


class Appends(AgentMiddleware[Any, Any, Any]):
    """Puts a raw message into the conversation while the agent runs."""

    def before_model(self, state: Any, runtime: Any) -> dict[str, Any] | None:
        return {"messages": [HumanMessage(f"by the way, I am {EMAIL}")]} if len(state["messages"]) == 1 else None


class Answers(AgentMiddleware[Any, Any, Any]):
    """Answers in the model's place, and in a tool's."""

    def wrap_model_call(self, request: Any, handler: Any) -> AIMessage:
        return AIMessage(f"I say {EMAIL}", tool_calls=[] if len(request.messages) > 2 else [call("find", who="Ann")])

    def wrap_tool_call(self, request: Any, handler: Any) -> ToolMessage:
        return ToolMessage(EMAIL, tool_call_id=request.tool_call["id"])


def test_what_other_middleware_adds_is_clean_for_the_model(guard: Guard) -> None:
    model = actor()
    agent(guard, model, before=[Appends()]).invoke(ASKED)
    assert model.heard
    assert not holds_planted(model.heard)


def test_what_stands_behind_is_cleaned_before_it_is_written_down(guard: Guard) -> None:
    secure: Any = create_agent(actor(), [find], middleware=[SecureMiddleware(guard), Answers()])
    messages = secure.invoke(ASKED)["messages"]
    assert [message.content for message in messages[1:]] == [f"I say {MASK}", MASK, f"I say {MASK}"]


def test_a_fallback_model_is_secured_where_the_middleware_stands_last(guard: Guard, go: Callable[..., Any]) -> None:
    class Broken(Actor):
        def _generate(self, *args: Any, **kwargs: Any) -> Any:
            raise RuntimeError("out of order")

        _stream = _generate

    fallback = ModelFallbackMiddleware(Actor(script=[AIMessage(EMAIL)]))
    secure = agent(guard, Broken(script=[]), before=[fallback])
    parts = list(secure.stream(ASKED, stream_mode=["messages", "values"]))
    assert MASK in str(parts)
    assert not holds_planted(parts)


def test_a_human_in_the_loop_is_asked_with_clean_arguments(guard: Guard) -> None:
    secure = agent(guard, before=[HumanInTheLoopMiddleware({"find": True})], checkpointer=InMemorySaver())
    config: RunnableConfig = {"configurable": {"thread_id": "1"}}
    [asked] = secure.invoke(ASKED, config)["__interrupt__"]
    assert asked.value["action_requests"][0]["args"] == {"who": MASK}
    done = secure.invoke(Command(resume={"decisions": [{"type": "approve"}]}), config)
    assert done["messages"][-1].content == f"Ask {MASK} now."


def test_a_model_and_tools_that_are_secured_already_are_not_secured_twice(guard: Guard, planted: Planted) -> None:
    secure = agent(guard, secure_model(actor(), guard), tools=[SecureTool.wrap(find, guard)])
    assert not holds_planted(secure.invoke(ASKED))


def test_it_works_beside_the_handler(guard: Guard, go: Callable[..., Any]) -> None:
    handler = SecureCallbackHandler(guard)
    config: RunnableConfig = {"callbacks": [handler]}
    assert not holds_planted(go(agent(guard), ASKED, config))
    events = list(agent(guard).stream_events(ASKED, config, version="v3"))
    assert len(events) > 5
    assert not holds_planted(events)


def test_the_handler_alone_cleans_answers_and_stops_what_it_cannot_clean() -> None:
    answers: Any = create_agent(Actor(script=[AIMessage(f"Ask {EMAIL}.")]), [find])
    config: RunnableConfig = {"callbacks": [SecureCallbackHandler(EDITING)]}
    parts = list(answers.stream(ASKED, config, stream_mode=["messages", "values", "updates"]))
    assert MASK in str(parts)
    assert not holds_planted(parts)
    with pytest.raises(Blocked):
        answers.invoke({"messages": [HumanMessage(EMAIL)]}, config)


# -- events, traces, checkpoints ---------------------------------------------------------------------------------


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
    [span] = [run for run in tracer.runs if run.name == "SecureMiddleware.before_agent"]
    assert (span.inputs, span.outputs) == ({}, {})


class Traces(BaseTracer):
    """Keeps what a tracer would send."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[Any] = []

    def _persist_run(self, run: Any) -> None:
        pass

    def _end_trace(self, run: Any) -> None:
        self.runs.append(run)
        super()._end_trace(run)


# -- what the agent is called with ------------------------------------------------------------------------------


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


# -- whose values, and how often ---------------------------------------------------------------------------------------


PSEUDONYMS = Policy.model_validate(
    {
        "name": "pseudonyms",
        "detectors": [],
        "rules": [{"category": "pii.*", "action": "sanitize", "operator": "pseudonymize"}],
        "restore": [
            {"category": "pii.*", "stages": ["tool_call"], "sources": ["find"]},
            {"category": "pii.*", "stages": ["output"]},
        ],
    }
)


def test_tools_get_real_values_and_the_model_never_does(recorder: Any, go: Callable[..., Any]) -> None:
    bound = Guard(PSEUDONYMS, detectors=[Planted()]).bind(MemoryVault(key=b"k" * 32), tenant="t", session="s")
    hidden = bound.check(EMAIL, stage="input").text
    got: list[str] = []

    @tool
    def find(who: str) -> str:
        """Find someone."""
        got.append(who)
        return f"{who} has a meeting"

    model = actor(call("find", who=hidden), answer=f"{hidden} has a meeting.")
    secure = secure_input(agent(bound, model, tools=[find], checkpointer=InMemorySaver()), bound)
    config: RunnableConfig = {"configurable": {"thread_id": "1"}, "callbacks": [recorder]}
    said = go(secure, {"messages": [HumanMessage(f"Where is {EMAIL}?")]}, config)["messages"]
    assert got == [EMAIL]
    assert bound.restore(said[-1].content) == f"{EMAIL} has a meeting."
    assert not holds_planted([model.heard, said, recorder.seen, *secure.get_state_history(config)])


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


def test_messages_can_still_be_removed(guard: Guard) -> None:
    secure = secure_input(agent(guard, checkpointer=InMemorySaver()), guard)
    config: RunnableConfig = {"configurable": {"thread_id": "1"}}
    first = secure.invoke({"messages": [HumanMessage("hi", id="h")]}, config)["messages"]
    secure.update_state(config, {"messages": [RemoveMessage("h")]})
    assert len(secure.get_state(config).values["messages"]) == len(first) - 1
