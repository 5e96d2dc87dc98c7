"""Names of people, places and organisations, by a spaCy pipeline that is installed; none is ever fetched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .languages import language

__all__ = ["Names"]

_ENTITIES = {
    "PERSON": "PERSON",
    "PER": "PERSON",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "FAC": "LOCATION",
    "ORG": "ORGANIZATION",
    "NORP": "NRP",
}
"""spaCy's labels and Presidio's names. Dates and numbers are left to the rules: models see them in any address."""
_SCORE = 0.85
"""Presidio's, for all that spaCy says."""


class Names:
    """A spaCy pipeline that is kept off texts in other languages than its own.

    Args:
        model: the name of an installed pipeline package, or a folder that holds one.

    Raises:
        ValueError: there is no such pipeline here.
        ImportError: spaCy is not installed.
    """

    def __init__(self, model: str) -> None:
        import spacy

        try:
            self._pipeline = spacy.load(model)
        except OSError:
            raise ValueError(
                f"there is no spaCy pipeline {model!r} here; install its package, or give the path of its folder"
            ) from None

    def find(self, text: str) -> Iterator[tuple[str, int, int, float]]:
        """Give Presidio's entity, the range and the score of each name in ``text``."""
        if language(text.lower()) not in (None, self._pipeline.lang):
            return
        document: Any = self._pipeline(text)
        for entity in document.ents:
            if entity.label_ in _ENTITIES:
                yield _ENTITIES[entity.label_], entity.start_char, entity.end_char, _SCORE
