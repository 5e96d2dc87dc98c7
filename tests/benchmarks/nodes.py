"""A question's twenty nodes through node postprocessors: ``python -m tests.benchmarks.nodes [--json FILE]``.

Each runs in a process of its own, so that the peak of memory is its own; Presidio's has no language model, and so looks
for what patterns find, as ours does.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, TextNode
from rich.console import Console
from rich.table import Table
from tests.llamaindex.peers import presidio
from tests.shipped import without_models

from .texts import mixed

NODES, SIZE, QUERIES = 20, 1024, 8
"""Nodes of a query, characters of a node, queries of which the median counts."""

Postprocess = Callable[[list[NodeWithScore]], object]


def _none() -> Postprocess:
    return lambda nodes: nodes


def _ours(policy: Any) -> Postprocess:
    from llamaindex_secure import SecureNodePostprocessor

    return _run(SecureNodePostprocessor(policy=policy))


def _ours_pii() -> Postprocess:
    from secure_core import Policy

    return _ours(Policy.model_validate({"rules": [{"category": "pii.*", "action": "sanitize"}]}))


def _run(postprocessor: BaseNodePostprocessor) -> Postprocess:
    return postprocessor.postprocess_nodes


CONTENDERS: dict[str, Callable[[], Postprocess]] = {
    "no postprocessor": _none,
    "SecureNodePostprocessor, personal data": _ours_pii,
    "SecureNodePostprocessor, default without models": lambda: _ours(without_models("default")),
    "SecureNodePostprocessor, default": lambda: _ours("default"),
    "llama-index-postprocessor-presidio": lambda: _run(presidio()),
}
NOT_MEASURED = {
    "PIINodePostprocessor": "asks a language model once a node",
    "NERPIINodePostprocessor": "downloads its model (dbmdz/bert-large-cased-finetuned-conll03-english)",
}


def queries(count: int = QUERIES) -> list[list[NodeWithScore]]:
    """Return what as many queries bring: nodes of mixed texts, with two metadata values each."""
    found = []
    for query in range(count):
        texts = mixed(SIZE, NODES, seed=query)
        metadata = {"file": f"notes-{query}.txt", "author": f"ada.{query}@example.com"}
        found.append([NodeWithScore(node=TextNode(text=text, metadata=dict(metadata))) for text in texts])
    return found


def measure(name: str) -> dict[str, Any]:
    """Return the median milliseconds of a query, waited and of the processor, and the peak of the process in MB."""
    try:
        run = CONTENDERS[name]()
    except ImportError as error:
        return {"skipped": f"not installed: {error.name}"}
    waited, worked = [], []
    for nodes in queries():
        begin, began = perf_counter(), process_time()
        run(nodes)
        waited.append((perf_counter() - begin) * 1000)
        worked.append((process_time() - began) * 1000)
    scale = 2**20 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale
    return {"ms": median(waited[1:]), "cpu_ms": median(worked[1:]), "peak_mb": peak}


def measure_nodes() -> dict[str, dict[str, Any]]:
    """Return the results of everybody."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.nodes", "--only"]
    measured = {name: json.loads(subprocess.check_output([*command, name], text=True)) for name in CONTENDERS}
    return {**measured, **{name: {"skipped": reason} for name, reason in NOT_MEASURED.items()}}


def show(console: Console, results: dict[str, dict[str, Any]]) -> None:
    """Print the results as a table."""
    table = Table(f"{NODES} nodes of {SIZE} characters", "ms", "ms of the processor", "peak MB")
    for name, outcome in results.items():
        measured = (f"{outcome[key]:.1f}" for key in ("ms", "cpu_ms", "peak_mb") if key in outcome)
        table.add_row(name, *([outcome["skipped"]] if "skipped" in outcome else measured))
    console.print(table)


def main() -> None:
    """Measure, print, and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=CONTENDERS, help="measure one here and now; print JSON")
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    given = parser.parse_args()
    if given.only:
        warnings.simplefilter("ignore")
        print(json.dumps(measure(given.only)))
        return
    results = measure_nodes()
    show(Console(width=None if sys.stdout.isatty() else 130), results)
    if given.json:
        given.json.write_text(json.dumps(results, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
