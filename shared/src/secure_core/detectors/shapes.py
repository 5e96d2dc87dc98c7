"""What a text must hold before an expression can match it: a few characters in a row, read off the expression.

``\\b[0-9]{3}-[0-9]{2}-[0-9]{4}\\b`` cannot match where there is no ``000-00-0000``, once every digit is
written 0 and every letter a. Such shapes are plain strings, many rules share theirs, and Hyperscan finds
thousands of them in one pass; they name the few rules that are worth running. A shape comes from the
expression's own syntax tree and only ever weakens it, so a rule whose shapes are absent cannot match.

There are three alphabets: letters as ``a`` (those outside ASCII apart) and digits as ``0``; both as ``x``;
and all as it is, in lower case. Of what an expression must match, the rarest string in any of them is its shape.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from math import prod
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from string import ascii_lowercase
from typing import Any

import regex  # type: ignore[import-untyped]

__all__ = ["lowered", "outline", "shapes"]

_LENGTHS = (3, 5, 8, 12, 16, 26)
"""Characters in a shape; the rarest of these is taken."""
_SHORT, _PLACES = 4, 3
"""How far is looked from every place of an expression, and how many places are looked at further."""
_MOST = 150
"""An expression of more shapes than this at a place is looked at elsewhere."""
_COMMON = 0.05
"""A shape that begins at more places of prose than this would stop nothing."""
_ANY_OF = 12
"""A class of more characters than this, in an alphabet, counts as unknown."""
_RARE = 1e-4
"""A shape that begins at fewer places than this needs no better one."""
_FOREIGN = "\1"
"""Stands for a letter outside ASCII that no ASCII letter matches in either case."""
_OPEN = "\0"
"""Ends a beginning after which nothing is known."""


class _Table(dict[int, str]):
    """A table for `str.translate` that asks ``kind`` once for each character."""

    def __init__(self, kind: Callable[[str], str]) -> None:
        self._kind = kind

    def __missing__(self, point: int) -> str:
        self[point] = kind = self._kind(chr(point))
        return kind


# The engine that runs the rules is asked, so that \d, \w, \s and ignored case mean here what they mean there.


def _fine(char: str) -> str:
    if regex.match(r"\d", char):
        return "0"
    if regex.match(r"\s", char):
        return " "
    if regex.match(r"[a-z]", char, regex.IGNORECASE):
        return "a"
    if char.isascii():
        return char
    return _FOREIGN if regex.match(r"\w", char) else "-"


def _lower(char: str) -> str:
    if not char.isascii() and regex.match("[a-z]", char, regex.IGNORECASE):
        return next(letter for letter in ascii_lowercase if regex.match(letter, char, regex.IGNORECASE))
    if char.isdecimal():
        return str(int(char))
    lower = char.lower()
    return lower if len(lower) == 1 else char


_FINE, _LOWER = _Table(_fine), _Table(_lower)
_COARSE = _Table(lambda char: {"0": "x", "a": "x"}.get(_FINE[ord(char)], _FINE[ord(char)]))
_FINE_ASCII = bytes(ord(_FINE[point]) if point < 0x80 else point for point in range(256))
_COARSE_ASCII = bytes.maketrans(b"0a", b"xx")
"""From the fine alphabet, which is ASCII, to the coarse one."""


_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


def _translated(text: str, table: _Table) -> str:
    """Return ``text`` with what is not ASCII translated; most of most texts is ASCII."""
    return text if text.isascii() else _NOT_ASCII.sub(lambda run: run[0].translate(table), text)


def lowered(text: str) -> str:
    """Return ``text`` in lower case, each character in its place, and ASCII where case-blind ASCII would match it."""
    return _translated(text, _LOWER).lower()


def outline(text: str) -> str:
    """Return ``text`` in the three alphabets, each with a line feed behind it."""
    fine = _translated(text, _FINE).encode().translate(_FINE_ASCII)
    return "\n".join((fine.decode(), fine.translate(_COARSE_ASCII).decode(), lowered(text), ""))


@cache
def shapes(expression: str) -> frozenset[str] | None:
    """Return strings of which `outline` of a text holds one if ``expression`` matches the text.

    ``expression`` is in the syntax of `re` or of the `regex` module, in any flags. ``None`` if
    nothing is known that it must match, or nothing that is rare.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            groups: dict[int, Any] = {}
            nodes = _flat(parser.parse(expression.replace("(?i)", "")), groups)
        except re.error:  # syntax that only `regex` has
            return None
    best = frozenset({""})
    for table in (_FINE, _LOWER, _COARSE):
        if _frequency(best) > _RARE:
            best = min(best, _rarest(nodes, _Tree(table, groups)), key=_frequency)
    return best if _frequency(best) < _COMMON else None


