"""LangChain's own conformance suites, run on our wrappers."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import InMemoryVectorStore, VectorStore

from langchain_secure import SecureEmbeddings, SecureRetriever, SecureVectorStore

pytest.importorskip("langchain_tests")

from langchain_tests.integration_tests import EmbeddingsIntegrationTests, RetrieversIntegrationTests
from langchain_tests.integration_tests.vectorstores import VectorStoreIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests


class TestEmbeddingsUnit(EmbeddingsUnitTests):
    @property
    def embeddings_class(self) -> type[SecureEmbeddings]:
        return SecureEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"embeddings": DeterministicFakeEmbedding(size=6), "policy": "default"}


class TestEmbeddings(EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self) -> type[SecureEmbeddings]:
        return SecureEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"embeddings": DeterministicFakeEmbedding(size=6), "policy": "default"}


class Numbers(BaseRetriever):
    """Brings as many documents as it is asked for."""

    k: int = 3

    def _get_relevant_documents(self, query: str, *, run_manager: Any, k: int | None = None) -> list[Document]:
        return [Document(f"{query}: {number}") for number in range(k or self.k)]


class SecureNumbers(SecureRetriever):
    """The suite asks a constructor for `k`."""

    def __init__(self, k: int = 3, **kwargs: Any) -> None:
        super().__init__(**{"retriever": Numbers(k=k), **kwargs})


class TestRetriever(RetrieversIntegrationTests):
    @property
    def retriever_constructor(self) -> type[SecureNumbers]:
        return SecureNumbers

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"policy": "default"}

    @property
    def retriever_query_example(self) -> str:
        return "a number"


class TestVectorStore(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self) -> VectorStore:
        return SecureVectorStore(InMemoryVectorStore(self.get_embeddings()), "default")
