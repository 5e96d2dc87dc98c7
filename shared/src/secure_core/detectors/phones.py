"""Phone numbers of many regions in one pass, by `phonenumbers` (Google's libphonenumber)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from .context_words import ContextWords, window
from .shapes import lowered

if TYPE_CHECKING:
    from phonenumbers import PhoneNumberMatch

__all__ = ["OUTLINES", "REGIONS", "find", "known_regions", "recognizers"]

REGIONS = ("US", "GB", "DE", "FR", "IL", "IN", "CA", "BR")
"""Whose national formats are known unless the policy says otherwise: Presidio's. ``+`` needs no region."""

_BETWEEN = r"[-().\[\]/~+ ]{0,4}"
_AS_WRITTEN = r"(?:[-().\[\]/~+ ]|[^\x00-\x7f]){0,4}"
_SOUTH_AFRICAN = rf"(?:27|0){_AS_WRITTEN}(?:[1-79](?:{_AS_WRITTEN}\d){{8}}|8(?:{_AS_WRITTEN}\d){{4}})"
OUTLINES = {
    "PhoneNumbers": rf"0(?:{_BETWEEN}0){{4}}",
    "ZaMobileNumberRecognizer": _SOUTH_AFRICAN,
    "ZaTelephoneNumberRecognizer": _SOUTH_AFRICAN,
}
"""What `shapes.outline` of a text matches where recognisers that are no lists of expressions find a number."""

_CONTEXT = ("phone", "telephone", "tel", "cell", "mobile", "call", "fax", "landline", "whatsapp", "number")
_LABELS = (
    *("phone", "telephone", "tel", "cell", "cellphone", "mobile", "call", "dial", "fax", "landline", "whatsapp"),
    *("desk", "helpline", "hotline", "contact", "telefon", "handy", "mobil", "teléfono", "móvil", "celular"),
    *("téléphone", "portable", "telefono", "cellulare"),
)

_LOCAL = r"(?<![\w.,/+-])(?<![\w)] ?\()\(?\d{2,5}\)?(?:[ .-]\d{2,5}){1,4}(?![.-]?\w| \d)"
_BARE = r"(?<![\w.,/+-])\d{6,12}(?![.,/-]?\w)"
_DATE = re.compile(r"\d{1,2}([.-])\d{1,2}\1(?:\d{4}|\d{2})|\d{4}([.-])\d{1,2}\2\d{1,2}")
_ADDRESS = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.|$)){4}")

_TIME_STAMP = re.compile(r"(?:19|20)\d\d([-/.])[01]\d\1[0-3]\d(?: [0-2]\d)?")
_CHAIN = re.compile(r"[+＋(（\[［]?\s?\d(?:[^\w,;:!?\"'<>|=&%$#@*\n\r\t\f\v]{0,4}\d){4,}")
_BARE_SCORE = 0.3
"""What a run of digits scores without anything before it that says phone."""
_BEFORE, _AFTER = 8, 32
_MOST_GROUPS = 8
_LEAST, _MOST = 5, 28
"""Digits in a number: E.164 has 15 at most, and there are prefixes before and extensions after them."""


def known_regions() -> frozenset[str]:
    """Return the two-letter codes that may be asked for."""
    import phonenumbers

    return frozenset(phonenumbers.SUPPORTED_REGIONS)


def find(text: str, regions: Sequence[str], labels: ContextWords | None = None) -> Iterator[tuple[int, int, bool]]:
    """Give the ranges of ``text`` that are valid numbers in one of ``regions``, or anywhere with a ``+``.

    The third value says whether the number is written as one: with a plus, brackets or groups. Where
    ``labels`` are given, a bare run of digits is only tried if one of them stands before it.
    """
    done = 0
    lower = "" if labels is None else lowered(text)
    for chain in _CHAIN.finditer(text):
        if _TIME_STAMP.fullmatch(chain[0].strip()) or _ADDRESS.fullmatch(chain[0].strip()):
            continue
        bare = labels is not None and chain[0].strip().isdecimal()
        if bare and not labels.speak_in(window(lower, chain.start(), chain.end())):  # type: ignore[union-attr]
            continue
        if not _possible(chain[0], regions):
            continue
        start = max(done, chain.start() - _BEFORE)
        piece = text[start : chain.end() + _AFTER]
        for match in _matcher()(piece, regions):
            if start + match.start < chain.end() and not _ADDRESS.fullmatch(match.raw_string):
                done = start + match.end
                yield start + match.start, done, not match.raw_string.isdecimal()