def _rarest(nodes: Sequence[Any], tree: _Tree) -> frozenset[str]:
    """Return the rarest beginning at any node: of the likeliest places, by a short look, the best at any length."""
    starts = sorted(range(len(nodes)), key=lambda start: _frequency(tree.beginnings(nodes[start:], _SHORT)))
    found = (tree.beginnings(nodes[start:], length) for start in starts[:_PLACES] for length in _LENGTHS)
    return min(found, key=_frequency, default=frozenset({""}))


def _flat(nodes: Iterable[Any], groups: dict[int, Any]) -> list[Any]:
    """Return the concatenation that a syntax tree is, with its groups opened, and noted in ``groups``."""
    out: list[Any] = []
    for code, args in nodes:
        if code is op.SUBPATTERN:
            groups[args[0]] = args[3]
            out += _flat(args[3], groups)
        else:
            out.append((code, args))
    return out


class _Tree:
    """The beginnings of what parts of a syntax tree match, each part looked at once per length."""

    def __init__(self, table: _Table, groups: Mapping[int, Any]) -> None:
        self._table = table
        self._groups = groups
        self._known: dict[tuple[int, int], frozenset[str]] = {}

    def beginnings(self, nodes: Sequence[Any], length: int) -> frozenset[str]:
        """Return the first ``length`` characters of all that ``nodes`` match; fewer where less is known."""
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
            self._known[key] = self._look(node, length)
        return self._known[key]

    def _look(self, node: Any, length: int) -> frozenset[str]:
        code, args = node
        if code in (op.AT, op.ASSERT, op.ASSERT_NOT):
            return frozenset({""})
        if code is op.LITERAL:
            return frozenset({self._table[args]})
        if code is op.IN:
            return self._members(args)
        if code in (op.MAX_REPEAT, op.MIN_REPEAT):
            return self._repeated(args, length)
        if code is op.SUBPATTERN:
            return self._grown(args[3], length)
        if code is op.BRANCH:
            return frozenset().union(*(self._grown(branch, length) for branch in args[1]))
        if code is op.GROUPREF and args in self._groups:
            return self._grown(self._groups[args], length)
        return frozenset({_OPEN})  # any character, a group that may be absent, or newer than this

    def _repeated(self, repeat: Any, length: int) -> frozenset[str]:
        least, most, nodes = repeat
        found: frozenset[str] = frozenset()
        heads = frozenset({""})
        for count in range(min(most, least + length) + 1):
            growing = {head for head in heads if len(head) < length and not head.endswith(_OPEN)}
            found |= heads if count >= least else heads - growing
            if len(found) > _MOST or len(growing) > _MOST:
                return frozenset({_OPEN})
            heads = frozenset(head + tail for head in growing for tail in self._grown(nodes, length - len(head)))
        return found

    def _members(self, items: Iterable[Any]) -> frozenset[str]:
        found: set[str] = set()
        for code, args in items:
            if code is op.LITERAL:
                found.add(self._table[args])
            elif code is op.RANGE and args[1] < 0x250:
                found.update(self._table[point] for point in range(args[0], args[1] + 1))
            elif code is op.CATEGORY and args in _CATEGORIES and self._table is not _LOWER:
                found.update(self._table[ord(char)] for char in _CATEGORIES[args])
                found.update(_FOREIGN if args is op.CATEGORY_WORD else "")
            else:
                return frozenset({_OPEN})
        return frozenset(found) if len(found) <= _ANY_OF else frozenset({_OPEN})


_CATEGORIES = {op.CATEGORY_DIGIT: "0", op.CATEGORY_WORD: "0a_", op.CATEGORY_SPACE: " "}


def _frequency(found: frozenset[str]) -> float:
    """Return a guess at the share of places in prose where one of ``found`` begins; only the choice hangs on it."""
    return sum(prod(map(_follows, f" {one}", one)) for one in found) + 1e-5 * len(found)


def _follows(before: str, char: str) -> float:
    if char == "0":
        return {"0": 0.5, " ": 0.03}.get(before, 0.002)
    if char in "ax":
        return 0.05 if before == "0" else 0.8
    if char.isalnum():
        return 0.08
    return 0.17 if char == " " else 0.008
