"""An embedding model around another one: no vector is made of what should not be known, for it can be inverted."""

from __future__ import annotations

from typing import Any

from llama_index.core.base.embeddings.base import BaseEmbedding, Embedding
from llama_index.core.bridge.pydantic import Field, model_validator

from secure_core import Context, Stage

from ._component import SecureComponent
from ._content import aclean, clean

__all__ = ["SecureEmbedding"]

_QUESTION = Context(Stage.INPUT)
_DOCUMENT = Context(Stage.INGEST)


class SecureEmbedding(SecureComponent, BaseEmbedding):
    """Embeds what ``embed_model`` embeds, sanitised: questions at stage ``input``, documents at ``ingest``.

    A node is embedded as one text, its metadata before its body; the node itself stays as it is: put a
    `SecureTransform` before the embedding model to clean what is stored.

    >>> index = VectorStoreIndex.from_documents(documents, embed_model=SecureEmbedding(embed_model=OpenAIEmbedding()))

    Raises:
        Blocked: From every method that embeds, if a text is blocked.
    """

    embed_model: BaseEmbedding = Field(description="The model that embeds.", exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _settings_of_inner(cls, values: Any) -> Any:
        inner = values.get("embed_model")
        names = ("callback_manager", "embed_batch_size", "model_name", "num_workers")
        return {**{n: getattr(inner, n) for n in names}, **values} if isinstance(inner, BaseEmbedding) else values

    @classmethod
    def class_name(cls) -> str:
        """Return the name under which it is serialised."""
        return "SecureEmbedding"

    # -- asking: texts are cleaned before LlamaIndex's own events see them -------------------------

    def get_query_embedding(self, query: str) -> Embedding:
        """Embed a question."""
        return super().get_query_embedding(clean(self._guard, query, _QUESTION))

    async def aget_query_embedding(self, query: str) -> Embedding:
        """Async twin of `get_query_embedding`."""
        return await super().aget_query_embedding(await aclean(self._guard, query, _QUESTION))

    def get_text_embedding(self, text: str) -> Embedding:
        """Embed a text."""
        return super().get_text_embedding(clean(self._guard, text, _DOCUMENT))

    async def aget_text_embedding(self, text: str) -> Embedding:
        """Async twin of `get_text_embedding`."""
        return await super().aget_text_embedding(await aclean(self._guard, text, _DOCUMENT))

    def get_text_embedding_batch(self, texts: list[str], show_progress: bool = False, **kwargs: Any) -> list[Embedding]:
        """Embed many texts, judged in one batch."""
        texts = clean(self._guard, list(texts), _DOCUMENT)
        return super().get_text_embedding_batch(texts, show_progress, **kwargs)

    async def aget_text_embedding_batch(
        self, texts: list[str], show_progress: bool = False, **kwargs: Any
    ) -> list[Embedding]:
        """Async twin of `get_text_embedding_batch`."""
        texts = await aclean(self._guard, list(texts), _DOCUMENT)
        return await super().aget_text_embedding_batch(texts, show_progress, **kwargs)

    # -- embedding: the inner model's public methods, for its cache and its rate limit -------------

    def _get_query_embedding(self, query: str) -> Embedding:
        return self.embed_model.get_query_embedding(query)

    async def _aget_query_embedding(self, query: str) -> Embedding:
        return await self.embed_model.aget_query_embedding(query)

    def _get_text_embedding(self, text: str) -> Embedding:
        return self.embed_model.get_text_embedding(text)

    async def _aget_text_embedding(self, text: str) -> Embedding:
        return await self.embed_model.aget_text_embedding(text)

    def _get_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        return self.embed_model.get_text_embedding_batch(texts)

    async def _aget_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        return await self.embed_model.aget_text_embedding_batch(texts)
