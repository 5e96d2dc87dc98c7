"""SecureVectorStore: clean on the way in, clean on the way out, whatever the method."""

from __future__ import annotations

import asyncio
import copy
import inspect
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.indexing import InMemoryRecordManager, index
from langchain_core.runnables import RunnableLambda
from langchain_core.vectorstores import InMemoryVectorStore, VectorStore

from langchain_secure import SecureVectorStore
from secure_core import Blocked, Guard, Policy, PolicyError, Stage

from .conftest import DOCUMENTS, EMAIL, KEY, MASK, ORDER, Planted, holds_planted
from .test_embeddings import Counting

STRICT = Policy.model_validate({"detectors": [], "rules": [{"category": "injection.*", "action": "block"}]})


@pytest.fixture
def inner() -> InMemoryVectorStore:
    return InMemoryVectorStore(DeterministicFakeEmbedding(size=8))


@pytest.fixture
def secure(inner: InMemoryVectorStore, guard: Guard) -> SecureVectorStore:
    return SecureVectorStore(inner, guard)


@pytest.fixture
def full(inner: InMemoryVectorStore, secure: SecureVectorStore) -> SecureVectorStore:
    """A store that others have written to."""
    inner.add_documents([document.model_copy(deep=True) for document in DOCUMENTS], ids=["a", "b", "c"])
    return secure


def run(outcome: Any) -> Any:
    return asyncio.run(outcome) if inspect.iscoroutine(outcome) else outcome


Add = Callable[[VectorStore], Any]
ADDING: dict[str, Add] = {
    "add_documents": lambda store: store.add_documents([Document(EMAIL, metadata={"by": EMAIL})]),
    "aadd_documents": lambda store: store.aadd_documents([Document(EMAIL, metadata={"by": EMAIL})]),
    "add_texts": lambda store: store.add_texts(iter([EMAIL]), [{"by": EMAIL}]),
    "aadd_texts": lambda store: store.aadd_texts(iter([EMAIL]), [{"by": EMAIL}]),
}


@pytest.mark.parametrize("add", ADDING.values(), ids=ADDING.keys())
def test_what_is_stored_and_embedded_is_clean(guard: Guard, planted: Planted, add: Add) -> None:
    embeddings = Counting()
    inner = InMemoryVectorStore(embeddings)
    (id_,) = run(add(SecureVectorStore(inner, guard)))
    assert inner.get_by_ids([id_]) == [Document(MASK, id=id_, metadata={"by": MASK})]
    assert embeddings.seen == [MASK]
    assert {context.stage for context in planted.contexts} == {Stage.INGEST}


Find = Callable[[VectorStore, str], Any]
QUERYING: dict[str, Find] = {
    "similarity_search": lambda store, query: store.similarity_search(query, k=3),
    "similarity_search_with_score": lambda store, query: store.similarity_search_with_score(query, k=3),
    "relevance": lambda store, query: store.similarity_search_with_relevance_scores(query, k=3),
    "mmr": lambda store, query: store.max_marginal_relevance_search(query, k=3),
    "search": lambda store, query: store.search(query, "mmr", k=3),
    "retriever": lambda store, query: store.as_retriever(search_kwargs={"k": 3}).invoke(query),
    "asimilarity_search": lambda store, query: store.asimilarity_search(query, k=3),
    "asimilarity_search_with_score": lambda store, query: store.asimilarity_search_with_score(query, k=3),
    "arelevance": lambda store, query: store.asimilarity_search_with_relevance_scores(query, k=3),
    "ammr": lambda store, query: store.amax_marginal_relevance_search(query, k=3),
    "asearch": lambda store, query: store.asearch(query, "similarity", k=3),
    "aretriever": lambda store, query: store.as_retriever(search_type="mmr").ainvoke(query),
}
VECTOR = DeterministicFakeEmbedding(size=8).embed_query("who?")
FINDING: dict[str, Find] = {
    **QUERYING,
    "by_vector": lambda store, query: store.similarity_search_by_vector(VECTOR, k=3),
    "aby_vector": lambda store, query: store.asimilarity_search_by_vector(VECTOR, k=3),
    "mmr_by_vector": lambda store, query: store.max_marginal_relevance_search_by_vector(VECTOR, k=3),
    "ammr_by_vector": lambda store, query: store.amax_marginal_relevance_search_by_vector(VECTOR, k=3),
    "get_by_ids": lambda store, query: store.get_by_ids(["a", "b", "c"]),
    "aget_by_ids": lambda store, query: store.aget_by_ids(["a", "b", "c"]),
}


class Scoring(InMemoryVectorStore):
    """One that has relevance scores, and outside of 0..1: LangChain then warns, and quotes the documents."""

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        return lambda score: score + 2


@pytest.mark.parametrize("find", FINDING.values(), ids=FINDING.keys())
def test_what_is_found_is_clean_and_the_store_keeps_its_own(guard: Guard, find: Find) -> None:
    inner = Scoring(DeterministicFakeEmbedding(size=8))
    inner.add_documents([document.model_copy(deep=True) for document in DOCUMENTS], ids=["a", "b", "c"])
    before = copy.deepcopy(inner.store)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        found = run(find(SecureVectorStore(inner, guard), "who?"))
    assert len(found) == 2  # the third is blocked
    assert MASK in str(found)
    assert not holds_planted(found)
    assert ORDER not in str(found)
    assert not holds_planted([str(warning.message) for warning in warned])
    assert inner.store == before


