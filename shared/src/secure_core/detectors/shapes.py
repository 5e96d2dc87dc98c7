"""What a text must hold before an expression can match it: a few characters in a row, read off the expression.

``\\b[0-9]{3}-[0-9]{2}-[0-9]{4}\\b`` cannot match where there is no ``000-00-0000``, once every digit is
written 0 and every letter a. Such shapes are plain strings, many rules share theirs, and Hyperscan finds
thousands of them in one pass; they name the few rules that are worth running. A shape comes from the
expression's own syntax tree and only ever weakens it, so a rule whose shapes are absent cannot match.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from functools import cache
from math import prod
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import regex

__all__ = ["outline", "shapes"]

_LENGTHS = (3, 5, 8, 12, 16, 26)
"""Characters in a shape; the rarest of these is taken."""
_MOST = 150
"""An expression of more shapes than this at a place is looked at elsewhere."""
_COMMON = 0.05
"""A shape that begins at more places of prose than this would stop nothing."""
_RARE = 1e-4
"""A shape that begins at fewer places than this needs no better one."""
_OPEN = "\0"
"""Ends a beginning after which nothing is known."""


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
_COARSE = str.maketrans("0a", "xx")
_COARSE_ASCII = bytes.maketrans(b"0a", b"xx")


def outline(text: str) -> str:
    """Return ``text`` with digits as 0, letters as a, white space as spaces, and once more with 0 and a as x."""
    if text.isascii():
        fine = text.encode().translate(_ASCII)
        return b"\n".join((fine, fine.translate(_COARSE_ASCII))).decode()
    drawn = text.translate(_OUTLINE)
    return f"{drawn}\n{drawn.translate(_COARSE)}"


@cache
def shapes(expression: str) -> frozenset[str] | None:
    """Return strings of which `outline` of a text holds one if ``expression`` matches the text.

    ``expression`` is in the syntax of `re` or of the `regex` module, in any flags. ``None`` if
    nothing is known that it must match, or nothing that is rare.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            nodes = _flat(parser.parse(expression.replace("(?i)", "")))
        except re.error:  # syntax that only `regex` has
            return None
    best = _rarest(nodes, _Tree())
    if _frequency(best) > _RARE:
        best = min(best, _rarest(nodes, _Tree(coarse=True)), key=_frequency)
    return best if _frequency(best) < _COMMON else None


def _rarest(nodes: Sequence[Any], tree: _Tree) -> frozenset[str]:
    found = (tree.beginnings(nodes[start:], length) for start in range(len(nodes)) for length in _LENGTHS)
    return min(found, key=_frequency, default=frozenset({""}))


def _flat(nodes: Iterable[Any]) -> list[Any]:
    """Return the concatenation that a syntax tree is, with its groups opened."""
    out: list[Any] = []
    for code, args in nodes:
        out += _flat(args[3]) if code is op.SUBPATTERN else [(code, args)]
    return out


class _Tree:
    """The beginnings of what parts of a syntax tree match, each part looked at once per length."""

    def __init__(self, *, coarse: bool = False) -> None:
        self._table = _COARSE if coarse else {}
        self._known: dict[tuple[int, int], frozenset[str]] = {}

    def beginnings(self, nodes: Sequence[Any], length: int) -> frozenset[str]:
        """Return the first ``length`` characters, in outline, of all that ``nodes`` match; fewer where less is known."""
        return frozenset(found.rstrip(_OPEN) for found in self._grown(nodes, length))

    def _grown(self, nodes: Sequence[Any], length: int) -> frozenset[str]:
        found = frozenset({""})
        for node in nodes:
            growing = {head for head in found if len(head) < length and not head.endswith(_OPEN)}
            if not growing:
                break
            found = found - growing | {head + tail for head in growing for tail in self._node(node, length - len(head))}
            if len(found) > _MOST:
                return frozenset({_OPEN})
        return found

    def _node(self, node: Any, length: int) -> frozenset[str]:
        whole = self._seen(node, _LENGTHS[-1])
        if _OPEN not in whole:
            return frozenset(found[:length] for found in whole)
        return self._seen(node, length)

    def _seen(self, node: Any, length: int) -> frozenset[str]:
        key = id(node), length
        if key not in self._known:
            self._known[key] = self._look(*node, length)
        return self._known[key]

    def _look(self, code: Any, args: Any, length: int) -> frozenset[str]:
        if code in (op.AT, op.ASSERT, op.ASSERT_NOT):
            return frozenset({""})
        if code is op.LITERAL:
            return self._drawn({_OUTLINE[args]})
        if code is op.IN:
            return self._drawn(_members(args))
        if code in (op.MAX_REPEAT, op.MIN_REPEAT):
            return self._repeated(*args, length)
        if code is op.SUBPATTERN:
            return self._grown(args[3], length)
        if code is op.BRANCH:
            return frozenset().union(*(self._grown(branch, length) for branch in args[1]))
        return frozenset({_OPEN})  # any character, a back-reference, or newer than this

    def _repeated(self, least: int, most: int, nodes: Sequence[Any], length: int) -> frozenset[str]:
        found: frozenset[str] = frozenset()
        heads = frozenset({""})
        for count in range(min(most, least + length) + 1):
            growing = {head for head in heads if len(head) < length and not head.endswith(_OPEN)}
            found |= heads if count >= least else heads - growing
            if len(found) > _MOST or len(growing) > _MOST:
                return frozenset({_OPEN})
            heads = frozenset(head + tail for head in growing for tail in self._grown(nodes, length - len(head)))
        return found

    def _drawn(self, kinds: set[str]) -> frozenset[str]:
        return frozenset(kind.translate(self._table) for kind in kinds)


def _members(items: Iterable[Any]) -> set[str]:
    found: set[str] = set()
    for code, args in items:
        if code is op.LITERAL:
            found.add(_OUTLINE[args])
        elif code is op.RANGE and args[1] < 0x250:
            found.update(_OUTLINE[point] for point in range(args[0], args[1] + 1))
        elif code is op.CATEGORY and args is op.CATEGORY_DIGIT:
            found.add("0")
        elif code is op.CATEGORY and args is op.CATEGORY_WORD:
            found |= {"0", "a", "_"}
        elif code is op.CATEGORY and args is op.CATEGORY_SPACE:
            found.add(" ")
        else:
            return {_OPEN}
    return found


def _frequency(found: frozenset[str]) -> float:
    """Return a guess at the share of places in prose where one of ``found`` begins; only the choice hangs on it."""
    return sum(prod(map(_follows, f" {one}", one)) for one in found) + 1e-5 * len(found)


def _follows(before: str, char: str) -> float:
    if char == "0" == before:
        return 0.5
    return {"0": 0.01, "a": 0.8, "x": 0.81, " ": 0.17}.get(char, 0.008)
