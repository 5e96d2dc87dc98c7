"""Sixty-four threads and sixty-four tasks share one guard and every hook, and nobody gets anything of another's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.vectorstores import InMemoryVectorStore

from langchain_secure import (
    SecureCallbackHandler,
    SecureChatMessageHistory,
    SecureDocumentTransformer,
    SecureInput,
    SecureRetriever,
    SecureSerializer,
    SecureVectorStore,
    secure_model,
)
from secure_core import Guard

from .conftest import CLEAN, MASK, holds_planted

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def mail(number: int) -> str:
    return f"Item {number} is for maria{number}@example.com."


def clean(number: int) -> str:
    return f"Item {number} is for {MASK}."


@pytest.fixture
def jobs(guard: Guard, talker: Any) -> list[Callable[[int], Any]]:
    """What each of the many does: with objects that all of them share, each with a text of its own."""
    model = secure_model(talker(), guard)
    spoken = talker()
    handler = SecureCallbackHandler(guard)
    enter, transform = SecureInput(guard), SecureDocumentTransformer(guard)
    store = SecureVectorStore(InMemoryVectorStore(DeterministicFakeEmbedding(size=4)), guard)
    history = SecureChatMessageHistory(InMemoryChatMessageHistory(), guard)
    shelf = InMemoryVectorStore(DeterministicFakeEmbedding(size=4))
    shelf.add_texts([mail(0)])
    retriever = SecureRetriever(retriever=shelf.as_retriever(), policy=guard)
    serde = SecureSerializer(guard)

    def remember(n: int) -> bool:
        history.add_messages([HumanMessage(mail(n)), AIMessage("ok")])
        return not holds_planted(str(history))

    return [
        lambda n: enter.invoke(mail(n)) == clean(n),
        lambda n: model.invoke(mail(n)).content == CLEAN,
        lambda n: "".join(str(chunk.content) for chunk in model.stream(mail(n))) == CLEAN,
        lambda n: spoken.invoke("hi", {"callbacks": [handler]}).content == CLEAN,
        lambda n: transform.transform_documents([Document(mail(n))]) == [Document(clean(n))],
        lambda n: store.add_texts([mail(n)], ids=[str(n)]) == [str(n)] and store.get_by_ids([str(n)])[0].page_content,
        lambda n: retriever.invoke(mail(n))[0].page_content == clean(0),
        remember,
        lambda n: serde.loads_typed(serde.dumps_typed({"note": mail(n)})) == {"note": clean(n)},
    ]


def test_sixty_four_threads_share_one_guard(jobs: list[Callable[[int], Any]]) -> None:
    pytest.importorskip("langgraph")
    with ThreadPoolExecutor(64) as threads:
        assert all(threads.map(lambda n: jobs[n % len(jobs)](n), range(64 * 5)))


async def test_sixty_four_tasks_share_one_guard(guard: Guard, talker: Any) -> None:
    model, enter = secure_model(talker(), guard), SecureInput(guard)
    transform = SecureDocumentTransformer(guard)
    history = SecureChatMessageHistory(InMemoryChatMessageHistory(), guard)

    async def work(number: int) -> bool:
        streamed = "".join([str(chunk.content) async for chunk in model.astream(mail(number))])
        documents = await transform.atransform_documents([Document(mail(number))])
        await history.aadd_messages([HumanMessage(mail(number))])
        entered = await enter.ainvoke(mail(number))
        return (streamed, documents, entered) == (CLEAN, [Document(clean(number))], clean(number))

    assert all(await asyncio.gather(*(work(number) for number in range(64))))
    messages = await history.aget_messages()
    assert sorted(str(message.content) for message in messages) == sorted(map(clean, range(64)))


async def test_each_of_many_is_judged_in_its_own_context(guard: Guard, planted: Any, talker: Any, store: Any) -> None:
    retriever = SecureRetriever(retriever=store.as_retriever(), policy=guard)
    model = secure_model(talker(), guard)
    chain = SecureInput(guard) | retriever | str | model

    async def work(number: int) -> None:
        await chain.ainvoke(f"I am maria{number}@example.com", {"configurable": {"tenant": f"t{number}"}})

    await asyncio.gather(*(work(number) for number in range(64)))
    told = [context.tenant for context in planted.contexts]
    assert None not in told
    assert {tenant: told.count(tenant) for tenant in set(told)}.keys() == {f"t{number}" for number in range(64)}
    assert len({told.count(tenant) for tenant in set(told)}) == 1
