from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.instrumentation import get_dispatcher  # type: ignore[attr-defined]
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.core.schema import BaseNode, IndexNode, NodeWithScore, QueryBundle, TextNode
from pydantic import Field

from llamaindex_secure import SecureRetriever
from secure_core import Blocked, Guard

from .conftest import EMAIL, ORDER, ScriptedLLM, holds_planted, planted_node


class Shelf(BaseRetriever):
    """Brings the same nodes whatever is asked, and remembers what was asked."""

    def __init__(self, *nodes: BaseNode) -> None:
        super().__init__()
        self.nodes = nodes
        self.asked: list[QueryBundle] = []

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        self.asked.append(query_bundle)
        return [NodeWithScore(node=node, score=1.0) for node in self.nodes]


async def bring(retriever: BaseRetriever, question: str | QueryBundle, asynchronous: bool) -> list[NodeWithScore]:
    return await retriever.aretrieve(question) if asynchronous else retriever.retrieve(question)


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_question_and_nodes_are_clean(guard: Guard, asynchronous: bool) -> None:
    shelf = Shelf(planted_node(id_="a"), TextNode(text=ORDER, id_="b"))
    nodes = await bring(SecureRetriever(shelf, guard), f"Who is {EMAIL}?", asynchronous)
    assert [node.node_id for node in nodes] == ["a"]
    assert shelf.asked == [QueryBundle("Who is [EMAIL_ADDRESS]?")]
    assert not holds_planted(nodes)
    assert holds_planted(list(shelf.nodes))


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_blocked_question_retrieves_nothing(guard: Guard, asynchronous: bool) -> None:
    shelf = Shelf(planted_node())
    with pytest.raises(Blocked):
        await bring(SecureRetriever(shelf, guard), ORDER, asynchronous)
    assert shelf.asked == []


@pytest.mark.parametrize("behind", [planted_node(), Shelf(planted_node())], ids=["node", "retriever"])
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_what_a_node_refers_to_is_clean(guard: Guard, behind: Any, asynchronous: bool) -> None:
    shelf = Shelf(IndexNode(text="See there.", index_id="there", obj=behind))
    [node] = await bring(SecureRetriever(shelf, guard), "Who?", asynchronous)
    assert node.text.startswith("Write to [EMAIL_ADDRESS]")
    assert not holds_planted(node)


class Events(BaseEventHandler):
    seen: list[Any] = Field(default_factory=list)

    def handle(self, event: Any, **kwargs: Any) -> None:
        self.seen.append(event)


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_event_handlers_see_what_the_caller_sees(
    guard: Guard, indexed: Callable[[Sequence[BaseNode]], VectorStoreIndex], asynchronous: bool
) -> None:
    retriever = SecureRetriever(indexed([planted_node()]).as_retriever(), guard)
    handler = Events()
    get_dispatcher().add_event_handler(handler)
    try:
        await bring(retriever, f"Who is {EMAIL}?", asynchronous)
    finally:
        get_dispatcher().event_handlers.remove(handler)
    assert {"RetrievalStartEvent", "RetrievalEndEvent"} <= {type(event).__name__ for event in handler.seen}
    assert not holds_planted(handler.seen)


def test_an_engine_and_another_retriever_can_be_built_on_it(guard: Guard) -> None:
    llm = ScriptedLLM()
    secured = SecureRetriever(Shelf(planted_node()), guard)
    fused = QueryFusionRetriever([secured, secured], llm=llm, num_queries=1, use_async=False)
    response = RetrieverQueryEngine.from_args(fused, llm=llm).query("Who?")
    assert "[EMAIL_ADDRESS]" in llm.prompts[0]
    assert not holds_planted([llm.prompts, response])
