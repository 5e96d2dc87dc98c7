"""Turns stand-ins back into what they stand for, in texts, streams and tool-call arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import InputError
from ..guard import check_text
from .scope import Original, Scope
from .tokens import Candidate

__all__ = ["Read", "RestoreStream", "genuine", "leaves", "restored"]

Read = Callable[..., tuple[list[Candidate], int]]
"""``read(text, at=..., final=...)``: the places from ``at`` on where a stand-in may stand, those at one
place longest first, and up to where that does not depend on what follows."""

May = Callable[[str], bool]
"""Whether a category may be restored here."""


def genuine(scope: Scope, found: Sequence[Candidate]) -> list[tuple[Candidate, Original]]:
    """Return the candidates that are stand-ins of the scope, disjoint, in order of place."""
    originals = scope.originals([candidate.stand_in for candidate in found])
    real: list[tuple[Candidate, Original]] = []
    end = 0
    for candidate, original in zip(found, originals, strict=True):
        if original is not None and candidate.start >= end:
            real.append((candidate, original))
            end = candidate.end
    return real


def restored(text: str, real: Sequence[tuple[Candidate, Original]], may: May, at: int = 0) -> str:
    """Return the text from ``at`` on with the values in place of the stand-ins that may be seen."""
    parts: list[str] = []
    for candidate, original in real:
        if may(original.category):
            parts += (text[at : candidate.start], original.value)
            at = candidate.end
    return "".join([*parts, text[at:]])


def leaves(value: Any, restore: Callable[[str], str]) -> Any:
    """Return a parsed JSON value with every string in it restored; the names of fields stay."""
    if isinstance(value, str):
        return restore(value)
    if isinstance(value, dict):
        return {key: leaves(item, restore) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [leaves(item, restore) for item in value]
    return value


class RestoreStream:
    """Restores a text that arrives in pieces: `push` what arrives, pass on what comes back, `flush` at the end.

    However the text is cut into chunks, what comes out, joined, is what ``guard.restore`` makes of it.
    Held back is only what may be the beginning of a stand-in.

    Not for several threads at once; make one for each text.
    """

    def __init__(self, scope: Scope, read: Read, may: May, limit: int) -> None:
        self._scope = scope
        self._read = read
        self._may = may
        self._limit = limit
        self._text = ""  # what is held back, behind the last character before it
        self._at = 0  # where it begins
        self._flushed = False

    def push(self, chunk: str) -> str:
        """Take a piece of the text; return what is certain by now, restored.

        Raises:
            InputError: this is no text, or the stream was flushed already.
            VaultError: the vault failed; nothing of the piece was passed on.
        """
        if self._flushed:
            raise InputError("this stream was flushed; make a new one for the next text")
        text = self._text + check_text(chunk, self._limit)
        found, certain = self._read(text, at=self._at, final=False)
        return self._release(text, found, certain)

    def flush(self) -> str:
        """Take the end of the text; return the rest."""
        self._flushed = True
        found, certain = self._read(self._text, at=self._at, final=True)
        return self._release(self._text, found, certain)

    def _release(self, text: str, found: Sequence[Candidate], certain: int) -> str:
        real = genuine(self._scope, found) if found else []
        end = max(certain, real[-1][0].end) if real else certain
        released = restored(text[:end], real, self._may, self._at)
        self._at = min(end, 1)
        self._text = text[end - self._at :]
        return released
