"""`SecureDocumentTransformer`: what goes into an index goes in clean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.documents import BaseDocumentTransformer, Document

from secure_core import Stage

from ._content import aclean, clean
from ._context import context_for
from ._guarded import Guarded, PolicyLike

__all__ = ["SecureDocumentTransformer"]


class SecureDocumentTransformer(Guarded, BaseDocumentTransformer):
    """Cleans the text and the metadata of documents (`Stage.INGEST`); those with a blocked text are left out.

    The documents are copies with the same ids. Put it behind the splitter, so that a chunk is judged as it will be
    read, and before the store, which makes its vectors of the text.

    >>> chunks = SecureDocumentTransformer("default").transform_documents(  # doctest: +SKIP
    ...     splitter.split_documents(loader.load())
    ... )
    """

    def __init__(self, policy: PolicyLike = "default", **kwargs: Any) -> None:
        super().__init__(policy=policy, **kwargs)

    def transform_documents(self, documents: Sequence[Document], **kwargs: Any) -> Sequence[Document]:
        """Return the documents, cleaned."""
        return clean(self._guard, list(documents), context_for(Stage.INGEST))

    async def atransform_documents(self, documents: Sequence[Document], **kwargs: Any) -> Sequence[Document]:
        """Return the documents, cleaned."""
        return await aclean(self._guard, list(documents), context_for(Stage.INGEST))
