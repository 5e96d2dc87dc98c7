"""From logits of tokens to the orders in a text."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .classifier import Reading

__all__ = ["Decoding", "Run", "orders", "runs", "segment"]

_BORDER = re.compile(
    r"(?<=[.!?;])[\"')\]]*\s+|\n+|\\n|[。！？]|[\"'](?=\s*[,:}\]])|(?<=[:,{\[])\s*[\"']|\s\|\s?|\|\s|\t|<[^<>]{1,200}>"
)
"""Ends of a sentence, a line, a JSON string, a table cell or a tag."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """What ``thresholds.json`` says of decoding, under ``instruction``."""

    clip: float
    """Logits are cut to this size."""
    cost: float
    """What it costs to begin a run, in logits."""
    least: int
    """Tokens of the shortest order."""
    stretch: int
    """Tokens of the stretch whose mean probability is a run's score."""
    near: int
    """A run's edge moves to a border that is at most so many tokens away."""


@dataclass(frozen=True, slots=True)
class Run:
    """Tokens ``first:last`` that read as one order, and how surely (0..1)."""

    first: int
    last: int
    score: float


def orders(reading: Reading, decoding: Decoding) -> Iterator[tuple[int, int, float]]:
    """Give start, end and score of each order in a text; where a border is near, it begins and ends there."""
    found = list(runs(reading.orders, decoding)) if reading.orders is not None else []
    edges = _borders(reading) if found else []
    for run in found:
        first, last = _near(run.first, edges, decoding.near), _near(run.last, edges, decoding.near)
        if first < last:
            yield reading.offsets[first][0], reading.offsets[last - 1][1], run.score


def runs(logits: NDArray[np.float32], decoding: Decoding) -> Iterator[Run]:
    """Give every run of order tokens with its score: the best mean probability of a stretch of it."""
    probability = 1.0 / (1.0 + np.exp(-np.clip(logits, -30, 30)))
    for first, last in segment(logits, decoding.clip, decoding.cost):
        if last - first >= decoding.least:
            sums = np.concatenate([[0.0], np.cumsum(probability[first:last])])
            width = min(decoding.stretch, last - first)
            yield Run(first, last, float((sums[width:] - sums[:-width]).max() / width))


def segment(logits: NDArray[np.float32], clip: float, cost: float) -> list[tuple[int, int]]:
    """Return the token runs that maximise the sum of logits in them, less ``cost`` for each run.

    A dip inside an order is bridged and a lone high token is no order, without any window size. The dynamic
    programme of change points with two states (as in Viterbi 1967), linear in the tokens.
    """
    outside, inside, begun = 0.0, -cost, 0  # the best sums that end outside and inside a run, and where that run begins
    last_run: list[tuple[int, int] | None] = []  # of the best sum that ends outside, at each token
    for at, logit in enumerate(np.clip(logits, -clip, clip).tolist()):
        if outside - cost > inside or at == 0:
            inside, begun = outside - cost, at
        inside += logit
        previous = last_run[-1] if last_run else None
        last_run.append((begun, at + 1) if inside > outside else previous)
        outside = max(outside, inside)
    found = []
    at = len(last_run)
    while at > 0 and (run := last_run[at - 1]) is not None:
        found.append(run)
        at = run[0]
    return found[::-1]


def _borders(reading: Reading) -> list[int]:
    """Return the tokens before which a sentence or field begins, the ends of the text included; sorted."""
    starts = [start for start, _ in reading.offsets]
    found = {bisect_left(starts, border.end()) for border in _BORDER.finditer(reading.text)}
    return sorted({0, len(starts)} | found)


def _near(token: int, edges: Sequence[int], most: int) -> int:
    """Return the border next to a token if it is near, else the token itself."""
    at = bisect_left(edges, token)
    closest = min(edges[max(0, at - 1) : at + 1], key=lambda edge: abs(edge - token))
    return closest if abs(closest - token) <= most else token
