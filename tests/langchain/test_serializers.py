"""SecureSerializer: what a checkpointer writes is clean; what LangGraph needs of it stays."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import add
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from pydantic import BaseModel

from langchain_secure import SecureSerializer
from secure_core import Blocked, Guard, Policy, PolicyError, Stage

from .conftest import EMAIL, KEY, MASK, ORDER, Planted, holds_planted

pytest.importorskip("langgraph")

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.graph import END, START, StateGraph, add_messages
from langgraph.types import Command, Interrupt, Send, interrupt


class Recording(JsonPlusSerializer):
    """Remembers all that it made bytes of."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        kind, data = super().dumps_typed(obj)
        self.written.append(data)
        return kind, data


@pytest.fixture
def recording() -> Recording:
    return Recording()


@pytest.fixture
def serde(recording: Recording, guard: Guard) -> SecureSerializer:
    return SecureSerializer(guard, recording)


class Person(BaseModel):
    mail: str


@dataclass
class Note:
    text: str


VALUES: dict[str, Any] = {
    "message": HumanMessage(EMAIL, id="1"),
    "tool message": ToolMessage(KEY, tool_call_id="call_1", artifact={"row": [EMAIL]}),
    "tool calls": AIMessage("", tool_calls=[{"name": "look", "args": {"who": EMAIL}, "id": "call_1"}]),
    "pairs": {"messages": [("user", EMAIL)]},
    "dictionaries": {"messages": [{"role": "user", "content": [{"type": "text", "text": KEY}]}]},
    "text": EMAIL,
    "document": [Document(EMAIL, metadata={"by": EMAIL})],
    "model": Person(mail=EMAIL),
    "dataclass": Note(EMAIL),
    "set": {EMAIL},
    "bytes": EMAIL.encode(),
    "send": Send("tools", [{"type": "tool_call", "name": "look", "args": {"who": EMAIL}, "id": "call_1"}]),
    "command": Command(update={"note": EMAIL}, goto=[Send("next", EMAIL)], resume=EMAIL),
    "interrupt": (Interrupt(value={"question": EMAIL}, id="0123456789abcdef0123456789abcdef"),),
    "error": ValueError(f"no such user: {EMAIL}"),
    "checkpoint": {
        "v": 4,
        "ts": "2026-01-01T00:00:00+00:00",
        "id": "1f1e77f7-610f-6696-bfff-76ca8c6e2519",
        "channel_versions": {},
        "versions_seen": {},
        "channel_values": {"note": [EMAIL, KEY]},
    },
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_what_is_written_is_clean_and_can_be_read(serde: Any, recording: Recording, value: Any) -> None:
    restored = serde.loads_typed(serde.dumps_typed(value))
    assert not holds_planted([data.decode(errors="replace") for data in recording.written])
    plain = JsonPlusSerializer()
    assert type(restored) is type(plain.loads_typed(plain.dumps_typed(value)))


def test_a_call_keeps_its_id_and_name_and_is_judged_as_a_call(serde: Any, planted: Planted) -> None:
    restored = serde.loads_typed(serde.dumps_typed(VALUES["send"]))
    assert restored.node == "tools"
    assert restored.arg == [{"type": "tool_call", "name": "look", "args": {"who": MASK}, "id": "call_1"}]
    assert {(context.stage, context.source) for context in planted.contexts} == {(Stage.TOOL_CALL, "look")}


@pytest.mark.parametrize(
    "books",
    [
        {
            "v": 4,
            "ts": EMAIL,
            "id": EMAIL,
            "channel_versions": {EMAIL: EMAIL},
            "versions_seen": {EMAIL: {}},
            "channel_values": {},
        },
        {"source": "loop", "step": 1, "parents": {"": EMAIL}, "thread_id": EMAIL},
        None,
    ],
)
def test_langgraphs_own_books_are_not_looked_at(serde: Any, planted: Planted, books: Any) -> None:
    assert serde.loads_typed(serde.dumps_typed(books)) == books
    assert planted.contexts == []


def test_state_that_only_resembles_metadata_is_judged(serde: Any) -> None:
    for state in ({"source": EMAIL, "step": 1, "parents": {}}, {"source": "input", "step": EMAIL, "parents": {}}):
        assert not holds_planted(serde.loads_typed(serde.dumps_typed(state)))


def test_what_is_blocked_is_not_written(recording: Recording, planted: Planted) -> None:
    policy = Policy.model_validate({"detectors": [], "rules": [{"category": "injection.*", "action": "block"}]})
    with pytest.raises(Blocked, match="stage memory"):
        SecureSerializer(Guard(policy, detectors=[planted]), recording).dumps_typed([HumanMessage(ORDER)])
    assert recording.written == []


class State(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]
    notes: Annotated[list[str], add]


def graph(saver: Any) -> Any:
    """A graph that is interrupted, fans out, and remembers what it heard."""
    heard: list[Any] = []

    def ask(state: State) -> Any:
        heard.append([message.text for message in state["messages"]])
        return {"messages": [AIMessage(f"Who is {EMAIL}?")], "notes": [interrupt(f"May I ask {EMAIL}?")]}

    def look(name: Any) -> Any:
        return {"notes": [f"{name}: {KEY}"]}

    builder: Any = StateGraph(State)
    builder.add_node("ask", ask)
    builder.add_node("look", look)
    builder.add_edge(START, "ask")
    builder.add_conditional_edges("ask", lambda state: [Send("look", EMAIL), Send("look", "paul")], ["look"])
    builder.add_edge("look", END)
    return builder.compile(checkpointer=saver), heard


class Xor:
    """A cipher that hides nothing from us and everything from a reader."""

    def encrypt(self, plaintext: bytes) -> tuple[str, bytes]:
        return "xor", bytes(byte ^ 255 for byte in plaintext)

    def decrypt(self, ciphername: str, ciphertext: bytes) -> bytes:
        return self.encrypt(ciphertext)[1]


def _sqlite(serde: Any, folder: Path) -> Any:
    sqlite_saver = pytest.importorskip("langgraph.checkpoint.sqlite").SqliteSaver
    return sqlite_saver(sqlite3.connect(folder / "graph.db", check_same_thread=False), serde=serde)


SAVERS: dict[str, Callable[[Any, Path], Any]] = {
    "memory": lambda serde, folder: InMemorySaver(serde=serde),
    "encrypted": lambda serde, folder: InMemorySaver(serde=EncryptedSerializer(Xor(), serde)),
    "sqlite": _sqlite,
}


@pytest.fixture(params=SAVERS.keys())
def saver(request: pytest.FixtureRequest, serde: Any, tmp_path: Path) -> Iterator[Any]:
    saver = SAVERS[request.param](serde, tmp_path)
    yield saver
    if hasattr(saver, "conn"):
        saver.conn.close()


@pytest.mark.parametrize("durability", ["sync", "async", "exit"])
def test_a_graph_goes_on_from_what_was_written(saver: Any, recording: Recording, durability: Any) -> None:
    app, heard = graph(saver)
    config: Any = {"configurable": {"thread_id": "t"}}
    app.invoke({"messages": [("user", f"I am {EMAIL}")], "notes": []}, config, durability=durability)
    state = app.get_state(config)
    assert state.interrupts[0].value == f"May I ask {MASK}?"
    app.invoke(Command(resume=f"yes, says {EMAIL}"), config, durability=durability)
    told = app.get_state(config).values
    assert [message.text for message in told["messages"]] == [f"I am {MASK}", f"Who is {MASK}?"]
    assert sorted(told["notes"]) == [f"{MASK}: [AWS_ACCESS_KEY]", "paul: [AWS_ACCESS_KEY]", f"yes, says {MASK}"]
    assert heard[-1] == [f"I am {MASK}"]  # the run that was resumed reads what was written
    assert not holds_planted([data.decode(errors="replace") for data in recording.written])
    assert not holds_planted(list(app.get_state_history(config)))


def test_the_run_that_writes_goes_on_with_what_it_has(serde: Any) -> None:
    app, heard = graph(InMemorySaver(serde=serde))
    app.invoke({"messages": [("user", f"I am {EMAIL}")], "notes": []}, {"configurable": {"thread_id": "t"}})
    assert heard == [[f"I am {EMAIL}"]]


def test_an_async_graph_writes_clean(serde: Any, recording: Recording) -> None:
    app, _ = graph(InMemorySaver(serde=serde))
    config: Any = {"configurable": {"thread_id": "t"}}
    asyncio.run(app.ainvoke({"messages": [("user", f"I am {EMAIL}")], "notes": []}, config))
    asyncio.run(app.ainvoke(Command(resume=EMAIL), config))
    assert not holds_planted([data.decode(errors="replace") for data in recording.written])


def test_a_text_is_judged_once_however_often_it_is_written(serde: Any, planted: Planted) -> None:
    for _ in range(5):
        serde.dumps_typed([HumanMessage(EMAIL), AIMessage("hi")])
    judged = sum(planted.batches)
    serde.dumps_typed([HumanMessage(EMAIL), AIMessage("hi"), HumanMessage("new")])
    assert sum(planted.batches) == judged + 1


def test_it_speaks_langgraphs_serializer_of_itself() -> None:
    serde = SecureSerializer()
    assert serde.loads_typed(serde.dumps_typed({"note": f"to {EMAIL}"})) == {"note": f"to {MASK}"}
    with pytest.raises(PolicyError):
        SecureSerializer("no-such-policy")
