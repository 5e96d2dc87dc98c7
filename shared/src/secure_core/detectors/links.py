"""Links and images in Markdown and bare in prose, and where they go (CommonMark 0.31, GFM autolinks)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

__all__ = ["Link", "css_urls", "links"]

_BRACKET = re.compile(r"\\.|!?\[|\]", re.S)
_BARE_DESTINATION = (
    r"(?:[^\s()\\]++|\\[^\s]|\\|\((?:[^\s()\\]++|\\[^\s]|\\|\((?:[^\s()\\]++|\\[^\s]|\\)*+\))*+\))*+"
)
_TARGET = re.compile(rf"[ \t]*\n?[ \t]*(?:<((?:[^<>\n\\]++|\\.)*+)>|(?P<bare>{_BARE_DESTINATION}))")
_TITLE_AND_END = re.compile(r"""\s*+(?:"(?:[^"\\]++|\\.)*+"|'(?:[^'\\]++|\\.)*+'|\((?:[^()\\]++|\\.)*+\))?\s*+\)""", re.S)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_AUTOLINK = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*)>")
_SCHEME_BEFORE = re.compile(r"(?<![A-Za-z0-9+.-])(?:https?|ftp)\Z", re.I)
_AUTHORITY = re.compile(r"://[^\s<>\"`]+")
_WWW = re.compile(r"(?<![\w./@-])www\.[^\s<>\"`]+")
_CODE_URL = re.compile(r"(?<![\w-])(?:javascript|vbscript|livescript):[^\s<>]+", re.I)
_AFTER_BARE = "?!.,:*_~'\";]"
_CSS_URL = re.compile(r"""\burl\(\s*["']?([^"')\s]*)|@import\s+["']([^"'\s]*)""", re.I)


@dataclass(frozen=True, slots=True)
class Link:
    """Something that goes somewhere."""

    url: str
    start: int
    """What to take out so that it goes nowhere and the text around stays what it is."""
    end: int
    loads: bool
    """It is fetched without a click."""
    bare: bool = False
    """Not marked up: a renderer may or may not make it a link."""


def links(text: str) -> Iterator[Link]:
    """Yield every link, image, reference definition, autolink, bare URL and CSS ``url()`` in ``text``."""
    if "](" in text or "]:" in text:
        yield from _marked(text)
    for match in _AUTOLINK.finditer(text) if "<" in text else ():
        yield Link(match[1], *match.span(), loads=False)
    yield from _bare(text)
    for url, start, end in css_urls(text):
        yield Link(url, start, end, loads=True)


def css_urls(css: str) -> list[tuple[str, int, int]]:
    """Return what a style sheet loads: URL and range of the ``url(…)`` or ``@import``."""
    lowered = css.lower()
    if "url(" not in lowered and "@import" not in lowered:
        return []
    return [(match[1] or match[2] or "", *match.span()) for match in _CSS_URL.finditer(css)]


def _bare(text: str) -> Iterator[Link]:
    for match in _AUTHORITY.finditer(text) if "://" in text else ():
        if scheme := _SCHEME_BEFORE.search(text, max(0, match.start() - 6), match.start()):
            yield _bare_link(scheme[0] + match[0], scheme.start())
    for match in _WWW.finditer(text) if "www." in text else ():
        yield _bare_link(match[0], match.start())
    for match in _CODE_URL.finditer(text) if "script:" in text.lower() else ():
        yield _bare_link(match[0], match.start())


def _bare_link(url: str, start: int) -> Link:
    """Leave out the punctuation of the sentence around the URL (GFM 6.9)."""
    while url.endswith(")") and url.count("(") < url.count(")"):
        url = url[:-1]
    url = url.rstrip(_AFTER_BARE)
    return Link(url, start, start + len(url), loads=False, bare=True)


def _marked(text: str) -> Iterator[Link]:
    opened: list[re.Match[str]] = []
    for bracket in _BRACKET.finditer(text):
        if bracket[0][-1] == "[":
            opened.append(bracket)
        elif bracket[0] == "]":
            opener = opened.pop() if opened else None
            follows = text[bracket.end() : bracket.end() + 1]
            if follows == "(":
                yield _inline(text, opener, bracket.end() + 1)
            elif follows == ":" and opener and _begins_line(text, opener.start()):
                yield _definition(text, opener, bracket.end() + 1)


def _inline(text: str, opener: re.Match[str] | None, at: int) -> Link:
    """Read ``(target "title")``; an image goes as a whole, of a link the words stay."""
    target = _TARGET.match(text, at)
    assert target is not None  # noqa: S101  # it matches the empty string
    closed = _TITLE_AND_END.match(text, target.end())
    if opener is not None and opener[0][0] == "!":
        start, end = (opener.start(), closed.end()) if closed else (at, target.end())
        return Link(_url(target), start, end, loads=True)
    return Link(_url(target), at, closed.end() - 1 if closed else target.end(), loads=False)


def _definition(text: str, opener: re.Match[str], at: int) -> Link:
    target = _TARGET.match(text, at)
    assert target is not None  # noqa: S101  # it matches the empty string
    return Link(_url(target), opener.start(), target.end(), loads="![" in text)


def _url(target: re.Match[str]) -> str:
    """Return the destination as a renderer hands it on: without escapes and character references."""
    return unescape(_ESCAPED.sub(r"\1", target[1] if target["bare"] is None else target["bare"]))


def _begins_line(text: str, at: int) -> bool:
    return not text[text.rfind("\n", 0, at) + 1 : at].strip(" \t>")
