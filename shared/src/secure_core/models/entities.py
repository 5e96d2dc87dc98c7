"""From logits of tokens to personal entities, under Presidio's names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .classifier import Reading

__all__ = ["Entity", "entities"]

_COMMA = re.compile(r"[,\n]\s*")
"""Between street, town and country."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A range of the text that names somebody or something."""

    start: int
    end: int
    kind: str
    """Presidio's name, as in ``PERSON``."""
    score: float
    """Mean probability of its words, 0..1."""


def entities(reading: Reading, tags: Sequence[str], threshold: float) -> Iterator[Entity]:
    """Give what the classifier's ``tags`` (``O``, then ``B-`` and ``I-`` of each kind) say at a threshold.

    The pieces of a word share its fate; an address is given in its parts, which touch.
    """
    if reading.entities is None or not reading.offsets:
        return
    logits = reading.entities - reading.entities.max(axis=1, keepdims=True)
    probability = np.exp(logits)
    probability /= probability.sum(axis=1, keepdims=True)
    begins, inside = probability[:, 1::2], probability[:, 2::2]
    kinds = begins + inside
    likely = kinds.sum(axis=1) >= threshold  # what follows is slow, and most words are nothing
    start = end = words = 0
    sure, previous = 0.0, -1
    for first, last in _words(reading):
        mean = kinds[first:last].mean(axis=0) if likely[first:last].any() else None
        total = 0.0 if mean is None else float(mean.sum())
        kind = -1 if mean is None or total < threshold else int(mean.argmax())
        if previous >= 0 and (kind != previous or begins[first, kind] > inside[first, kind]):
            yield from _parts(reading.text, Entity(start, end, _name(tags, previous), sure / words))
            previous = -1
        if kind >= 0:
            if previous < 0:
                start, sure, words = reading.offsets[first][0], 0.0, 0
            end, sure, words, previous = reading.offsets[last - 1][1], sure + total, words + 1, kind
    if previous >= 0:
        yield from _parts(reading.text, Entity(start, end, _name(tags, previous), sure / words))


def _name(tags: Sequence[str], kind: int) -> str:
    return tags[1 + 2 * kind].removeprefix("B-")


def _words(reading: Reading) -> Iterator[tuple[int, int]]:
    """Give the token ranges of words: pieces that touch and are both letters or digits."""
    begun = 0
    for at, ((_, before), (start, end)) in enumerate(pairwise(reading.offsets), 1):
        text = reading.text
        if not (before == start and text[start:end].isalnum() and text[start - 1 : start].isalnum()):
            yield begun, at
            begun = at
    yield begun, len(reading.offsets)


def _parts(text: str, entity: Entity) -> Iterator[Entity]:
    if entity.kind != "LOCATION":
        yield entity
        return
    commas = (entity.start + comma.end() for comma in _COMMA.finditer(text[entity.start : entity.end]))
    cuts = [entity.start, *(cut for cut in commas if cut < entity.end), entity.end]
    for start, end in pairwise(cuts):
        yield Entity(start, end, entity.kind, entity.score)
