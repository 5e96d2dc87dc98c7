"""The places of a document that a reader does not see, but a model reads: comments, attributes, hidden elements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Carrier", "carriers"]


class Carrier(NamedTuple):
    """An unseen place: ``start:end`` is what to take out, so that the document stays valid."""

    start: int
    end: int


_WORTH_A_LOOK = re.compile(r"<[!/A-Za-z]|\]: |\]\(|/\*")
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*+)([^<>]*+)>")
_UNSEEN_ATTRIBUTE = re.compile(
    r"""(?<![\w-])(?:alt|title|aria-(?:label|description|roledescription|placeholder)|placeholder|summary|content|label
    |longdesc|data-[\w-]+|value)\s*=\s*(?:"([^"]*)"|'([^']*)')""",
    re.I | re.VERBOSE,
)
_STYLE = re.compile(r"""(?<![\w-])style\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.I)
_HIDDEN_ATTRIBUTE = re.compile(r"""(?<![\w-])hidden(?=[\s/>=]|\Z)|type\s*=\s*["']?hidden""", re.I)
_HIDING = re.compile(
    r"""
      display\s*:\s*none | visibility\s*:\s*(?:hidden|collapse) | mso-hide\s*:\s*all
    | opacity\s*:\s*(?:0(?:\.0*)?|\.0+\d?|0\.0\d*)(?![\d.])
    | font-size\s*:\s*(?:0|0?\.\d+|1)(?:px|pt|em|rem|%)?\s*(?:;|!|\Z) | font\s*:\s*0
    | (?:left|top|right|bottom|text-indent|margin(?:-\w+)?)\s*:\s*-\d{3,}
    | clip(?:-path)?\s*:\s*(?:rect\(\s*0|inset\(\s*(?:50|100)%) | transform\s*:\s*scale\(\s*0
    | (?:^|;)\s*(?:max-)?(?:height|width)\s*:\s*[01](?:px)?\s*(?:;|\Z)
    """,
    re.I | re.VERBOSE,
)
_COLOR = re.compile(r"(?<![\w-])color\s*:\s*([^;!]+)", re.I)
_BACKGROUND = re.compile(r"(?<![\w-])background(?:-color)?\s*:\s*([^;!]+)", re.I)
_WHITE = frozenset(("white", "#fff", "#ffffff", "#fefefe", "#fdfdfd", "rgb(255,255,255)", "transparent"))
_UNSEEN_ELEMENTS = frozenset(("noscript", "template", "noframes", "datalist"))
_LITERAL_END = re.compile(r'"\s*[,}\]]')
_VOID = frozenset(
    ("img", "input", "meta", "br", "hr", "link", "area", "base", "col", "embed", "source", "track", "wbr")
)

_MARKDOWN = re.compile(
    r"""
      # a comment, written as a link definition that nothing refers to
      ^[ ]{0,3}\[(?://|comment|_|\#|hidden)[^\]\n]{0,40}\]:[ ]*+(?:(?:\#|<>)[ ]*+)?(?:\([^\n]*\)|"[^\n]*"|'[^\n]*')[ ]*$
      # the title of a link definition
    | ^[ ]{0,3}\[[^\]\n]{1,80}\]:[ ]*+\S++[ ]++(?P<definition>"[^"\n]*"|'[^'\n]*'|\([^)\n]*\))
      # the alternative text of an image
    | !\[(?P<alt>[^\[\]\n]{0,1000}+)\]\(
      # the title of a link or an image
    | \]\([^()\s]{0,2000}+[ ]++(?P<title>"[^"\n]*"|'[^'\n]*')\)
    """,
    re.VERBOSE | re.MULTILINE,
)


def carriers(text: str, start: int, end: int) -> list[Carrier]:
    """Return the unseen places of the HTML or Markdown in ``text[start:end]``, in order; none holds another."""
    if _WORTH_A_LOOK.search(text, start, end) is None:
        return []
    every = (*_comments(text, start, end), *_elements(text, start, end), *_markdown(text, start, end))
    found: list[Carrier] = []
    for carrier in sorted(every, key=lambda place: (place.start, -place.end)):
        if not found or carrier.start >= found[-1].end:
            found.append(carrier)
    return found


def _comments(text: str, start: int, end: int) -> Iterator[Carrier]:
    while (start := text.find("<!--", start, end)) >= 0:
        close = text.find("-->", start + 4, end)
        stop = close + 3 if close >= 0 else _rest(text, start, end)
        yield Carrier(start, stop)
        start = stop


def _elements(text: str, start: int, end: int) -> Iterator[Carrier]:
    """Yield the values of unseen attributes, and the content of hidden elements."""
    hidden: tuple[str, int, int] | None = None  # name, where its content begins, and how many of its name are open
    for tag in _TAG.finditer(text, start, end):
        closing, name, attributes = tag[1], tag[2].lower(), tag[3]
        if hidden and name == hidden[0]:
            depth = hidden[2] + (-1 if closing else 1)
            if depth == 0:
                yield Carrier(hidden[1], tag.start())
            hidden = (name, hidden[1], depth) if depth else None
        elif hidden is None and not closing and name not in _VOID and _is_hidden(name, attributes):
            hidden = (name, tag.end(), 1)
        for value in _UNSEEN_ATTRIBUTE.finditer(attributes):
            first, last = value.span(1) if value[1] is not None else value.span(2)
            yield Carrier(tag.start(3) + first, tag.start(3) + last)
    if hidden:
        yield Carrier(hidden[1], _rest(text, hidden[1], end))


def _rest(text: str, start: int, end: int) -> int:
    """Where hiding ends that nothing ends: a browser hides the rest of the page, but a string literal may be over."""
    over = _LITERAL_END.search(text, start, end)
    return over.start() if over else end


def _is_hidden(name: str, attributes: str) -> bool:
    if name in _UNSEEN_ELEMENTS or _HIDDEN_ATTRIBUTE.search(attributes):
        return True
    style = _STYLE.search(attributes)
    return style is not None and _hides(style[1] if style[1] is not None else style[2])


def _hides(style: str) -> bool:
    if _HIDING.search(style):
        return True
    color, background = _COLOR.search(style), _BACKGROUND.search(style)
    ink = _plain(color[1]) if color else ""
    ground = _plain(background[1]) if background else "white"
    return ink == ground or (ink in _WHITE and ground in _WHITE)


def _plain(value: str) -> str:
    return "".join(value.split()).lower()


def _markdown(text: str, start: int, end: int) -> Iterator[Carrier]:
    for match in _MARKDOWN.finditer(text, start, end):
        if match.lastgroup is None:
            yield Carrier(*match.span())
        elif match.lastgroup == "alt":
            yield Carrier(*match.span("alt"))
        else:
            yield Carrier(match.start(match.lastgroup) + 1, match.end(match.lastgroup) - 1)
