"""A query engine around another one: the question is judged on its way in, the answer on its way out."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import (
    RESPONSE_TYPE,
    AsyncStreamingResponse,
    PydanticResponse,
    Response,
    StreamingResponse,
)
from llama_index.core.prompts.mixin import PromptDictType, PromptMixinType
from llama_index.core.schema import NodeWithScore, QueryBundle, QueryType

from secure_core import Context, Guard, Policy, Stage
from secure_core.errors import InputError

from ._content import aclean, clean
from ._failures import clean_errors
from ._restoring import arestored, arestored_words, restored, restored_words
from ._stream import asanitized, sanitized

__all__ = ["SecureQueryEngine"]

_QUESTION = Context(Stage.INPUT)
_MATERIAL = Context(Stage.RETRIEVAL)
_ANSWER = Context(Stage.OUTPUT)


class SecureQueryEngine(BaseQueryEngine):
    """Answers as ``engine`` does, with question, answer and source nodes sanitised.

    The question is judged at stage ``input``, the answer at ``output`` (streams stay streams), source nodes and
    metadata at ``retrieval``. What the engine's own model reads is cleaned by a
    `SecureNodePostprocessor` in the engine. With a guard that is bound to a vault the answer is restored last; source
    nodes and metadata keep the stand-ins.

    >>> engine = SecureQueryEngine(index.as_query_engine(node_postprocessors=[SecureNodePostprocessor()]))

    Args:
        engine: Any query engine.
        policy: A shipped policy's name, a path to TOML, a `Policy` or a `Guard`.

    Raises:
        PolicyError: The policy cannot be turned into a guard.
        Blocked: From every method that takes a question or gives an answer, if one of them is blocked;
            from a streamed answer while it is read.
        RuntimeError: In the place of the engine's own error, if that quotes what is not clean.
    """

    def __init__(self, engine: BaseQueryEngine, policy: str | Path | Policy | Guard = "default") -> None:
        super().__init__(callback_manager=engine.callback_manager)
        self._engine = engine
        self._guard = Guard.from_policy(policy)

    def _get_prompts(self) -> PromptDictType:
        return self._engine._get_prompts()

    def _get_prompt_modules(self) -> PromptMixinType:
        return self._engine._get_prompt_modules()

    def _update_prompts(self, prompts: PromptDictType) -> None:
        self._engine._update_prompts(prompts)

    def query(self, str_or_query_bundle: QueryType) -> RESPONSE_TYPE:
        """Return the sanitised answer to a sanitised question."""
        return _restored(self._guard, super().query(clean(self._guard, str_or_query_bundle, _QUESTION)))

    async def aquery(self, str_or_query_bundle: QueryType) -> RESPONSE_TYPE:
        """Async twin of `query`."""
        response = await super().aquery(await aclean(self._guard, str_or_query_bundle, _QUESTION))
        return await _arestored(self._guard, response)

    # The engine's public methods are called, not `_query`: a CustomQueryEngine has no other.

    @clean_errors(_ANSWER)
    def _query(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        return self._clean_answer(self._engine.query(query_bundle))

    @clean_errors(_ANSWER)
    async def _aquery(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        return await self._aclean_answer(await self._engine.aquery(query_bundle))

    @clean_errors(_ANSWER)
    def retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """Return sanitised copies of the nodes that the engine retrieves for the sanitised question."""
        question = clean(self._guard, query_bundle, _QUESTION)
        return clean(self._guard, self._engine.retrieve(question), _MATERIAL)

    @clean_errors(_ANSWER)
    async def aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """Async twin of `retrieve`, for engines that have one."""
        engine: Any = self._engine
        question = await aclean(self._guard, query_bundle, _QUESTION)
        return await aclean(self._guard, await engine.aretrieve(question), _MATERIAL)

    @clean_errors(_ANSWER)
    def synthesize(
        self,
        query_bundle: QueryBundle,
        nodes: list[NodeWithScore],
        additional_source_nodes: Sequence[NodeWithScore] | None = None,
    ) -> RESPONSE_TYPE:
        """Return the sanitised answer to the sanitised question, written from sanitised nodes."""
        question = clean(self._guard, query_bundle, _QUESTION)
        material = clean(self._guard, nodes, _MATERIAL)
        additional = clean(self._guard, list(additional_source_nodes or []), _MATERIAL)
        return _restored(self._guard, self._clean_answer(self._engine.synthesize(question, material, additional)))

    @clean_errors(_ANSWER)
    async def asynthesize(
        self,
        query_bundle: QueryBundle,
        nodes: list[NodeWithScore],
        additional_source_nodes: Sequence[NodeWithScore] | None = None,
    ) -> RESPONSE_TYPE:
        """Async twin of `synthesize`."""
        question = await aclean(self._guard, query_bundle, _QUESTION)
        material = await aclean(self._guard, nodes, _MATERIAL)
        additional = await aclean(self._guard, list(additional_source_nodes or []), _MATERIAL)
        response = await self._aclean_answer(await self._engine.asynthesize(question, material, additional))
        return await _arestored(self._guard, response)

    def _clean_answer(self, response: RESPONSE_TYPE) -> RESPONSE_TYPE:
        said = clean(self._guard, _said(response), _ANSWER)
        nodes = clean(self._guard, response.source_nodes, _MATERIAL)
        others = clean(self._guard, _other_metadata(response, nodes), _MATERIAL)
        return _rebuilt(self._guard, response, said, nodes, others)

    async def _aclean_answer(self, response: RESPONSE_TYPE) -> RESPONSE_TYPE:
        said = await aclean(self._guard, _said(response), _ANSWER)
        nodes = await aclean(self._guard, response.source_nodes, _MATERIAL)
        others = await aclean(self._guard, _other_metadata(response, nodes), _MATERIAL)
        return _rebuilt(self._guard, response, said, nodes, others)


def _said(response: RESPONSE_TYPE) -> Any:
    """Return what the response says so far: text, a pydantic object or nothing."""
    if isinstance(response, Response | PydanticResponse):
        return response.response
    if isinstance(response, StreamingResponse | AsyncStreamingResponse):
        return response.response_txt
    raise InputError(f"an engine that answers with {type(response).__name__} cannot be secured; return a Response")


def _other_metadata(response: RESPONSE_TYPE, nodes: list[NodeWithScore]) -> dict[str, Any]:
    """Return the metadata of the response, without what it repeats of its nodes and says of those left out."""
    left_out = {node.node_id for node in response.source_nodes} - {node.node_id for node in nodes}
    skipped = _repeated(response) | left_out
    return {key: value for key, value in (response.metadata or {}).items() if key not in skipped}


def _repeated(response: RESPONSE_TYPE) -> set[str]:
    """Return the ids of the nodes whose own metadata the response holds under their id, as synthesizers do."""
    known = response.metadata or {}
    return {node.node_id for node in response.source_nodes if known.get(node.node_id) is node.metadata}


def _rebuilt(
    guard: Guard, response: RESPONSE_TYPE, said: Any, nodes: list[NodeWithScore], others: dict[str, Any]
) -> RESPONSE_TYPE:
    """Return a response of the same kind around the sanitised parts."""
    repeated = _repeated(response)
    metadata = {node.node_id: node.metadata for node in nodes if node.node_id in repeated} | others
    known = None if response.metadata is None else metadata
    if isinstance(response, StreamingResponse):
        tokens = sanitized(guard, response.response_gen, _ANSWER)
        return StreamingResponse(tokens, nodes, known, said)
    if isinstance(response, AsyncStreamingResponse):
        atokens = asanitized(guard, response.response_gen, _ANSWER)
        return AsyncStreamingResponse(atokens, nodes, known, said)
    return dataclasses.replace(response, response=said, source_nodes=nodes, metadata=known)


def _restored(guard: Guard, response: RESPONSE_TYPE) -> RESPONSE_TYPE:
    """Return the sanitised response with its answer restored."""
    return _saying(guard, response, restored(guard, _said(response)))


async def _arestored(guard: Guard, response: RESPONSE_TYPE) -> RESPONSE_TYPE:
    return _saying(guard, response, await arestored(guard, _said(response)))


def _saying(guard: Guard, response: RESPONSE_TYPE, said: Any) -> RESPONSE_TYPE:
    if isinstance(response, StreamingResponse):
        words = restored_words(guard, response.response_gen)
        return StreamingResponse(words, response.source_nodes, response.metadata, said)
    if isinstance(response, AsyncStreamingResponse):
        awords = arestored_words(guard, response.response_gen)
        return AsyncStreamingResponse(awords, response.source_nodes, response.metadata, said)
    return dataclasses.replace(response, response=said)