@cache
def _matcher() -> type:
    from phonenumbers import Leniency, PhoneNumberMatcher

    class Matcher(PhoneNumberMatcher):
        """Tries a candidate in every region before it looks at parts of it."""

        def __init__(self, text: str, regions: Sequence[str]) -> None:
            super().__init__(text, regions[0], leniency=Leniency.VALID)
            self._regions = regions

        def _parse_and_verify(self, candidate: str, offset: int) -> PhoneNumberMatch | None:
            if not _LEAST <= sum(map(str.isdecimal, candidate)) <= _MOST:
                return None
            international = "+" in candidate or "＋" in candidate
            for region in self._regions[:1] if international else self._regions:
                if not international and not _may_be(candidate, region):
                    continue
                self.preferred_region = region
                match = super()._parse_and_verify(candidate, offset)
                if match is not None:
                    return match
            return None

    return Matcher


def _possible(chain: str, regions: Sequence[str]) -> bool:
    """Say whether some of the groups of digits that stand together can be a number: cheaper than to try them all."""
    groups = [group for group in re.split(r"\D+", chain) if group]
    if len(groups) > _MOST_GROUPS or any(mark in chain for mark in "+＋"):
        return True
    runs = {"".join(groups[i:j]) for i in range(len(groups)) for j in range(i + 1, len(groups) + 1)}
    return any(_may_be(run, region) for run in runs if _LEAST <= len(run) <= _MOST for region in regions)


@cache
def _shortest(region: str) -> int:
    """Return how many digits a region's numbers have at least, dialled from next door."""
    from phonenumbers import PhoneMetadata

    general: Any = PhoneMetadata.metadata_for_region(region).general_desc  # type: ignore[union-attr]
    return int(min((*general.possible_length, *general.possible_length_local_only)))


@cache
def _national(region: str) -> re.Pattern[str] | None:
    """Return an expression for a region's numbers behind any prefix, ``None`` if prefixes rewrite numbers there."""
    from phonenumbers import PhoneMetadata

    metadata: Any = PhoneMetadata.metadata_for_region(region)
    if metadata.national_prefix_transform_rule:
        return None
    return re.compile(rf"\d{{0,8}}(?:{metadata.general_desc.national_number_pattern})")


def _may_be(candidate: str, region: str) -> bool:
    """Say whether the digits of ``candidate`` can be a number of ``region``, before all of it is parsed."""
    national = _national(region)
    if national is None and len(candidate) < _shortest(region):
        return False
    if national is None or any(char.isalpha() or char in "#;,~" for char in candidate):  # an extension
        return True
    digits = "".join(str(int(char)) for char in candidate if char.isdecimal())  # in ASCII, whatever the script
    return national.fullmatch(digits) is not None


def _is_local(number: str) -> bool:
    digits = sum(char.isdecimal() for char in number)
    return 6 <= digits <= 13 and not _DATE.fullmatch(number) and not _ADDRESS.fullmatch(number)


def recognizers(presidio: Any, regions: Sequence[str], least: float) -> list[Any]:
    """Return Presidio recognisers for phone numbers that score at least ``least``, with their context words.

    ``presidio`` is the package that they are to belong to.

    One stands in for Presidio's PhoneRecognizer, which walks the text once per region. The other finds
    what no region's plan knows, short local numbers above all, where a word before it says phone.
    """

    labels = ContextWords(_CONTEXT) if least > _BARE_SCORE else None

    class PhoneNumbers(presidio.LocalRecognizer):  # type: ignore[misc]
        """Numbers that some region has given out."""

        def load(self) -> None:
            """Nothing to load."""

        def analyze(self, text: str, entities: Any, nlp_artifacts: Any = None) -> list[Any]:
            """Return a result for each number."""
            return [self._result(*found) for found in find(text, regions, labels)]

        def _result(self, start: int, end: int, written: bool) -> Any:
            score = 0.4 if written else _BARE_SCORE
            return presidio.RecognizerResult(
                entity_type="PHONE_NUMBER",
                start=start,
                end=end,
                score=score,
                analysis_explanation=presidio.AnalysisExplanation(self.name, score),
                recognition_metadata={
                    presidio.RecognizerResult.RECOGNIZER_NAME_KEY: self.name,
                    presidio.RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
                },
            )

    local = presidio.PatternRecognizer(
        supported_entity="PHONE_NUMBER",
        name="LocalPhoneNumbers",
        patterns=[presidio.Pattern("in groups", _LOCAL, 0.1), presidio.Pattern("digits", _BARE, 0.05)],
        context=list(_LABELS),
    )
    local.invalidate_result = lambda number: not _is_local(number)
    valid = PhoneNumbers(supported_entities=["PHONE_NUMBER"], context=list(_CONTEXT), name="PhoneNumbers")
    return [valid, local]
