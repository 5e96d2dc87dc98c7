"""`SecureDocumentCompressor`: the last step between a retriever and whoever reads its documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, Document

from secure_core import Stage

from ._content import aclean, clean
from ._context import context_for
from ._guarded import Guarded, PolicyLike

__all__ = ["SecureDocumentCompressor"]


class SecureDocumentCompressor(Guarded, BaseDocumentCompressor):
    """Cleans the text and the metadata of retrieved documents (`Stage.RETRIEVAL`); blocked ones are left out.

    For a ``ContextualCompressionRetriever`` or a pipeline of compressors, as the last of them: others ask a model,
    or bring texts of their own. The documents are copies. The retriever before it has told its callbacks the raw
    ones; where that matters, put a `SecureRetriever` around it.

    >>> ContextualCompressionRetriever(  # doctest: +SKIP
    ...     base_retriever=retriever, base_compressor=SecureDocumentCompressor("default")
    ... )
    """

    def __init__(self, policy: PolicyLike = "default", **kwargs: Any) -> None:
        super().__init__(policy=policy, **kwargs)

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        """Return the documents, cleaned."""
        return clean(self._guard, list(documents), context_for(Stage.RETRIEVAL))

    async def acompress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        """Return the documents, cleaned."""
        return await aclean(self._guard, list(documents), context_for(Stage.RETRIEVAL))
