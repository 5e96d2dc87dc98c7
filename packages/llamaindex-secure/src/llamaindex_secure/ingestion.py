"""A step of an ingestion pipeline: what goes into an index goes in clean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llama_index.core.schema import BaseNode, TransformComponent

from secure_core import Context, Stage

from ._component import SecureComponent
from ._content import aclean, clean

__all__ = ["SecureTransform"]

_DOCUMENT = Context(Stage.INGEST)


class SecureTransform(SecureComponent, TransformComponent):
    """Sanitises nodes or documents, text and metadata, at stage ``ingest``; those with a blocked text are left out.

    The policy's digest is part of what an `IngestionCache` keys by, so that another policy never gets this one's
    output. Put it behind the splitter and before the embedding model: the vector of a changed text is dropped.

    >>> IngestionPipeline(transformations=[SentenceSplitter(), SecureTransform(policy="default"), embed_model])
    """

    @classmethod
    def class_name(cls) -> str:
        """Return the name under which it is serialised."""
        return "SecureTransform"

    def __call__(self, nodes: Sequence[BaseNode], **kwargs: Any) -> Sequence[BaseNode]:
        """Return sanitised copies of the nodes."""
        return clean(self._guard, list(nodes), _DOCUMENT)

    async def acall(self, nodes: Sequence[BaseNode], **kwargs: Any) -> Sequence[BaseNode]:
        """Async twin of calling it."""
        return await aclean(self._guard, list(nodes), _DOCUMENT)
