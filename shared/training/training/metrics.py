"""Counts, proportions with Wilson intervals, and span scores."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


def wilson(hits: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Return the 95 % interval of a proportion."""
    if not total:
        return 0.0, 1.0
    p, zz = hits / total, z * z / total
    middle, half = (p + zz / 2) / (1 + zz), z * math.sqrt(p * (1 - p) / total + zz / (4 * total)) / (1 + zz)
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(slots=True)
class Share:
    """A proportion: how many of how many."""

    hits: int
    total: int

    def __str__(self) -> str:
        """Return ``value [low, high] (n)``."""
        low, high = wilson(self.hits, self.total)
        return f"{self.hits / max(1, self.total):.4f} [{low:.3f}, {high:.3f}] (n={self.total})"


def covered(spans: Iterable[Sequence[Any]], length: int) -> bytearray:
    """Return one byte per character, 1 where a span covers it."""
    flags = bytearray(length)
    for span in spans:
        flags[span[0] : span[1]] = b"\x01" * (span[1] - span[0])
    return flags


def overlap(gold: Sequence[Sequence[Any]], guess: Sequence[Sequence[Any]]) -> tuple[int, int, int]:
    """Return hits, misses and false alarms: same type, any shared character, one to one.

    Further guesses inside a gold span that is already met are no false alarms.
    """
    free, hits, false = list(gold), 0, 0
    for start, end, kind in sorted((g[0], g[1], g[2]) for g in guess):
        met = next((g for g in free if g[2] == kind and g[0] < end and start < g[1]), None)
        if met is not None:
            free.remove(met)
            hits += 1
        elif not any(g[2] == kind and g[0] < end and start < g[1] for g in gold):
            false += 1
    return hits, len(free), false


def f_beta(hits: int, misses: int, false: int, beta: float = 2.0) -> float:
    """Return the F score in which recall weighs ``beta`` times as much as precision."""
    weight = beta * beta
    return (1 + weight) * hits / max(1e-9, (1 + weight) * hits + weight * misses + false)
