"""`SecureEmbeddings`: no vector is made of what should not be known, for a vector can be inverted."""

from __future__ import annotations

from langchain_core.embeddings import Embeddings

from secure_core import Stage

from ._content import aclean, clean
from ._context import context_for
from ._guarded import Guarded

__all__ = ["SecureEmbeddings"]


class SecureEmbeddings(Guarded, Embeddings):
    """Embeds what ``embeddings`` embeds, cleaned before it leaves.

    Queries are judged as `Stage.INPUT`, documents as `Stage.INGEST`.

    Only the vectors are made of clean texts; what a store keeps beside them is the store's: for that there are
    `SecureVectorStore` and `SecureDocumentTransformer`.

    >>> store = InMemoryVectorStore(SecureEmbeddings(embeddings=OpenAIEmbeddings()))  # doctest: +SKIP

    Raises:
        Blocked: a text was blocked; none of its batch is embedded, for each needs its vector.
    """

    embeddings: Embeddings

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a vector for each text."""
        return self.embeddings.embed_documents(clean(self._guard, list(texts), context_for(Stage.INGEST)))

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a vector for each text."""
        return await self.embeddings.aembed_documents(await aclean(self._guard, list(texts), context_for(Stage.INGEST)))

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a query."""
        return self.embeddings.embed_query(clean(self._guard, text, context_for(Stage.INPUT)))

    async def aembed_query(self, text: str) -> list[float]:
        """Return the vector of a query."""
        return await self.embeddings.aembed_query(await aclean(self._guard, text, context_for(Stage.INPUT)))
