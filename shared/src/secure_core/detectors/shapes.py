"""What a text must hold before an expression can match it: a few characters in a row, read off the expression.

``\\b[0-9]{3}-[0-9]{2}-[0-9]{4}\\b`` cannot match where there is no ``000-00-0000``, once every digit is
written 0 and every letter a. Such shapes are plain strings, many rules share theirs, and Hyperscan finds
thousands of them in one pass; they name the few rules that are worth running. A shape comes from the
expression's own syntax tree and only ever weakens it, so a rule whose shapes are absent cannot match.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from string import ascii_letters, digits
from typing import Any

import regex

__all__ = ["outline", "shapes"]

_LONGEST = 12
"""Characters in a shape: twelve letters in a row are rare enough."""
_MOST = 128
"""An expression of more shapes than this at a place is looked at elsewhere, or not gated."""

_FREQUENCY = {"0": 0.02, "a": 0.8, " ": 0.17}
_ELSEWHERE = 0.008
"""How often a punctuation mark stands at a place of ordinary prose."""


class _Outline(dict[int, str]):
    """What each character is written as: 0 for digits, a for letters, a space for white space."""

    def __missing__(self, point: int) -> str:
        self[point] = kind = _kind(chr(point))
        return kind


def _kind(char: str) -> str:
    # Asked of the engine that runs the rules, so that \d, \w and \s mean here what they mean there.
    if regex.match(r"\d", char):
        return "0"
    if regex.match(r"\s", char):
        return " "
    return char if char.isascii() and not char.isalpha() else "a"


_OUTLINE = _Outline()
_ASCII = bytes(ord(_OUTLINE[point]) if point < 0x80 else point for point in range(256))
_WORD = frozenset("0a_")


def outline(text: str) -> str:
    """Return ``text`` with every digit as 0, every letter as a and every space as a space: same length."""
    if text.isascii():
        return text.encode().translate(_ASCII).decode()
    return text.translate(_OUTLINE)


def shapes(expression: str) -> frozenset[str] | None:
    """Return strings of which `outline` of a text holds one if ``expression`` matches the text.

    ``expression`` is in the syntax of `re` or of the `regex` module, in any flags. ``None`` if
    nothing is known that it must match.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            nodes = _flat(parser.parse(expression.replace("(?i)", "")))
        except re.error:  # syntax that only `regex` has
            return None
    choices = [found for start in range(len(nodes)) for found in _choices(nodes[start:])]
    best = min(choices, key=_cost, default=frozenset({""}))
    return None if "" in best else best


def _choices(nodes: Sequence[Any]) -> Iterator[frozenset[str]]:
    """Give the beginnings of what ``nodes`` match, longer and longer."""
    for length in range(2, _LONGEST + 1):
        found = _beginnings(nodes, length)
        if "" in found:
            return
        yield found


def _flat(nodes: Iterable[Any]) -> list[Any]:
    """Return the concatenation that a syntax tree is, with its groups opened."""
    out: list[Any] = []
    for code, args in nodes:
        out += _flat(args[3]) if code is op.SUBPATTERN else [(code, args)]
    return out


_OPEN = "\0"
"""Ends a beginning after which nothing is known."""


def _beginnings(nodes: Sequence[Any], length: int) -> frozenset[str]:
    """Return the first ``length`` characters, in outline, of all that ``nodes`` match, fewer where less is known."""
    return frozenset(found.rstrip(_OPEN) for found in _grown(nodes, length))


def _grown(nodes: Sequence[Any], length: int) -> frozenset[str]:
    found = frozenset({""})
    for node in nodes:
        if all(len(head) >= length or head.endswith(_OPEN) for head in found):
            break
        found = frozenset(
            head + tail
            for head in found
            for tail in ({""} if head.endswith(_OPEN) else _node(node, length - len(head)))
        )
        if len(found) > _MOST:
            return frozenset({_OPEN})
    return found


def _node(node: Any, length: int) -> frozenset[str]:
    code, args = node
    if code in (op.AT, op.ASSERT, op.ASSERT_NOT) or length <= 0:
        return frozenset({""})
    if code is op.LITERAL:
        return frozenset({_OUTLINE[args]})
    if code is op.IN:
        return _members(args)
    if code in (op.MAX_REPEAT, op.MIN_REPEAT):
        least, most, inner = args
        times = range(min(least, length), min(most, max(least, length)) + 1)
        return frozenset().union(*(_grown(list(inner) * count, length) for count in times))
    if code is op.SUBPATTERN:
        return _grown(args[3], length)
    if code is op.BRANCH:
        return frozenset().union(*(_grown(branch, length) for branch in args[1]))
    return frozenset({_OPEN})  # any character, a back-reference, or newer than this


def _members(items: Iterable[Any]) -> frozenset[str]:
    found: set[str] = set()
    for code, args in items:
        if code is op.LITERAL:
            found.add(_OUTLINE[args])
        elif code is op.RANGE and args[1] < 0x250:
            found.update(_OUTLINE[point] for point in range(args[0], args[1] + 1))
        elif code is op.CATEGORY and args is op.CATEGORY_DIGIT:
            found.add("0")
        elif code is op.CATEGORY and args is op.CATEGORY_WORD:
            found |= _WORD
        elif code is op.CATEGORY and args is op.CATEGORY_SPACE:
            found.add(" ")
        else:
            return frozenset({_OPEN})
    return frozenset(found)


def _cost(found: frozenset[str]) -> float:
    """Return a guess at what looking for these costs; only the choice among them hangs on it."""
    share = 0.0
    for one in found:
        once = 1.0
        for char in one:
            once *= _FREQUENCY.get(char, _ELSEWHERE)
        share += once
    return share + 1e-6 * len(found)
