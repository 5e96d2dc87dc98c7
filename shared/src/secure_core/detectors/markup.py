"""Output that acts: active HTML, dangerous URLs, and links and images that carry data away."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from typing import Literal, get_args

from ..types import Context, Finding
from . import fragments, html
from .links import links
from .markdown import without_code
from .patterns import Gate
from .urls import data_score, is_plain, read, runs_code

__all__ = ["Markup"]

Sink = Literal["markdown", "html"]
Images = Literal["data", "query", "external"]

_TAG, _LINK, _HANDLER, _SCRIPT = range(4)
_GATE = (
    r"<[a-z/!?]",
    r"\]\(|\]:|://|\bwww\.|\b(?:java|vb|live)script:|<data:|\burl\(|@import",
    fragments.HANDLER,
    fragments.SCRIPT,
)
_HOST = re.compile(r"(?:\*\.)?(?:[a-z0-9_-]+\.)*[a-z0-9_-]+|\[?[0-9a-f:]+\]?")
_ROUNDS = 3
"""How often what is left after taking the findings out is looked at again before all of it counts."""


class Markup:
    """Finds what a browser would run, or load with data in the address, if a text were rendered.

    Args:
        sink: what renders the text. ``"markdown"`` (with HTML in it): code blocks and inline code are
            shown, not rendered, so nothing in them counts. ``"html"``: back-ticks mean nothing.
        allow_hosts: hosts that may be given data: ``"example.com"`` for itself, ``"*.example.com"`` for
            every host below it. Ports do not matter.
        images: which images on other hosts count: ``"data"`` those whose address carries data,
            ``"query"`` also those with any query, ``"external"`` all.

    Ranges are chosen so that taking them out leaves the words: a script with its content, of any other
    element the start tag, an image whole, of a link its target and title.

    Raises:
        ValueError: an option has a value that does not exist; the message lists what does.
    """

    name = "markup"
    categories = (
        "markup.script",
        "markup.event_handler",
        "markup.active_html",
        "markup.dangerous_url",
        "markup.exfil_image",
        "markup.exfil_link",
    )
    scope = "segment"
    views = frozenset({"folded"})

    def __init__(self, *, sink: Sink = "markdown", allow_hosts: Sequence[str] = (), images: Images = "data") -> None:
        if sink not in get_args(Sink):
            raise ValueError(f"sink must be one of {', '.join(get_args(Sink))}")
        if images not in get_args(Images):
            raise ValueError(f"images must be one of {', '.join(get_args(Images))}")
        self._sink = sink
        self._images = images
        self._allowed = frozenset(map(_host, [allow_hosts] if isinstance(allow_hosts, str) else allow_hosts))
        self._gate = Gate(_GATE, ignore_case=True)

    def screen(self, texts: Sequence[str]) -> list[bool]:
        """Say of each text whether there may be anything in it; false is certain, for any part of it, too."""
        return [bool(candidates) for candidates in self._gate.candidates_many(texts)]

    def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
        """Return the findings of each text, in order of place."""
        return [
            self._settled(text) if candidates else []
            for text, candidates in zip(texts, self._gate.candidates_many(texts), strict=True)
        ]

    def _settled(self, text: str) -> list[Finding]:
        """Look again at what is left without the findings, for pieces that only then come together."""
        found = self._judged(text)
        for _ in range(_ROUNDS):
            if not found:
                return []
            rest, origins = _without(text, found)
            again = self._judged(rest)
            if not again:
                return _outermost(found)
            found += [Finding(origins[f.start], origins[f.end - 1] + 1, f.category, f.score, f.detector) for f in again]
        return [Finding(0, len(text), found[0].category, 1.0, self.name)]

    def _judged(self, text: str, *, code: bool = False) -> list[Finding]:
        """Return what one reading of ``text`` finds; with ``code``, code counts like any other text."""
        candidates = self._gate.candidates(text)
        may_hold_code = self._sink == "markdown" and not code and ("`" in text or "~~~" in text)
        if may_hold_code and (_TAG in candidates or self._judged(text, code=True)):
            # A comment or script that only stands in code would swallow what follows it: code goes first.
            return self._judged(without_code(text), code=True)
        found = [*self._html(text)] if _TAG in candidates else []
        if _LINK in candidates and self._sink == "markdown":
            found += self._links(text)
        return found or [*self._fragments(text, candidates)]

    def _fragments(self, text: str, candidates: Container[int]) -> Iterator[Finding]:
        if _HANDLER in candidates:
            yield from (self._finding(*span, "markup.event_handler", 0.6) for span in fragments.handlers(text))
        if _SCRIPT in candidates:
            yield from (self._finding(*span, "markup.script", 0.6) for span in fragments.scripts(text))

    def _html(self, text: str) -> Iterator[Finding]:
        for tag in html.tags(text):
            if acts := html.active(tag):
                category, score, end = acts
                yield self._finding(tag.start, end, category, score)
            leaks = [self._leak(url, loads, tag.dangling) for url, loads in html.loaded(tag)]
            if score := max((score for _, score in leaks), default=0.0):
                category = next(category for category, best in leaks if best == score)
                yield self._finding(tag.start, tag.element_end, category, score)

    def _links(self, text: str) -> Iterator[Finding]:
        for link in links(text):
            category, score = self._leak(link.url, link.loads)
            if not score and runs_code(link.url):
                category, score = "markup.dangerous_url", 0.6 if link.bare else 0.95
            if score:
                yield self._finding(link.start, link.end, category, score)

    def _leak(self, address: str, loads: bool, dangling: bool = False) -> tuple[str, float]:
        """Return the category for a URL, and how surely it carries data to a host that may not have it.

        ``dangling``: the address is cut off, and what is put behind it becomes part of it.
        """
        category = "markup.exfil_image" if loads else "markup.exfil_link"
        if self._images != "external" and not dangling and is_plain(address):
            return category, 0.0
        url = read(address)
        if url is None or self._allows(url.host):
            return category, 0.0
        score = data_score(url, loads=loads)
        if loads and (self._images == "external" or (self._images == "query" and url.query)):
            score = max(score, 0.5)
        return category, max(score, 0.7 if dangling else 0.0)

    def _allows(self, host: str) -> bool:
        if not self._allowed or host in self._allowed:
            return bool(self._allowed)
        labels = host.split(".", 127)  # no name has more
        return any(f"*.{'.'.join(labels[i:])}" in self._allowed for i in range(1, len(labels)))

    def _finding(self, start: int, end: int, category: str, score: float) -> Finding:
        return Finding(start, end, category, score, self.name)


def _host(name: object) -> str:
    if not isinstance(name, str) or not _HOST.fullmatch(name.lower()):
        raise ValueError('allow_hosts takes host names, "example.com" or "*.example.com", without scheme, port or path')
    return name.lower().strip("[]")


def _without(text: str, findings: Sequence[Finding]) -> tuple[str, list[int]]:
    """Return what is left of ``text`` without the findings, and where each of its characters stood."""
    pieces: list[str] = []
    origins: list[int] = []
    end = 0
    for finding in sorted(findings):
        if finding.start > end:
            pieces.append(text[end : finding.start])
            origins += range(end, finding.start)
        end = max(end, finding.end)
    pieces.append(text[end:])
    origins += range(end, len(text))
    return "".join(pieces), origins


def _outermost(findings: Sequence[Finding]) -> list[Finding]:
    """Drop the findings inside of another one of the same kind that is at least as sure."""
    widest: dict[str, Finding] = {}
    kept = []
    for finding in sorted(findings, key=lambda finding: (finding.start, -finding.end, -finding.score)):
        kind = finding.category.removesuffix("_image").removesuffix("_link")
        outer = widest.get(kind)
        if outer is None or finding.end > outer.end or finding.score > outer.score:
            widest[kind] = finding
            kept.append(finding)
    return kept
