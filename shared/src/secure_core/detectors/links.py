"""Links and images in Markdown and bare in prose, and where they go (CommonMark 0.31, GFM autolinks)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

__all__ = ["Link", "css_urls", "links"]

_BRACKET = re.compile(r"\\.|!\[|\[|\]", re.S)
_WORDS = r"[^\s()\\]++|\\[^\s]|\\"
_TARGET = re.compile(
    r"[ \t]*\n?[ \t]*"
    r"(?:<(?P<angled>(?:[^<>\n\\]++|\\.)*+)>"
    rf"|(?P<bare>(?:{_WORDS}|\((?:{_WORDS}|\((?:{_WORDS})*+\))*+\))*+))"  # parentheses in pairs, two deep
)
_TITLE_AND_END = re.compile(
    r"""\s*+(?:"(?:[^"\\]++|\\.)*+"|'(?:[^'\\]++|\\.)*+'|\((?:[^()\\]++|\\.)*+\))?\s*+\)""", re.S
)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_AUTOLINK = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*)>")
_SCHEME_BEFORE = re.compile(r"(?<![A-Za-z0-9+.-])(?:https?|ftp)\Z", re.I)
_AUTHORITY = re.compile(r"://[^\s<>\"`]+")
_WWW = re.compile(r"(?<![\w./@-])www\.[^\s<>\"`]+")
_CODE_URL = re.compile(r"(?<![\w-])(?:javascript|vbscript|livescript):[^\s<>]+", re.I)
_AFTER_SENTENCE = "?!.,:*_~'\";]"
_CSS_URL = re.compile(r"""\burl\(\s*["']?([^"')\s]*)|@import\s+["']([^"'\s]*)""", re.I)


@dataclass(frozen=True, slots=True)
class Link:
    """Something that goes somewhere."""

    url: str = field(repr=False)
    at: int
    """Where the URL begins."""
    start: int
    """From here to ``end`` is what to take out so that it goes nowhere and the words stay."""
    end: int
    loads: bool = False
    """It is fetched without a click."""
    bare: bool = False
    """Not marked up: a renderer may make it a link or not."""


def links(text: str) -> Iterator[Link]:
    """Yield every link, image, reference definition, autolink, bare URL and CSS ``url()`` in ``text``."""
    marked = [*_inline_and_definitions(text), *_autolinks(text)]
    yield from marked
    known = {link.at for link in marked}
    yield from (link for link in _bare(text) if link.at not in known)
    for url, start, end in css_urls(text):
        yield Link(url, start, start, end, loads=True)


def css_urls(css: str) -> list[tuple[str, int, int]]:
    """Return what a style sheet loads: URL and range of each ``url(…)`` and ``@import``."""
    lowered = css.lower()
    if "url(" not in lowered and "@import" not in lowered:
        return []
    return [(match[1] or match[2] or "", *match.span()) for match in _CSS_URL.finditer(css)]


def _inline_and_definitions(text: str) -> Iterator[Link]:
    if "](" not in text and "]:" not in text:
        return
    has_image = "![" in text
    opened: list[tuple[int, bool]] = []
    for bracket in _BRACKET.finditer(text):
        if bracket[0][-1] == "[":
            opened.append((bracket.start(), bracket[0][0] == "!"))
        elif bracket[0] == "]":
            start, image = opened.pop() if opened else (-1, False)
            follows = text[bracket.end() : bracket.end() + 1]
            if follows == "(":
                yield _inline(text, bracket.end() + 1, start if image else -1)
            elif follows == ":" and start >= 0 and _begins_line(text, start):
                url, at, end = _target(text, bracket.end() + 1)
                yield Link(url, at, start, end, loads=has_image)


def _inline(text: str, at: int, image: int) -> Link:
    """Read ``target "title")`` from ``at``; an image, begun at ``image``, goes as a whole."""
    url, url_at, end = _target(text, at)
    closed = _TITLE_AND_END.match(text, end)
    if image >= 0:
        return Link(url, url_at, image if closed else at, closed.end() if closed else end, loads=True)
    return Link(url, url_at, at, closed.end() - 1 if closed else end)


def _target(text: str, at: int) -> tuple[str, int, int]:
    """Return the URL that a renderer hands on, where it begins, and where the target ends."""
    match = _TARGET.match(text, at)
    assert match is not None  # noqa: S101  # it matches the empty string
    written = match["angled"] if match["bare"] is None else match["bare"]
    return unescape(_ESCAPED.sub(r"\1", written)), match.start(match.lastgroup or 0), match.end()


def _begins_line(text: str, at: int) -> bool:
    return not text[text.rfind("\n", max(0, at - 32), at) + 1 : at].strip(" \t>")


def _autolinks(text: str) -> Iterator[Link]:
    for match in _AUTOLINK.finditer(text) if "<" in text else ():
        yield Link(match[1], match.start(1), *match.span())


def _bare(text: str) -> Iterator[Link]:
    for match in _AUTHORITY.finditer(text) if "://" in text else ():
        if scheme := _SCHEME_BEFORE.search(text, max(0, match.start() - 6), match.start()):
            yield _bare_link(scheme[0] + match[0], scheme.start())
    for match in _WWW.finditer(text) if "www." in text else ():
        yield _bare_link(match[0], match.start())
    for match in _CODE_URL.finditer(text) if "script:" in text.lower() else ():
        yield _bare_link(match[0], match.start())


def _bare_link(url: str, start: int) -> Link:
    """Leave the punctuation of the sentence around the URL out (GFM 6.9)."""
    closing = len(url) - len(url.rstrip(")"))
    surplus = min(closing, max(0, url.count(")") - url.count("(")))
    url = url[: len(url) - surplus].rstrip(_AFTER_SENTENCE)
    return Link(url, start, start, start + len(url), bare=True)
