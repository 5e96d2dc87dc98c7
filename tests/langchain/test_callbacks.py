"""SecureCallbackHandler: one line on an existing chain protects it, and says where it cannot."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.language_models.fake import FakeListLLM
from langchain_core.language_models.fake_chat_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.outputs import GenerationChunk
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda, RunnablePassthrough

from langchain_secure import SecureCallbackHandler, secure_model
from langchain_secure._reach import proven
from secure_core import Blocked, Guard, Policy, SecureError

from .conftest import CLEAN, EMAIL, MASK, ORDER, SAID, holds_planted

PROMPT = ChatPromptTemplate.from_messages([("system", "Answer."), ("human", "{question}")])


def test_the_installed_core_lets_a_handler_do_what_the_documentation_says() -> None:
    assert proven() == {"documents", "message", "chunks", "tool_message"}


def test_building_a_handler_leaves_no_trace(guard: Guard, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        SecureCallbackHandler(guard)
    assert caplog.records == []


async def test_a_handler_can_be_built_inside_a_running_loop(guard: Guard) -> None:
    assert SecureCallbackHandler(guard).capabilities()["on_llm_end: a model's answer"] == "sanitises"


# -- models ------------------------------------------------------------------------------------------------


def test_the_answer_is_clean_in_every_way(talker: Any, config: Any, run: Callable[..., Any]) -> None:
    assert run(PROMPT | talker(), {"question": "hello"}, config).content == CLEAN


def test_it_can_be_given_to_the_model_or_to_the_chain(talker: Any, handler: Any, run: Callable[..., Any]) -> None:
    assert run(talker(callbacks=[handler]), "hello").content == CLEAN
    assert run((PROMPT | talker()).with_config(callbacks=[handler]), {"question": "hello"}).content == CLEAN
    inner = RunnableLambda(lambda question: (PROMPT | talker()).invoke({"question": question}))
    assert run(inner, "hello", {"callbacks": [handler]}).content == CLEAN


@pytest.mark.parametrize("output_version", ["v0", "v1"])
@pytest.mark.parametrize("index", [0, None])
def test_blocks_and_reasoning_are_clean(
    talker: Any, config: Any, run: Callable[..., Any], output_version: str, index: int | None
) -> None:
    at = {} if index is None else {"index": index}
    chunks = [AIMessageChunk(content=[{"type": "reasoning", "reasoning": c, **at}]) for c in SAID]
    says = AIMessage([{"type": "reasoning", "reasoning": SAID}], additional_kwargs={"note": EMAIL})
    answer = run(talker(says=says, chunks=chunks, output_version=output_version), "x", config)
    assert "".join(block["reasoning"] for block in answer.content) == CLEAN
    assert not holds_planted(answer)


def test_tool_calls_of_the_model_are_clean(talker: Any, config: Any, run: Callable[..., Any]) -> None:
    call = {"name": "send", "args": {"to": EMAIL}, "id": "1"}
    pieces: list[Any] = [{"name": None, "id": None, "args": c, "index": 0} for c in f'{{"to": "{EMAIL}"}}']
    calls: list[Any] = [{"name": "send", "id": "1", "args": "", "index": 0}, *pieces]
    chunks = [AIMessageChunk(content="", tool_call_chunks=[piece]) for piece in calls]
    answer = run(talker(says=AIMessage("", tool_calls=[call]), chunks=chunks), "x", config)
    assert answer.tool_calls == [{"name": "send", "args": {"to": MASK}, "id": "1", "type": "tool_call"}]


def test_text_streams_while_it_comes(talker: Any, config: Any) -> None:
    paragraph = "One paragraph that says nothing in particular, but takes its time to say it.\n\n"
    texts = [chunk.content for chunk in talker(says=AIMessage(paragraph * 9)).stream("x", config)]
    assert len([text for text in texts if text]) > 3
    assert "".join(texts) == paragraph * 9


def test_v2_events_are_clean(talker: Any, config: Any) -> None:
    async def events() -> list[Any]:
        return [event async for event in (PROMPT | talker()).astream_events({"question": "x"}, config, version="v2")]

    seen = asyncio.run(events())
    assert "".join(e["data"]["chunk"].content for e in seen if e["event"] == "on_chat_model_stream") == CLEAN
    assert not holds_planted(seen)


@pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")
def test_v3_events_are_refused_before_any_text_leaves(talker: Any, guard: Guard, config: Any, handler: Any) -> None:
    for model in (talker(), talker(tells_run_manager=True)):
        stream = model.stream_events("x", config, version="v3")
        seen: list[str] = []
        with pytest.raises(SecureError, match="secure_model"):
            seen.extend(stream.text)
        assert seen == []
    assert handler._runs == {}
    whole = secure_model(talker(), guard).stream_events("x", config, version="v3")
    assert "".join(whole.text) == CLEAN


@pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")
def test_v3_events_are_refused_when_they_come_async(talker: Any, config: Any) -> None:
    async def texts() -> list[str]:
        stream = await talker().astream_events("x", config, version="v3")
        return [text async for text in stream.text]

    with pytest.raises(SecureError, match="secure_model"):
        asyncio.run(texts())


@pytest.mark.parametrize("question", [ORDER, f"I am {EMAIL}"])
def test_a_prompt_that_would_have_to_change_never_reaches_the_model(
    talker: Any, config: Any, run: Callable[..., Any], question: str
) -> None:
    model = talker()
    prompt = [HumanMessage(question)]
    with pytest.raises(Blocked, match="stage input"):
        run(model, prompt, config)
    assert model.heard == []
    assert prompt == [HumanMessage(question)]


def test_a_text_completion_model_is_clean_and_its_stream_refused(config: Any) -> None:
    class Streaming(FakeListLLM):
        def _stream(self, prompt: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
            chunk = GenerationChunk(text=SAID)
            run_manager.on_llm_new_token(SAID, chunk=chunk)
            yield chunk

    assert FakeListLLM(responses=[SAID]).invoke("x", config) == CLEAN
    with pytest.raises(Blocked):
        FakeListLLM(responses=["x"]).invoke(ORDER, config)
    with pytest.raises(SecureError, match="text-completion"):
        list(Streaming(responses=["x"]).stream("x", config))


def test_a_block_at_the_output_releases_nothing(planted: Any, talker: Any, run: Callable[..., Any]) -> None:
    policy = Policy.model_validate({"detectors": [], "rules": [{"category": "secret.*", "action": "block"}]})
    handler = SecureCallbackHandler(Guard(policy, detectors=[planted]))
    seen: list[str] = []
    with pytest.raises(Blocked, match="stage output: secret"):
        run(talker() | RunnableLambda(lambda message: seen.append(message.content)), "x", {"callbacks": [handler]})
    assert not holds_planted(seen)
    with pytest.raises(Blocked):
        seen.extend(chunk.content for chunk in talker().stream("x", {"callbacks": [handler]}))
    assert "".join(seen) == ""


def test_the_models_own_message_object_is_not_changed(config: Any) -> None:
    spoken = AIMessage(SAID)
    assert FakeMessagesListChatModel(responses=[spoken]).invoke("x", config).content == CLEAN
    assert spoken.content == SAID


def test_a_stream_that_is_left_early_leaves_nothing_behind(talker: Any, config: Any, handler: Any) -> None:
    stream = talker().stream("x", config)
    next(stream)
    assert len(handler._runs) == 1
    stream.close()
    assert handler._runs == {}


def test_runs_that_never_end_are_forgotten_one_day(handler: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("langchain_secure.callbacks._MOST_RUNS", 3)
    for run_id in range(10):
        handler.on_retriever_start({}, "x", run_id=run_id)
    assert list(handler._runs) == [7, 8, 9]


def test_order_among_handlers_does_not_matter(talker: Any, handler: Any, recorder: Any) -> None:
    for handlers in ([handler, recorder], [recorder, handler]):
        assert talker().invoke("x", {"callbacks": handlers}).content == CLEAN
        chunks = list(talker().stream("x", {"callbacks": handlers}))
        assert "".join(chunk.content for chunk in chunks) == CLEAN


# -- retrievers --------------------------------------------------------------------------------------------


def test_documents_are_clean_and_the_store_keeps_its_own(store: Any, config: Any, run: Callable[..., Any]) -> None:
    before = copy.deepcopy(store.store)
    chain = store.as_retriever(search_kwargs={"k": 3}) | RunnableLambda(list)
    found = {document.page_content: document.metadata for document in run(chain, "who?", config)}
    assert list(found) == [text for text in found if ORDER not in text]
    assert len(found) == 2
    assert not holds_planted(found)
    assert store.store == before


def test_a_query_that_would_have_to_change_is_not_asked(store: Any, config: Any, run: Callable[..., Any]) -> None:
    with pytest.raises(Blocked, match="stage input"):
        run(store.as_retriever(), f"what does {EMAIL} want?", config)


def test_documents_that_cannot_be_replaced_block(config: Any) -> None:
    class Fixed(BaseRetriever):
        def _get_relevant_documents(self, query: str, *, run_manager: Any) -> Any:
            return (Document(EMAIL),)

    with pytest.raises(Blocked, match="stage retrieval"):
        Fixed().invoke("x", config)


def test_a_whole_rag_chain_is_protected_by_one_line(store: Any, talker: Any, config: Any, run: Any) -> None:
    model = talker()
    prompt = ChatPromptTemplate.from_template("{context}\n\n{question}")
    chain = {"context": store.as_retriever(search_kwargs={"k": 3}), "question": RunnablePassthrough()} | prompt | model
    assert run(chain, "who writes?", config).content == CLEAN
    assert not holds_planted(model.heard)
    assert ORDER not in str(model.heard)
