"""The leak matrix: where a text of an agent arises, and where somebody who should not can see it.

``python -m tests.langchain.leaks`` writes the table into the reference.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

from langchain.agents import create_agent
from langchain.agents.middleware import PIIMiddleware
from langchain.agents.structured_output import ToolStrategy
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import dispatch_custom_event
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import tool
from langchain_core.tracers.base import BaseTracer
from langchain_core.vectorstores import InMemoryVectorStore
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.config import get_stream_writer
from pydantic import BaseModel, Field

from langchain_secure import SecureMiddleware, SecureRetriever, secure_input
from secure_core import Guard

from .actor import Actor, call
from .conftest import EDITING, Recorder

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "langchain-leaks.md"

ORIGINS = [
    "user input",
    "history",
    "system prompt",
    "retrieved document",
    "tool argument",
    "tool-call chunk",
    "tool result",
    "artifact",
    "written by a tool",
    "dispatched by a tool",
    "model text",
    "reasoning",
    "structured output",
]
MODES = ["values", "updates", "messages", "debug", "custom", "tasks", "checkpoints"]
SURFACES = [
    "invoke",
    *MODES,
    "events v2",
    "events v3",
    "v3 deltas",
    "v3 views",
    "callbacks",
    "tracers",
    "checkpoint",
    "SQLite",
    "history",
    "cache",
]

AGENT_SURFACES = [
    *("invoke", "messages", "updates", "values", "debug"),
    *("events v2", "events v3", "v3 deltas", "v3 views", "tracers", "history"),
]
"""Where what a model says can be read while an agent runs, and afterwards."""

OWN = "the application's own words, which are not judged; do not show prompts to users"
DISPATCHED = (
    "what the application itself dispatches with `dispatch_custom_event`, past any hook; dispatch "
    '`guard.check(text, stage="tool_result").text`'
)
REASONS = {"system prompt": OWN, "dispatched by a tool": DISPATCHED}
NOT_COVERED = {
    **{("system prompt", surface): 1 for surface in ("events v2", "callbacks", "tracers", "cache")},
    **{("dispatched by a tool", surface): 2 for surface in ("events v2", "callbacks")},
}
"""The number of the reason for what can be read."""

Protect = Callable[..., Any]
"""Makes an agent of a model and tools."""


def address(origin: str) -> str:
    """Return what is planted there."""
    return f"{re.sub('[ -]', '.', origin)}@nordwind.example"


class Parrot(Actor):
    """Repeats every address that it reads, so that what reaches the model reaches its answer."""

    def _line(self, messages: list[BaseMessage]) -> AIMessage:
        line = super()._line(messages).model_copy(deep=True)
        read = " ".join(dict.fromkeys(re.findall(r"[\w.]+@nordwind\.example", str(messages))))
        blocks: list[Any] = line.content if isinstance(line.content, list) else []
        for block in blocks:
            if block["type"] == "text":
                block["text"] += f"\nI read {read}"
        return line


class Owner(BaseModel):
    """Who owns it."""

    owner: str = Field(description="who")


def parrot(**options: Any) -> Actor:
    """Return the model: it thinks, speaks and calls three tools, and then gives a structured answer."""
    blocks: list[Any] = [
        {"type": "reasoning", "reasoning": f"I think of {address('reasoning')}."},
        {"type": "text", "text": f"I ask {address('model text')}."},
    ]
    calls = [
        call("find", "c1", who=address("tool argument")),
        call("note", "c2", text=address("tool-call chunk")),
        call("search", "c3", question="who?"),
    ]
    last: list[Any] = [{"type": "text", "text": "Done."}]
    answer = AIMessage(last, tool_calls=[call("Owner", "c4", owner=address("structured output"))])
    return Parrot(script=[AIMessage(blocks, tool_calls=calls), answer], **options)


@tool(response_format="content_and_artifact")
def find(who: str) -> tuple[str, dict[str, str]]:
    """Find someone."""
    get_stream_writer()({"progress": address("written by a tool")})
    dispatch_custom_event("progress", {"found": address("dispatched by a tool")})
    return f"{who} has {address('tool result')}", {"card": address("artifact")}


@tool
def note(text: str) -> str:
    """Write something down."""
    return "noted"


def searching(retriever: BaseRetriever) -> Any:
    """Return a tool that searches."""

    @tool(response_format="content_and_artifact")
    def search(question: str) -> tuple[str, list[Document]]:
        """Search."""
        found = retriever.invoke(question)
        return "\n".join(document.page_content for document in found), found

    return search


def index() -> BaseRetriever:
    """Return a retriever over documents that somebody else wrote."""
    store = InMemoryVectorStore(DeterministicFakeEmbedding(size=8))
    store.add_documents([Document(f"Write to {address('retrieved document')}.")])
    return store.as_retriever()


def agent(middleware: list[Any], retriever: BaseRetriever, model: Actor | None = None, **options: Any) -> Any:
    """Return the agent."""
    return create_agent(
        model or parrot(),
        [find, note, searching(retriever)],
        system_prompt=f"You serve {address('system prompt')}.",
        response_format=ToolStrategy(Owner),
        middleware=middleware,
        **options,
    )


def bare(**options: Any) -> Any:
    """Return the agent as it is."""
    return agent([], index(), **options)


def redacting(**options: Any) -> Any:
    """Return the agent with LangChain's own middleware, everything switched on."""
    everywhere = {"apply_to_input": True, "apply_to_output": True, "apply_to_tool_results": True}
    return agent([PIIMiddleware("email", strategy="redact", **everywhere)], index(), **options)  # type: ignore[arg-type]


