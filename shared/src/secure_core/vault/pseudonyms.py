"""What a bound guard's operators ask for stand-ins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from ..types import Edit, Finding
from . import surrogates, tokens
from .restoring import Read, genuine, restored
from .scope import Scope

__all__ = ["ScopePseudonyms"]


class ScopePseudonyms:
    """Makes stand-ins for the values of one scope, and knows them again (`secure_core.sanitize.Pseudonyms`)."""

    def __init__(self, scope: Scope, read: Read) -> None:
        self._scope = scope
        self._read = read

    def stand_in(self, value: str, category: str, options: Mapping[str, Any]) -> str:
        """Return what stands for a value. What holds stand-ins already is restored first, so that none is nested."""
        real = genuine(self._scope, self._read(value, final=True)[0])
        if real and real[0][0].start == 0 and real[0][0].end == len(value):
            return value
        value = restored(value, real, lambda category: True)
        if options.get("style") == "surrogate":
            return surrogates.make(self._scope, value, category, str(options.get("locale", surrogates.LOCALE)))
        return tokens.make(self._scope, value, category)

    def spare(self, text: str, findings: Sequence[Finding]) -> Sequence[Finding]:
        """Return the findings but for those inside a stand-in; one that cuts through a stand-in takes in all of it."""
        spans = [(c.start, c.end) for c, _ in genuine(self._scope, self._read(text, final=True)[0])]
        return [wide for finding in findings if (wide := _outside(finding, spans)) is not None] if spans else findings

    def apart(self, text: str, edits: Sequence[Edit]) -> list[Edit]:
        """Return the edits with a token for each surrogate that touches a word, and could not be told from it."""
        if self._read is tokens.candidates:
            return list(edits)
        done: list[Edit] = []
        for edit, following in zip_longest(edits, edits[1:]):
            before = done[-1].replacement if done and done[-1].end == edit.start else text[: edit.start]
            behind = following.replacement if following and following.start == edit.end else text[edit.end :]
            touches = surrogates.touches(before[-1:], edit.replacement, behind[:1])
            done.append(self._as_token(edit) if touches else edit)
        return done

    def _as_token(self, edit: Edit) -> Edit:
        (original,) = self._scope.originals([edit.replacement.casefold()])
        if original is None:
            return edit
        return replace(edit, replacement=tokens.make(self._scope, original.value, original.category))


def _outside(finding: Finding, spans: Sequence[tuple[int, int]]) -> Finding | None:
    if finding.start == finding.end:  # speaks of the text as a whole
        return finding
    touched = [span for span in spans if span[0] < finding.end and span[1] > finding.start]
    if any(start <= finding.start and finding.end <= end for start, end in touched):
        return None
    starts, ends = [start for start, _ in touched], [end for _, end in touched]
    return replace(finding, start=min([finding.start, *starts]), end=max([finding.end, *ends]))
