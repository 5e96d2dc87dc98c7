"""From readings to verdicts: places and calibrated scores, remembered by text."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .cache import Cache
from .classifier import Classifier, Reading, Surface
from .entities import Entity, entities
from .orders import Decoding, orders

__all__ = ["Judge", "Order", "Thresholds", "Verdict", "shipped"]

_SIZE = 4096
"""Verdicts that are remembered."""

_DIGITS = 4
"""Of a score. Float sums in another order differ in the seventh digit."""

_LEAST = 0.05
"""Orders that score less are not kept."""


_DECODING = Decoding(clip=6.0, cost=8.0, least=3, stretch=12, near=2)
"""The shipped model's, for classifiers that bring none."""


@dataclass(frozen=True, slots=True)
class Order:
    """A range of the text that gives orders to the model that reads it."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a model makes of one text. Scores are calibrated: 0.5 is the head's threshold. Never the text."""

    attack: float
    """The text attacks the application that it is said to."""
    orders: tuple[Order, ...]
    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The probability of each head that becomes a score of 0.5, and how orders are put together."""

    attack: float = 0.5
    orders: float = 0.5
    entities: float = 0.5
    decoding: Decoding = _DECODING

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Thresholds:
        """Return what a ``thresholds.json`` says."""
        instruction = table["instruction"]
        names = ("clip", "cost", "least", "stretch", "near")
        return cls(
            table["attack"]["threshold"],
            instruction["threshold"],
            table["pii"]["threshold"],
            Decoding(*(instruction[name] for name in names)),
        )


class Judge:
    """A classifier with its thresholds. Safe to share between threads; pickles without what it remembers.

    Args:
        classifier: reads the texts.
        thresholds: where its heads are set.
        remember: how many verdicts are kept, so that a text that comes again, or that two detectors ask about,
            is read once. They are found by a keyed digest of the text, the surface and the classifier's version.
    """

    def __init__(self, classifier: Classifier, thresholds: Thresholds, remember: int = _SIZE) -> None:
        self.classifier = classifier
        self.thresholds = thresholds
        self._remember = remember
        self._cache: Cache[Verdict] = Cache(remember)

    def __reduce__(self) -> tuple[Callable[..., Judge], tuple[Any, ...]]:
        return Judge, (self.classifier, self.thresholds, self._remember)

    def verdicts(self, texts: Sequence[str], surface: Surface) -> list[Verdict]:
        """Return the verdict on each text, in order; offsets are the text's own."""
        version = f"{self.classifier.version}:{surface:d}"
        keys = [self._cache.key(version, text) for text in texts]
        known = {key: verdict for key in keys if (verdict := self._cache.get(key)) is not None}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        for key, reading in zip(new, self.classifier.read(list(new.values()), surface) if new else (), strict=True):
            known[key] = self._verdict(reading)
            self._cache.put(key, known[key])
        return [known[key] for key in keys]

    def _verdict(self, reading: Reading) -> Verdict:
        limits = self.thresholds
        found = (
            Order(start, end, _calibrated(score, limits.orders))
            for start, end, score in orders(reading, limits.decoding)
        )
        named = (
            Entity(each.start, each.end, each.kind, _calibrated(each.score, limits.entities))
            for each in entities(reading, self.classifier.tags, limits.entities)
        )
        attack = 0.0 if reading.attack is None else _calibrated(_probability(reading.attack), limits.attack)
        return Verdict(attack, tuple(order for order in found if order.score >= _LEAST), tuple(named))


def _probability(logit: float) -> float:
    return 0.0 if logit < -30 else 1 / (1 + math.exp(-logit))


def _calibrated(probability: float, threshold: float) -> float:
    """Return the probability at odds relative to the threshold's: 0 stays 0, the threshold becomes 0.5, 1 stays 1."""
    limit = min(max(threshold, 1e-6), 1 - 1e-6)
    above = probability * (1 - limit)
    return round(above / (above + limit * (1 - probability)), _DIGITS)


@lru_cache(maxsize=1)
def shipped() -> Judge:
    """Return the judge of the shipped model, the same for all of the process.

    Raises:
        IntegrityError: a file of it is missing, or is not what the signed manifest says.
    """
    from .onnx import OnnxClassifier

    classifier = OnnxClassifier()
    return Judge(classifier, Thresholds.of(classifier.artefact.thresholds))
