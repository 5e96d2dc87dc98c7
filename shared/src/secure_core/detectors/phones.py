"""Phone numbers of many regions in one pass, by `phonenumbers` (Google's libphonenumber)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from .context_words import ContextWords, window
from .expressions import Rendering, lowered, plain
from .phone_plans import numbers, plans

if TYPE_CHECKING:
    from phonenumbers import PhoneNumberMatch

__all__ = ["REGIONS", "find", "known_regions", "recognizers", "renderings"]

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

_DOTTED = re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?=\d)|(?![\d.]))){4}")
_TIME_STAMP = re.compile(r"(?:19|20)\d\d([-/.])[01]\d\1[0-3]\d(?: [0-2]\d)?")
_CHAIN = r"[0-9](?:[^\w,;:!?\"'<>|=&%$#@*\n\r\t\f\v]{0,4}[0-9]){4}"
"""Five digits that may belong together, in a text as `expressions.plain` reads it."""
_SIGN = r"[-x().\[\]/~+ _\x01]{0,4}"
"""What `phonenumbers` takes as a part of a number between two digits, and some more."""
_BARE_SCORE = 0.3
"""What a run of digits scores without anything before it that says phone."""
_BEFORE, _AFTER = 8, 32
_REACH, _LONGEST = 5, 160
"""How far before its digits a plus stands, and how long a number can be, with all that separates its digits."""
_PLUS = re.compile(r"[+＋]\D*[1-9]")
_NOT_DIGITS = re.compile(r"[^0-9]+")
_SEPARATORS = (
    ("/", re.compile(r"/+"), True),
    ("(", re.compile(r"(?=\()"), False),
    ("-", re.compile(r"\s-\s*|-\s+"), True),
    ("", re.compile(r"[‒-―－]\s*"), True),
    (".", re.compile(r"\.+\s*"), False),
    ("\n", re.compile(r"\n"), False),
    (" ", re.compile(r"\s+"), False),
    ("", re.compile(r"\s+"), False),
)
"""Where `phonenumbers` cuts digits apart, and whether it then tries all that follows."""
_LEAST, _MOST = 5, 28
"""Digits in a number: E.164 has 15 at most, and there are prefixes before and extensions after them."""


def known_regions() -> frozenset[str]:
    """Return the two-letter codes that may be asked for."""
    import phonenumbers

    return frozenset(phonenumbers.SUPPORTED_REGIONS)


def renderings() -> dict[str, Rendering]:
    """Return, by recogniser, what `expressions.plain` of a text holds if the recogniser finds a number in it."""
    number = numbers("ZA", _SIGN)
    prefix = rf"(?:(?:0{_SIGN}0{_SIGN})?2{_SIGN}7{_SIGN}(?:0{_SIGN})?|0{_SIGN})"
    south_african = Rendering(f"[^0-9]{prefix}{number}[^0-9]", None)
    return {
        "PhoneNumbers": Rendering(f"{_CHAIN}[^0-9]", None),
        "ZaMobileNumberRecognizer": south_african,
        "ZaTelephoneNumberRecognizer": south_african,
    }


def find(text: str, regions: Sequence[str], labels: ContextWords | None = None) -> Iterator[tuple[int, int, bool]]:
    """Give the ranges of ``text`` that are valid numbers in one of ``regions``, or anywhere with a ``+``.

    The third value says whether the number is written as one: with a plus, brackets or groups. Where
    ``labels`` are given, a bare run of digits is only tried if one of them stands before it.
    """
    done = 0
    lower = "" if labels is None else lowered(text)
    spoken = cache(lambda: labels is None or labels.speak_in(lower))
    for begin, end in _chains(text):
        chain = text[begin:end]
        if chain.isdecimal():
            if labels is not None and not (spoken() and labels.speak_in(window(lower, begin, end))):
                continue
        elif _TIME_STAMP.fullmatch(chain) or _ADDRESS.fullmatch(chain):
            continue
        if not _possible(chain, text[max(0, begin - _REACH) : begin], regions):
            continue
        start = max(done, begin - _BEFORE)
        for match in _matcher()(text[start : end + _AFTER], regions):
            if start + match.start < end and not _ADDRESS.fullmatch(match.raw_string):
                done = start + match.end
                yield start + match.start, done, not match.raw_string.isdecimal()


def _chains(text: str) -> Iterator[tuple[int, int]]:
    """Give the ranges of digits that stand close enough to each other to be of one number."""
    return (chain.span() for chain in _linear(f"{_CHAIN[:-1]},}}").finditer(plain(text).encode()))


@cache
def _linear(expression: str) -> Any:
    import re2

    return re2.compile(expression.encode())


@cache
def _matcher() -> type:
    from phonenumbers import Leniency, PhoneNumberMatcher

    class Matcher(PhoneNumberMatcher):
        """Tries a candidate in every region before it looks at parts of it."""

        def __init__(self, text: str, regions: Sequence[str]) -> None:
            super().__init__(text, regions[0], leniency=Leniency.VALID)
            self._regions = regions

        def _parse_and_verify(self, candidate: str, offset: int) -> PhoneNumberMatch | None:
            digits = _digits(candidate)
            if not _LEAST <= len(digits) <= _MOST:
                return None
            if "+" in candidate or "＋" in candidate:
                return super()._parse_and_verify(candidate, offset)
            extended = any(char.isalpha() or char in "#;,~" for char in candidate)
            for region in self._regions:
                if extended or plans((region,)).may_be(digits):
                    self.preferred_region = region
                    match = super()._parse_and_verify(candidate, offset)
                    if match is not None:
                        return match
            return None

    return Matcher


def _digits(text: str) -> str:
    """Return the digits in ``text``, in ASCII, whatever the script."""
    return _NOT_DIGITS.sub("", plain(text))


def _possible(chain: str, before: str, regions: Sequence[str]) -> bool:
    """Say whether digits that stand together, or some of them, can be a number: cheaper than to try them all."""
    if _PLUS.search(before + chain):
        return True
    may_be = plans(tuple(regions)).may_be
    parts = map(_digits, _parts(_DOTTED.sub("\n", chain) if chain.count(".") > 2 else chain))
    return any(_LEAST <= len(digits) <= _MOST and may_be(digits) for digits in parts)


def _parts(chain: str) -> Iterator[str]:
    """Give all of ``chain`` and the parts of it that `phonenumbers` tries when all of it is no number."""
    yield chain
    for sign, separator, to_the_end in _SEPARATORS:
        if sign in chain or (not sign and not chain.isascii()):
            yield from separator.split(chain)
            if to_the_end:
                ends = (found.end() for found in separator.finditer(chain))
                yield from (chain[end:] for end in ends if len(chain) - end <= _LONGEST)


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
