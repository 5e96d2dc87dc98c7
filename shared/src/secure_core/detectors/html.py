"""Active HTML: what a browser would run, load or submit if the text were rendered.

The text goes through turbohtml's tokenizer, which follows the HTML Standard state by state. No tree is
built: a tag that one parser drops, another one keeps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate

from .links import css_urls
from .urls import runs_code

__all__ = ["Tag", "active", "loaded", "tags"]

_TAIL = ">\">'>"
"""Closes any tag that the text leaves open: outside of quotation marks, in double and in single ones."""

_RAW = frozenset(("style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext"))
"""Elements whose content is text, but markup inside of SVG, MathML or where scripting is off."""
_NESTED = 3
"""How deep raw text is read as markup again; deeper nesting is an attack."""

_FRAMES = frozenset(
    """animate animatecolor animatemotion animatetransform applet base bgsound embed fencedframe foreignobject form
    frame frameset handler iframe ilayer isindex keygen layer listener maction object portal set template use
    """.split()  # noqa: SIM905  # reads as the list that it is
)
"""Elements that load, submit, redirect, animate or hide something as soon as an attribute says what."""
_URL_ATTRIBUTES = frozenset(
    """action archive background cite classid code codebase data dynsrc formaction from href icon longdesc lowsrc
    manifest ping poster profile src to values xlink:href xml:base""".split()  # noqa: SIM905
)
_FETCHED = frozenset(("background", "data", "dynsrc", "icon", "lowsrc", "poster", "src"))
"""Attributes whose URL is fetched without a click, on any element; ``href`` only on some."""
_FETCHING_HREF = frozenset(("link", "image", "use", "feimage", "base"))

_LOADING = frozenset(
    """stylesheet import preload prefetch prerender modulepreload preconnect dns-prefetch manifest icon expect
    """.split()  # noqa: SIM905
)
"""What a ``link`` may be for that makes a browser fetch it; ``canonical`` or ``next`` do not."""
_NAME = re.compile(r"[a-z][a-z0-9:-]*\Z")
_EVENT = re.compile(r"(?:.*[^\w:-])?on[a-z]{3,}(?:[^\w:-].*)?\Z", re.S)
_CSS_CODE = re.compile(r"expression\(|-moz-binding|behaviou?r:|(?:java|vb)script:", re.I)
_CSS_COMMENT = re.compile(r"/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)")
_CSS_ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})\s?|(.))", re.I)
_REFRESH = re.compile(r"[\s\d.;,]*(?:url\s*=\s*)?[\"']?([^\"']*)", re.I)
_CANDIDATE = re.compile(r"[^\s,]\S*")


@dataclass(frozen=True, slots=True)
class Tag:
    """A start tag and, where its content is no markup, its element."""

    name: str
    start: int
    end: int
    element_end: int
    """End of the whole element for ``script`` and raw text, else the tag's end."""
    attributes: dict[str, str] = field(repr=False)
    """Names in lower case, values with character references resolved."""
    content: str = field(repr=False, default="")
    """Script or raw text."""
    dangling: bool = False
    """The text ends inside of the tag, so that it takes in whatever is put behind."""


def tags(text: str, nested: int = _NESTED) -> Iterator[Tag]:
    """Yield the start tags of ``text``, also those in raw text, which another parser takes for markup."""
    from turbohtml import TokenType, tokenize

    plain = text.replace("\r", "\n")  # the tokenizer counts a carriage return with its line feed as one
    lines = [0, *accumulate(len(line) + 1 for line in plain.split("\n"))]
    open_tag: Tag | None = None  # whose content is text
    for token in tokenize(plain + _TAIL, capture_source=True):
        start = min(lines[token.line - 1] + token.col, len(text))
        if token.type is TokenType.TEXT and open_tag is not None:
            continue
        if open_tag is not None:
            yield from _element(open_tag, text, start, start + len(token.source or ""), nested)
            open_tag = None
        if token.type is not TokenType.START_TAG or start == len(text):
            continue
        end = start + len(token.source or "")
        dangling, end = end > len(text), min(end, len(text))
        if dangling and not _NAME.match(token.tag or ""):
            continue  # a less-than sign: a<b; c
        tag = Tag(token.tag or "", start, end, end, dict(token.attrs or ()), dangling=dangling)
        if tag.name == "script" or tag.name in _RAW:
            open_tag = tag
        else:
            yield tag
    if open_tag is not None:
        yield from _element(open_tag, text, len(text), len(text), nested)


