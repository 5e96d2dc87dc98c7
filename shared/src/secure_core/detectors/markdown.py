"""Where Markdown shows code instead of rendering it: fenced blocks and inline code (CommonMark 0.31).

Only what is code under every reading counts. Where the text around could change the reading (an HTML
block, a tag with quotation marks, a back-tick without a partner on its line) nothing is code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["code_ranges", "without_code"]

_FENCE = re.compile(r"( {0,3})(`{3,}(?=[^`]*\Z)|~{3,})")
_HTML_BLOCK = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t>]+)*<([A-Za-z/!?])")
_ENDLESS_HTML = re.compile(r"<(?:script|pre|style|textarea|!|\?)(?!.*(?:-->|</|\?>))", re.I)
_INLINE = re.compile(r"\\.|`+|<[A-Za-z/!?][^>]*>?")
_TICKS = re.compile(r"`+")
_FILLER = "`"
"""Stands for a character of code: nothing in HTML, in a scheme or in a quotation begins or ends with it."""


def without_code(text: str) -> str:
    """Return ``text`` with every character of code, line ends apart, replaced by a back-tick: same length."""
    pieces, end = [], 0
    for start, stop in code_ranges(text):
        pieces.append(text[end:start])
        pieces.append("\n".join(_FILLER * len(line) for line in text[start:stop].split("\n")))
        end = stop
    pieces.append(text[end:])
    return "".join(pieces)


def code_ranges(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of ``text`` that are code, marks included, in order.

    A fence that never closes holds to the end, as CommonMark has it.
    """
    fence: re.Match[str] | None = None
    fence_at = 0
    doubtful = False  # until the next blank line nothing is code
    for at, line in _lines(text):
        if fence is not None:
            if _closes(line, fence):
                yield fence_at, at + len(line)
                fence = None
            elif line.strip() and not line.startswith(fence[1]):
                fence, doubtful = None, True  # it stood in a list item, and this line does not
        elif not line.strip():
            doubtful = False
        elif _HTML_BLOCK.match(line):
            if _ENDLESS_HTML.search(line):
                return
            doubtful = True
        elif not doubtful and (fence := _FENCE.match(line)):
            fence_at = at
        elif not doubtful and "`" in line:
            ranges, doubtful = _inline_code(line)
            yield from ((at + start, at + end) for start, end in ranges)
    if fence is not None:
        yield fence_at, len(text)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    for line in text.split("\n"):
        yield at, line
        at += len(line) + 1


def _closes(line: str, fence: re.Match[str]) -> bool:
    mark = line.strip()
    return len(mark) >= len(fence[2]) and mark == fence[2][0] * len(mark) and len(line) - len(line.lstrip(" ")) < 4


def _inline_code(line: str) -> tuple[list[tuple[int, int]], bool]:
    """Return the ranges of inline code in a line, and whether what follows is in doubt."""
    ranges: list[tuple[int, int]] = []
    at = 0
    while mark := _INLINE.search(line, at):
        at = mark.end()
        if mark[0][0] == "`":
            closer = next((run for run in _TICKS.finditer(line, at) if len(run[0]) == len(mark[0])), None)
            if closer is None:
                return ranges, True
            if "|" not in line[at : closer.start()]:  # in a table it would end the cell
                ranges.append((mark.start(), closer.end()))
            at = closer.end()
        elif mark[0][0] == "<" and (mark[0][-1] != ">" or any(quote in mark[0] for quote in "\"'`")):
            return ranges, True
    return ranges, False
