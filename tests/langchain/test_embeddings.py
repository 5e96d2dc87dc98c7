"""SecureEmbeddings: texts are cleaned before they leave."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings
from langchain_core.vectorstores import InMemoryVectorStore

from langchain_secure import SecureEmbeddings
from secure_core import Blocked, Guard, Policy, Stage

from .conftest import EMAIL, ORDER, Planted, holds_planted


class Counting(Embeddings):
    """Embeds a text as its length, and remembers the texts."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.seen += texts
        return [[float(len(text))] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


Embed = Callable[[Embeddings, str], Any]
WAYS: dict[str, tuple[Stage, Embed]] = {
    "query": (Stage.INPUT, lambda model, text: model.embed_query(text)),
    "aquery": (Stage.INPUT, lambda model, text: asyncio.run(model.aembed_query(text))),
    "documents": (Stage.INGEST, lambda model, text: model.embed_documents(["plain", text])[1]),
    "adocuments": (Stage.INGEST, lambda model, text: asyncio.run(model.aembed_documents(["plain", text]))[1]),
}
ALL = pytest.mark.parametrize(("stage", "embed"), WAYS.values(), ids=WAYS.keys())


@ALL
def test_what_is_embedded_is_clean(guard: Guard, planted: Planted, stage: Stage, embed: Embed) -> None:
    inner = Counting()
    assert embed(SecureEmbeddings(embeddings=inner, policy=guard), f"Write to {EMAIL}.") == [float(len(inner.seen[-1]))]
    assert inner.seen[-1] == "Write to [EMAIL_ADDRESS]."
    assert {context.stage for context in planted.contexts} == {stage}


@ALL
def test_a_blocked_text_is_not_embedded_and_none_of_its_batch_is(planted: Planted, stage: Stage, embed: Embed) -> None:
    policy = Policy.model_validate({"detectors": [], "rules": [{"category": "injection.*", "action": "block"}]})
    inner = Counting()
    with pytest.raises(Blocked) as caught:
        embed(SecureEmbeddings(embeddings=inner, policy=Guard(policy, detectors=[planted])), ORDER)
    assert caught.value.decision.context.stage is stage
    assert inner.seen == []


def test_a_store_is_filled_and_asked_with_it(guard: Guard) -> None:
    inner = Counting()
    store = InMemoryVectorStore(SecureEmbeddings(embeddings=inner, policy=guard))
    store.add_texts([f"Write to {EMAIL}."])
    assert len(store.similarity_search(f"Who is {EMAIL}?")) == 1
    assert len(inner.seen) == 2
    assert not holds_planted(inner.seen)


def test_survives_pickle_and_deepcopy() -> None:
    secure = SecureEmbeddings(embeddings=DeterministicFakeEmbedding(size=3), policy="default")
    for twin in (pickle.loads(pickle.dumps(secure)), copy.deepcopy(secure)):
        assert twin.embed_query(f"I am {EMAIL}") == secure.embed_query(f"I am {EMAIL}")
