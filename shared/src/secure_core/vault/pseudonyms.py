"""What a bound guard's operators ask for stand-ins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from ..operators import Means, Order
from ..sanitize import plan
from ..types import Edit, Finding
from . import surrogates, tokens
from .restoring import Read, genuine, restored
from .scope import Original, Scope

__all__ = ["ScopePseudonyms"]


class ScopePseudonyms:
    """Makes stand-ins for the values of one scope, and knows them again (`secure_core.operators.Pseudonyms`)."""

    def __init__(
        self, scope: Scope, read: Read, made: Mapping[Original, str] | None = None, *, plain_only: bool = False
    ) -> None:
        self._scope = scope
        self._read = read
        self._made = made or {}
        self._plain_only = plain_only

    def stand_in(self, value: str, category: str, options: Mapping[str, Any]) -> str:
        """Return what stands for a value. What holds stand-ins already is restored first, so that none is nested."""
        value, is_stand_in = self._plain(value)
        if is_stand_in:
            return value
        original = Original(category, value)
        if options.get("style") == "surrogate" and not self._plain_only:
            return surrogates.make(self._scope, original, str(options.get("locale", surrogates.LOCALE)))
        return self._made.get(original) or tokens.make(self._scope, [original])[0]

    def ready(self, texts: Sequence[tuple[str, Sequence[Order]]]) -> ScopePseudonyms:
        """Return the same with the tokens for all of these texts made, in one step: a disk is waited for once."""
        asked = _Asked()
        for text, orders in texts:
            plan(text, orders, Means(b"", asked))
        asked_plain = [(category, *self._plain(value)) for category, value in asked.values]
        plain = [Original(category, value) for category, value, is_stand_in in asked_plain if not is_stand_in]
        return ScopePseudonyms(self._scope, self._read, dict(zip(plain, tokens.make(self._scope, plain), strict=True)))

    def _plain(self, value: str) -> tuple[str, bool]:
        """Return a value without stand-ins inside, and whether it is itself one (which stays)."""
        real = genuine(self._scope, self._read(value, final=True)[0])
        if real and real[0][0].start == 0 and real[0][0].end == len(value):
            return value, True
        return restored(value, real, lambda category: True), False

    def spare(self, text: str, findings: Sequence[Finding]) -> Sequence[Finding]:
        """Return the findings but for those inside a stand-in; one that cuts through a stand-in takes in all of it."""
        spans = [(c.start, c.end) for c, _ in genuine(self._scope, self._read(text, final=True)[0])]
        return [wide for finding in findings if (wide := _outside(finding, spans)) is not None] if spans else findings

    def plainer(self, text: str, edits: Sequence[Edit], planned: Sequence[Edit]) -> ScopePseudonyms | None:
        """Return what makes tokens only, if a surrogate runs into a word, or something was found across its border."""
        if self._plain_only or self._read is tokens.candidates:
            return None
        if list(edits) == list(planned) and not _run_together(text, edits):
            return None
        return ScopePseudonyms(self._scope, self._read, self._made, plain_only=True)


def _run_together(text: str, edits: Sequence[Edit]) -> bool:
    for edit, following in zip_longest(edits, edits[1:]):
        behind = following.replacement if following and following.start == edit.end else text[edit.end :]
        if surrogates.touches(text[: edit.start][-1:], edit.replacement, behind[:1]):
            return True
    return False


class _Asked(ScopePseudonyms):
    """Notes which tokens a plan asks for, and makes none."""

    def __init__(self) -> None:
        self.values: list[Original] = []

    def stand_in(self, value: str, category: str, options: Mapping[str, Any]) -> str:
        if options.get("style") != "surrogate":
            self.values.append(Original(category, value))
        return ""


def _outside(finding: Finding, spans: Sequence[tuple[int, int]]) -> Finding | None:
    if finding.start == finding.end:  # speaks of the text as a whole
        return finding
    touched = [span for span in spans if span[0] < finding.end and span[1] > finding.start]
    if any(start <= finding.start and finding.end <= end for start, end in touched):
        return None
    starts, ends = [start for start, _ in touched], [end for _, end in touched]
    return replace(finding, start=min([finding.start, *starts]), end=max([finding.end, *ends]))
