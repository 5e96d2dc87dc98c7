"""Measure everybody side by side: ``python -m tests.benchmarks [--quick] [--json FILE]``.

Each text is made once and given to everybody in turn. Shown are medians of processor time, so that
a busy machine does little harm; what counts is the ratio, since absolute times move from machine to
machine.
"""

from __future__ import annotations

import argparse
import json
import platform
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from .contenders import OURS, Contender, contenders, deltas, streams
from .texts import hostile, mixed

SIZES = {"100 B": (100, 240), "1 KB": (1024, 240), "8 KB": (8192, 72), "100 KB": (102_400, 12), "1 MB": (1_048_576, 6)}
"""Characters of a text, and number of texts."""
PATIENCE = 10.0
"""Seconds after which a text is given up, and its contender at that size and beyond; and what a size may take."""


class TooSlow(KeyboardInterrupt):
    """A text took longer than `PATIENCE`: an interruption, which nobody takes for an error and goes on."""


@contextmanager
def patience(seconds: float = PATIENCE) -> Iterator[None]:
    """Interrupt the body after so many seconds (where the platform has alarms)."""

    def give_up(*_: object) -> None:
        raise TooSlow

    if not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def timed(run: Callable[[str], object], text: str) -> float:
    """Return the milliseconds of processor time that ``run`` takes for ``text``."""
    with patience():
        begin = process_time()
        run(text)
        return (process_time() - begin) * 1000


def measure_sizes(everybody: Sequence[Contender], share: int) -> dict[str, dict[str, Any]]:
    """Return for each size and contender the median milliseconds per text, or why there is none."""
    results: dict[str, dict[str, Any]] = {}
    slow: set[str] = set()
    for label, (size, count) in SIZES.items():
        times: dict[str, list[float]] = {each.name: [] for each in everybody}
        for text in mixed(size, max(6, count // share), seed=size):
            for each in everybody:
                if each.run is not None and each.name not in slow and sum(times[each.name]) < PATIENCE * 1000:
                    try:
                        times[each.name].append(timed(each.run, text))
                    except (TooSlow, ValueError):  # spaCy refuses long texts with a ValueError
                        slow.add(each.name)
        results[label] = {each.name: _outcome(each, times[each.name], slow) for each in everybody}
        _status(f"{label} measured")
    return results


def _outcome(contender: Contender, times: Sequence[float], slow: set[str]) -> dict[str, Any]:
    if contender.run is None:
        return {"skipped": contender.reason}
    if contender.name in slow or not times:
        return {"skipped": f"> {PATIENCE:.0f} s or refused"}
    return {"ms": median(times), "texts": len(times)}


def measure_hostile(run: Callable[[str], object]) -> dict[str, dict[str, Any]]:
    """Return milliseconds per KB at 10 KB and at 1 MB, by what the text attacks; None beyond the patience."""
    small, large = hostile(10_240), hostile(1_048_576)
    run("warm")
    results: dict[str, dict[str, Any]] = {}
    for name in small:
        results[name] = {"ms_per_kb_10k": inf, "ms_per_kb_1m": None, "ratio": None}
        try:
            at_10k = min(timed(run, small[name]) for _ in range(3)) / 10
            results[name]["ms_per_kb_10k"] = at_10k
            at_1m = timed(run, large[name]) / 1024
            results[name] |= {"ms_per_kb_1m": at_1m, "ratio": at_1m / at_10k}
        except TooSlow:
            pass
        _status(f"hostile: {name} measured")
    return results


def measure_streams(share: int) -> dict[str, Any]:
    """Return the median microseconds per delta of four characters, on texts of 8 KB."""
    everybody = streams()
    times: dict[str, list[float]] = {each.name: [] for each in everybody}
    for text in mixed(8192, 60 // share, seed=0):
        for each in everybody:
            if each.run is not None:
                times[each.name].append(timed(each.run, text) * 1000 / len(deltas(text)))
    return {
        each.name: {"us_per_delta": median(times[each.name])} if each.run else {"skipped": each.reason}
        for each in everybody
    }


def measure_imports() -> dict[str, dict[str, Any]]:
    """Return the processor seconds of an import in a fresh interpreter, and what heavy it loads."""
    return {what: _import(what) for what in ("import secure_core", "from secure_core import Guard")}


def _import(what: str) -> dict[str, Any]:
    program = (
        f"import time, sys; begin = time.process_time(); {what}; took = time.process_time() - begin;"
        "heavy = {'torch', 'transformers', 'presidio_analyzer', 'onnxruntime', 'numpy', 'spacy'} & set(sys.modules);"
        "print(took, *sorted(heavy))"
    )
    answers = [subprocess.check_output([sys.executable, "-c", program], text=True).split() for _ in range(7)]
    return {"seconds": median(float(answer[0]) for answer in answers), "heavy": answers[0][1:]}


def show(console: Console, results: dict[str, Any]) -> None:
    """Print the results as tables."""
    sizes = results["sizes"]
    table = Table("ms per text (× ours)", *(Column(label, justify="right") for label in sizes))
    for name in next(iter(sizes.values())):
        table.add_row(name, *(_cell(row[name], row[OURS]) for row in sizes.values()))
    console.print(table)
    table = Table("µs per 4-character delta", "")
    for name, outcome in results["streams"].items():
        table.add_row(name, f"{outcome['us_per_delta']:.1f}" if "us_per_delta" in outcome else outcome["skipped"])
    console.print(table)
    table = Table("hostile text", "ms/KB at 10 KB", "ms/KB at 1 MB", "ratio")
    for name, row in sorted(results["hostile"].items(), key=lambda each: -(each[1]["ratio"] or inf)):
        later = (
            (f"> {PATIENCE:.0f} s", "")
            if row["ratio"] is None
            else (f"{row['ms_per_kb_1m']:.4f}", f"{row['ratio']:.2f}")
        )
        table.add_row(name, f"{row['ms_per_kb_10k']:.4f}", *later)
    console.print(table)
    for what, outcome in results["imports"].items():
        console.print(f"{what}: {outcome['seconds']:.3f} s, heavy imports: {', '.join(outcome['heavy']) or 'none'}")


def _cell(outcome: dict[str, Any], ours: dict[str, Any]) -> str:
    if "ms" not in outcome:
        return str(outcome["skipped"])
    ratio = outcome["ms"] / ours["ms"] if "ms" in ours else float("nan")
    return f"{outcome['ms']:.3g}" if outcome is ours else f"{outcome['ms']:.3g} ({ratio:.3g} ×)"


def _status(message: str) -> None:
    print(message, file=sys.stderr)  # progress, apart from the results


def main() -> None:
    """Measure, print, and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fifth of the texts")
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    given = parser.parse_args()
    share = 5 if given.quick else 1
    everybody = contenders()
    assert everybody[0].run is not None, everybody[0].reason
    results = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "imports": measure_imports(),
        "sizes": measure_sizes(everybody, share),
        "streams": measure_streams(share),
        "hostile": measure_hostile(everybody[0].run),
    }
    show(Console(width=None if sys.stdout.isatty() else 130), results)
    if given.json:
        given.json.write_text(json.dumps(results, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