def secured(guard: Guard) -> Protect:
    """Return what makes the agent with this package."""

    def protect(**options: Any) -> Any:
        retriever = SecureRetriever(retriever=index(), policy=guard)
        return secure_input(agent([SecureMiddleware(guard)], retriever, **options), guard)

    return protect


def asked() -> dict[str, Any]:
    """Return what the agent is called with."""
    past = [HumanMessage(f"I was {address('history')}."), AIMessage("Welcome.")]
    return {"messages": [*past, HumanMessage(f"I am {address('user input')}.")]}


class Traces(BaseTracer):
    """Keeps what a tracer would send."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[Any] = []

    def _persist_run(self, run: Any) -> None:
        """Runs are kept one by one."""

    def _end_trace(self, run: Any) -> None:
        self.runs.append((run.name, run.inputs, run.outputs, run.events, run.error, run.serialized, run.extra))
        super()._end_trace(run)


def added_up(chunks: Iterable[Any]) -> list[Any]:
    """Return the messages that chunks add up to, for what comes in pieces is read in one."""
    whole: dict[Any, Any] = {}
    for chunk in chunks:
        if isinstance(chunk, AIMessageChunk):
            whole[chunk.id] = whole[chunk.id] + chunk if chunk.id in whole else chunk
    return list(whole.values())


async def v2(agent: Any) -> list[Any]:
    """Return the events of a run, and the messages that they add up to."""
    events = [event async for event in agent.astream_events(asked(), version="v2")]
    return [events, added_up(event["data"].get("chunk") for event in events)]


def v3(agent: Any) -> list[Any]:
    """Return the events of a run, and the texts that the deltas among them add up to."""
    events = list(agent.stream_events(asked(), version="v3"))
    texts: dict[Any, str] = {}
    for data, metadata in (event["params"]["data"] for event in events if event["method"] == "messages"):
        for kind, piece in data.get("delta", {}).items():
            place = (metadata["run_id"], data["index"], kind)
            texts[place] = texts.get(place, "") + str(piece)
    return [events, texts]


def views(run: Any) -> list[Any]:
    """Read a run's v3 views to their end."""
    told = [["".join(message.text), "".join(message.reasoning), message.output] for message in run.messages]
    return [told, run.output]


def observe(protect: Protect) -> dict[str, str]:
    """Run the agent in every way; return what can be read at each surface."""
    seen: dict[str, Any] = {"invoke": protect().invoke(asked())}
    saver = InMemorySaver()
    for mode in MODES:
        thread = {"configurable": {"thread_id": str(uuid4())}}
        seen[mode] = list(protect(checkpointer=InMemorySaver()).stream(asked(), thread, stream_mode=mode))
    seen["messages"] += added_up(chunk for chunk, _ in seen["messages"])
    seen["events v2"] = asyncio.run(v2(protect()))
    seen["events v3"], seen["v3 deltas"] = v3(protect())
    seen["v3 views"] = views(protect().stream_events(asked(), version="v3"))
    callbacks, traces = Recorder(), Traces()
    thread = {"configurable": {"thread_id": "1"}}
    kept = protect(checkpointer=saver)
    kept.invoke(asked(), {"callbacks": [callbacks, traces], **thread})
    seen["callbacks"], seen["tracers"] = callbacks.seen, traces.runs
    seen["checkpoint"] = [saver.storage, saver.blobs, saver.writes]
    seen["history"] = list(kept.get_state_history(thread))
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    protect(checkpointer=SqliteSaver(connection)).invoke(asked(), thread)
    seen["SQLite"] = list(connection.iterdump())
    seen["SQLite"] += [connection.execute(f"SELECT * FROM {table}").fetchall() for table in ("checkpoints", "writes")]
    cache = InMemoryCache()
    protect(model=parrot(cache=cache)).invoke(asked())
    seen["cache"] = cache._cache
    return {surface: repr(value) for surface, value in seen.items()}


