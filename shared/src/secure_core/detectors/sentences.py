"""Where the sentence around a place begins and ends, so that taking it out leaves valid text, JSON or markup."""

from __future__ import annotations

import json
import re

__all__ = ["literals", "sentence", "unescaped"]

_REACH = 400
"""A sentence is followed no further than this to either side."""

_NEAR = 60
"""How far is looked first."""

_BEGINS = re.compile(
    r"""
      [.!?…][”’)\]"']*\s+ | [。！？]\s*      # after a sentence
    | [\n\r]\s*                            # after a line
    | [>|{}]\s*                            # after a tag, a cell
    | [:{\[,=(]\s*["']                    # after the quotation mark that opens a string literal
    """,
    re.VERBOSE,
)
_ENDS = re.compile(
    r"""
      [.!?…]+[”’)]*(?=\s|["'<]|\Z) | [。！？]
    | (?=[\n\r<|{}]|-->)
    | (?=["']+\s*(?:[,}\]:>;)]|/>|\Z))
    """,
    re.VERBOSE,
)
_LITERAL = re.compile(r'"((?:[^"\\]++|\\.)*+)"')
_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_MEANT = {"\\n": " \n", "\\r": " \n", '\\"': '""', "\\'": "''"}
_QUOTES = "\"'“‘«„"


def unescaped(text: str) -> str:
    """Return a text of the same length in which the escapes of string literals, as in JSON, are blanks.

    Line ends and quotation marks keep their meaning.
    """
    return _ESCAPE.sub(_white, text) if "\\" in text else text


def _white(escape: re.Match[str]) -> str:
    return _MEANT.get(escape[0]) or " " * len(escape[0])


def literals(text: str) -> list[tuple[int, int]]:
    """Return the insides of the string literals of a JSON document; of any other text, the whole."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            pass
        else:
            return [literal.span(1) for literal in _LITERAL.finditer(text)]
    return [(0, len(text))]


def sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range of the sentence that holds ``text[start:end]``, without the white space and quotes before it.

    The text is `unescaped`, so that no range begins or ends within an escape.
    """
    first = _begin(text, start)
    after = text[end : end + _REACH]
    ends = _ENDS.search(after)
    last = end + (ends.end() if ends else len(after) if end + _REACH >= len(text) else max(after.rfind(" "), 0))
    while first < start and (text[first].isspace() or text[first] in _QUOTES):
        first += 1
    while last > end and text[last - 1].isspace():
        last -= 1
    return first, last


def _begin(text: str, at: int) -> int:
    """Return where the sentence around a place begins; most begin nearby."""
    for reach in (_NEAR, _REACH):
        before = text[max(at - reach, 0) : at]
        begins = [match.end() for match in _BEGINS.finditer(before)]
        if begins:
            return at - len(before) + begins[-1]
    return at - len(before) + _word(before, at > _REACH)


def _word(before: str, cut: bool) -> int:
    """Where to begin in a window without a sentence's beginning: at a word, if the window cut one."""
    return before.find(" ") + 1 if cut else 0
