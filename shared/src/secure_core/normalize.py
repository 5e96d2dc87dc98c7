"""Other readings of a text, each with a map of its offsets back to the source.

What a language model reads is not always what a rule sees: letters hide behind invisible characters, look-alikes,
full-width forms, escapes and encodings. `views` gives the readings that are worth a look; detectors search them,
and whatever they find is carried back to the characters of the source by `View.source`.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import re2

from ._encodings import DECODING
from ._folding import FOLDING
from ._invisible import SMUGGLERS, carried
from ._rewriting import any_of, which_of

__all__ = ["View", "is_plain", "views"]

_DEPTH = 2
"""How many layers of encoding are taken off."""

_INSERTION = 20
"""The shortest piece of decoded text, in characters, that is worth a reading of its own."""

_PASSES = 4
"""How often folding is repeated; text that was not made to provoke it needs one pass."""

_WORTH_A_LOOK = any_of(FOLDING + DECODING)
_WORTH_A_LOOK_IN_ASCII = any_of(FOLDING[:1] + DECODING)
_REWRITINGS = FOLDING + DECODING
_FOLDING, _DECODING = range(len(FOLDING)), range(len(FOLDING), len(_REWRITINGS))
_gates = which_of(_REWRITINGS)
_SMUGGLER = re2.compile(f"[{SMUGGLERS}]")
_STRETCHES = re.compile(f"[{SMUGGLERS}]+|[^{SMUGGLERS}]+")


_UNCHANGED = array("q", (0,))


@dataclass(frozen=True, slots=True)
class View:
    """A reading of a text. ``kind`` is ``"identity"``, ``"folded"`` or ``"decoded"``.

    The text is a chain of stretches, taken over unchanged and rewritten in turn: stretch ``i`` begins
    at ``_at[i]`` here and at ``_from[i]`` in the text below; even ones are unchanged.
    """

    kind: str
    text: str = field(repr=False)
    _at: array[int] = field(default_factory=lambda: _UNCHANGED, repr=False)
    _from: array[int] = field(default_factory=lambda: _UNCHANGED, repr=False)
    _below: View | None = field(default=None, repr=False)

    @classmethod
    def identity(cls, text: str) -> View:
        """Return the text as it stands."""
        return cls("identity", text)

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Return the range of the source that the range ``start:end`` of this text was read from.

        Both are Python string offsets. A rewritten stretch is carried back whole; an empty range stays empty.
        """
        if self._at is _UNCHANGED and self._below is None:
            return start, end
        stretch = bisect_right(self._at, start) - 1
        first = self._from[stretch] + (0 if stretch % 2 else start - self._at[stretch])
        last = first
        if end > start:
            stretch = bisect_right(self._at, end - 1) - 1
            last = self._from[stretch + 1] if stretch % 2 else self._from[stretch] + end - self._at[stretch]
        return (first, last) if self._below is None else self._below.source(first, last)

    def insertions(self) -> Iterator[View]:
        """Give each longer stretch that was rewritten as a view of its own: what was encoded, out of its context.

        A text that talks about attacks may quote one; it does not quote it in base64.
        """
        for stretch in range(1, len(self._at), 2):
            start = self._at[stretch]
            end = self._at[stretch + 1] if stretch + 1 < len(self._at) else len(self.text)
            if end - start >= _INSERTION:
                yield View(self.kind, self.text[start:end], array("q", (0,)), array("q", (start,)), self)

    def rewrite(self, kind: str, pattern: re.Pattern[str], replace: Callable[[re.Match[str]], str]) -> View:
        """Return a view in which ``replace(match)`` stands for each match; this view, if that changes nothing.

        A replacement of the same length is taken to stand for the match character by character.
        """
        parts: list[str] = []
        at, below = array("q", (0,)), array("q", (0,))
        taken = length = 0
        for match in pattern.finditer(self.text):
            start, end = match.span()
            new = replace(match)
            if new == self.text[start:end]:
                continue
            parts += (self.text[taken:start], new)
            length += start - taken
            if len(new) != end - start:
                at.extend((length, length + len(new)))
                below.extend((start, end))
            length += len(new)
            taken = end
        if not parts:
            return self
        return View(kind, "".join([*parts, self.text[taken:]]), at, below, self)


def is_plain(text: str) -> bool:
    """Say whether neither the text nor any part of it has another reading."""
    worth_a_look = _WORTH_A_LOOK_IN_ASCII if text.isascii() else _WORTH_A_LOOK
    return worth_a_look.search(text) is None


def views(text: str) -> list[View]:
    """Return the readings of ``text``: itself, then folded, then decoded, one and two deep, where they differ.

    Together they are at most a small multiple of the text, and cost time linear in it.
    """
    found = [View.identity(text)]
    if not _gates(text):
        return found
    readings = _readings("folded", found[0], _DEPTH)
    return found + [view for view in readings if view is not found[0] and view.text.strip()]


def _readings(kind: str, view: View, layers: int) -> Iterator[View]:
    """Fold, bring to light what is smuggled, and take off the next layer of encoding of both."""
    folded = _fold(kind, view)
    roots = [folded]
    if folded is not view and _SMUGGLER.search(view.text):
        roots.append(view.rewrite("decoded", _STRETCHES, carried))
    for root in roots:
        yield root
        decoded = _read("decoded", root, _DECODING) if layers else root
        if decoded is not root:
            yield from _readings("decoded", decoded, layers - 1)
            yield from decoded.insertions()


def _fold(kind: str, view: View) -> View:
    """Fold until nothing changes: a letter that one step brings to light can be another step's neighbour."""
    for _ in range(_PASSES):
        folded = _read(kind, view, _FOLDING)
        if folded is view:
            break
        view = folded
    return view


def _read(kind: str, view: View, steps: Iterable[int]) -> View:
    """Apply those rewritings, by their places, that may change the text as the ones before have left it."""
    gates = _gates(view.text)
    for step in steps:
        if step in gates:
            read = view.rewrite(kind, _REWRITINGS[step].pattern, _REWRITINGS[step].replace)
            if read is not view:
                view, gates = read, _gates(read.text)
    return view
