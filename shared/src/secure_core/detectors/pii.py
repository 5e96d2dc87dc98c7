"""Personal data: Presidio's recognisers behind a gate, and recognisers for what they miss."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..types import Context, Finding
from . import accounts, cards, phones
from ._presidio import presidio
from .analysis import Analysis, Scores
from .evidence import ALONE, LEAST

if TYPE_CHECKING:
    from .names import Names

__all__ = ["Pii"]

_PLACEHOLDER = re.compile(r"\[[A-Z][A-Z0-9_]*\]")
_SEPARATOR = "\n\0\n"

_PIECE, _BEFORE, _AFTER = 2048, 256, 768
"""Longer texts are analysed in pieces of so many characters, with so many around them: then no expression can
take its time squared, and only what is longer than its surroundings is found in part."""

_OURS = frozenset({"PhoneRecognizer", "ZaPhoneNumberRecognizer"})
"""Presidio's classes that are not used: ours stands in for the one, the other is a base class."""


class Pii:
    """Finds personal data that has a form (numbers, codes, addresses), and names if there is a model for them.

    Args:
        regions: two-letter codes of the countries whose identifiers are looked for; ``"*"`` is all.
        phone_regions: two-letter codes of the countries whose national phone formats are known; ``"*"`` is all.
        entities: Presidio's names of what is looked for; all by default.
        exclude: names of what is not.
        min_score: the least score that is reported; 0 reports all that Presidio does.
        thresholds: another least score for some entities, by name. Without it, entities with a telling
            format are reported at less than ``min_score`` (`secure_core.detectors.evidence`).
        model: a spaCy pipeline for names: an installed package's name, or a folder. Nothing is fetched.

    Raises:
        ValueError: an unknown region or entity, a score outside 0..1, a model that is not there.
        ImportError: Presidio is not installed.
    """

    name = "pii"
    categories = ("pii.*",)
    scope = "segment"

    def __init__(
        self,
        *,
        regions: str | Sequence[str] = "*",
        phone_regions: str | Sequence[str] = phones.REGIONS,
        entities: Sequence[str] | None = None,
        exclude: Sequence[str] = (),
        min_score: float = 0.4,
        thresholds: Mapping[str, float] | None = None,
        model: str | None = None,
    ) -> None:
        self._options = {key: value for key, value in locals().items() if key != "self"}
        found = presidio()
        kinds = [kind for kind in found.recognizers() if kind.__name__ not in _OURS]
        recognizers = list(made(found.package, _of(kinds, regions), _phone_regions(phone_regions)))
        known = {entity for each, _ in recognizers for entity in each.supported_entities} | set(_names_known(model))
        self._entities = _wanted(known, entities, exclude)
        self.analysis = Analysis(
            [(each, home) for each, home in recognizers if self._entities.issuperset(each.supported_entities)],
            _scores(min_score, thresholds),
            outlines=phones.OUTLINES,
            remove_duplicates=found.package.EntityRecognizer.remove_duplicates,
        )
        self._names = _names(model)

    def __getstate__(self) -> dict[str, Any]:
        return self._options

    def __setstate__(self, options: dict[str, Any]) -> None:
        self.__init__(**options)  # type: ignore[misc]

    def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
        """Return the findings of each text: Presidio's entity in lower case, at Presidio's score."""
        if self._names is None and len(texts) > 1 and not self.analysis.rules_for(_SEPARATOR.join(texts)):
            return [[] for _ in texts]
        return [self._findings(text) for text in texts]
