"""Credentials: provider formats, values beside a telling name, keys, tokens, and logins in URLs and headers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from functools import cache, partial
from itertools import pairwise
from typing import Any, NamedTuple

import re2

from ..types import Context, Finding
from . import secret_assignments
from .patterns import Gate, Utf8
from .secret_rules import FORMATS, NAMED
from .secret_values import CHECKS, is_placeholder

__all__ = ["Secrets"]


class _Hit(NamedTuple):
    """A secret in the bytes of a text."""

    start: int
    end: int
    kind: str
    score: float


KINDS = frozenset({"generic", "kubernetes_secret", *(row.kind for row in FORMATS), *(row.kind for row in NAMED)})
"""Every kind of secret that there is a rule for."""

_LONG_COUNT = re2.compile(r"\{(1[2-9]|[2-9][0-9]|[0-9]{3})(?:,[0-9]*)?\}")
_MANIFEST_GATE = "kind:\\s*[\"']?Secret\\b"
_MANIFEST = re2.compile(rb"(?m)^[ \t]*kind:[ \t]*[\"']?Secret[\"']?[ \t]*$")
_DATA = re2.compile(rb"(?m)^[ \t]*data:[ \t]*\n((?:[ \t]+[0-9A-Za-z_.-]+:[^\n]*(?:\n|$))+)")
_ENTRY = re2.compile(rb"(?m)^[ \t]+[0-9A-Za-z_.-]+:[ \t]*[\"']?((?:[0-9A-Za-z+/]{4}){2,}={0,2})[\"']?[ \t]*$")
_DOCUMENT = re2.compile(rb"(?m)^---")


@cache
def _gate() -> Gate:
    """One gate for all: the formats in their order, then manifests, then assignments."""
    return Gate([*(_loosened(row.pattern) for row in FORMATS), _MANIFEST_GATE, *secret_assignments.GATES])


def _loosened(pattern: str) -> str:
    """The pattern with its long counts open at 12: it matches all that it did and more, and compiles in no time."""
    return str(_LONG_COUNT.sub("{12,}", pattern.replace("(?P<value>", "(?:")))


def _hits(data: bytes, rules: Set[int], floor: float) -> Iterator[_Hit]:
    """Apply the rules that the gate let through; ``rules`` are places in its list."""
    for rule in rules:
        if rule < len(FORMATS):
            yield from _formatted(rule, data)
    if len(FORMATS) in rules:
        yield from _kubernetes(data)
    if any(rule > len(FORMATS) for rule in rules):
        yield from (_Hit(*found) for found in secret_assignments.find(data, floor))


def _formatted(rule: int, data: bytes) -> Iterator[_Hit]:
    row, search = FORMATS[rule], _compiled(rule).search
    match = search(data)
    while match:
        start, end = match.span(1)
        value = data[start:end].decode("latin-1").rstrip(".")
        if not is_placeholder(value, row.entropy) and CHECKS[row.check](value):
            yield _Hit(start, start + len(value), row.kind, row.score)
        match = search(data, end)  # from the end of the value: what borders it may border the next


@cache
def _compiled(rule: int) -> Any:
    pattern = FORMATS[rule].pattern
    if "(?P<value>" not in pattern:
        # a line end that is written out, as in JSON, ends a word too
        pattern = f"(?:^|[^0-9A-Za-z_]|\\\\[nrt])({pattern})(?:[^0-9A-Za-z_]|$)"
    return re2.compile(pattern.encode())


def _kubernetes(data: bytes) -> Iterator[_Hit]:
    """The values of a Secret manifest."""
    borders = [0, *(match.start() for match in _DOCUMENT.finditer(data)), len(data)]
    for first, last in pairwise(borders):
        if _MANIFEST.search(data, first, last):
            for block in _DATA.finditer(data, first, last):
                for entry in _ENTRY.finditer(data, *block.span(1)):
                    yield _Hit(entry.start(1), entry.end(1), "kubernetes_secret", 0.9)


def _best(hits: Iterable[_Hit]) -> list[_Hit]:
    """Of those that overlap, the surest; of equals, the longest."""
    kept: list[_Hit] = []
    for hit in sorted(set(hits)):
        if kept and hit.start < kept[-1].end:
            if (hit.score, hit.end - hit.start) > (kept[-1].score, kept[-1].end - kept[-1].start):
                kept[-1] = hit
        else:
            kept.append(hit)
    return kept


class Secrets:
    """Finds credentials of some two hundred services, generic secrets, keys, tokens and logins.

    A finding covers the secret itself, neither its name nor its quotes; of rules that overlap the most
    specific one is reported. Digests, UUIDs, public keys, variables and placeholders are left alone.

    Args:
        exclude: kinds not to report, such as ``"jwt"`` (without ``secret.``).
        allow: RE2 expressions; a secret that one of them matches from end to end is let pass.
        entropy: bits per character, 0 to 8, below which a value that only its name gives away is no secret.

    Raises:
        ValueError: an option is out of its range.
    """

    name = "secrets"
    categories = ("secret.*",)
    scope = "segment"

    def __init__(self, *, exclude: Sequence[str] = (), allow: Sequence[str] = (), entropy: float = 2.8) -> None:
        self._excluded = _kinds(exclude)
        self._allowed = _expressions(allow)
        self._entropy = _floor(entropy)
        self._options: dict[str, Any] = {"exclude": tuple(exclude), "allow": tuple(allow), "entropy": entropy}
        self._gate = _gate()

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(Secrets, **self._options), ()

    def screen(self, texts: Sequence[str]) -> list[bool]:
        """Return which texts are worth a look; the gate never leaves one out."""
        return [bool(rules) for rules in self._gate.candidates_many(texts)]

    def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
        """Return the secrets of each text."""
        return [
            self._findings(text, rules) if rules else []
            for text, rules in zip(texts, self._gate.candidates_many(texts), strict=True)
        ]

    def _findings(self, text: str, rules: Set[int]) -> list[Finding]:
        utf8 = Utf8(text)
        return [
            Finding(utf8.char(hit.start), utf8.char(hit.end), f"secret.{hit.kind}", hit.score, self.name)
            for hit in _best(_hits(utf8.data, rules, self._entropy))
            if not self._passes(utf8.data[hit.start : hit.end], hit.kind)
        ]

    def _passes(self, value: bytes, kind: str) -> bool:
        return kind in self._excluded or any(allowed.fullmatch(value) for allowed in self._allowed)


def _kinds(exclude: Sequence[str]) -> frozenset[str]:
    unknown = [exclude] if isinstance(exclude, str) else sorted(set(exclude) - KINDS)
    if unknown:
        raise ValueError(
            f"exclude wants a list of kinds, and {unknown} are none; there are: {', '.join(sorted(KINDS))}"
        )
    return frozenset(exclude)


def _expressions(allow: Sequence[str]) -> tuple[Any, ...]:
    if isinstance(allow, str):
        raise ValueError("allow wants a list of RE2 expressions, not one string; put it in brackets")
    try:
        return tuple(re2.compile(pattern.encode()) for pattern in allow)
    except (AttributeError, re2.error) as error:
        raise ValueError(f"allow wants RE2 expressions, and one is none: {error}") from None


def _floor(entropy: float) -> float:
    if isinstance(entropy, bool) or not isinstance(entropy, int | float) or not 0 <= entropy <= 8:
        raise ValueError(f"entropy wants bits per character, a number from 0 to 8, not {entropy!r}")
    return entropy
