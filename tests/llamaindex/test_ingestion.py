from __future__ import annotations

import pickle
from collections.abc import Sequence

import pytest
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.ingestion import IngestionCache, IngestionPipeline
from llama_index.core.node_parser import TokenTextSplitter
from llama_index.core.schema import BaseNode, TextNode

from llamaindex_secure import SecureTransform
from secure_core import Guard

from .conftest import EDITING, EMAIL, KEY, ORDER, Planted, holds_planted, planted_node


async def run(pipeline: IngestionPipeline, nodes: Sequence[BaseNode], asynchronous: bool) -> list[BaseNode]:
    return list(await pipeline.arun(nodes=nodes) if asynchronous else pipeline.run(nodes=nodes))


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_what_goes_into_an_index_is_clean(guard: Guard, asynchronous: bool) -> None:
    given: list[BaseNode] = [planted_node(id_="a"), TextNode(text=ORDER, id_="b")]
    pipeline = IngestionPipeline(transformations=[SecureTransform(policy=guard), MockEmbedding(embed_dim=4)])
    nodes = await run(pipeline, given, asynchronous)
    assert [node.node_id for node in nodes] == ["a"]
    assert nodes[0].embedding is not None
    index = VectorStoreIndex(nodes, embed_model=MockEmbedding(embed_dim=4))
    assert not holds_planted([nodes, index.docstore.docs, index.storage_context.to_dict()])
    assert holds_planted(given)


def test_documents_are_clean_before_they_are_split(guard: Guard) -> None:
    document = Document(text=f"Write to {EMAIL}. " * 3, metadata={"key": KEY})
    pipeline = IngestionPipeline(
        transformations=[SecureTransform(policy=guard), TokenTextSplitter(chunk_size=64, chunk_overlap=0)]
    )
    nodes = pipeline.run(documents=[document])
    assert nodes
    assert not holds_planted(list(nodes))


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_cache_never_serves_what_another_policy_made(guard: Guard, flowing: Guard, asynchronous: bool) -> None:
    cache = IngestionCache()
    blocked = [TextNode(text=ORDER)]
    made = [
        await run(
            IngestionPipeline(transformations=[SecureTransform(policy=either)], cache=cache), blocked, asynchronous
        )
        for either in (guard, flowing, guard)
    ]
    assert [len(nodes) for nodes in made] == [0, 1, 0]


def test_a_cache_tells_guards_with_other_detectors_apart() -> None:
    class Other(Planted):
        name = "other"

    saved = [SecureTransform(policy=Guard(EDITING, detectors=[kind()])).to_dict() for kind in (Planted, Other)]
    assert saved[0] != saved[1]


def test_it_runs_in_worker_processes(guard: Guard) -> None:
    pipeline = IngestionPipeline(transformations=[SecureTransform(policy=guard)], disable_cache=True)
    nodes = pipeline.run(nodes=[planted_node(), planted_node()], num_workers=2)
    assert len(nodes) == 2
    assert not holds_planted(list(nodes))


def test_it_pickles_with_its_guard(guard: Guard) -> None:
    copied = pickle.loads(pickle.dumps(SecureTransform(policy=guard)))
    assert not holds_planted(copied([planted_node()]))


def test_insert_runs_it_and_insert_nodes_does_not(guard: Guard) -> None:
    """`insert_nodes` takes what it is given: nodes for it go through the transform by hand."""
    transform = SecureTransform(policy=guard)
    index = VectorStoreIndex([], embed_model=MockEmbedding(embed_dim=4), transformations=[transform])
    index.insert(Document(text=f"Write to {EMAIL}."))
    index.insert_nodes(list(transform([TextNode(text=f"Call {EMAIL}.")])))
    assert sorted(node.get_content() for node in index.docstore.docs.values()) == [
        "Call [EMAIL_ADDRESS].",
        "Write to [EMAIL_ADDRESS].",
    ]
