"""Where the sentence around a place begins and ends, so that taking it out leaves valid text, JSON or markup."""

from __future__ import annotations

import re

__all__ = ["sentence"]

_REACH = 400
"""A sentence is followed no further than this to either side."""

_BEGINS = re.compile(
    r"""
      [.!?…][”’)\]"']*\s+ | [。！？]\s*      # after a sentence
    | [\n\r]\s* | \\[nrt]                    # after a line, also in a string literal
    | [>|{}]\s* | -->\s*                     # after a tag, a cell
    | [:{\[,=(]\s*["'](?!\s)                 # after the quotation mark that opens a string literal
    """,
    re.VERBOSE,
)
_ENDS = re.compile(
    r"""
      [.!?…]+[”’)]*(?=\s|\\|["'<]|\Z) | [。！？]
    | (?=[\n\r<|{}]|\\[nrt]|-->)
    | (?=\\?["']\s*(?:[,}\]:>;)]|/>|\Z))
    """,
    re.VERBOSE,
)


def sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range of the sentence that holds ``text[start:end]``, without its quotes and white space."""
    before = text[max(start - _REACH, 0) : start]
    begins = [match.end() for match in _BEGINS.finditer(before)]
    first = start - len(before) + (begins[-1] if begins else _word(before, start > _REACH))
    after = text[end : end + _REACH]
    ends = _ENDS.search(after)
    last = end + (ends.end() if ends else len(after) if end + _REACH >= len(text) else max(after.rfind(" "), 0))
    while first < start and text[first].isspace():
        first += 1
    while last > end and text[last - 1].isspace():
        last -= 1
    if first < start and text[first] in "\"'“‘«" and text[last : last + 1] in ('"', "'", "”", "’", "»"):
        first += 1
    return first, last


def _word(before: str, cut: bool) -> int:
    """Where to begin in a window without a sentence's beginning: at a word, if the window cut one."""
    return before.find(" ") + 1 if cut else 0
