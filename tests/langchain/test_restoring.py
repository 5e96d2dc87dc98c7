"""The way back in LangChain: values at the edge, stand-ins everywhere else."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.caches import InMemoryCache
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.output_parsers import JsonOutputParser, StrOutputParser
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableGenerator
from pydantic import BaseModel, Field

from langchain_secure import SecureInput, SecureOutput, SecureRestore, secure_model
from secure_core import Guard, Policy, PolicyError
from secure_core.vault import MemoryVault, SQLiteVault
from secure_core.vault.bound import BoundGuard

from .conftest import EMAIL, Planted, Recorder, Talker

KEY = b"k" * 32
OTHER = "jonas.berg" + "@" + "nordwind.example.com"
RULE = {"category": "pii.*", "action": "sanitize", "operator": "pseudonymize"}
TOKEN = re.compile(r"<EMAIL_ADDRESS_[a-z]{12}>")


def bind(vault: Any = None, session: str = "s", restore: Any = (), **options: Any) -> BoundGuard:
    policy = Policy.model_validate({"name": "pseudonyms", "detectors": [], "rules": [RULE], "restore": restore})
    guard = Guard(policy, detectors=[Planted()])
    return guard.bind(vault or MemoryVault(key=KEY), tenant="t", session=session, **options)


@pytest.fixture(params=["memory", "sqlite"])
def bound(request: pytest.FixtureRequest, tmp_path: Path) -> BoundGuard:
    return bind(MemoryVault(key=KEY) if request.param == "memory" else SQLiteVault(tmp_path / "v.db", key=KEY))


class Clerk(BaseChatModel):
    """Answers with what it was written last: as text, in blocks, with its thoughts, or with a tool call."""

    shape: str = "text"
    step: int = 3
    heard: list[str] = Field(default_factory=list, repr=False)

    def _answer(self, messages: list[BaseMessage]) -> AIMessage:
        asked = str(messages[-1].text)
        self.heard.append(str(messages))
        said = f"You wrote: {asked}'s."
        call = {"name": "send", "args": {"to": asked, "copies": [asked]}, "id": "1"}
        return {
            "text": AIMessage(said),
            "blocks": AIMessage([{"type": "text", "text": said, "index": 0}]),
            "reasoning": AIMessage(
                [
                    {"type": "reasoning", "reasoning": f"It is {asked}", "index": 0},
                    {"type": "text", "text": said, "index": 1},
                ]
            ),
            "call": AIMessage(said, tool_calls=[call]),
            "json": AIMessage(json.dumps({"to": asked, "text": said})),
        }[self.shape]

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._answer(messages))])

    def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        answer = self._answer(messages)
        for content in self._pieces(answer.content):
            yield ChatGenerationChunk(message=AIMessageChunk(content=content))
        for call in answer.tool_calls:
            head: dict[str, Any] = dict(call)
            for part in self._cut(json.dumps(call["args"])):
                chunk = tool_call_chunk(name=head.get("name"), id=head.get("id"), args=part, index=0)
                yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[chunk]))
                head = {}

    def _pieces(self, content: Any) -> Iterator[Any]:
        if isinstance(content, str):
            yield from self._cut(content)
            return
        for block in content:
            key = "text" if block["type"] == "text" else "reasoning"
            yield from ([{**block, key: part}] for part in self._cut(block[key]))

    def _cut(self, text: str) -> list[str]:
        return [text[at : at + self.step] for at in range(0, len(text), self.step)]

    def bind_tools(self, tools: Any, **kwargs: Any) -> Runnable[Any, Any]:
        return self.bind(tools=list(tools), **kwargs)

    @property
    def _llm_type(self) -> str:
        return "clerk"


QUESTION = f"Write to {EMAIL} and {OTHER}"
ANSWER = f"You wrote: {QUESTION}'s."


@pytest.mark.parametrize("shape", ["text", "blocks", "reasoning", "call"])
def test_a_model_answers_with_values_and_has_heard_stand_ins(
    bound: BoundGuard, run: Callable[..., Any], shape: str, recorder: Recorder
) -> None:
    clerk = Clerk(shape=shape)
    answer = run(secure_model(clerk, bound), QUESTION, {"callbacks": [recorder]})
    assert answer.text == ANSWER
    assert EMAIL not in str(clerk.heard) + str(recorder.seen)
    if shape == "reasoning":
        assert answer.content[0]["reasoning"] == f"It is {QUESTION}"
    if shape == "call":
        (call,) = answer.tool_calls
        assert TOKEN.search(call["args"]["to"])
        assert EMAIL not in str(answer.tool_calls) + str(getattr(answer, "tool_call_chunks", ""))
        assert bound.restore_arguments(call["args"], tool="send") == {"to": QUESTION, "copies": [QUESTION]}


def test_a_model_inside_keeps_its_stand_ins(bound: BoundGuard, run: Callable[..., Any]) -> None:
    answer = run(secure_model(Clerk(), bound, restore=False), QUESTION)
    assert EMAIL not in answer.text
    assert bound.restore(answer.text) == ANSWER


def test_bound_tools_keep_the_way_back(bound: BoundGuard, run: Callable[..., Any]) -> None:
    assert run(secure_model(Clerk(), bound).bind_tools([]), QUESTION).text == ANSWER


class Mail(BaseModel):
    to: str
    text: str


@pytest.mark.parametrize("include_raw", [False, True])
def test_structured_output_holds_values(bound: BoundGuard, include_raw: bool) -> None:
    call = AIMessage("", tool_calls=[{"name": "Mail", "args": {"to": EMAIL, "text": f'"{OTHER}"'}, "id": "1"}])
    talker = Talker(says=call)
    structured = secure_model(talker, bound).with_structured_output(Mail, include_raw=include_raw)
    for answer in (structured.invoke("x"), asyncio.run(structured.ainvoke("x"))):
        mail = answer["parsed"] if include_raw else answer
        assert mail == Mail(to=EMAIL, text=f'"{OTHER}"')
        if include_raw:
            assert EMAIL not in str(answer["raw"].tool_calls)


def test_a_chain_restores_at_its_end_and_nowhere_before(
    bound: BoundGuard, run: Callable[..., Any], recorder: Recorder
) -> None:
    model = secure_model(Clerk(), bound, restore=False)
    chain = SecureInput(bound) | ChatPromptTemplate.from_template("{q}") | model | StrOutputParser()
    inner = chain.with_config(callbacks=[recorder])
    assert run(inner | SecureOutput(bound), {"q": QUESTION}) == ANSWER
    assert EMAIL not in str(recorder.seen.get("on_chat_model_start")) + str(recorder.seen.get("on_llm_end"))
    assert TOKEN.search(run(chain | SecureOutput(bound, restore=False), {"q": QUESTION}))
    assert run(chain | SecureRestore(bound), {"q": QUESTION}) == ANSWER


def test_a_json_parser_streams_values(bound: BoundGuard) -> None:
    model = secure_model(Clerk(shape="json"), bound, restore=False)
    chain = model | JsonOutputParser() | SecureOutput(bound)
    seen = list(chain.stream(QUESTION))
    assert seen[-1] == {"to": QUESTION, "text": ANSWER}
    for shown in seen:
        assert all(whole.startswith(shown.get(key, "")) for key, whole in seen[-1].items())


SHARED = bind()
SAFE = SHARED.check(f"{ANSWER} <b>{OTHER}</b> and {OTHER.upper()} <EMAIL_ADDRESS_bcdfghjkmnpq>", stage="input").text


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, len(SAFE))), st.booleans(), st.booleans())
def test_any_chunking_of_an_answer_restores_as_the_whole(cuts: list[int], messages: bool, judge: bool) -> None:
    parts = [SAFE[a:b] for a, b in pairwise([0, *sorted(cuts), len(SAFE)])]
    whole = SHARED.restore(SAFE)
    chunks: list[Any] = [AIMessageChunk(content=part) for part in parts] if messages else parts

    def say(_: Iterator[Any]) -> Iterator[Any]:
        yield from chunks

    source: Runnable[Any, Any] = RunnableGenerator(say)
    edge = SecureOutput(SHARED) if judge else SecureRestore(SHARED)
    pieces = list((source | edge).stream("x"))
    assert "".join(str(piece.content) if messages else piece for piece in pieces) == whole
    assert EMAIL in whole
    assert "<EMAIL_ADDRESS_bcdfghjkmnpq>" in whole or judge


def test_each_of_two_sessions_gets_its_own_and_never_the_others() -> None:
    vault = MemoryVault(key=KEY)
    ann, bob = bind(vault, "ann"), bind(vault, "bob")
    cache = InMemoryCache()
    models = {each: secure_model(Clerk(cache=cache), guard) for each, guard in {"ann": ann, "bob": bob}.items()}
    assert all(model.invoke(QUESTION).text == ANSWER for model in models.values())
    assert all(model.invoke(QUESTION).text == ANSWER for model in models.values())  # from the cache, too
    assert EMAIL not in str(cache._cache)
    stand_in = ann.check(EMAIL, stage="input").text
    assert models["bob"].invoke(f"Who is {stand_in}?").text == f"You wrote: Who is {stand_in}?'s."


def test_who_may_see_a_value_is_policy() -> None:
    restore = [{"category": "pii.*", "stages": ["output"], "principals": ["support-*"]}]
    vault = MemoryVault(key=KEY)
    anybody, guest = bind(vault, restore=restore), bind(vault, restore=restore, principal="guest")
    config: Any = {"configurable": {"user_id": "support-7"}}
    assert secure_model(Clerk(), anybody).invoke(QUESTION, config).text == ANSWER
    assert EMAIL not in secure_model(Clerk(), anybody).invoke(QUESTION).text
    assert EMAIL not in secure_model(Clerk(), guest).invoke(QUESTION, config).text  # whom it was bound for counts
    foreign: Any = {"configurable": {"user_id": "support-7", "tenant": "other"}}
    assert EMAIL not in secure_model(Clerk(), anybody).invoke(QUESTION, foreign).text


def test_a_history_of_restored_answers_is_hidden_again() -> None:
    bound = bind()
    clerk = Clerk()
    model = secure_model(clerk, bound)
    said = model.invoke(QUESTION)
    model.invoke([HumanMessage(QUESTION), said, HumanMessage(f"And {EMAIL}?")])
    assert EMAIL not in clerk.heard[-1]
    assert len(set(TOKEN.findall(clerk.heard[-1]))) == 2


def test_restoring_needs_a_vault_and_says_so() -> None:
    with pytest.raises(PolicyError, match=r"guard\.bind\(vault"):
        SecureRestore("default")
