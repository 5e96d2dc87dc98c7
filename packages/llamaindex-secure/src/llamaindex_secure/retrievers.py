"""A retriever around another one: what it brings is clean before anybody sees it."""

from __future__ import annotations

from pathlib import Path

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.prompts.mixin import PromptDictType, PromptMixinType
from llama_index.core.schema import NodeWithScore, QueryBundle, QueryType

from secure_core import Context, Guard, Policy, Stage

from ._content import aclean, clean
from ._failures import clean_errors
from ._restoring import aasked, asked

__all__ = ["SecureRetriever"]

_QUESTION = Context(Stage.INPUT)
_MATERIAL = Context(Stage.RETRIEVAL)


class SecureRetriever(BaseRetriever):
    """Brings what ``retriever`` brings, sanitised as by a `SecureNodePostprocessor`; the question is sanitised too.

    The events that LlamaIndex emits about the retrieval hold the sanitised question and nodes. With a guard that is
    bound to a vault the inner retriever, whose index knows no stand-ins, is asked with the values that the policy
    restores at stage ``retrieval``. A model that it asks in turn (for an embedding, for more questions) should then be
    a `SecureEmbedding` or a `SecureLLM`.

    >>> retriever = SecureRetriever(index.as_retriever(), policy="default")

    Args:
        retriever: Any retriever.
        policy: A shipped policy's name, a path to TOML, a `Policy` or a `Guard`.

    Raises:
        PolicyError: The policy cannot be turned into a guard.
        Blocked: From `retrieve` and `aretrieve`, if the question is blocked.
        RuntimeError: In the place of the inner retriever's own error, if that quotes what is not clean.
    """

    def __init__(self, retriever: BaseRetriever, policy: str | Path | Policy | Guard = "default") -> None:
        retriever._check_callback_manager()
        super().__init__(callback_manager=retriever.callback_manager)
        self._retriever = retriever
        self._guard = Guard.from_policy(policy)

    def _get_prompts(self) -> PromptDictType:
        return self._retriever._get_prompts()

    def _get_prompt_modules(self) -> PromptMixinType:
        return self._retriever._get_prompt_modules()

    def _update_prompts(self, prompts: PromptDictType) -> None:
        self._retriever._update_prompts(prompts)

    def retrieve(self, str_or_query_bundle: QueryType) -> list[NodeWithScore]:
        """Return sanitised copies of the nodes for a question, the blocked ones left out."""
        return super().retrieve(clean(self._guard, str_or_query_bundle, _QUESTION))

    async def aretrieve(self, str_or_query_bundle: QueryType) -> list[NodeWithScore]:
        """Async twin of `retrieve`."""
        return await super().aretrieve(await aclean(self._guard, str_or_query_bundle, _QUESTION))

    # The inner retriever's public methods would show the nodes as they are to event handlers.

    @clean_errors(_MATERIAL)
    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        nodes = self._retriever._retrieve(asked(self._guard, query_bundle))
        return clean(self._guard, self._retriever._handle_recursive_retrieval(query_bundle, nodes), _MATERIAL)

    @clean_errors(_MATERIAL)
    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        nodes = await self._retriever._aretrieve(await aasked(self._guard, query_bundle))
        nodes = await self._retriever._ahandle_recursive_retrieval(query_bundle, nodes)
        return await aclean(self._guard, nodes, _MATERIAL)

    # References were followed above; followed again they would bring what was not judged.

    def _handle_recursive_retrieval(self, query_bundle: QueryBundle, nodes: list[NodeWithScore]) -> list[NodeWithScore]:
        return nodes

    async def _ahandle_recursive_retrieval(
        self, query_bundle: QueryBundle, nodes: list[NodeWithScore]
    ) -> list[NodeWithScore]:
        return nodes
