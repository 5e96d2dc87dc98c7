"""secure_model: prompts and answers are clean on every surface, and it is still the model that it was."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.caches import InMemoryCache
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.fake_chat_models import (
    FakeListChatModel,
    FakeMessagesListChatModel,
    GenericFakeChatModel,
    ParrotFakeChatModel,
)
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.rate_limiters import InMemoryRateLimiter
from langchain_core.runnables import RunnableBinding, RunnableLambda
from langchain_core.tools import tool
from pydantic import BaseModel

from langchain_secure import SecureChatModel, secure_model
from langchain_secure._message_stream import MessageStream
from secure_core import Blocked, Context, Guard, Stage

from .conftest import CLEAN, EDITING, EMAIL, KEY, MASK, ORDER, SAID, holds_planted


class Mail(BaseModel):
    """An e-mail to write."""

    to: str
    text: str


@tool
def send(to: str) -> str:
    """Send an e-mail."""
    return f"sent to {to}"


def test_the_answer_is_clean_in_every_way(guard: Guard, talker: Any, run: Callable[..., Any]) -> None:
    answer = run(secure_model(talker(), guard), "hello")
    assert answer.content == CLEAN
    assert isinstance(answer, AIMessage)


@pytest.mark.parametrize(
    "model",
    [
        FakeListChatModel(responses=[SAID]),
        FakeMessagesListChatModel(responses=[AIMessage(SAID)]),
        GenericFakeChatModel(messages=iter([AIMessage(SAID)])),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.parametrize("way", ["stream", "invoke"])
def test_langchains_own_fakes_are_clean(guard: Guard, model: BaseChatModel, way: str) -> None:
    secure = secure_model(model.model_copy(deep=not isinstance(model, GenericFakeChatModel)), guard)
    if isinstance(model, GenericFakeChatModel):
        model.messages = iter([AIMessage(SAID)])
    text = "".join(str(c.content) for c in secure.stream("x")) if way == "stream" else secure.invoke("x").content
    assert text == CLEAN


def test_the_provider_hears_a_clean_prompt_and_the_caller_keeps_his(
    guard: Guard, talker: Any, run: Callable[..., Any]
) -> None:
    prompt = [
        SystemMessage(f"Sign as {EMAIL}."),
        HumanMessage(f"I am {EMAIL}"),
        AIMessage(EMAIL, tool_calls=[{"name": "send", "args": {"to": EMAIL}, "id": "1"}]),
        ToolMessage(f"sent to {EMAIL}", tool_call_id="1", name="send"),
        HumanMessage([{"type": "text", "text": EMAIL}]),
    ]
    before = copy.deepcopy(prompt)
    model = talker()
    run(secure_model(model, guard), prompt)
    system, *rest = model.heard[0]
    assert system.content == f"Sign as {EMAIL}."  # the application's own words
    assert not holds_planted(rest)
    assert prompt == before


def test_a_prompt_that_attacks_never_reaches_the_provider(guard: Guard, talker: Any, run: Callable[..., Any]) -> None:
    model = talker()
    with pytest.raises(Blocked, match="stage input"):
        run(secure_model(model, guard), ORDER)
    with pytest.raises(Blocked, match="stage tool_result"):
        run(secure_model(model, guard), [HumanMessage("go on"), ToolMessage(ORDER, tool_call_id="1")])
    assert model.heard == []


def test_no_callback_sees_a_raw_prompt_token_or_answer(
    guard: Guard, talker: Any, recorder: Any, run: Callable[..., Any]
) -> None:
    model = talker(tells_run_manager=True, callbacks=[recorder])
    run(secure_model(model, guard), f"I am {EMAIL}")
    assert "on_llm_end" in recorder.seen  # the inner model's callbacks are kept
    assert not holds_planted(recorder.seen)


@pytest.mark.parametrize("version", ["v2", "v3"])
@pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")
def test_events_are_clean(guard: Guard, talker: Any, version: Any) -> None:
    async def events() -> list[Any]:
        stream = secure_model(talker(), guard).astream_events(f"I am {EMAIL}", version=version)
        stream = await stream if version == "v3" else stream
        return [event async for event in stream]

    seen = asyncio.run(events())
    assert len(seen) > 1
    assert not holds_planted(seen)


@pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")
def test_v3_text_is_whole(guard: Guard, talker: Any) -> None:
    stream = secure_model(talker(), guard).stream_events("x", version="v3")
    assert "".join(stream.text) == CLEAN
    assert stream.output.text == CLEAN


# -- chunks ------------------------------------------------------------------------------------------------


def chunks_of(field: str, index: int | None = None, **more: Any) -> list[AIMessageChunk]:
    at = {} if index is None else {"index": index}
    return [AIMessageChunk(content=[{"type": field, field: c, **at, **more}]) for c in SAID]


CHUNKS = {
    "text blocks": chunks_of("text", 0),
    "reasoning, then text": chunks_of("reasoning", 0) + chunks_of("text", 1),
    "text without index": chunks_of("text"),
    "reasoning, then text, without index": chunks_of("reasoning") + chunks_of("text"),
    "interleaved": [c for pair in zip(chunks_of("reasoning", 0), chunks_of("text", 1), strict=True) for c in pair],
    "strings in lists": [AIMessageChunk(content=[c]) for c in SAID],
    "reasoning summary": [
        AIMessageChunk(
            content=[{"type": "reasoning", "index": 0, "summary": [{"type": "summary_text", "index": 0, "text": c}]}]
        )
        for c in SAID
    ],
    "additional kwargs": [AIMessageChunk(content="", additional_kwargs={"reasoning_content": c}) for c in SAID],
}


@pytest.mark.parametrize("way", ["stream", "astream"])
@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS.keys())
def test_streams_of_blocks_add_up_to_what_is_clean(guard: Guard, talker: Any, chunks: list[Any], way: str) -> None:
    whole, pieces = added(secure_model(talker(chunks=chunks), guard), way)
    raw, _ = added(talker(chunks=chunks), way)
    assert not any(holds_planted(piece) for piece in pieces)
    assert not holds_planted(whole)
    assert texts_of(whole) == dict.fromkeys(texts_of(raw), CLEAN)
    assert pieces[-1].chunk_position == "last"


def texts_of(message: AIMessage) -> dict[str, str]:
    """The text of each kind in a message, added up."""
    found: dict[str, str] = {}

    def add(key: str, value: Any) -> None:
        if isinstance(value, dict):
            for name, held in value.items():
                if name not in ("type", "index", "id"):
                    add(name, held)
        elif isinstance(value, list):
            for item in value:
                add(key, item)
        elif value:
            found[key] = found.get(key, "") + value

    add("content", message.content)
    add("additional", message.additional_kwargs)
    return found


def added(model: Any, way: str) -> tuple[AIMessageChunk, list[AIMessageChunk]]:
    async def collect() -> list[Any]:
        return [chunk async for chunk in model.astream("x")]

    pieces = list(model.stream("x")) if way == "stream" else asyncio.run(collect())
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = whole + piece
    return whole, pieces


def test_a_block_without_index_ends_where_the_next_kind_begins(guard: Guard, talker: Any) -> None:
    chunks = chunks_of("reasoning") + chunks_of("text")
    whole, _ = added(secure_model(talker(chunks=chunks), guard), "stream")
    kinds = [block["type"] for block in whole.content if isinstance(block, dict)]
    assert kinds == sorted(kinds)  # reasoning, then text


def call_chunks(raw: str, step: int) -> list[AIMessageChunk]:
    first: Any = {"name": "send", "id": "call-1", "args": "", "index": 0}
    pieces: list[Any] = [
        {"name": None, "id": None, "args": raw[i : i + step], "index": 0} for i in range(0, len(raw), step)
    ]
    second: Any = {"name": "send", "id": "call-2", "args": json.dumps({"to": "b"}), "index": 1}
    return [AIMessageChunk(content="", tool_call_chunks=[call]) for call in [first, *pieces, second]]


@pytest.mark.parametrize("step", [1, 7, 1000])
@pytest.mark.parametrize("way", ["stream", "astream"])
def test_streamed_tool_calls_are_clean_json(guard: Guard, planted: Any, talker: Any, step: int, way: str) -> None:
    chunks = call_chunks(json.dumps({"to": [EMAIL, "c"], "quote": '"'}), step)
    whole, pieces = added(secure_model(talker(chunks=chunks), guard), way)
    assert whole.tool_calls == [
        {"name": "send", "args": {"to": [MASK, "c"], "quote": '"'}, "id": "call-1", "type": "tool_call"},
        {"name": "send", "args": {"to": "b"}, "id": "call-2", "type": "tool_call"},
    ]
    assert not any(holds_planted(piece) for piece in pieces)
    assert pieces[0].tool_call_chunks[0]["name"] == "send"  # known at once
    assert Context(Stage.TOOL_CALL, source="send") in planted.contexts


def test_a_tool_call_that_comes_whole_keeps_name_and_id(guard: Guard, talker: Any) -> None:
    call: Any = {"name": "send", "args": {"to": EMAIL}, "id": "1"}
    expected = [{"name": "send", "args": {"to": MASK}, "id": "1", "type": "tool_call"}]
    streamed, _ = added(secure_model(talker(chunks=[AIMessageChunk(content="", tool_calls=[call])]), guard), "stream")
    assert streamed.tool_calls == expected
    assert secure_model(talker(says=AIMessage("", tool_calls=[call])), guard).invoke("x").tool_calls == expected


def test_anthropic_tool_blocks_are_clean(guard: Guard, talker: Any) -> None:
    raw = json.dumps({"to": EMAIL})
    chunks = [AIMessageChunk(content=[{"type": "tool_use", "id": "1", "name": "send", "input": {}, "index": 0}])]
    chunks += [AIMessageChunk(content=[{"type": "input_json_delta", "partial_json": c, "index": 0}]) for c in raw]
    whole, _ = added(secure_model(talker(chunks=chunks), guard), "stream")
    assert [json.loads(b["partial_json"]) for b in whole.content if isinstance(b, dict)] == [{"to": MASK}]


def test_metadata_stays_and_log_probabilities_go(guard: Guard, talker: Any, run: Callable[..., Any]) -> None:
    usage: Any = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    metadata = {"model_name": "m", "logprobs": {"content": [{"token": EMAIL}]}}
    says = AIMessage(SAID, usage_metadata=usage, response_metadata=metadata, id="x")
    chunks = [AIMessageChunk(content=c, id="x", response_metadata={"logprobs": [c]}) for c in SAID]
    chunks += [AIMessageChunk(content="", usage_metadata=usage, response_metadata={"model_name": "m"}, id="x")]
    answer = run(secure_model(talker(says=says, chunks=chunks), guard), "x")
    assert answer.usage_metadata == usage
    assert answer.id == "x"
    assert answer.response_metadata["model_name"] == "m"
    assert "logprobs" not in answer.response_metadata


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_any_chunking_of_text_reasoning_and_calls_is_the_whole(data: st.DataObject) -> None:
    raw = json.dumps({"to": [EMAIL, {"key": KEY}], "n": 1})
    chunks: list[AIMessageChunk] = []
    kinds: list[tuple[Callable[[str], AIMessageChunk], str]] = [
        (lambda c: AIMessageChunk(content=[{"type": "reasoning", "reasoning": c, "index": 0}]), SAID),
        (lambda c: AIMessageChunk(content=[{"type": "text", "text": c, "index": 1}]), SAID),
        (lambda c: AIMessageChunk(content="", tool_call_chunks=[_call(c)]), raw),
    ]
    for make, text in kinds:
        cuts = sorted(data.draw(st.sets(st.integers(1, len(text) - 1))))
        chunks += [make(text[a:b]) for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    stream = MessageStream(EDITING, Context(Stage.OUTPUT))
    pieces = [chunk.model_copy(update=stream.push(chunk)) for chunk in chunks]
    tail = stream.flush()
    whole = pieces[0] + [*pieces[1:], *([tail] if tail else [])]
    assert texts_of(whole) == {"reasoning": CLEAN, "text": CLEAN}
    assert whole.tool_calls[0]["args"] == {"to": [MASK, {"key": "[AWS_ACCESS_KEY]"}], "n": 1}
    assert not holds_planted(pieces)


def _call(args: str) -> Any:
    return {"name": None, "id": None, "args": args, "index": 0}


def test_a_provider_that_ends_its_own_stream_loses_nothing(guard: Guard, talker: Any) -> None:
    chunks = [AIMessageChunk(content=c) for c in SAID]
    chunks[-1].chunk_position = "last"
    whole, pieces = added(secure_model(talker(chunks=chunks), guard), "stream")
    assert whole.content == CLEAN
    assert [piece.chunk_position for piece in pieces].count("last") == 1


@pytest.mark.parametrize("output_version", ["v0", "v1"])
def test_both_versions_of_content_are_clean(
    guard: Guard, talker: Any, run: Callable[..., Any], output_version: str
) -> None:
    answer = run(secure_model(talker(output_version=output_version), guard), "x")
    assert answer.text == CLEAN
    assert isinstance(answer.content, list) is (output_version == "v1")


# -- still the model that it was ---------------------------------------------------------------------------


def test_bound_tools_are_bound_to_the_secure_model(guard: Guard, talker: Any) -> None:
    bound = secure_model(talker(), guard).bind_tools([send], tool_choice="any")
    assert isinstance(bound, RunnableBinding)
    assert isinstance(bound.bound, SecureChatModel)
    assert bound.kwargs == {"tools": [send], "tool_choice": "any"}
    assert bound.invoke("x").content == CLEAN


@pytest.mark.parametrize("include_raw", [False, True])
@pytest.mark.parametrize("schema", [Mail, Mail.model_json_schema()], ids=["class", "schema"])
def test_structured_output_holds_no_personal_data(
    guard: Guard, talker: Any, run: Callable[..., Any], schema: Any, include_raw: bool
) -> None:
    call: Any = {"name": "Mail", "args": {"to": EMAIL, "text": "x"}, "id": "1"}
    model = talker(says=AIMessage("", tool_calls=[call]), chunks=[AIMessageChunk(content="", tool_calls=[call])])
    out = run(secure_model(model, guard).with_structured_output(schema, include_raw=include_raw), "x")
    assert MASK in str(out)
    assert not holds_planted(out)


def test_a_model_with_something_bound_can_be_wrapped(guard: Guard, talker: Any) -> None:
    secure = secure_model(talker().bind_tools([send]), guard)
    assert secure.kwargs == {"tools": [send]}
    assert secure.invoke("x").content == CLEAN
    with_spare = secure_model(talker().with_fallbacks([talker()]), guard)
    assert with_spare.invoke("x").content == CLEAN


def test_what_hides_its_model_is_refused(guard: Guard, talker: Any) -> None:
    with pytest.raises(TypeError, match="wrap the model itself"):
        secure_model(RunnableLambda(talker().invoke), guard)


def test_what_surrounds_a_call_is_taken_from_the_inner_model(guard: Guard, talker: Any) -> None:
    limiter = InMemoryRateLimiter(requests_per_second=100, check_every_n_seconds=0.001, max_bucket_size=1)
    inner = talker(rate_limiter=limiter, cache=InMemoryCache(), profile={"tool_calling": True}, tags=["t"], name="n")
    secure = secure_model(inner, guard)
    for field in ("rate_limiter", "cache", "profile", "tags", "name", "output_version"):
        assert getattr(secure, field) == getattr(inner, field)
    assert secure._get_ls_params(model="other")["ls_model_name"] == "other"
    assert secure.model_name is None


def test_a_cache_holds_only_clean_text_and_is_not_shared_between_policies(guard: Guard, talker: Any) -> None:
    cache = InMemoryCache()
    model = talker(cache=cache)
    secure = secure_model(model, guard)
    first, second = secure.invoke(f"I am {EMAIL}"), secure.invoke(f"I am {EMAIL}")
    assert first.content == second.content == CLEAN
    assert len(model.heard) == 1
    assert not holds_planted(cache._cache)
    model.invoke("I am [EMAIL_ADDRESS]")
    assert len(model.heard) == 2


def test_of_three_in_a_batch_the_middle_one_blocks(guard: Guard, talker: Any) -> None:
    out = secure_model(talker(), guard).batch(["a", ORDER, "c"], return_exceptions=True)
    assert [type(o) for o in out] == [AIMessage, Blocked, AIMessage]


def test_a_model_without_a_stream_gives_its_answer_whole(guard: Guard) -> None:
    secure = secure_model(ParrotFakeChatModel(), guard)
    (message,) = secure.stream([HumanMessage("x"), AIMessage(EMAIL)])
    assert message.content == MASK


def test_the_models_own_message_object_is_not_changed(guard: Guard) -> None:
    spoken = AIMessage(SAID)
    secure_model(FakeMessagesListChatModel(responses=[spoken]), guard).invoke("x")
    assert spoken.content == SAID


def test_identity_reaches_the_guard(guard: Guard, planted: Any, talker: Any, run: Callable[..., Any]) -> None:
    chain = ChatPromptTemplate.from_template("{q}") | secure_model(talker(), guard)
    run(chain, {"q": "x"}, {"configurable": {"user_id": "u"}, "metadata": {"tenant": "t"}})
    assert {(c.principal, c.tenant) for c in planted.contexts} == {("u", "t")}


def test_survives_pickle_and_deepcopy() -> None:
    secure = secure_model(FakeListChatModel(responses=[f"Mail {EMAIL}"]), "default")
    for twin in (pickle.loads(pickle.dumps(secure)), copy.deepcopy(secure)):
        assert EMAIL not in twin.invoke("x").content
