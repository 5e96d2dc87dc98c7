"""What Hyperscan is to look for so that it finds the ends of all that an expression matches.

Presidio's expressions are in the syntax of the `regex` module and look at Unicode; Hyperscan is fast on bytes
and knows no look-around. So a text is read as ASCII, one character for one (`plain`), and each expression is
rendered, from its own syntax tree, so that whatever it matches in the text its rendering matches there in
the reading. Most renderings are exact: on ASCII they match nothing else.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from string import ascii_lowercase
from typing import Any

import regex  # type: ignore[import-untyped]

from .outlines import BY_DIGEST, digest

__all__ = ["Rendering", "lowered", "plain", "rendered"]

_WORD, _OTHER = "_", "\1"
"""What letters and signs outside ASCII are read as."""
_MANY = 100
"""A choice among more than this is not rendered: Hyperscan would need seconds to compile it."""
_FAR = 40
"""A repetition of more than this is taken for one without a bound."""


class _Table(dict[int, str]):
    """A table for `str.translate` that asks ``kind`` once for each character."""

    def __init__(self, kind: Callable[[str], str]) -> None:
        self._kind = kind

    def __missing__(self, point: int) -> str:
        self[point] = kind = self._kind(chr(point))
        return kind


# The engine that runs the rules is asked, so that \d, \w, \s and ignored case mean here what they mean there.


def _plain(char: str) -> str:
    if char.isascii():
        return char
    if regex.match(r"\d", char):
        return str(unicodedata.decimal(char, 0))  # the engine may know a younger Unicode than Python
    if regex.match(r"\s", char):
        return " "
    return _letter(char) or (_WORD if regex.match(r"\w", char) else _OTHER)


def _letter(char: str) -> str | None:
    """Return the ASCII letter that ``char`` is where case is ignored."""
    if not regex.match("[a-zA-Z]", char, regex.IGNORECASE):
        return None
    return next(each for each in ascii_lowercase if regex.match(f"[{each}{each.upper()}]", char, regex.IGNORECASE))


def _lower(char: str) -> str:
    if char.isdecimal():
        return str(int(char))
    lower = char.lower()
    return _letter(char) or (lower if len(lower) == 1 else char)


_PLAIN, _LOWER = _Table(_plain), _Table(_lower)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_SPACES = "".join(f"\\x{point:02x}" for point in range(0x80) if regex.match(r"\s", chr(point)))


def _translated(text: str, table: _Table) -> str:
    """Return ``text`` with what is not ASCII translated; most of most texts is ASCII."""
    return text if text.isascii() else _NOT_ASCII.sub(lambda run: run[0].translate(table), text)


def plain(text: str) -> str:
    """Return ``text`` as ASCII, each character in its place: what renderings are matched against."""
    return _translated(text, _PLAIN)


def lowered(text: str) -> str:
    """Return ``text`` in lower case, each character in its place, and ASCII where case-blind ASCII would match it."""
    return _translated(text, _LOWER).lower()


@dataclass(frozen=True, slots=True)
class Rendering:
    """An expression for Hyperscan, case ignored."""

    pattern: str
    width: int | None
    """Characters in a match if all have as many, and if in ASCII text every match of the rendering is a match of the
    original; else the rendering only tells in which texts there may be one."""
    after: int = 0
    """How many characters behind a match of the original the rendering takes with it."""
    needs_digit: bool = True
    """There is a digit in whatever it matches."""
    in_token: bool = False
    """A match has no white space in it and looks at none; in its token ends a match of the rendering."""


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
    nodes = list(tree)
    in_token = not any(map(_sees_space, nodes))
    known = BY_DIGEST.get(digest(expression))
    if known is not None:
        return Rendering(f"(?i){known}", None, 0, any(map(_has_digit, parser.parse(known))), in_token)
    renderer = _Renderer()
    try:
        pattern = renderer.whole(nodes[:], apart)
    except OverflowError:
        return None
    least, most = tree.getwidth()
    width = least if renderer.exact and least == most else None
    case = "(?i)" if ignore_case else ""
    return Rendering(case + pattern, width, renderer.after, any(map(_has_digit, nodes)), in_token)


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
        while nodes and nodes[0][0] in _LOOK and nodes[0][1][0] < 0:
            before.append(self._outside(nodes.pop(0)))
        while nodes and nodes[-1][0] in _LOOK and nodes[-1][1][0] > 0:
            after.append(self._outside(nodes.pop()))
        self.exact &= len(before) < 2 and len(after) < 2
        head, behind = next(filter(None, before), ""), next(filter(None, after), "")
        if apart and not head and _is_alphanumeric(nodes[0]) and _is_alphanumeric(nodes[-1]):
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
        return f"\\x{ord(_PLAIN[point]):02x}"

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


_LOOK = (op.ASSERT, op.ASSERT_NOT)
_CATEGORIES = {op.CATEGORY_DIGIT: "0-9", op.CATEGORY_WORD: r"\w", op.CATEGORY_SPACE: _SPACES}
_ALPHANUMERIC = "0-9A-Za-z"


def _items(nodes: Sequence[Any]) -> list[Any]:
    """Return the members of the class that is all of ``nodes``; something unknown if they are more."""
    if len(nodes) != 1:
        return [(op.ANY, None)]
    return list(nodes[0][1]) if nodes[0][0] is op.IN else list(nodes)


def _is_safe(items: Iterable[Any]) -> bool:
    """Say whether a class, negated, is the same for a character and for what it is read as."""
    return all(code is op.CATEGORY or (code is op.LITERAL and not chr(args).isalnum()) for code, args in items)


def _is_alphanumeric(node: Any) -> bool:
    """Say whether what ``node`` matches begins and ends with ASCII letters or digits."""
    code, args = node
    if code is op.LITERAL:
        return chr(args).isascii() and chr(args).isalnum()
    if code is op.IN:
        return all(map(_is_alphanumeric, args))
    if code is op.RANGE:
        return all(chr(point).isalnum() for point in range(args[0], args[1] + 1)) and args[1] < 0x80
    if code in (op.MAX_REPEAT, op.MIN_REPEAT):
        return args[0] > 0 and len(args[2]) == 1 and _is_alphanumeric(args[2][0])
    if code is op.SUBPATTERN:
        return _is_alphanumeric(args[3][0]) and _is_alphanumeric(args[3][-1])
    if code is op.BRANCH:
        return all(_is_alphanumeric(each[0]) and _is_alphanumeric(each[-1]) for each in args[1] if each) and all(
            args[1]
        )
    return code is op.CATEGORY and args is op.CATEGORY_DIGIT


def _sees_space(node: Any) -> bool:
    """Say whether ``node`` can match white space, or looks at what may be some."""
    code, args = node
    if code is op.LITERAL:
        return chr(args).isspace()
    if code is op.IN:
        negated = args[0][0] is op.NEGATE
        return (op.CATEGORY, op.CATEGORY_SPACE) not in args if negated else any(map(_sees_space, args))
    if code is op.RANGE:
        return bool(regex.search(r"\s", "".join(map(chr, range(args[0], min(args[1], 0x3001) + 1)))))
    if code is op.CATEGORY:
        return args not in (op.CATEGORY_DIGIT, op.CATEGORY_WORD)
    if code in (op.MAX_REPEAT, op.MIN_REPEAT):
        return any(map(_sees_space, args[2]))
    if code is op.SUBPATTERN:
        return any(map(_sees_space, args[3]))
    if code is op.BRANCH:
        return any(_sees_space(each) for branch in args[1] for each in branch)
    if code is op.ASSERT_NOT:
        return len(args[1]) != 1 or _sees_space(args[1][0])
    return code is not op.GROUPREF and node != (op.AT, op.AT_BOUNDARY)


def _has_digit(node: Any) -> bool:
    """Say whether there is a digit in whatever ``node`` matches."""
    code, args = node
    if code is op.LITERAL:
        return chr(args).isdecimal()
    if code is op.IN:
        return all(map(_has_digit, args))
    if code is op.RANGE:
        return chr(args[0]).isdecimal() and chr(args[1]).isdecimal()
    if code in (op.MAX_REPEAT, op.MIN_REPEAT):
        return args[0] > 0 and any(map(_has_digit, args[2]))
    if code is op.SUBPATTERN:
        return any(map(_has_digit, args[3]))
    if code is op.BRANCH:
        return all(any(map(_has_digit, branch)) for branch in args[1])
    return code is op.CATEGORY and args is op.CATEGORY_DIGIT