def matrix() -> dict[tuple[str, str], tuple[str, str]]:
    """Return for each origin and surface what becomes of the text with PIIMiddleware, and with this package.

    It never gets there (``–``), is ``clean``, or ``leaks``.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, theirs, ours = observe(bare), observe(redacting), observe(secured(EDITING))

    def cell(origin: str, surface: str, after: dict[str, str]) -> str:
        if address(origin) in after[surface]:
            return "leaks"
        return "clean" if address(origin) in before[surface] else "–"

    return {
        (origin, surface): (cell(origin, surface, theirs), cell(origin, surface, ours))
        for origin in ORIGINS
        for surface in SURFACES
    }


def readable(cells: dict[tuple[str, str], tuple[str, str]], surface: str, which: int) -> str:
    """Say how many of the texts that get to a surface can be read there; what nobody covers does not count."""
    got_there = [cells[origin, surface][which] for origin in ORIGINS if origin not in REASONS]
    return f"{got_there.count('leaks')} of {len(got_there) - got_there.count('–')}"


def page(cells: dict[tuple[str, str], tuple[str, str]]) -> str:
    """Return the page of the reference."""

    def entry(origin: str, surface: str) -> str:
        reason = NOT_COVERED.get((origin, surface))
        return f"not covered ({reason})" if reason else cells[origin, surface][1]

    rows = [f"| {origin} | {' | '.join(entry(origin, surface) for surface in SURFACES)} |" for origin in ORIGINS]
    said = [sum(cells["model text", surface][which] == "clean" for surface in AGENT_SURFACES) for which in (0, 1)]
    return "\n".join(
        [
            "# Where texts of a LangChain agent can be seen",
            "",
            "Each text of the left column held an address. An agent of `create_agent` with three tools, a retriever,",
            "thoughts, streamed tool calls and a structured answer ran in every way, without this package, with",
            "LangChain's `PIIMiddleware`, and with `SecureMiddleware`, `SecureRetriever` and `secure_input`. The model",
            "repeats every address that it reads, and streams three characters at a time.",
            "",
            "- **clean**: it could be read there without the package, and cannot with it;",
            "- **–**: it never gets there;",
            "- **not covered**: it can be read there with the package too, for the reason below.",
            "",
            f"| arises in | {' | '.join(SURFACES)} |",
            f"|---{'|---' * len(SURFACES)}|",
            *rows,
            "",
            *(f"{number}. {reason}." for number, reason in enumerate(REASONS.values(), 1)),
            "",
            f"`{'`, `'.join(MODES)}` are stream modes.",
            "Streams, events and deltas are added up before they are searched.",
            "`checkpoint` is all that an `InMemorySaver` holds, `SQLite` a dump of the database of a `SqliteSaver`,",
            "`history` what `get_state_history` returns, `tracers` what a tracer keeps of every run, `cache` what is",
            "in the model's cache. What a tool writes into a stream piece by piece is judged piece by piece.",
            "Nobody looks at what the application gives a run beside its texts: names, tags, metadata, `stop` words.",
            "",
            "## Beside `PIIMiddleware`",
            "",
            'How many of the addresses can still be read, with `PIIMiddleware("email", strategy="redact")` applied to',
            "input, output and tool results, and with this package; what is not covered is left out.",
            "",
            "| surface | PIIMiddleware | SecureMiddleware |",
            "|---|---|---|",
            *(f"| {name} | {readable(cells, name, 0)} | {readable(cells, name, 1)} |" for name in SURFACES),
            "",
            f"What the model says can be read at {len(AGENT_SURFACES)} of them while an agent runs, and afterwards",
            f"({', '.join(AGENT_SURFACES)}).",
            f"It is clean on {said[0]} of them with `PIIMiddleware`, on {said[1]} with `SecureMiddleware`.",
            "",
            "The tables are made, and compared with this page, by `tests/langchain/test_leak_matrix.py`;",
            "`python -m tests.langchain.leaks` writes them anew.",
            "",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(page(matrix()), "utf-8")
