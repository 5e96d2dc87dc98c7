"""SecureRetriever: documents come out clean, the store stays as it is."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.vectorstores import InMemoryVectorStore
from pydantic import Field

from langchain_secure import SecureRetriever
from secure_core import Blocked, Context, Guard, Stage

from .conftest import EMAIL, KEY, ORDER


@pytest.fixture
def retriever(store: InMemoryVectorStore, guard: Guard) -> SecureRetriever:
    return SecureRetriever(retriever=store.as_retriever(search_kwargs={"k": 3}), policy=guard)


def call(retriever: BaseRetriever, way: str, query: str, config: Any = None, **kwargs: Any) -> list[Document]:
    if way == "invoke":
        return retriever.invoke(query, config, **kwargs)
    if way == "batch":
        return retriever.batch([query], config, **kwargs)[0]
    return asyncio.run(retriever.ainvoke(query, config, **kwargs))


WAYS = pytest.mark.parametrize("way", ["invoke", "batch", "ainvoke"])


@WAYS
def test_text_and_metadata_are_clean_and_blocked_documents_are_gone(retriever: SecureRetriever, way: str) -> None:
    found = {document.page_content: document.metadata for document in call(retriever, way, "who?")}
    assert found == {
        "Invoices are paid within thirty days.": {"source": "terms.md"},
        "Ask [EMAIL_ADDRESS].\nKey: [AWS_ACCESS_KEY]": {
            "author": "[EMAIL_ADDRESS]",
            "page": 3,
            "more": {"cc": ["[EMAIL_ADDRESS]", None]},
        },
    }


@WAYS
def test_the_store_keeps_its_originals(retriever: SecureRetriever, store: InMemoryVectorStore, way: str) -> None:
    before = copy.deepcopy(store.store)
    call(retriever, way, "who?")
    assert store.store == before


@WAYS
def test_no_callback_sees_a_raw_document_or_a_raw_query(retriever: SecureRetriever, recorder: Any, way: str) -> None:
    call(retriever, way, f"what does {EMAIL} want?", {"callbacks": [recorder]})
    assert set(recorder.seen) == {"on_retriever_start", "on_retriever_end"}
    assert EMAIL not in str(recorder.seen)
    assert KEY not in str(recorder.seen)


@WAYS
def test_a_query_that_attacks_blocks_before_anything_is_searched(guard: Guard, way: str) -> None:
    inner = Shelf(documents=[])
    with pytest.raises(Blocked):
        call(SecureRetriever(retriever=inner, policy=guard), way, ORDER)
    assert inner.asked == []


@WAYS
def test_keyword_arguments_reach_the_inner_retriever(retriever: SecureRetriever, way: str) -> None:
    assert len(call(retriever, way, "who?", k=1)) <= 1


@WAYS
def test_a_retriever_of_the_simplest_kind_works(guard: Guard, way: str) -> None:
    inner = Shelf(documents=[Document(EMAIL)], tags=["shelf"])
    secure = SecureRetriever(retriever=inner, policy=guard)
    assert call(secure, way, f"for {EMAIL}", k=3) == [Document("[EMAIL_ADDRESS]")]
    assert inner.asked == ["for [EMAIL_ADDRESS]"]
    assert inner.documents == [Document(EMAIL)]
    assert secure.tags == ["shelf"]


def test_all_documents_are_one_batch_with_their_source(retriever: SecureRetriever, planted: Any) -> None:
    retriever.invoke("who?", {"metadata": {"tenant": "t"}})
    assert planted.batches[:2] == [1, 6]  # the query; every text of three documents (then what was rewritten)
    assert Context(Stage.RETRIEVAL, tenant="t", source="VectorStoreRetriever") in planted.contexts


def test_survives_pickle() -> None:
    secure = SecureRetriever(retriever=Shelf(documents=[Document(f"Mail {EMAIL}")]), policy="default")
    assert EMAIL not in str(pickle.loads(pickle.dumps(secure)).invoke("who?"))


class Shelf(BaseRetriever):
    documents: list[Document]
    asked: list[str] = Field(default_factory=list)

    def _get_relevant_documents(self, query: str) -> list[Document]:  # type: ignore[override]
        self.asked.append(query)
        return self.documents


def test_runs_under_a_chain(retriever: SecureRetriever, run: Callable[..., Any]) -> None:
    chain = retriever | RunnableLambda(str)
    assert EMAIL not in run(chain, "who?")
