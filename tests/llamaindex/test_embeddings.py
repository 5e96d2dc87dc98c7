from __future__ import annotations

from typing import Any

import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding
from pydantic import Field

from llamaindex_secure import SecureEmbedding
from secure_core import Blocked, Guard, Stage

from .conftest import EMAIL, ORDER, holds_planted, planted_node


class Counting(BaseEmbedding):
    """Embeds a text as its length, and remembers the texts."""

    seen: list[str] = Field(default_factory=list)

    def _get_text_embedding(self, text: str) -> list[float]:
        self.seen.append(text)
        return [float(len(text)), 1.0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("method", ["get_query_embedding", "get_text_embedding", "get_text_embedding_batch"])
async def test_what_is_embedded_is_clean(guard: Guard, method: str, asynchronous: bool) -> None:
    inner = Counting(model_name="counting", embed_batch_size=3)
    secured = SecureEmbedding(embed_model=inner, policy=guard)

    async def embed(text: str) -> Any:
        given: Any = [text, "plain"] if "batch" in method else text
        vector = getattr(secured, ("a" if asynchronous else "") + method)(given)
        return await vector if asynchronous else vector

    vector = await embed(f"Write to {EMAIL}.")
    assert inner.seen[0] == "Write to [EMAIL_ADDRESS]."
    assert (vector[0] if "batch" in method else vector) == [float(len(inner.seen[0])), 1.0]
    with pytest.raises(Blocked) as caught:
        await embed(ORDER)
    assert caught.value.decision.context.stage is (Stage.INPUT if "query" in method else Stage.INGEST)
    assert not holds_planted(inner.seen)
    assert (secured.model_name, secured.embed_batch_size) == ("counting", 3)


def test_an_index_is_built_and_asked_with_it(guard: Guard) -> None:
    inner = Counting()
    index = VectorStoreIndex([planted_node()], embed_model=SecureEmbedding(embed_model=inner, policy=guard))
    assert len(index.as_retriever().retrieve(f"Who is {EMAIL}?")) == 1
    assert len(inner.seen) == 2
    assert not holds_planted(inner.seen)


def test_the_policy_is_part_of_what_it_is(guard: Guard) -> None:
    saved = SecureEmbedding(embed_model=Counting(), policy=guard).to_dict()
    assert saved["class_name"] == "SecureEmbedding"
    assert saved["policy_digest"].startswith(guard.policy.digest)
