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
_LASTING_HTML = (
    ("<!", ">"),
    ("<!--", "-->"),
    ("<?", "?>"),
    ("<![cdata[", "]]>"),
    *((f"<{name}", f"</{name}") for name in ("script", "pre", "style", "textarea")),
)
"""What opens an HTML block that blank lines do not end, and what ends it."""
_CLOSER = {mark: re.compile(rf"^ {{0,3}}({mark}{{3,}})[ \t]*$", re.M) for mark in "`~"}
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
    doubtful = False  # until the next blank line nothing is code
    at = 0
    while at < len(text):
        end = text.find("\n", at) % (len(text) + 1)
        line = text[at:end]
        if not line or line.isspace():
            doubtful = False
        elif _HTML_BLOCK.match(line):
            if _stays_open(line.lower()):
                return
            doubtful = not line.startswith("<!--")  # a comment ends with its line
        elif not doubtful and (fence := _FENCE.match(line)):
            closed = _fence_end(text, end, fence)
            doubtful = closed is None
            if closed is not None:
                yield at, closed
                end = closed
        elif not doubtful and "`" in line:
            ranges, doubtful = _inline_code(line)
            yield from ((at + start, at + stop) for start, stop in ranges)
        at = end + 1


def _stays_open(line: str) -> bool:
    return any(line.rfind(opener) > line.rfind(closer) for opener, closer in _LASTING_HTML)


def _fence_end(text: str, at: int, fence: re.Match[str]) -> int | None:
    """Return where the block ends that ``fence`` opens, whose content begins at ``at``.

    An indented fence may stand in a list item, which ends with the first line that is not indented: then
    what follows is no code, and neither, to be sure, is what stands before.
    """
    indent, mark = fence[1], fence[2]
    closer = next((c for c in _CLOSER[mark[0]].finditer(text, at) if len(c[1]) >= len(mark)), None)
    end = closer.end() if closer else len(text)
    if indent and any(line.strip() and not line.startswith(indent) for line in text[at:end].split("\n")):
        return None
    return end


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
