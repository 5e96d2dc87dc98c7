"""What securing a streamed LangChain model costs: ``python -m tests.benchmarks.langchain_streams [--json FILE]``.

The same 2,000 deltas come from the same scripted model, bare, secured by each of our hooks, and in an agent with
LangChain's own ``PIIMiddleware``. Each takes its turn in every round; shown are medians of processor time, so that what
counts is the difference to the bare model in the same run. A user also waits for the deltas that a hook holds back
before it gives out the first text: these are counted.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field
from rich.console import Console
from rich.table import Table

from langchain_secure import SecureCallbackHandler, secure_model
from secure_core import Guard, Policy

from .texts import mixed

__all__ = ["main", "measure"]

DELTAS = 2000
SIZE = 4
"""Characters of a delta, about a token."""
ROUNDS = 7
PROMPT = "Tell me about the order."

Stream = Callable[[], Iterable[Any]]


class Scripted(BaseChatModel):
    """A model that costs nothing: its deltas are made before the clock runs. Counts what it has said."""

    pieces: list[str] = Field(repr=False)
    said: int = 0

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage("".join(self.pieces)))])

    def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        self.said = 0
        for piece in self.pieces:
            self.said += 1
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        """Return the model itself: an agent without tools binds none."""
        return self

    @property
    def _llm_type(self) -> str:
        return "scripted"


def answer() -> list[str]:
    """Return the deltas: mixed text in sentences, in which something is to be found here and there."""
    (text,) = mixed(DELTAS * SIZE, 1, seed=0)
    return [text[at : at + SIZE] for at in range(0, DELTAS * SIZE, SIZE)]


def contenders(model: Scripted) -> dict[str, Stream]:
    """Return who streams, by name; the bare model first."""
    guard = Guard.from_policy("default")
    handler: Any = {"callbacks": [SecureCallbackHandler(guard)]}
    secure = secure_model(model, guard)
    everybody: dict[str, Stream] = {
        "bare model": lambda: model.stream(PROMPT),
        "secure_model": lambda: secure.stream(PROMPT),
        "SecureCallbackHandler": lambda: model.stream(PROMPT, handler),
        "secure_model, observe": _observed(model),
    }
    return {**everybody, **_agents(model, guard)}


def _observed(model: Scripted) -> Stream:
    policy = Policy.load("observe")
    secure = secure_model(model, policy)
    return lambda: secure.stream(PROMPT)


def _agents(model: Scripted, guard: Guard) -> dict[str, Stream]:
    try:
        from langchain.agents import create_agent
        from langchain.agents.middleware import PIIMiddleware

        from langchain_secure.middleware import SecureMiddleware
    except ImportError:
        return {}
    kinds = ("email", "credit_card", "ip", "mac_address", "url")
    middleware: list[Any] = [PIIMiddleware(kind, apply_to_output=True) for kind in kinds]
    agents: dict[str, Any] = {
        "agent, bare model": create_agent(model, []),
        "agent, secure_model": create_agent(secure_model(model, guard), []),
        "agent, SecureMiddleware": create_agent(model, [], middleware=[SecureMiddleware(guard)]),
        "agent, PIIMiddleware, 5 types": create_agent(model, [], middleware=middleware),
    }
    return {name: _events(agent) for name, agent in agents.items()}


def _events(agent: Any) -> Stream:
    """Stream as both can: v3 events, the only ones that LangChain's middleware cleans."""

    def stream() -> Iterator[str]:
        run = agent.stream_events({"messages": [("user", PROMPT)]}, version="v3")
        for message in run.messages:
            yield from message.text

    return stream


def measure(model: Scripted, rounds: int = ROUNDS) -> dict[str, dict[str, float]]:
    """Return for each the milliseconds to the first text and to the end, and what the model had said at the first."""
    everybody = contenders(model)
    taken: dict[str, list[tuple[float, float, int]]] = {name: [] for name in everybody}
    for number in range(rounds + 1):
        for name, stream in everybody.items():
            times = _timed(model, stream)
            if number:  # the first round warms everything up
                taken[name].append(times)
    return {name: _row(*(median(column) for column in zip(*times, strict=True))) for name, times in taken.items()}


def _row(first: float, whole: float, said: float) -> dict[str, float]:
    return {"ms": whole, "deltas_per_second": DELTAS * 1000 / whole, "first_ms": first, "first_deltas": said}


def _timed(model: Scripted, stream: Stream) -> tuple[float, float, int]:
    """Return the milliseconds of processor time to the first text and to the end, and the deltas until the first."""
    first, said = 0.0, 0
    begin = process_time()
    for chunk in stream():
        if not said and (chunk if isinstance(chunk, str) else chunk.content):
            first, said = process_time() - begin, model.said
    return first * 1000, (process_time() - begin) * 1000, said


def show(console: Console, results: dict[str, dict[str, float]]) -> None:
    """Print the results as a table: the time, and how much more than the bare model of the same kind takes."""
    table = Table(
        f"{DELTAS:,} deltas", "ms", "deltas/s", "more, µs per delta", "first text, ms", "more, ms", "at delta"
    )
    for name, row in results.items():
        bare = results["agent, bare model" if name.startswith("agent") else "bare model"]
        more, later = (row["ms"] - bare["ms"]) * 1000 / DELTAS, row["first_ms"] - bare["first_ms"]
        shown = (row["ms"], row["deltas_per_second"], more, row["first_ms"], later)
        table.add_row(name, *(f"{number:,.1f}" for number in shown), f"{row['first_deltas']:.0f}")
    console.print(table)


def main() -> None:
    """Measure, print, and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # LangChain's, about v3 events
    results = measure(Scripted(pieces=answer()))
    show(Console(width=120), results)
    if given.json:
        given.json.write_text(json.dumps(results, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
