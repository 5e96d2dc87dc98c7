"""What both examples share: the command line, a gullible offline model, and showing before and after."""

from __future__ import annotations

import argparse
import difflib
import html
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from _documents import DEFAULT, Passage, words
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

QUESTIONS = (
    "Which card was charged twice, and who asks for a refund of the second payment?",
    "How long do alkaline cells in the W2 last in winter, below -10 °C?",
    "Which upload error does the sync log show?",
    "Is a change of the delivery address free?",
    "What does Corvane offer for humidity sensors?",
    "What is a prompt injection, and to which folder do I move a suspicious message?",
)

PROMPT = "Answer the question from the passages.\n\n{context}\n\nQuestion: {question}"

Ask = Callable[[str], tuple[list[Passage], str]]
"""A question in; the passages that the model read, and its answer, out."""


def arguments(description: str | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--docs", type=Path, nargs="*", default=DEFAULT, help="folders or files instead of our own")
    parser.add_argument("--policy", default="default", help="observe, default, strict, or a TOML file")
    parser.add_argument("--question", nargs="*", default=QUESTIONS)
    parser.add_argument("--model", help="provider:name of a real model; the default is offline")
    return parser.parse_args()


def gullible_answer(prompt: str) -> str:
    """Answer as a careless model would: do what the passages say, else quote the best one.

    It stands for any model: what it repeats here, a real one may repeat.
    """
    context, _, question = prompt.rpartition("\n\nQuestion: ")
    order = re.search(r'\b(?:answer|reply)\b[^"\n]{0,60} with: "([^"\n]+)"', html.unescape(context).replace('""', '"'))
    if order:
        return order[1]
    asked = set(words(question))
    paragraphs = [part.strip() for part in context.split("\n\n")[1:] if not part.startswith(("From:", "source:"))]
    best = sorted(paragraphs, key=lambda part: len(asked.intersection(words(part))), reverse=True)[:2]
    return "\n".join(part for part in paragraphs if part in best) or "I do not know."


@contextmanager
def recording() -> Iterator[InMemorySpanExporter]:
    """Collect every OpenTelemetry span of the process."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    yield exporter


def compare(questions: Iterable[str], without: Ask, secured: Ask) -> None:
    """Ask both, and print what changed: the passages as a diff, the answers, the decisions, the spans."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    with recording() as exporter:
        for question in questions:
            exporter.clear()
            before = without(question)
            with trace.get_tracer("demo").start_as_current_span("ask"):
                after = secured(question)
            console.rule(Text(question, "bold"), align="left")
            _show_passages(console, before[0], after[0])
            _show_answer(console, "before", before[1], "red")
            _show_answer(console, "after ", after[1], "green")
            spans = exporter.get_finished_spans()
            console.print(_decisions(spans), _tree(spans))


def _show_passages(console: Console, before: list[Passage], after: list[Passage]) -> None:
    cleaned = dict(after)
    for source, text in before:
        changed = difflib.ndiff(text.splitlines(), cleaned.get(source, "").splitlines())
        lines = [line for line in changed if line[0] in "+-"]
        console.print(Text(f"  {source}" + ("" if lines else ": untouched"), "dim"))
        for line in lines:
            visible = "".join(char if char.isprintable() else "•" for char in line)
            console.print(Text(visible, "red" if line[0] == "-" else "green"), soft_wrap=True)


def _show_answer(console: Console, label: str, answer: str, style: str) -> None:
    for line in answer.splitlines():
        console.print(Text.assemble((f"{label} │ ", "dim"), (line, style)), soft_wrap=True)


def _decisions(spans: Iterable[ReadableSpan]) -> Table:
    """Count the decisions of each kind."""
    table = Table("stage", "action", "found", "texts", title="Decisions", title_justify="left", title_style="bold")
    for (stage, action, found), count in Counter(_decision(span) for span in spans if _is_decision(span)).items():
        table.add_row(stage, Text(action, COLOURS[action]), found, str(count))
    return table


def _tree(spans: Iterable[ReadableSpan]) -> Tree:
    tree = Tree("Spans", style="bold")
    nodes: dict[int | None, Tree] = {}
    for span in sorted(spans, key=lambda each: each.start_time or 0):
        took = ((span.end_time or 0) - (span.start_time or 0)) / 1e6
        label = Text.assemble(span.name, (f" {took:.2f} ms ", "dim"))
        if _is_decision(span):
            stage, action, found = _decision(span)
            label.append(f"{stage} ").append(action, COLOURS[action]).append(f" {found}")
        nodes[span.context.span_id] = nodes.get(span.parent and span.parent.span_id, tree).add(label, style="not bold")
    return tree


def _is_decision(span: ReadableSpan) -> bool:
    return "secure_core.action" in (span.attributes or {})


def _decision(span: ReadableSpan) -> tuple[str, str, str]:
    at: Any = span.attributes
    found = ", ".join(at.get("gen_ai.guardrail.risk.category", ()))
    return at["secure_core.stage"], at["secure_core.action"], found


COLOURS = {"allow": "green", "flag": "yellow", "sanitize": "magenta", "block": "red"}
