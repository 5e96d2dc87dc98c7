"""A text as the engines are shown it: letters, digits and white space of all scripts as ASCII, one for one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from string import ascii_lowercase

import regex  # type: ignore[import-untyped]

__all__ = ["SPACES", "lowered", "plain"]

_WORD, _OTHER = "_", "\1"
"""What letters and signs outside ASCII are read as."""


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
SPACES = "".join(chr(point) for point in range(0x80) if regex.match(r"\s", chr(point)))
"""The white space in ASCII."""


def _translated(text: str, table: _Table) -> str:
    """Return ``text`` with what is not ASCII translated; most of most texts is ASCII."""
    return text if text.isascii() else _NOT_ASCII.sub(lambda run: run[0].translate(table), text)


def plain(text: str) -> str:
    """Return ``text`` as ASCII, each character in its place: what renderings are matched against."""
    return _translated(text, _PLAIN)


def lowered(text: str) -> str:
    """Return ``text`` in lower case, each character in its place, and ASCII where case-blind ASCII would match it."""
    return _translated(text, _LOWER).lower()
