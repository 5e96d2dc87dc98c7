"""What Hyperscan is to look for so that it finds the ends of all that an expression matches.

Presidio's expressions are in the syntax of the `regex` module and look at Unicode; Hyperscan is fast on bytes
and knows no look-around. So a text is read as ASCII, one character for one (`readings.plain`), and each expression is
rendered, from its own syntax tree, so that whatever it matches in the text its rendering matches there in
the reading. Most renderings are exact: on ASCII they match nothing else.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from .outlines import AT_THE_START, BY_DIGEST, digest
from .readings import SPACES, plain
from .syntax import LOOK, has_digit, is_alphanumeric, looks_ahead, sees_space

__all__ = ["Rendering", "rendered"]

_MANY = 100
"""A choice among more than this is not rendered: Hyperscan would need seconds to compile it."""
_FAR = 40
"""A repetition of more than this is taken for one without a bound."""
_NEAR = 120
"""Matches of up to so many characters are looked for where the rendering's end; longer ones in all of the text."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """An expression for Hyperscan, case ignored."""

    pattern: str
    width: int | None = None
    """Characters in a match if all have as many, and if in ASCII text every match of the rendering is a match of the
    original; else the rendering only tells in which texts there may be one."""
    after: int = 0
    """How many characters behind a match of the original the rendering takes with it."""
    needs_digit: bool = True
    """There is a digit in whatever it matches."""
    in_token: bool = False
    """A match of the original has no white space in it and looks at none."""
    reach: int | None = None
    """How many characters a match of the original has at most; ``None`` if they may be many."""
    ahead: int = 0
    """How many behind itself it looks at."""


@cache
def rendered(expression: str, *, apart: bool = False, ignore_case: bool = True) -> Rendering | None:
    """Return the rendering of an expression, ``None`` if it cannot be read or is too large.

    Args:
        expression: in the syntax of `re` or `regex`.
        apart: of what begins and ends with letters and digits only those matches are asked for that
            are not cut out of a longer run of them.
        ignore_case: whether the expression is matched without regard to case.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = parser.parse(expression.replace("(?i)", ""))
        except re.error:  # syntax that only `regex` has
            return None
    nodes, (least, most), ahead = list(tree), tree.getwidth(), looks_ahead(tree)
    place: dict[str, Any] = {"in_token": not any(map(sees_space, nodes))}
    if most + ahead < _NEAR:
        place |= {"reach": most, "ahead": int(ahead)}
    known = BY_DIGEST.get(digest(expression))
    if known is not None:
        cut = f"[^{_ALPHANUMERIC}]" if apart and digest(expression) in AT_THE_START else ""
        return Rendering(f"(?i){cut}{known}", needs_digit=any(map(has_digit, parser.parse(known))), **place)
    renderer = _Renderer()
    try:
        pattern = renderer.whole(nodes[:], apart)
    except OverflowError:
        return None
    width = least if renderer.exact and least == most else None
    case = "(?i)" if ignore_case else ""
    return Rendering(case + pattern, width, renderer.after, any(map(has_digit, nodes)), **place)


class _Renderer:
    """Renders one tree, and notes whether the rendering is exact."""

    def __init__(self) -> None:
        self.exact = True
        self.after = 0
        self._groups: dict[int, Any] = {}

    def whole(self, nodes: list[Any], apart: bool) -> str:
        """Render an expression; what it looks at before and behind itself is taken as a part of it."""
        before: list[str] = []
        after: list[str] = []
        while nodes and nodes[0][0] in LOOK and nodes[0][1][0] < 0:
            before.append(self._outside(nodes.pop(0)))
        while nodes and nodes[-1][0] in LOOK and nodes[-1][1][0] > 0:
            after.append(self._outside(nodes.pop()))
        self.exact &= len(before) < 2 and len(after) < 2
        head, behind = next(filter(None, before), ""), next(filter(None, after), "")
        if apart and not head and is_alphanumeric(nodes[0]) and is_alphanumeric(nodes[-1]):
            self.exact = False
            head = f"[^{_ALPHANUMERIC}]"
            behind = behind or head
        self.after = int(bool(behind))
        return head + self._all(nodes) + behind

    def _outside(self, node: Any) -> str:
        """Render what must stand before or behind a match, or must not; nothing if that is not one character."""
        code, (direction, inner) = node
        if code is op.ASSERT and direction < 0:
            return self._all(inner)
        members = self._members(_items(inner)) if code is op.ASSERT_NOT and _is_safe(_items(inner)) else None
        if members is None:
            self.exact = False
            return ""
        return f"[^{members}]"

    def _all(self, nodes: Iterable[Any]) -> str:
        return "".join(map(self._one, nodes))

    def _one(self, node: Any) -> str:
        code, args = node
        if code is op.LITERAL:
            return self._literal(args)
        if code is op.IN:
            members = self._members(args)
            return self._unknown() if members is None else f"[{members}]"
        if code in (op.MAX_REPEAT, op.MIN_REPEAT):
            least, most, inner = args
            return f"(?:{self._all(inner)}){{{least},{most if most < _FAR else ''}}}"
        if code is op.SUBPATTERN:
            self._groups[args[0]] = args[3]
            return f"(?:{self._all(args[3])})"
        if code is op.BRANCH:
            if len(args[1]) > _MANY:
                raise OverflowError(f"a choice among {len(args[1])} takes too long to compile")
            return f"(?:{'|'.join(map(self._all, args[1]))})"
        if code is op.GROUPREF and args in self._groups:
            self.exact = False
            return f"(?:{self._all(self._groups[args])})"
        if code is op.AT and args is op.AT_BOUNDARY:
            return r"\b"
        if code in (op.AT, op.ASSERT, op.ASSERT_NOT):
            self.exact = False
            return ""
        return self._unknown()

    def _unknown(self) -> str:
        self.exact = False
        return "."

    def _literal(self, point: int) -> str:
        self.exact &= point < 0x80
        return f"\\x{ord(plain(chr(point))):02x}"

    def _members(self, items: Iterable[Any]) -> str | None:
        """Return the members of a class as they stand in brackets; ``None`` if they are not known."""
        found = []
        for code, args in items:
            if code is op.LITERAL:
                found.append(self._literal(args))
            elif code is op.RANGE and args[1] < 0x80:
                found.append(f"\\x{args[0]:02x}-\\x{args[1]:02x}")
            elif code is op.CATEGORY and args in _CATEGORIES:
                found.append(_CATEGORIES[args])
            else:
                return None
        return "".join(found)


_CATEGORIES = {
    op.CATEGORY_DIGIT: "0-9",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_SPACE: "".join(f"\\x{ord(space):02x}" for space in SPACES),
}
_ALPHANUMERIC = "0-9A-Za-z"


def _items(nodes: Sequence[Any]) -> list[Any]:
    """Return the members of the class that is all of ``nodes``; something unknown if they are more."""
    if len(nodes) != 1:
        return [(op.ANY, None)]
    return list(nodes[0][1]) if nodes[0][0] is op.IN else list(nodes)


def _is_safe(items: Iterable[Any]) -> bool:
    """Say whether a class, negated, is the same for a character and for what it is read as."""
    return all(code is op.CATEGORY or (code is op.LITERAL and not chr(args).isalnum()) for code, args in items)