@pytest.mark.parametrize("find", QUERYING.values(), ids=QUERYING.keys())
def test_queries_are_clean_before_they_are_embedded_and_attacks_are_not_asked(guard: Guard, find: Find) -> None:
    embeddings = Counting()
    store = SecureVectorStore(Scoring(embeddings), guard)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run(find(store, f"Who is {EMAIL}?"))
    assert embeddings.seen == [f"Who is {MASK}?"]
    with pytest.raises(Blocked, match="stage input"):
        run(find(store, ORDER))


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_blocked_document_is_left_out_with_its_id(
    inner: InMemoryVectorStore, planted: Planted, asynchronous: bool
) -> None:
    store = SecureVectorStore(inner, Guard(STRICT, detectors=[planted]))
    given = [Document("one", id="x"), Document(ORDER, id="y"), Document("three", id="z")]
    added = run((store.aadd_documents if asynchronous else store.add_documents)(given, ids=["1", "2", "3"]))
    assert added == ["1", "3"]
    assert sorted(inner.store) == ["1", "3"]
    assert run((store.aadd_texts if asynchronous else store.add_texts)([ORDER], ids=["4"])) == []
    assert sorted(inner.store) == ["1", "3"]
    assert given[0].id == "x"


def test_a_score_stays_with_its_document(full: SecureVectorStore, inner: InMemoryVectorStore) -> None:
    scores = {document.id: score for document, score in inner.similarity_search_with_score("who?", k=3)}
    found = full.similarity_search_with_score("who?", k=3)
    assert {document.id for document, _ in found} == {"a", "b"}
    assert all(score == scores[document.id] for document, score in found)


def test_every_public_method_is_ours_or_made_of_ours() -> None:
    """`VectorStore` defines all its methods, so that none is delegated by not being there."""
    made_of_ours = {
        *("search", "asearch", "as_retriever", "from_documents", "afrom_documents", "afrom_texts"),
        *("similarity_search_with_relevance_scores", "asimilarity_search_with_relevance_scores"),
    }
    public = {name for name in vars(VectorStore) if not name.startswith("_") and name != "abstractmethod"}
    assert public - set(vars(SecureVectorStore)) == made_of_ours


def test_deleting_and_asking_for_embeddings_are_the_inner_stores(full: SecureVectorStore, inner: Any) -> None:
    full.delete(["a"])
    asyncio.run(full.adelete(["b"]))
    assert list(inner.store) == ["c"]
    assert full.embeddings is inner.embeddings


def test_what_only_the_inner_store_has_is_not_offered(secure: SecureVectorStore, inner: InMemoryVectorStore) -> None:
    assert hasattr(inner, "dump")
    assert not hasattr(secure, "dump")


def test_lengths_that_differ_are_refused(secure: SecureVectorStore) -> None:
    with pytest.raises(ValueError, match="2 texts came with 1 ids"):
        secure.add_texts(["a", "b"], ids=["1"])
    with pytest.raises(ValueError, match="1 texts came with 2 metadatas"):
        secure.add_texts(["a"], [{}, {}])
    with pytest.raises(ValueError, match="shorter"):
        secure.add_documents([Document("a"), Document("b")], ids=["1"])


def test_it_cannot_be_made_out_of_nothing(guard: Guard) -> None:
    with pytest.raises(NotImplementedError, match="make the inner store first"):
        SecureVectorStore.from_documents([Document("a")], DeterministicFakeEmbedding(size=3))
    with pytest.raises(PolicyError):
        SecureVectorStore(InMemoryVectorStore(Counting()), "no-such-policy")


def test_an_index_is_kept_in_step_with_it(secure: SecureVectorStore, inner: InMemoryVectorStore) -> None:
    records = InMemoryRecordManager("here")
    records.create_schema()
    documents = [Document(f"Ask {EMAIL}", metadata={"source": "a"}), Document("Fine.", metadata={"source": "b"})]
    for added in (2, 0):
        assert index(documents, records, secure, key_encoder="sha256")["num_added"] == added
    assert not holds_planted(inner.store)


def test_inside_a_run_the_context_is_the_runs(full: SecureVectorStore, planted: Planted) -> None:
    (RunnableLambda(str) | full.as_retriever()).invoke("who?", {"configurable": {"tenant": "acme"}})
    assert {context.tenant for context in planted.contexts} == {"acme"}


def test_survives_pickle_and_deepcopy() -> None:
    secure = SecureVectorStore(InMemoryVectorStore(DeterministicFakeEmbedding(size=3)), "default")
    secure.vectorstore.add_texts([f"Key: {KEY}"])
    for twin in (pickle.loads(pickle.dumps(secure)), copy.deepcopy(secure)):
        assert not holds_planted(twin.similarity_search("key"))
