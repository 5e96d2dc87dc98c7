"""Which parts of a range can be taken out so that JSON, tables and markup stay valid."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from .sentences import literals

__all__ = ["fields", "within_fields"]

_ROW = re.compile(r"^[ \t]*\|.*$", re.MULTILINE)
_BAR = re.compile(r"\|")
_SEAM = re.compile(r"\t|(?<=[^\s,;])[\"][,;](?=[^\s,;])[\"]?|(?<=[^\s,;])[,;]\"(?=\w)")
"""What stays where it is: cell bars and tabs, and the seams of quoted fields."""
_FRAME = re.compile(r"(?P<fence>`{3,})[^\n`]*(?:\n|\Z)|<(?P<end>/?)(?P<tag>[A-Za-z][\w-]*)[^<>]{0,200}>")
"""What stays unless its other half goes as well: code fences and tags."""

_CHARACTERS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{2}")
"""Of Chinese and Japanese, which set no blanks, two make a word."""
_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr"})

_LETTERS = 4
"""Of letters that are set apart, so many make a word."""

_WORDS = 3
"""A piece of fewer words is not an order, but the name or value of a field that the range reaches over."""


def fields(text: str, kept: Sequence[tuple[int, int]] = ()) -> list[tuple[int, int]]:
    """Return the insides of the string literals of a JSON document; of any other text, what stands between seams.

    ``kept`` are further ranges, in order, that nothing may be taken out of.
    """
    inside = literals(text)
    if inside == [(0, len(text))]:
        bars = [bar.span() for row in _ROW.finditer(text) for bar in _BAR.finditer(text, *row.span())]
        seams = sorted({*bars, *(seam.span() for seam in _SEAM.finditer(text))})
        inside = _between(seams, 0, len(text))
    if not kept:
        return inside
    return [part for start, end in inside for part in _between(_touching(kept, start, end), start, end)]


def _touching(ranges: Sequence[tuple[int, int]], start: int, end: int) -> Iterator[tuple[int, int]]:
    at = bisect_left(ranges, start, key=lambda each: each[1])
    while at < len(ranges) and ranges[at][0] < end:
        yield ranges[at]
        at += 1


def _between(seams: Iterable[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    found = []
    for first, last in seams:
        found.append((start, max(start, first)))
        start = max(start, last)
    return [*found, (start, max(start, end))]


def within_fields(text: str, start: int, end: int, fields: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Give the parts of a range that lie within fields, without the white space around them."""
    parts = ((max(start, first), min(end, last)) for first, last in _touching(fields, start, end))
    whole = (piece for first, last in parts for piece in _between(_halves(text, first, last), first, last))
    for piece in whole:
        first, last = _trimmed(text, *piece)
        if _words(text[first:last]) >= _WORDS:
            yield first, last


def _halves(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the fences and tags in a range whose other half is not in it; if in doubt, all."""
    found = list(_FRAME.finditer(text, start, end))
    open_: list[str] = []
    for each in found:
        name = "`" if each["fence"] else each["tag"].lower()
        if open_ and open_[-1] == name and (each["fence"] or each["end"]):
            open_.pop()
        elif not (each["tag"] and not each["end"] and name in _VOID):
            open_.append(name)
    return [each.span() for each in found] if open_ else []


def _words(piece: str) -> int:
    """Return how many words there are, for which keys, numbers and addresses do not count more than once."""
    pieces = piece.split()
    letters = [sum(map(str.isalpha, each)) for each in pieces]
    apart = letters.count(1) + sum(not each.strip(".-") for each in pieces)  # or dots and dashes
    return (
        sum(count > 1 for count in letters)
        + apart // _LETTERS
        + (0 if piece.isascii() else len(_CHARACTERS.findall(piece)))
    )


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start - _into_escape(text, start), end + _into_escape(text, end)


def _into_escape(text: str, at: int) -> bool:
    """Whether the character at ``at`` belongs to the backslash before it: an escape goes whole or stays whole."""
    begin = at
    while begin > 0 and text[begin - 1] == "\\":
        begin -= 1
    return (at - begin) % 2 == 1 and at < len(text)
