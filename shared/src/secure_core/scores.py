"""The measures: proportions with their intervals, F scores, and spans matched one to one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Span", "f_score", "pair", "proportion", "wilson"]


@dataclass(frozen=True, slots=True)
class Span:
    """A range of a text and what kind of thing stands there, labelled or predicted."""

    start: int
    end: int
    kind: str
    """``secret``, ``injection``, or a personal-data type such as ``pii.person``."""


def wilson(hits: int, of: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the 95 % score interval of a proportion (Wilson 1927), within 0..1.

    >>> tuple(round(bound, 3) for bound in wilson(8, 10))
    (0.49, 0.943)
    """
    share = hits / of
    centre = share + z * z / (2 * of)
    reach = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    return max(0.0, (centre - reach) / scale), min(1.0, (centre + reach) / scale)


def proportion(name: str, hits: int, of: int) -> dict[str, float | list[float] | None]:
    """Return the proportion under ``name`` and its interval under ``{name}_ci95``; None if there was nothing."""
    if not of:
        return {name: None, f"{name}_ci95": None}
    return {name: hits / of, f"{name}_ci95": list(wilson(hits, of))}


def f_score(beta: int, hits: int, predicted: int, labelled: int) -> float | None:
    """Return the F score that weighs recall ``beta`` times as much as precision (van Rijsbergen 1979)."""
    if not labelled:
        return None
    return (1 + beta * beta) * hits / (beta * beta * labelled + predicted)


def pair(labelled: Sequence[Span], predicted: Sequence[Span]) -> tuple[int, int]:
    """Match spans of the same kind that share a character, one to one.

    Both sides are disjoint within a kind, so that matching the two that begin first, again and
    again, finds as many pairs as there are.

    Returns:
        The number of pairs, and the number of predictions that are wrong: those left over, less
        further fragments inside a labelled span.
    """
    pairs = wrong = 0
    for kind in {span.kind for span in predicted}:
        wanted = sorted((span.start, span.end) for span in labelled if span.kind == kind)
        at = 0
        for start, end in sorted((span.start, span.end) for span in predicted if span.kind == kind):
            while at < len(wanted) and wanted[at][1] <= start:
                at += 1
            if at < len(wanted) and wanted[at][0] < end:
                pairs += 1
                at += 1
            elif not any(outer[0] <= start and end <= outer[1] for outer in wanted):
                wrong += 1
    return pairs, wrong
