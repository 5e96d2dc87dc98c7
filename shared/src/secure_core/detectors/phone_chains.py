"""Which digits in a text may be a phone number: cheaper to tell than to parse them all.

The parser of `phonenumbers` takes a fraction of a millisecond for a run of digits, and logs are full of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from .phone_plans import plans
from .readings import plain

__all__ = ["AFTER", "CHAIN", "chains", "digits_in", "is_bare", "may_be_number", "start_of"]

_GAP = r"[^\w,;:!?\"'<>|=&%$#@*\n\r\t\f\v]{0,4}"
CHAIN = f"[0-9](?:{_GAP}[0-9]){{4}}"
"""Five digits that may belong together, in a text as `readings.plain` reads it."""
_CHAIN = re.compile(f"[0-9](?:{_GAP}+[0-9]){{4,}}+")

_BEFORE, AFTER, _LONGEST = 10, 32, 160
"""How far before its digits a plus stands, how far behind them an extension,
and how long a number can be, with all that separates its digits."""
_LEAST, _MOST = 5, 28
"""Digits in a number: E.164 has 15 at most, and there are prefixes before and extensions after them."""
_DIGITS, _NOT_DIGITS = re.compile(r"\d*"), re.compile(r"[^0-9]+")
_SURE = re.compile(r"[+＋]\D*[1-9]|[~～＃]")
"""A number of any country, or what stands before an extension: the parser is asked."""
_JOINED, _JOINING = re.compile(r"[+＋xXー]"), r"[^\w\n]{0,3}[xXー]"
"""The signs of a number, before a run of digits and behind it, at which a chain ends."""

_DOTTED = re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?=\d)|(?![\d.]))){4}")
_SEPARATORS = (
    ("/", re.compile(r"/+"), True),
    ("(", re.compile(r"(?=\()"), False),
    ("-", re.compile(r"\s-\s*|-\s+"), True),
    ("", re.compile(r"[‒-―－]\s*"), True),
    (".", re.compile(r"\.+\s*"), False),
    (" ", re.compile(r"\s+"), False),
    ("", re.compile(r"\s+"), False),
)
"""Where `phonenumbers` cuts digits apart, and whether it then tries all that follows."""


def chains(text: str) -> Iterator[tuple[int, int]]:
    """Give the ranges of digits that stand close enough to each other to be of one number."""
    return (chain.span() for chain in _CHAIN.finditer(plain(text)))


def start_of(text: str, begin: int, done: int = 0) -> int:
    """Return where what may belong to the digits at ``begin`` starts, behind ``done``; other digits are not cut."""
    start = max(done, begin - _BEFORE)
    cut = _DIGITS.match(text, start) if start > done and text[start - 1].isdecimal() else None
    return start if cut is None else cut.end()


def is_bare(text: str, start: int, begin: int, end: int) -> bool:
    """Say whether a chain is one run of digits, of which nothing from ``start`` on, or behind it, makes more."""
    if not text[begin:end].isdecimal() or _JOINED.search(text, start, begin):
        return False
    return _going_on().match(text, end) is None


@cache
def _going_on() -> re.Pattern[str]:
    """Return what follows a run of digits that is not all of a number: a sign that joins, an extension."""
    from phonenumbers import phonenumberutil

    return re.compile(f"{_JOINING}|{phonenumberutil._EXTN_PATTERNS_FOR_MATCHING}", re.IGNORECASE)


def digits_in(text: str) -> str | None:
    """Return the digits in ``text``, in ASCII, whatever the script; ``None`` if they are too few or too many."""
    digits = _NOT_DIGITS.sub("", plain(text))
    return digits if _LEAST <= len(digits) <= _MOST else None


def may_be_number(chain: str, before: str, regions: Sequence[str]) -> bool:
    """Say whether a chain, or a part of it, may be a number in one of ``regions``; False is certain."""
    if _SURE.search(before + chain):
        return True
    may_be = plans(tuple(regions)).may_be
    for stretch in _foreign().split(_DOTTED.sub("\n", chain) if chain.count(".") > 2 else chain):
        for part in _parts(stretch):
            digits = digits_in(part) if len(part) >= _LEAST else None
            if digits is not None and may_be(digits):
                return True
    return False


@cache
def _foreign() -> re.Pattern[str]:
    """Return what ends a number in `phonenumbers`, of all that a chain goes over."""
    from phonenumbers import phonenumberutil

    return re.compile(rf"[^{phonenumberutil._VALID_PUNCTUATION}\d]")


def _parts(chain: str) -> Iterator[str]:
    """Give all of ``chain`` and the parts of it that `phonenumbers` tries when all of it is no number."""
    yield chain
    if chain.isdecimal():
        return
    for sign, separator, to_the_end in _SEPARATORS:
        if sign in chain if sign else not chain.isascii():
            yield from separator.split(chain)
            if to_the_end:
                ends = (found.end() for found in separator.finditer(chain))
                yield from (chain[end:] for end in ends if len(chain) - end <= _LONGEST)
