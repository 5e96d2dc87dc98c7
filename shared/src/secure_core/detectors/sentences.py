"""Where the sentence around a place begins and ends, so that taking it out leaves valid text, JSON or markup."""

from __future__ import annotations

import re

__all__ = ["sentence", "unescaped"]

_REACH = 400
"""A sentence is followed no further than this to either side."""

_BEGINS = re.compile(
    r"""
      [.!?…][”’)\]"']*\s+ | [。！？]\s*      # after a sentence
    | [\n\r]\s*                            # after a line
    | [>|{}]\s*                            # after a tag, a cell
    | [:{\[,=(]\s*["'](?!\s)              # after the quotation mark that opens a string literal
    """,
    re.VERBOSE,
)
_ENDS = re.compile(
    r"""
      [.!?…]+[”’)]*(?=\s|["'<]|\Z) | [。！？]
    | (?=[\n\r<|{}]|-->)
    | (?=["']\s*(?:[,}\]:>;)]|/>|\Z))
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_QUOTES = "\"'“‘«„"


def unescaped(text: str) -> str:
    """Return a text of the same length in which the escapes of string literals, as in JSON, are white space.

    Line ends and quotation marks keep their meaning, in the last character of their escape.
    """
    return _ESCAPE.sub(_white, text) if "\\" in text else text


def _white(escape: re.Match[str]) -> str:
    last = escape[0][-1] if len(escape[0]) == 2 else " "
    return escape[0][:-1].replace("\\", " ") + {"n": "\n", "r": "\n", '"': '"', "'": "'"}.get(last, " ")


def sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range of the sentence that holds ``text[start:end]``, without the white space and quotes before it.

    The text is `unescaped`, so that no range begins or ends within an escape.
    """
    before = text[max(start - _REACH, 0) : start]
    begins = [match.end() for match in _BEGINS.finditer(before)]
    first = start - len(before) + (begins[-1] if begins else _word(before, start > _REACH))
    after = text[end : end + _REACH]
    ends = _ENDS.search(after)
    last = end + (ends.end() if ends else len(after) if end + _REACH >= len(text) else max(after.rfind(" "), 0))
    while first < start and (text[first].isspace() or text[first] in _QUOTES):
        first += 1
    while last > end and text[last - 1].isspace():
        last -= 1
    return first, last


def _word(before: str, cut: bool) -> int:
    """Where to begin in a window without a sentence's beginning: at a word, if the window cut one."""
    return before.find(" ") + 1 if cut else 0
