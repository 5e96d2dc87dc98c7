"""`SecureRetriever`: what a retriever brings, cleaned before anybody sees it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document
from langchain_core.exceptions import LangChainException
from langchain_core.retrievers import BaseRetriever, LangSmithRetrieverParams
from langchain_core.runnables import Runnable, RunnableConfig
from pydantic import PrivateAttr, model_validator

from secure_core import Context, Stage

from ._content import aclean, clean
from ._context import context_for
from ._failures import safe_error
from ._guarded import Guarded
from ._run_span import run_around, under_run
from .attempts import BlockIsFinal
from .runnables import SecureInput, SecureOutput

__all__ = ["SecureRetriever"]


class SecureRetriever(BlockIsFinal, Guarded, BaseRetriever):
    """A retriever whose documents are clean: their text and every value of their metadata (`Stage.RETRIEVAL`).

    Blocked documents are left out, the others are copies, so that what the store holds stays as it is. The query is
    cleaned too (`Stage.INPUT`), before callbacks, tracers and the embedding provider see it. The inner retriever
    runs without callbacks, or tracers would record the raw documents.

    Raises:
        Blocked: the query was blocked.
        LangChainException: in place of an error of the inner retriever whose message had to be cleaned.
    """

    retriever: BaseRetriever
    _caller: Context | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _labels_of_inner(cls, values: Any) -> Any:
        inner = values.get("retriever")
        return (
            {"tags": inner.tags, "metadata": inner.metadata, **values} if isinstance(inner, BaseRetriever) else values
        )

    def invoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:
        """Return the documents for a query."""
        called = self._called(config)
        with under_run(run_around(config)):
            query = clean(self._guard, input, called._context(Stage.INPUT))
        return super(SecureRetriever, called).invoke(query, config, **kwargs)

    async def ainvoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:
        """Return the documents for a query."""
        called = self._called(config)
        with under_run(run_around(config)):
            query = await aclean(self._guard, input, called._context(Stage.INPUT))
        return await super(SecureRetriever, called).ainvoke(query, config, **kwargs)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **kwargs: Any
    ) -> list[Document]:
        silent = CallbackManagerForRetrieverRun.get_noop_manager()
        try:
            found = self.retriever._get_relevant_documents(query, **self._understood(silent, kwargs))
            with under_run(run_manager.run_id):
                return clean(self._guard, list(found), self._context(Stage.RETRIEVAL))
        except Exception as error:
            failure = self._failure(error)
        raise failure

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, **kwargs: Any
    ) -> list[Document]:
        silent = AsyncCallbackManagerForRetrieverRun.get_noop_manager()
        try:
            found = await self.retriever._aget_relevant_documents(query, **self._understood(silent, kwargs))
            with under_run(run_manager.run_id):
                return await aclean(self._guard, list(found), self._context(Stage.RETRIEVAL))
        except Exception as error:
            failure = self._failure(error)
        raise failure

    def _failure(self, error: Exception) -> Exception:
        return safe_error(self._guard, error, self._context(Stage.RETRIEVAL), otherwise=LangChainException)

    def _called(self, config: RunnableConfig | None) -> SecureRetriever:
        """Return this retriever as it is called once, by somebody; LangChain does not tell its inside by whom."""
        called = self.model_copy()
        called._caller = context_for(Stage.INPUT, config, source=self._source)
        return called

    def _context(self, stage: Stage) -> Context:
        return replace(self._caller or context_for(stage, source=self._source), stage=stage)

    def _as_secure(self, fallback: Runnable[Any, Any]) -> Runnable[Any, Any]:
        if isinstance(fallback, BaseRetriever):
            return SecureRetriever(retriever=fallback, policy=self._guard)
        return SecureInput(self._guard) | fallback | SecureOutput(self._guard, restore=False)

    @property
    def _source(self) -> str:
        return self.name or self.retriever.get_name()

    def _understood(self, run_manager: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the keyword arguments that the inner retriever takes, as `BaseRetriever.invoke` would pass them."""
        passed = dict(kwargs) if self.retriever._expects_other_args else {}
        return {**passed, "run_manager": run_manager} if self.retriever._new_arg_supported else passed

    def _get_ls_params(self, **kwargs: Any) -> LangSmithRetrieverParams:
        return self.retriever._get_ls_params(**kwargs)
