"""The leak matrix: where a text arises, and where somebody who should not can see it.

``python -m tests.llamaindex.leaks`` writes the table into the reference.
"""

from __future__ import annotations

import asyncio
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from llama_index.core import Document, VectorStoreIndex
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.agent.workflow.workflow_events import AgentStream
from llama_index.core.base.llms.types import ThinkingBlock, ToolCallBlock
from llama_index.core.chat_engine import ContextChatEngine
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.ingestion import IngestionCache, IngestionPipeline
from llama_index.core.instrumentation import get_dispatcher  # type: ignore[attr-defined]
from llama_index.core.llms import LLM, ChatMessage, TextBlock
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import TextNode, TransformComponent
from llama_index.core.storage.docstore import SimpleDocumentStore
from pydantic import BaseModel

from llamaindex_secure import (
    SecureChatEngine,
    SecureLLM,
    SecureNodePostprocessor,
    SecureQueryEngine,
    SecureTransform,
    instrument,
    secure_agent,
    uninstrument,
)
from secure_core import Guard

from . import peers
from .conftest import EDITING, Planted
from .speaker import Speaker
from .spies import Events, Spans, shown

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "llamaindex-leaks.md"

ORIGINS = [
    "question",
    "history",
    "system prompt",
    "node text",
    "node metadata",
    "tool argument",
    "tool result",
    "model text",
    "thinking",
    "structured output",
]
SURFACES = [
    "answer",
    "stream",
    "source nodes",
    "memory",
    "events",
    "spans",
    "workflow events",
    "index",
    "docstore",
    "cache",
]

STORED = "a pipeline with `docstore=` keeps the documents that it was given; clean them before"
OWN = "the application's own words, which are not judged: do not show the `AgentInput` events of an agent to its users"
NOT_COVERED: dict[tuple[str, str], str] = {
    ("system prompt", "workflow events"): OWN,
    ("node text", "docstore"): STORED,
    ("node metadata", "docstore"): STORED,
}


def address(origin: str) -> str:
    """Return what is planted there."""
    return f"{origin.replace(' ', '.')}@example.org"


class Parrot(Speaker):
    """Repeats every address that it reads, so that what reaches the model reaches the answer."""

    def _next(self, asked: Any, **options: Any) -> list[Any]:
        blocks = super()._next(asked, **options)
        read = dict.fromkeys(re.findall(r"[\w.]+@example\.org", str(asked)))
        return [
            TextBlock(text=f"{block.text} {' '.join(read)}") if isinstance(block, TextBlock) else block
            for block in blocks
        ]


class Owner(BaseModel):
    """What a structured answer holds."""

    owner: str


def parrot(secure: Guard | None, *script: list[Any]) -> LLM:
    """Return the model, secured or not."""
    llm = Parrot(script=list(script) or [[TextBlock(text=f"Ask {address('model text')}.")]])
    return SecureLLM(llm=llm, policy=secure) if secure else llm


def index() -> VectorStoreIndex:
    """Return an index that somebody filled without a guard."""
    node = TextNode(text=f"Write to {address('node text')}.", metadata={"author": address("node metadata")})
    return VectorStoreIndex([node], embed_model=MockEmbedding(embed_dim=4))


def options(secure: Guard | None) -> dict[str, Any]:
    """Return what an engine over the index is made with."""
    return {
        "llm": parrot(secure),
        "node_postprocessors": [SecureNodePostprocessor(policy=secure)] if secure else [],
    }


def ask(secure: Guard | None, seen: Callable[[str, Any], None]) -> None:
    """Ask a query engine, whole and streamed."""
    for streaming in (False, True):
        engine: Any = index().as_query_engine(streaming=streaming, **options(secure))
        engine = SecureQueryEngine(engine, secure) if secure else engine
        response = engine.query(f"I am {address('question')}.")
        seen("stream" if streaming else "answer", str(response))
        seen("source nodes", [response.source_nodes, response.metadata])


def chat(secure: Guard | None, seen: Callable[[str, Any], None]) -> None:
    """Chat with an engine, whole and streamed."""
    for streaming in (False, True):
        memory = ChatMemoryBuffer.from_defaults(token_limit=3000)
        engine: Any = ContextChatEngine.from_defaults(
            index().as_retriever(),
            memory=memory,
            system_prompt=f"You serve {address('system prompt')}.",
            **options(secure),
        )
        engine = SecureChatEngine(engine, secure) if secure else engine
        said = [f"I am {address('question')}.", [ChatMessage(f"I was {address('history')}.")]]
        response = engine.stream_chat(*said) if streaming else engine.chat(*said)
        seen("stream" if streaming else "answer", "".join(response.response_gen) if streaming else response.response)
        seen("source nodes", response.source_nodes)
        seen("memory", memory.get_all())


