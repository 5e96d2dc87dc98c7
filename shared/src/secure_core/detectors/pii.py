"""Personal data: Presidio's recognisers behind a gate, and what they miss."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..types import Context, Finding
from . import cards, phones
from ._presidio import presidio
from .analysis import Analysis

__all__ = ["Pii"]

_PLACEHOLDER = re.compile(r"\[[A-Z][A-Z0-9_]*\]")
_PIECE = 2048
"""Longer texts are analysed in pieces of this many characters, so that no expression can take its time squared."""
_BEFORE = 256
_AFTER = 768


class Pii:
    """Finds structured personal data; see `docs/how-to/pii.md` for the entities.

    Args:
        regions: two-letter codes of the countries whose identifiers are looked for; ``"*"`` for all.
        phone_regions: two-letter codes of the countries whose national phone formats are known.
        entities: Presidio's names of what to look for; all by default.
        exclude: names of what not to look for.
        min_score: the least score that is reported.
        thresholds: another least score for some entities, by Presidio's name.
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
    ) -> None:
        self._options = {
            "regions": regions,
            "phone_regions": phone_regions,
            "entities": entities,
            "exclude": exclude,
            "min_score": min_score,
            "thresholds": thresholds,
        }
        package = presidio()
        recognizers = [kind for kind in package.recognizers() if kind.__name__ != "ZaPhoneNumberRecognizer" and kind.__name__!="PhoneRecognizer"]
        made = [kind(supported_language="en") for kind in recognizers]
        made.append(phones.recognizer(package.package, tuple(phone_regions)))
        made.append(cards.recognizer(package.package))
        self._recognizers = made
        self._analysis = Analysis(
            made,
            thresholds={"": min_score, **(thresholds or {})},
            expressions={each.name: phones.EXPRESSION for each in made if not hasattr(each, "patterns")},
            remove_duplicates=package.package.EntityRecognizer.remove_duplicates,
        )

    def __getstate__(self) -> dict[str, Any]:
        return self._options

    def __setstate__(self, options: dict[str, Any]) -> None:
        self.__init__(**options)  # type: ignore[misc]

    def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
        """Return the findings of each text, at Presidio's scores."""
        if len(texts) > 1 and not self._analysis.rules_for("\n".join(texts)):
            return [[] for _ in texts]
        return [self._findings(text) for text in texts]

    def _findings(self, text: str) -> list[Finding]:
        found: list[Finding] = []
        for start, piece, begin, end in _pieces(text):
            rules = self._analysis.rules_for(piece)
            if not rules:
                continue
            for result in self._analysis.results(_PLACEHOLDER.sub(_blank, piece), rules):
                if begin <= result.start < end:
                    category = f"pii.{result.entity_type.lower()}"
                    found.append(
                        Finding(start + result.start, start + result.end, category, result.score, self.name)
                    )
        return sorted(found)


def _blank(placeholder: re.Match[str]) -> str:
    return "[" + "\0" * (len(placeholder[0]) - 2) + "]"


def _pieces(text: str) -> Iterator[tuple[int, str, int, int]]:
    """Give each piece's offset, the piece with its surroundings, and the range in it that is its own."""
    for start in range(0, max(len(text), 1), _PIECE):
        before = max(0, start - _BEFORE)
        piece = text[before : start + _PIECE + _AFTER] if len(text) > _PIECE + _AFTER else text
        if piece is text:
            yield 0, text, 0, len(text) + 1
            return
        yield before, piece, start - before, start - before + _PIECE
