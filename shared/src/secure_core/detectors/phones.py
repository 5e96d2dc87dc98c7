"""Phone numbers of many regions in one pass, by `phonenumbers` (Google's libphonenumber)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from .context_words import ContextWords
from .expressions import Rendering
from .phone_chains import AFTER, CHAIN, chains, digits_in, is_bare, may_be_number, start_of
from .phone_plans import numbers, plans
from .readings import lowered, plain

if TYPE_CHECKING:
    from phonenumbers import PhoneNumberMatch

__all__ = ["REGIONS", "by_line", "find", "known_regions", "recognizers", "renderings"]

REGIONS = ("US", "GB", "DE", "FR", "IL", "IN", "CA", "BR")
"""Whose national formats are known unless the policy says otherwise: Presidio's. ``+`` needs no region."""

_CONTEXT = ("phone", "telephone", "tel", "cell", "mobile", "call", "fax", "landline", "whatsapp", "number")
_LABELS = (
    *("phone", "telephone", "tel", "cell", "cellphone", "mobile", "call", "dial", "fax", "landline", "whatsapp"),
    *("desk", "helpline", "hotline", "contact", "telefon", "handy", "mobil", "teléfono", "móvil", "celular"),
    *("téléphone", "portable", "telefono", "cellulare"),
)

_LOCAL = r"(?<![\w.,/+-])(?<![\w)] ?\()\(?\d{2,5}\)?(?:[ .-]\d{2,5}){1,4}(?![.-]\w)(?! \d)(?!\w)"
_BARE = r"(?<![\w.,/+-])\d{6,12}(?![.,/-]\w)(?!\w)"
_DATE = re.compile(r"\d{1,2}([.-])\d{1,2}\1(?:\d{4}|\d{2})|\d{4}([.-])\d{1,2}\2\d{1,2}")
_ADDRESS = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.|$)){4}")

_TIME_STAMP = re.compile(r"(?:19|20)\d\d([-/.])[01]\d\1[0-3]\d(?: [0-2]\d)?")
_SIGN = r"[-x().\[\]/~+ _\x01]{0,4}"
"""What `phonenumbers` takes as a part of a number between two digits, and some more."""
_BARE_SCORE = 0.3
"""What a run of digits scores without anything before it that says phone."""
_ONE_RUN = re.compile(r"[^\d+＋]*\d+\D*")


def known_regions() -> frozenset[str]:
    """Return the two-letter codes that may be asked for."""
    import phonenumbers

    return frozenset(phonenumbers.SUPPORTED_REGIONS)


def renderings() -> dict[str, Rendering]:
    """Return, by recogniser, what `readings.plain` of a text holds if the recogniser finds a number in it."""
    south_african = Rendering(f"[^0-9]{_south_african()}[^0-9]")
    return {
        "PhoneNumbers": Rendering(f"{CHAIN}[^0-9]"),
        "ZaMobileNumberRecognizer": south_african,
        "ZaTelephoneNumberRecognizer": south_african,
    }


def find(text: str, regions: Sequence[str], labels: ContextWords | None = None) -> Iterator[tuple[int, int, bool]]:
    """Give the ranges of ``text`` that are valid numbers in one of ``regions``, or anywhere with a ``+``.

    The third value says whether the number is written as one: with a plus or in groups. Where
    ``labels`` are given, a bare run of digits is only tried if one of them stands before it.
    """
    done = 0
    lower = "" if labels is None else lowered(text)
    spoken = cache(lambda: labels is None or labels.speak_in(lower))
    for begin, end in chains(text):
        start = start_of(text, begin, done)
        chain = text[begin:end]
        if labels is not None and is_bare(text, start, begin, end):
            likely = spoken() and labels.precede(lower, begin, end)
        else:
            likely = not (_TIME_STAMP.fullmatch(chain) or _ADDRESS.fullmatch(chain))
        if not (likely and may_be_number(chain, text[start:begin], regions)):
            continue
        for number, raw in _matches(text, start, end + AFTER, regions):
            if number < end and not _ADDRESS.fullmatch(raw):
                done = number + len(raw)
                yield number, done, not _ONE_RUN.fullmatch(raw)


def _matches(text: str, start: int, stop: int, regions: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Give the numbers in a part of a text, and where each begins.

    The matcher looks at a part of some digits that stand together and, if that is a number, no more at what
    stands before it, in which another region may have one.
    """
    done = start
    for match in _matcher()(text[start:stop], regions):
        begin = start + match.start
        if digits_in(text[done:begin]) is not None:
            yield from _matches(text, done, begin, regions)
        yield begin, match.raw_string
        done = start + match.end


@cache
def _matcher() -> type:
    from phonenumbers import Leniency, PhoneNumberMatcher

    class Matcher(PhoneNumberMatcher):
        """Tries a candidate in every region before it looks at parts of it."""

        def __init__(self, text: str, regions: Sequence[str]) -> None:
            super().__init__(text, regions[0], leniency=Leniency.VALID)
            self._regions = regions

        def _parse_and_verify(self, candidate: str, offset: int) -> PhoneNumberMatch | None:
            digits = digits_in(candidate)
            if digits is None:
                return None
            if "+" in candidate or "＋" in candidate:
                return super()._parse_and_verify(candidate, offset)
            extended = any(char.isalpha() or char in "#;,~～＃" for char in candidate)
            for region in self._regions:
                if extended or plans((region,)).may_be(digits):
                    self.preferred_region = region
                    match = super()._parse_and_verify(candidate, offset)
                    if match is not None:
                        return match
            return None

    return Matcher


def by_line(recognizer: Any) -> Any:
    """Return a recogniser of South African numbers that is asked only about lines in which one may stand.

    It finds what it finds in the whole text: for `phonenumbers`, no number goes on in the next line.
    """
    analyze = recognizer.analyze

    def analyze_lines(text: str, entities: Any, nlp_artifacts: Any = None) -> list[Any]:
        found = []
        for start, line in _lines(text):
            if _in_line().search(plain(line).encode()):
                for result in analyze(line, entities, nlp_artifacts):
                    result.start, result.end = result.start + start, result.end + start
                    found.append(result)
        return found

    recognizer.analyze = analyze_lines
    return recognizer


@cache
def _in_line() -> Any:
    import re2

    return re2.compile(f"(?:^|[^0-9]){_south_african()}(?:[^0-9]|$)".encode())


@cache
def _south_african() -> str:
    """Return an expression for South African numbers, dialled at home or from abroad."""
    number = numbers("ZA", _SIGN)
    return rf"(?:(?:0{_SIGN}0{_SIGN})?2{_SIGN}7{_SIGN}(?:0{_SIGN})?|0{_SIGN}){number}"


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line
        start += len(line) + 1


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
