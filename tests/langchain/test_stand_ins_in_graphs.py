"""With a vault bound, what a graph writes down and what is exported of its runs holds stand-ins only."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, TypedDict

import pytest
from langchain.agents import create_agent
from langchain_core.callbacks import BaseCallbackManager
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import START, StateGraph
from openinference.instrumentation.langchain import LangChainInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import BaseModel

from langchain_secure import SecureMiddleware, SecureOutput, SecureRestore, secure_input, secure_model, secure_tools
from secure_core import Guard, Policy
from secure_core.telemetry import Telemetry
from secure_core.vault import MemoryVault
from secure_core.vault.bound import BoundGuard

from .actor import Actor, call
from .conftest import EMAIL, Planted, Talker, holds_planted

ASKED = {"messages": [HumanMessage(f"Write to {EMAIL}.")]}
THREAD: Any = {"configurable": {"thread_id": "1"}}
POLICY = Policy.model_validate(
    {
        "name": "pseudonyms",
        "detectors": [],
        "rules": [{"category": "pii.*", "action": "sanitize", "operator": "pseudonymize"}],
        "restore": [
            {"category": "pii.*", "stages": ["tool_call"], "sources": ["send"]},
            {"category": "pii.*", "stages": ["output"]},
        ],
    }
)


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def bound(exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch) -> Iterator[BoundGuard]:
    """A guard whose spans are exported, as are all runs of LangChain with what they are called with and return."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(BaseCallbackManager, "__init__", BaseCallbackManager.__init__)
    instrumentor = LangChainInstrumentor()
    instrumentor.instrument(tracer_provider=provider, skip_dep_check=True)
    guard = Guard(POLICY, detectors=[Planted()], telemetry=Telemetry(provider))
    yield guard.bind(MemoryVault(key=b"k" * 32), tenant="t", session="s")
    instrumentor.uninstrument()


SENT: list[str] = []


@tool
def send(to: str) -> str:
    """Send a mail."""
    SENT.append(to)
    return f"sent to {to}"


def script(bound: BoundGuard) -> Actor:
    hidden = bound.check(EMAIL, stage="input").text
    return Actor(script=[AIMessage("", tool_calls=[call("send", to=hidden)]), AIMessage(f"I wrote to {hidden}.")])


def with_middleware(bound: BoundGuard, model: Actor, saver: Any = None) -> Any:
    return create_agent(model, [send], middleware=[SecureMiddleware(bound)], checkpointer=saver)


def with_wrappers(bound: BoundGuard, model: Actor, saver: Any) -> Any:
    return create_agent(secure_model(model, bound), secure_tools([send], bound), checkpointer=saver)


def stored(saver: Any) -> str:
    if isinstance(saver, SqliteSaver):
        tables = [saver.conn.execute(f"SELECT * FROM {table}").fetchall() for table in ("checkpoints", "writes")]
        return str([*saver.conn.iterdump(), tables])
    return str([saver.storage, saver.blobs, saver.writes])


@pytest.mark.parametrize("way", ["invoke", "ainvoke", "stream"])
@pytest.mark.parametrize("build", [with_middleware, with_wrappers])
@pytest.mark.parametrize("memory", [True, False], ids=["memory", "sqlite"])
def test_no_value_is_in_a_checkpoint_or_in_a_span(
    bound: BoundGuard, exporter: Any, recorder: Any, build: Callable[..., Any], memory: bool, way: str
) -> None:
    if way == "ainvoke" and not memory:
        pytest.skip("SqliteSaver is synchronous")
    SENT.clear()
    saver: Any = InMemorySaver() if memory else SqliteSaver(sqlite3.connect(":memory:", check_same_thread=False))
    model = script(bound)
    agent = secure_input(build(bound, model, saver), bound)
    config: Any = {**THREAD, "callbacks": [recorder]}
    if way == "ainvoke":
        asyncio.run(agent.ainvoke(ASKED, config))
    else:
        list(agent.stream(ASKED, config, stream_mode="messages")) if way == "stream" else agent.invoke(ASKED, config)
    told = [span.to_json() for span in exporter.get_finished_spans()]
    assert SENT == [EMAIL]
    assert any("apply_guardrail" in span for span in told)
    assert any("sent to <EMAIL_ADDRESS_" in span for span in told)  # the runs' contents are exported
    assert not holds_planted(told)
    assert "sent to <EMAIL_ADDRESS_" in stored(saver)
    assert not holds_planted([stored(saver), model.heard, recorder.seen, *agent.get_state_history(THREAD)])
    [*_, last] = agent.get_state(THREAD).values["messages"]
    assert bound.restore(last.text) == f"I wrote to {EMAIL}."


class Mail(BaseModel):
    """A mail."""

    to: str


class State(TypedDict):
    said: str


def plain(model: Any) -> Callable[[State], State]:
    return lambda state: {"said": model.invoke("x").content}


def streamed(model: Any) -> Callable[[State], State]:
    return lambda state: {"said": "".join(str(chunk.content) for chunk in model.stream("x"))}


def structured(model: Any) -> Callable[[State], State]:
    return lambda state: {"said": model.with_structured_output(Mail).invoke("x").to}


@pytest.mark.parametrize(("restore", "kept"), [(None, True), (False, True), (True, False)])
@pytest.mark.parametrize("edge", [SecureOutput, SecureRestore])
def test_an_edge_in_a_node_restores_as_it_is_told(
    bound: BoundGuard, edge: Any, restore: bool | None, kept: bool
) -> None:
    hidden = bound.check(EMAIL, stage="input").text
    show = edge(bound, restore=restore)
    graph: Any = StateGraph(State).add_node("show", lambda state: {"said": show.invoke(hidden)})
    said = graph.add_edge(START, "show").compile().invoke({"said": ""})["said"]
    assert holds_planted(said) is not kept
    assert show.invoke(hidden) == (hidden if restore is False else EMAIL)


@pytest.mark.parametrize(("restore", "kept"), [(None, True), (False, True), (True, False)])
@pytest.mark.parametrize("node", [plain, streamed, structured])
def test_a_model_in_a_node_keeps_its_stand_ins_unless_it_is_told_otherwise(
    bound: BoundGuard, node: Callable[[Any], Any], restore: bool | None, kept: bool
) -> None:
    says = AIMessage(EMAIL, tool_calls=[call("Mail", to=EMAIL)])
    model = secure_model(Talker(says=says), bound, restore=restore)
    graph: Any = StateGraph(State).add_node("ask", node(model)).add_edge(START, "ask").compile()
    said = graph.invoke({"said": ""})["said"]
    assert holds_planted(said) is not kept
    assert bound.restore(said) == EMAIL


def test_outside_of_a_graph_a_model_restores(bound: BoundGuard) -> None:
    model = secure_model(Talker(says=AIMessage("", tool_calls=[call("Mail", to=EMAIL)])), bound)
    assert model.with_structured_output(Mail).invoke("x") == Mail(to=EMAIL)
    assert secure_model(Talker(says=AIMessage(EMAIL)), bound).invoke("x").content == EMAIL


def test_what_a_graph_returns_is_restored_at_its_edge(bound: BoundGuard) -> None:
    agent = secure_input(with_middleware(bound, script(bound)), bound)
    told = (agent | SecureRestore(bound)).invoke(ASKED)["messages"]
    assert told[-1].text == f"I wrote to {EMAIL}."
    assert not holds_planted(told[1].tool_calls)
