"""`SecureVectorStore`: what goes into a vector store and what comes out of it is clean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, NoReturn

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore

from secure_core import Blocked, Guard, Stage

from ._content import Verdict, aclean, ajudge, clean, cleaned, judge
from ._context import context_for
from ._guarded import PolicyLike, guard_of

__all__ = ["SecureVectorStore"]

Scored = list[tuple[Document, float]]


class SecureVectorStore(VectorStore):
    """A vector store around another one; wherever that one can stand, this one can.

    What is added is cleaned before it is embedded and stored (`Stage.INGEST`), text and metadata; queries are cleaned
    before they are embedded (`Stage.INPUT`); what is found is cleaned once more (`Stage.RETRIEVAL`), since the store
    may hold what others wrote. Documents with a blocked text are left out, with their ids: neither stored nor
    found. Filters, vectors and ids pass as they are. Methods that only the inner store has are not offered; they
    would lead around the guard.

    >>> store = SecureVectorStore(Chroma(embedding_function=OpenAIEmbeddings()), "default")  # doctest: +SKIP

    Args:
        vectorstore: where the documents are kept.
        policy: a shipped policy's name, a path, a `Policy` or a `Guard`.

    Raises:
        Blocked: a query was blocked.
        PolicyError: the policy is wrong.
    """

    def __init__(self, vectorstore: VectorStore, policy: PolicyLike = "default") -> None:
        self.vectorstore = vectorstore
        self._guard: Guard = guard_of(policy)

    @property
    def embeddings(self) -> Embeddings | None:
        """The inner store's."""
        return self.vectorstore.embeddings

    @classmethod
    def from_texts(cls, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: there is no inner store to put the texts into."""
        raise NotImplementedError(
            "make the inner store first, empty, then add to the secured one: "
            "store = SecureVectorStore(InMemoryVectorStore(embeddings)); store.add_documents(documents)"
        )

    # -- what goes in ------------------------------------------------------------------------------

    def add_documents(self, documents: list[Document], **kwargs: Any) -> list[str]:
        """Clean documents and store them; return the ids of those that were stored."""
        documents = clean(self._guard, _identified(documents, kwargs), context_for(Stage.INGEST))
        return self.vectorstore.add_documents(documents, **kwargs, **_ids(documents)) if documents else []

    async def aadd_documents(self, documents: list[Document], **kwargs: Any) -> list[str]:
        """Clean documents and store them; return the ids of those that were stored."""
        documents = await aclean(self._guard, _identified(documents, kwargs), context_for(Stage.INGEST))
        return await self.vectorstore.aadd_documents(documents, **kwargs, **_ids(documents)) if documents else []

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Clean texts and store them; return the ids of those that were stored."""
        return self.add_documents(_documents(texts, metadatas, ids), **kwargs)

    async def aadd_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Clean texts and store them; return the ids of those that were stored."""
        return await self.aadd_documents(_documents(texts, metadatas, ids), **kwargs)

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool | None:
        """Delete by ids, as the inner store does."""
        return self.vectorstore.delete(ids, **kwargs)

    async def adelete(self, ids: list[str] | None = None, **kwargs: Any) -> bool | None:
        """Delete by ids, as the inner store does."""
        return await self.vectorstore.adelete(ids, **kwargs)

    # -- what comes out ----------------------------------------------------------------------------

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return documents by their ids."""
        return self._found(self.vectorstore.get_by_ids(ids))

    async def aget_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return documents by their ids."""
        return await self._afound(await self.vectorstore.aget_by_ids(ids))

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """Return the documents nearest to a query."""
        return self._found(self.vectorstore.similarity_search(self._query(query), k, **kwargs))

    async def asimilarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """Return the documents nearest to a query."""
        return await self._afound(await self.vectorstore.asimilarity_search(await self._aquery(query), k, **kwargs))

    def similarity_search_by_vector(self, embedding: list[float], k: int = 4, **kwargs: Any) -> list[Document]:
        """Return the documents nearest to a vector."""
        return self._found(self.vectorstore.similarity_search_by_vector(embedding, k, **kwargs))

    async def asimilarity_search_by_vector(self, embedding: list[float], k: int = 4, **kwargs: Any) -> list[Document]:
        """Return the documents nearest to a vector."""
        return await self._afound(await self.vectorstore.asimilarity_search_by_vector(embedding, k, **kwargs))

    def similarity_search_with_score(self, query: str, *args: Any, **kwargs: Any) -> Scored:
        """Return the documents nearest to a query, with the inner store's scores."""
        return self._scored(self.vectorstore.similarity_search_with_score(self._query(query), *args, **kwargs))

    async def asimilarity_search_with_score(self, query: str, *args: Any, **kwargs: Any) -> Scored:
        """Return the documents nearest to a query, with the inner store's scores."""
        query = await self._aquery(query)
        return await self._ascored(await self.vectorstore.asimilarity_search_with_score(query, *args, **kwargs))

    # The public methods around these two print the documents into a warning: they get clean ones.

    def _similarity_search_with_relevance_scores(self, query: str, k: int = 4, **kwargs: Any) -> Scored:
        search = self.vectorstore._similarity_search_with_relevance_scores
        return self._scored(search(self._query(query), k, **kwargs))

    async def _asimilarity_search_with_relevance_scores(self, query: str, k: int = 4, **kwargs: Any) -> Scored:
        search = self.vectorstore._asimilarity_search_with_relevance_scores
        return await self._ascored(await search(await self._aquery(query), k, **kwargs))

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        return self.vectorstore._select_relevance_score_fn()

    def max_marginal_relevance_search(self, query: str, *args: Any, **kwargs: Any) -> list[Document]:
        """Return documents near to a query and unlike each other."""
        return self._found(self.vectorstore.max_marginal_relevance_search(self._query(query), *args, **kwargs))

    async def amax_marginal_relevance_search(self, query: str, *args: Any, **kwargs: Any) -> list[Document]:
        """Return documents near to a query and unlike each other."""
        query = await self._aquery(query)
        return await self._afound(await self.vectorstore.amax_marginal_relevance_search(query, *args, **kwargs))

    def max_marginal_relevance_search_by_vector(self, *args: Any, **kwargs: Any) -> list[Document]:
        """Return documents near to a vector and unlike each other."""
        return self._found(self.vectorstore.max_marginal_relevance_search_by_vector(*args, **kwargs))

    async def amax_marginal_relevance_search_by_vector(self, *args: Any, **kwargs: Any) -> list[Document]:
        """Return documents near to a vector and unlike each other."""
        return await self._afound(await self.vectorstore.amax_marginal_relevance_search_by_vector(*args, **kwargs))

    # -- judging -----------------------------------------------------------------------------------

    def _query(self, query: str) -> str:
        return clean(self._guard, query, context_for(Stage.INPUT))

    async def _aquery(self, query: str) -> str:
        return await aclean(self._guard, query, context_for(Stage.INPUT))

    def _found(self, documents: Sequence[Document]) -> list[Document]:
        return clean(self._guard, list(documents), context_for(Stage.RETRIEVAL))

    async def _afound(self, documents: Sequence[Document]) -> list[Document]:
        return await aclean(self._guard, list(documents), context_for(Stage.RETRIEVAL))

    def _scored(self, found: Scored) -> Scored:
        return list(_kept(found, judge(self._guard, _unscored(found), context_for(Stage.RETRIEVAL))))

    async def _ascored(self, found: Scored) -> Scored:
        return list(_kept(found, await ajudge(self._guard, _unscored(found), context_for(Stage.RETRIEVAL))))


def _identified(documents: Sequence[Document], kwargs: dict[str, Any]) -> list[Document]:
    """Return documents that carry the ids which the caller gave beside them, and take these out of ``kwargs``.

    A document that is left out then takes its id with it.
    """
    ids = kwargs.pop("ids", None)
    if ids is None:
        return list(documents)
    pairs = zip(documents, ids, strict=True)
    return [document.model_copy(update={"id": document.id if id is None else id}) for document, id in pairs]


def _ids(documents: Sequence[Document]) -> dict[str, list[str | None]]:
    """Return the ids as a keyword argument, as `VectorStore.add_documents` does: all of them, or none."""
    ids = [document.id for document in documents]
    return {"ids": ids} if any(ids) else {}


def _documents(
    texts: Iterable[str], metadatas: Sequence[dict[str, Any]] | None, ids: Sequence[str] | None
) -> list[Document]:
    texts = list(texts)
    for name, given in (("metadatas", metadatas), ("ids", ids)):
        if given and len(given) != len(texts):
            raise ValueError(f"{len(texts)} texts came with {len(given)} {name}; pass one for each")
    rows = zip(texts, metadatas or repeat({}), ids or repeat(None), strict=False)
    return [Document(page_content=text, metadata=metadata or {}, id=id) for text, metadata, id in rows]


def _unscored(found: Scored) -> list[Document]:
    return [document for document, _ in found]


def _kept(found: Scored, verdict: Verdict) -> Iterator[tuple[Document, float]]:
    context = context_for(Stage.RETRIEVAL)
    for document, score in found:
        try:
            yield cleaned(document, context, verdict), score
        except Blocked:
            continue
