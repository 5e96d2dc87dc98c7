"""Phone numbers of many regions in one pass, with `phonenumbers` (Google's libphonenumber)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phonenumbers import PhoneNumberMatch

__all__ = ["EXPRESSION", "REGIONS", "find", "known_regions", "recognizer"]

REGIONS = ("US", "GB", "DE", "FR", "IL", "IN", "CA", "BR")
"""Whose national formats are known unless the policy says otherwise: Presidio's. ``+`` numbers need no region."""

EXPRESSION = r"\d(?:[^\w,;:!?]{0,4}x?[^\w,;:!?]{0,4}\d){4}"
"""What every number that `find` finds holds: five digits with little between them."""

_CONTEXT = ("phone", "number", "telephone", "cell", "cellphone", "mobile", "call", "tel", "fax", "landline", "whatsapp")
_DIGITS = re.compile(r"\d")
_EXTENSION = re.compile(r"[^\W\d]|[#;,~]")


def known_regions() -> frozenset[str]:
    """Return the two-letter codes that may be asked for."""
    import phonenumbers

    return frozenset(phonenumbers.SUPPORTED_REGIONS)


@lru_cache
def _lengths(region: str) -> range:
    """Return how many digits a number of ``region`` may be written with, prefixes included."""
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region(region)
    possible = metadata.general_desc.possible_length
    before = len(str(metadata.country_code)) + 6  # an international or a carrier prefix
    return range(min(possible), max(possible) + before + 1)


def _candidate_regions(candidate: str, regions: Sequence[str]) -> list[str]:
    if candidate.lstrip("([（［").startswith(("+", "＋")):  # noqa: RUF001
        return list(regions[:1])
    if _EXTENSION.search(candidate):
        return list(regions)
    digits = len(_DIGITS.findall(candidate))
    return [region for region in regions if digits in _lengths(region)]


@lru_cache(maxsize=1)
def _matcher() -> type:
    from phonenumbers import Leniency, PhoneNumberMatcher

    class Matcher(PhoneNumberMatcher):  # type: ignore[misc]
        """A matcher that tries a candidate in every region before it looks at parts of it."""

        def __init__(self, text: str, regions: Sequence[str]) -> None:
            super().__init__(text, regions[0], leniency=Leniency.VALID)
            self._regions = regions

        def _parse_and_verify(self, candidate: str, offset: int) -> PhoneNumberMatch | None:
            for region in _candidate_regions(candidate, self._regions):
                self.preferred_region = region
                match = super()._parse_and_verify(candidate, offset)
                if match is not None:
                    return match
            return None

    return Matcher


def find(text: str, regions: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Give the ranges of ``text`` that are valid phone numbers in one of ``regions``, or anywhere with a ``+``."""
    for match in _matcher()(text, regions):
        yield match.start, match.end


def recognizer(presidio: Any, regions: Sequence[str]) -> Any:
    """Return a Presidio recogniser for `find`; ``presidio`` is the package that it is to belong to.

    It stands in for Presidio's PhoneRecognizer, which walks the text once per region.
    """

    class PhoneNumbers(presidio.LocalRecognizer):  # type: ignore[misc]
        """PHONE_NUMBER, in every region at once."""

        def load(self) -> None:
            """Nothing to load."""

        def analyze(self, text: str, entities: Any, nlp_artifacts: Any = None) -> list[Any]:
            """Return a result for each number."""
            return [
                presidio.RecognizerResult(
                    entity_type="PHONE_NUMBER",
                    start=start,
                    end=end,
                    score=0.4,
                    analysis_explanation=presidio.AnalysisExplanation(
                        recognizer="PhoneNumbers", original_score=0.4, textual_explanation=""
                    ),
                    recognition_metadata={
                        presidio.RecognizerResult.RECOGNIZER_NAME_KEY: self.name,
                        presidio.RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
                    },
                )
                for start, end in find(text, regions)
            ]

    return PhoneNumbers(supported_entities=["PHONE_NUMBER"], context=list(_CONTEXT), name="PhoneNumbers")