async def act(secure: Guard | None, seen: Callable[[str, Any], None]) -> None:
    """Run an agent with a tool, thoughts and a structured answer."""

    def find(who: str) -> str:
        """Find someone."""
        return f"{who} has {address('tool result')}"

    call = ToolCallBlock(tool_call_id="c1", tool_name="find", tool_kwargs={"who": address("tool argument")})
    thought = ThinkingBlock(content=f"I think of {address('thinking')}.")
    answer = TextBlock(text=f"Ask {address('model text')}.")
    owner = ToolCallBlock(tool_call_id="c2", tool_name="Owner", tool_kwargs={"owner": address("structured output")})
    memory = ChatMemoryBuffer.from_defaults(token_limit=3000)
    agent = FunctionAgent(
        tools=[find],
        llm=Parrot(script=[[thought, call], [thought, answer], [owner]]),
        system_prompt=f"You serve {address('system prompt')}.",
        output_cls=Owner,
    )
    agent = secure_agent(agent, secure) if secure else agent
    handler = agent.run(
        f"I am {address('question')}.", chat_history=[ChatMessage(f"I was {address('history')}.")], memory=memory
    )
    events = [event async for event in handler.stream_events()]
    result: Any = await handler
    seen("workflow events", events)
    seen(
        "stream",
        "".join(f"{event.delta}{event.thinking_delta or ''}" for event in events if isinstance(event, AgentStream)),
    )
    seen("answer", [result.response, result.structured_response])
    seen("memory", memory.get_all())


def ingest(secure: Guard | None, seen: Callable[[str, Any], None]) -> None:
    """Fill an index by a pipeline with a docstore and a cache."""
    document = Document(text=f"Write to {address('node text')}.", metadata={"author": address("node metadata")})
    steps: list[TransformComponent] = [SecureTransform(policy=secure)] if secure else []
    cache, docstore = IngestionCache(), SimpleDocumentStore()
    pipeline = IngestionPipeline(transformations=[*steps, SentenceSplitter()], cache=cache, docstore=docstore)
    filled = VectorStoreIndex(list(pipeline.run(documents=[document])), embed_model=MockEmbedding(embed_dim=4))
    seen("index", filled.storage_context.to_dict())
    seen("docstore", docstore.to_dict())
    seen("cache", cache.cache.to_dict())  # type: ignore[attr-defined]


def observe(secure: Guard | None) -> dict[str, str]:
    """Run everything once; return what can be read at each surface."""
    surfaces = dict.fromkeys(SURFACES, "")

    def seen(surface: str, value: Any) -> None:
        surfaces[surface] += shown(value)

    dispatcher, events, spans = get_dispatcher(), Events(), Spans()
    dispatcher.add_event_handler(events)
    dispatcher.add_span_handler(spans)
    if secure:
        instrument(secure)
    try:
        ask(secure, seen)
        chat(secure, seen)
        asyncio.run(act(secure, seen))
        ingest(secure, seen)
    finally:
        uninstrument()
        dispatcher.event_handlers.remove(events)
        dispatcher.span_handlers.remove(spans)
    return {**surfaces, "events": "".join(events.seen), "spans": "".join(spans.seen)}


def matrix() -> dict[tuple[str, str], str]:
    """Return for each origin and surface what becomes of the text: it never gets there, is clean, or leaks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, after = observe(None), observe(Guard(EDITING, detectors=[Planted()]))

    def cell(origin: str, surface: str) -> str:
        if address(origin) in after[surface]:
            return "leaks"
        return "clean" if address(origin) in before[surface] else "–"

    return {(origin, surface): cell(origin, surface) for origin in ORIGINS for surface in SURFACES}


def page(cells: dict[tuple[str, str], str]) -> str:
    """Return the page of the reference."""
    notes = list(dict.fromkeys(NOT_COVERED.values()))

    def entry(origin: str, surface: str) -> str:
        reason = NOT_COVERED.get((origin, surface))
        return f"not covered ({notes.index(reason) + 1})" if reason else cells[origin, surface]

    rows = [f"| {origin} | {' | '.join(entry(origin, surface) for surface in SURFACES)} |" for origin in ORIGINS]
    return "\n".join(
        [
            "# Where texts of a LlamaIndex application can be seen",
            "",
            "Each text of the left column held an address. A query engine, a chat engine, an agent and an ingestion",
            "pipeline, whole and streamed, ran twice: without this package, and with `SecureQueryEngine`,",
            "`SecureChatEngine`, `secure_agent`, `SecureNodePostprocessor`, `SecureLLM`, `SecureTransform` and",
            "`instrument`. The model repeats every address that it reads.",
            "",
            "- **clean**: it could be read there without the package, and cannot with it;",
            "- **–**: it never gets there;",
            "- **not covered**: it can be read there with the package too, for the reason below.",
            "",
            f"| arises in | {' | '.join(SURFACES)} |",
            f"|---{'|---' * len(SURFACES)}|",
            *rows,
            "",
            *(f"{number}. {note}." for number, note in enumerate(notes, 1)),
            "",
            "The cache is clean because the transform stands first in the pipeline: a cache keeps what each gives.",
            "The table is made, and compared with this page, by `tests/llamaindex/test_leak_matrix.py`;",
            "`python -m tests.llamaindex.leaks` writes it anew.",
            "",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(f"{page(matrix())}\n{peers.section(peers.matrix())}", "utf-8")
