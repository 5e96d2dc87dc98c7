"""From logits to findings: a document score, order spans and entities."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .config import ENTITIES
from .score import Scored

#: Ends of a sentence, a line, a JSON string, a table cell or a tag.
_BORDER = re.compile(r"(?<=[.!?;])[\"')\]]*\s+|\n+|\\n|[。！？]|[\"'](?=\s*[,:}\]])|(?<=[:,{\[])\s*[\"']|\s\|\s?|\|\s|\t|<[^<>]{1,200}>")
#: Logits are cut to this size; what it costs to begin a run of order tokens, in logits.
CLIP, COST = 6.0, 8.0
#: Tokens of the shortest order, and of the stretch whose mean probability is a run's score.
LEAST, STRETCH = 3, 12
#: A run's edge moves to a border that is at most so many tokens away.
NEAR = 2


def sigmoid(x: np.ndarray | float) -> np.ndarray:
    """Return 1 / (1 + exp(-x))."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -30, 30))))


@dataclass(slots=True)
class Run:
    """Tokens ``first:last`` that read as one order, and how surely."""

    first: int
    last: int
    score: float


def segment(logits: np.ndarray) -> list[tuple[int, int]]:
    """Return the token runs that maximise the sum of logits in them, less COST for each run.

    A dip inside an order is bridged and a lone high token is no order, without any window size.
    """
    out: list[tuple[int, int]] = []
    outside, inside = 0.0, -COST  # the best sums that end outside and inside a run
    begun = 0  # where the run of ``inside`` begins
    ends: list[tuple[int, int] | None] = []  # the last run of ``outside``, at each token
    chain: list[int] = []  # for each token: how many tokens the chain before its last run holds
    for at, logit in enumerate(np.clip(logits, -CLIP, CLIP).tolist()):
        if outside - COST > inside or at == 0:
            inside, begun = outside - COST, at
        inside += logit
        closed = inside > outside
        outside = max(outside, inside)
        ends.append((begun, at + 1) if closed else (ends[-1] if ends else None))
        chain.append(begun if closed else (chain[-1] if chain else 0))
    at = len(ends)
    while at > 0 and (run := ends[at - 1]) is not None:
        out.append(run)
        at = chain[at - 1]
    return out[::-1]


def runs(scored: Scored) -> list[Run]:
    """Return every run of order tokens with its score: the best mean probability of a stretch of it."""
    probability = sigmoid(scored.instruction)
    out = []
    for first, last in segment(scored.instruction):
        if last - first >= LEAST:
            sums = np.concatenate([[0.0], np.cumsum(probability[first:last])])
            width = min(STRETCH, last - first)
            out.append(Run(first, last, float((sums[width:] - sums[:-width]).max() / width)))
    return out


def document_score(scored: Scored) -> float:
    """Return the score of the surest run, or 0."""
    return max((run.score for run in runs(scored)), default=0.0)


def borders(scored: Scored) -> list[int]:
    """Return the tokens before which a sentence or field begins, the ends of the text included."""
    starts = np.array([start for start, _ in scored.offsets])
    found = {int(np.searchsorted(starts, border.end())) for border in _BORDER.finditer(scored.text)}
    return sorted({0, len(starts)} | found)


def order_spans(scored: Scored, threshold: float) -> list[tuple[int, int]]:
    """Return ``(start, end)`` of the orders whose score reaches ``threshold``."""
    edges = borders(scored)
    spans = []
    for run in runs(scored):
        if run.score >= threshold:
            first, last = _near(run.first, edges), _near(run.last, edges)
            if first < last:
                spans.append((scored.offsets[first][0], scored.offsets[last - 1][1]))
    return spans


def _near(token: int, edges: list[int]) -> int:
    """Return the border next to a token, or the token itself if none is near."""
    closest = min(edges, key=lambda edge: abs(edge - token))
    return closest if abs(closest - token) <= NEAR else token


def entities(scored: Scored, threshold: float) -> list[tuple[int, int, str, float]]:
    """Return ``(start, end, ENTITY, probability)``; pieces of a word share its fate."""
    if not scored.offsets:
        return []
    logits = scored.pii - scored.pii.max(axis=1, keepdims=True)
    probability = np.exp(logits)
    probability /= probability.sum(axis=1, keepdims=True)
    begins, inside = probability[:, 1::2], probability[:, 2::2]
    kinds = begins + inside  # [N, entities]
    found: list[list[float]] = []
    previous = -1
    for first, last in _words(scored):
        mean = kinds[first:last].mean(axis=0)
        kind = int(mean.argmax())
        if mean.sum() < threshold:
            previous = -1
            continue
        start, end = scored.offsets[first][0], scored.offsets[last - 1][1]
        new = kind != previous or begins[first, kind] > inside[first, kind]
        if new or not found:
            found.append([start, end, kind, float(mean.sum()), 1])
        else:
            found[-1][1] = end
            found[-1][3] += float(mean.sum())
            found[-1][4] += 1
        previous = kind
    spans = [(int(s), int(e), ENTITIES[int(k)], total / count) for s, e, k, total, count in found]
    return [part for span in spans for part in _parts(scored.text, *span)]


#: Between street, town and country.
_COMMA = re.compile(r"[,\n]\s*")


def _parts(text: str, start: int, end: int, kind: str, score: float) -> list[tuple[int, int, str, float]]:
    """Split an address at commas and line ends; the parts touch, so that nothing between them is left."""
    cuts = [start, *(start + m.end() for m in _COMMA.finditer(text[start:end]) if m.end() < end - start), end]
    if kind != "LOCATION":
        cuts = [start, end]
    return [(a, b, kind, score) for a, b in pairwise(cuts)]


def _words(scored: Scored) -> list[tuple[int, int]]:
    """Return token ranges of words: pieces that touch and are both letters or digits."""
    out: list[tuple[int, int]] = []
    for at, (start, end) in enumerate(scored.offsets):
        glued = out and scored.offsets[at - 1][1] == start and scored.text[start:end].isalnum() and scored.text[start - 1 : start].isalnum()
        if glued:
            out[-1] = (out[-1][0], at + 1)
        else:
            out.append((at, at + 1))
    return out
