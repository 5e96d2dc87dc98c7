"""Turns stand-ins back into what they stand for, in texts, streams and tool-call arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from ..admission import check_text
from ..errors import InputError
from .scope import Original, Scope
from .surrogates import recased
from .tokens import Candidate

__all__ = ["Read", "RestoreStream", "apart", "genuine", "leaves", "restored"]

Read = Callable[..., tuple[list[Candidate], int]]
"""``read(text, at=..., final=...)``: the places from ``at`` on where a stand-in may stand, those at one
place longest first, and up to where that does not depend on what follows."""

May = Callable[[str], bool]
"""Whether a category may be restored here."""

Real = list[tuple[Candidate, Original]]
"""Where stand-ins stand, and for what."""


def genuine(scope: Scope, found: Sequence[Candidate]) -> Real:
    """Return the candidates that are stand-ins of the scope, disjoint, in order of place."""
    return apart(found, scope.originals([candidate.stand_in for candidate in found])) if found else []


def apart(found: Sequence[Candidate], originals: Sequence[Original | None]) -> Real:
    """Return the candidates that stand for something; of those that overlap the first, and at one place the longest."""
    real: Real = []
    end = 0
    for candidate, original in zip(found, originals, strict=True):
        if original is not None and candidate.start >= end:
            real.append((candidate, original))
            end = candidate.end
    return real


def restored(text: str, real: Real, may: May, at: int = 0) -> str:
    """Return the text from ``at`` on with the values in place of the stand-ins that may be seen."""
    parts: list[str] = []
    for candidate, original in real:
        if may(original.category):
            seen = text[candidate.start : candidate.end]
            value = original.value if seen.startswith("<") else recased(original.value, seen)
            parts += (text[at : candidate.start], value)
            at = candidate.end
    return "".join([*parts, text[at:]])


def leaves(value: Any, put: Callable[[str], str]) -> Any:
    """Return a parsed JSON value with another text in the place of every string; the names of fields stay."""
    if isinstance(value, str):
        return put(value)
    if isinstance(value, dict):
        return {key: leaves(item, put) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [leaves(item, put) for item in value]
    return value


class RestoreStream:
    """Restores a text that arrives in pieces: `push` what arrives, pass on what comes back, `flush` at the end.

    However the text is cut into chunks, what comes out, joined, is what ``guard.restore`` makes of it.
    Held back is only what may be the beginning of a stand-in. In asynchronous code `apush` and `aflush`
    leave the event loop to others while the vault is asked; most chunks need not ask it.

    Not for several threads or tasks at once; make one for each text.
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
        text = self._taken(chunk)
        found, certain = self._read(text, at=self._at, final=False)
        return self._release(text, genuine(self._scope, found), certain)

    async def apush(self, chunk: str) -> str:
        """As `push`, without holding the event loop up."""
        text = self._taken(chunk)
        found, certain = self._read(text, at=self._at, final=False)
        return self._release(text, await self._agenuine(found), certain)

    def flush(self) -> str:
        """Take the end of the text; return the rest. Raises as `push`."""
        self._flushed = True
        found, certain = self._read(self._text, at=self._at, final=True)
        return self._release(self._text, genuine(self._scope, found), certain)

    async def aflush(self) -> str:
        """As `flush`, without holding the event loop up."""
        self._flushed = True
        found, certain = self._read(self._text, at=self._at, final=True)
        return self._release(self._text, await self._agenuine(found), certain)

    async def __aenter__(self) -> RestoreStream:
        """Begin a stream whose end is given out by `aflush`."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the stream: what is held back still is forgotten."""
        self._flushed = True
        self._text, self._at = "", 0

    def _taken(self, chunk: str) -> str:
        if self._flushed:
            raise InputError("this stream was flushed; make a new one for the next text")
        return self._text + check_text(chunk, self._limit)

    async def _agenuine(self, found: Sequence[Candidate]) -> Real:
        if not found:
            return []
        return apart(found, await self._scope.aoriginals([candidate.stand_in for candidate in found]))

    def _release(self, text: str, real: Real, certain: int) -> str:
        end = max(certain, real[-1][0].end) if real else certain
        released = restored(text[:end], real, self._may, self._at)
        self._at = min(end, 1)
        self._text = text[end - self._at :]
        return released