def _element(tag: Tag, text: str, content_end: int, end: int, nested: int) -> Iterator[Tag]:
    """Yield an element whose content is text, and the tags that stand in this text."""
    content = text[tag.end : content_end]
    yield replace(tag, element_end=min(end, len(text)), content=content)
    if tag.name == "script" or "<" not in content:
        return
    if nested == 0:
        yield Tag("frameset", tag.end, content_end, content_end, {"nested": "too deep"})
        return
    for inner in tags(content, nested - 1):
        yield replace(
            inner, start=inner.start + tag.end, end=inner.end + tag.end, element_end=inner.element_end + tag.end
        )


def active(tag: Tag) -> tuple[str, float, int] | None:
    """Return category, score and end of what ``tag`` makes a browser do, or None."""
    attributes = tag.attributes
    if tag.name == "script" or "srcdoc" in attributes:
        return "markup.script", 1.0, tag.element_end
    if any(_EVENT.match(name) and value.strip() for name, value in attributes.items()):
        return "markup.event_handler", 0.95, tag.end
    if any(runs_code(url) for url, _ in loaded(tag)):
        return "markup.dangerous_url", 0.95, tag.end
    if _CSS_CODE.search(_plain_css(attributes.get("style", ""))):
        return "markup.script", 0.8, tag.end
    if tag.name == "style" and _CSS_CODE.search(_plain_css(tag.content)):
        return "markup.script", 0.8, tag.element_end
    if _acts(tag):
        return "markup.active_html", 0.8, tag.element_end
    return None


def _acts(tag: Tag) -> bool:
    attributes = tag.attributes
    if "<" in tag.name or tag.name == "plaintext":
        return True
    if tag.name == "meta":
        return attributes.get("http-equiv", "content-type").lower() != "content-type"
    if tag.name == "link":
        return not _LOADING.isdisjoint(attributes.get("rel", "").lower().split())
    return (tag.name in _FRAMES and bool(attributes)) or "formaction" in attributes


def loaded(tag: Tag) -> Iterator[tuple[str, bool]]:
    """Yield the URLs in a tag, and for each whether it is fetched without a click."""
    for name, value in tag.attributes.items():
        if name in _URL_ATTRIBUTES:
            for url in value.split(";") if name == "values" else (value,):
                yield url, name in _FETCHED or (name in ("href", "xlink:href") and tag.name in _FETCHING_HREF)
        elif name in ("srcset", "imagesrcset"):
            yield from ((url.rstrip(","), True) for url in _CANDIDATE.findall(value))
        elif name == "style":
            yield from ((url, True) for url, *_ in css_urls(_plain_css(value)))
        elif name == "content" and tag.name == "meta":
            yield from ((match[1], True) for match in (_REFRESH.match(value),) if match)
    if tag.name == "style":
        yield from ((url, True) for url, *_ in css_urls(_plain_css(tag.content)))


def _plain_css(css: str) -> str:
    """Return ``css`` without its comments and escapes, which hide words from a reader but not from a browser."""
    css = _CSS_COMMENT.sub("", css)
    return (
        _CSS_ESCAPE.sub(lambda escape: _character(escape[1]) if escape[1] else escape[2], css) if "\\" in css else css
    )


def _character(digits: str) -> str:
    code = int(digits, 16)
    return chr(code) if 0 < code <= 0x10FFFF else "\ufffd"
