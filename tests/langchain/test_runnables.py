"""SecureInput and SecureOutput: any value, any way to run, any chunking."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.load import dumps, loads
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.output_parsers import JsonOutputParser, StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableGenerator, RunnableLambda, RunnablePassthrough
from langchain_core.runnables.utils import AddableDict

from langchain_secure import SecureInput, SecureOutput, SecureRunnable
from secure_core import Blocked, Context, Guard, Policy, PolicyError, Stage

from .conftest import CLEAN, EDITING, EMAIL, KEY, MASK, ORDER, SAID


def source(chunks: list[Any]) -> RunnableGenerator[Any, Any]:
    """A runnable that streams these chunks, sync and async."""

    def give(_: Iterator[Any]) -> Iterator[Any]:
        yield from chunks

    async def agive(_: AsyncIterator[Any]) -> AsyncIterator[Any]:
        for chunk in chunks:
            yield chunk

    return RunnableGenerator(give, agive)


def streamed(chunks: list[Any], secure: SecureRunnable) -> list[Any]:
    """What a secured stream gives out; the async one has to be the same."""
    chain = source(chunks) | secure

    async def collect() -> list[Any]:
        return [chunk async for chunk in chain.astream("")]

    given_out = list(chain.stream(""))
    assert asyncio.run(collect()) == given_out
    return given_out


def added(chunks: list[Any]) -> Any:
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole = whole + chunk
    return whole


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (EMAIL, MASK),
        ({"question": EMAIL, "n": 1}, {"question": MASK, "n": 1}),
        ([HumanMessage(EMAIL)], [HumanMessage(MASK)]),
        (AIMessage(EMAIL), AIMessage(MASK)),
        ([Document(EMAIL)], [Document(MASK)]),
        ({"chat_history": [HumanMessage(EMAIL)], "context": [Document("a")]}, None),
    ],
)
def test_values_come_out_clean_in_every_way(guard: Guard, run: Callable[..., Any], value: Any, expected: Any) -> None:
    before = copy.deepcopy(value)
    new = run(SecureInput(guard), value)
    assert EMAIL not in str(new)
    assert expected is None or new == expected
    assert value == before


def test_a_prompt_value_is_cleaned_between_prompt_and_model(guard: Guard, run: Callable[..., Any]) -> None:
    chain = ChatPromptTemplate.from_messages([("system", "s"), ("human", "{q}")]) | SecureInput(guard)
    assert run(chain, {"q": EMAIL}).to_messages()[1].content == MASK


def test_stages_and_identity_reach_the_guard(guard: Guard, planted: Any, run: Callable[..., Any]) -> None:
    config = {"configurable": {"user_id": "u", "thread_id": "s"}, "metadata": {"tenant": "t"}}
    run(SecureInput(guard, name="front door"), [ToolMessage("x", tool_call_id="1", name="mail")], config)
    run(SecureInput(guard, name="front door"), "x", config)
    assert set(planted.contexts) == {
        Context(Stage.TOOL_RESULT, "u", "s", "t", "mail"),
        Context(Stage.INPUT, "u", "s", "t", "front door"),
    }


def test_an_attack_blocks_in_every_way(guard: Guard, run: Callable[..., Any]) -> None:
    heard: list[str] = []
    with pytest.raises(Blocked, match=r"stage input: injection\.override") as caught:
        run(SecureInput(guard) | RunnableLambda(heard.append), f"Please. {ORDER}!")
    assert heard == []
    assert ORDER not in repr(caught.value)


def test_of_three_in_a_batch_the_middle_one_blocks(guard: Guard) -> None:
    out = SecureInput(guard).batch([EMAIL, ORDER, "c"], return_exceptions=True)
    assert (out[0], out[2]) == (MASK, "c")
    assert isinstance(out[1], Blocked)


@given(st.lists(st.integers(1, len(SAID) - 1), unique=True).map(sorted))
def test_any_chunking_of_text_is_the_whole(cuts: list[int]) -> None:
    secure = SecureOutput(EDITING)
    chunks = [SAID[a:b] for a, b in zip([0, *cuts], [*cuts, len(SAID)], strict=True)]
    assert "".join(secure.transform(iter(chunks))) == secure.invoke(SAID) == CLEAN


def test_the_text_of_messages_is_cleaned_as_text(guard: Guard) -> None:
    chunks = [AIMessageChunk(content=c).text for c in SAID]  # LangChain's TextAccessor
    assert "".join(streamed(chunks, SecureOutput(guard))) == CLEAN
    assert SecureOutput(guard).invoke(AIMessage(SAID).text) == CLEAN


def test_text_flows_while_it_comes(guard: Guard) -> None:
    paragraph = "One paragraph that says nothing in particular, but takes its time to say it.\n\n"
    chunks = streamed(list(paragraph * 9), SecureOutput(guard))
    assert len(chunks) > 3
    assert "".join(chunks) == paragraph * 9


def test_message_chunks_are_cleaned_and_keep_what_is_around_the_text(guard: Guard) -> None:
    usage: Any = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    chunks: list[Any] = [AIMessageChunk(content=c, id="run-1") for c in SAID]
    chunks.append(AIMessageChunk(content="", usage_metadata=usage, response_metadata={"model_name": "m"}, id="run-1"))
    for position in (None, "last"):
        chunks[-1].chunk_position = position
        whole = added(streamed(chunks, SecureOutput(guard)))
        assert whole.content == CLEAN
        assert (whole.usage_metadata, whole.response_metadata, whole.id) == (usage, {"model_name": "m"}, "run-1")


def test_an_addable_dict_has_a_buffer_for_each_key(guard: Guard) -> None:
    chunks = [AddableDict(context=[Document(EMAIL)])]
    for a, b in zip(EMAIL, EMAIL, strict=True):
        chunks += [AddableDict(answer=a), AddableDict(second=b)]
    assert added(streamed(chunks, SecureOutput(guard))) == {
        "context": [Document(MASK)],
        "answer": MASK,
        "second": MASK,
    }


def test_an_assigned_answer_streams_clean_in_a_real_chain(guard: Guard, talker: Any) -> None:
    answer = talker() | StrOutputParser()
    chain = RunnablePassthrough.assign(answer=(lambda _: "x") | answer) | SecureOutput(guard)
    assert added(list(chain.stream({"question": EMAIL}))) == {"question": MASK, "answer": CLEAN}


def test_a_growing_json_object_never_shows_the_beginning_of_a_secret(guard: Guard) -> None:
    paragraph = "One paragraph that says nothing in particular, but takes its time to say it.\n\n" * 4
    raw = json.dumps({"answer": f"{paragraph}Write to {EMAIL}", "list": [KEY, "b"], "n": 12})
    chunks = [AIMessageChunk(content=c) for c in raw]
    seen = list((source(chunks) | JsonOutputParser() | SecureOutput(guard)).stream(""))
    assert seen[-1] == {"answer": f"{paragraph}Write to {MASK}", "list": ["[AWS_ACCESS_KEY]", "b"], "n": 12}
    assert "maria" not in str(seen)
    assert "AKIA" not in str(seen)
    assert any(0 < len(value.get("answer", "")) < len(paragraph) for value in seen)


@pytest.mark.parametrize(
    "chunks",
    [
        [{"a": "x"}, {"b": "y"}],
        [["a"], ["b"], ["bc"]],
        ["text", [Document("d")], "more"],
        [None],
        [HumanMessage("x")],
        [3, 4],
    ],
)
def test_other_chunks_pass_as_they_are(guard: Guard, chunks: list[Any]) -> None:
    assert streamed(chunks, SecureOutput(guard)) == chunks


def test_nothing_becomes_nothing(guard: Guard) -> None:
    assert streamed([""], SecureOutput(guard)) == [""]
    assert streamed(["", ""], SecureOutput(guard)) == [""]


@pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")
@pytest.mark.parametrize("kind", [SecureInput, SecureOutput])
def test_survives_pickle_deepcopy_and_langchains_own_serialisation(kind: type[SecureRunnable]) -> None:
    for policy in ("default", Policy.model_validate({"rules": [{"category": "pii.*", "action": "sanitize"}]})):
        secure = kind(policy)
        text = dumps(secure)
        for twin in (
            pickle.loads(pickle.dumps(secure)),
            copy.deepcopy(secure),
            loads(text, allowed_objects=[kind], valid_namespaces=["langchain_secure"]),
        ):
            assert type(twin) is kind
            assert twin.invoke(f"Mail {EMAIL} now") == secure.invoke(f"Mail {EMAIL} now") != f"Mail {EMAIL} now"
    assert copy.deepcopy(secure)._guard is secure._guard


def test_a_wrong_policy_is_refused_when_the_runnable_is_built() -> None:
    with pytest.raises(PolicyError, match="no policy 'nonsense'"):
        SecureInput("nonsense")
