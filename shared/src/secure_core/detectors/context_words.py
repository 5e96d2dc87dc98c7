"""Context words: what stands before a number often says what the number is."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["ContextWords", "boosted", "window"]

_REACH = 100
_WORDS = 8
_WORD = re.compile(r"\w+")
_BOOST = 0.35
_LEAST = 0.4
_SHORT = 3


class ContextWords:
    """The words that speak for one recogniser, looked for in lower-cased text.

    Presidio takes a context word for found wherever it is part of another, so that "report" would
    speak for a German postal code ("Ort") and "must" for a passport ("us"). Here words of up to three
    letters stand alone; longer ones may be part of a compound, as in "Kontonummer".
    """

    __slots__ = ("_find_short", "_long", "outlines")

    def __init__(self, words: Iterable[str]) -> None:
        known = sorted({word.lower().strip() for word in words})
        self._long = tuple(word for word in known if len(word) > _SHORT)
        short = "|".join(re.escape(word) for word in known if len(word) <= _SHORT)
        self._find_short = re.compile(rf"(?<![^\W\d_])(?:{short})(?![^\W\d_])" if short else "(?!)")
        self.outlines = tuple(map(_outline, known))
        """What `readings.lowered` of a text, between line feeds, matches if one of the words speaks in it."""

    def speak_in(self, text: str) -> bool:
        """Say whether one of the words stands in ``text``, which is in lower case."""
        return any(word in text for word in self._long) or self._find_short.search(text) is not None

    def precede(self, lower: str, start: int, end: int) -> bool:
        """Say whether one of the words stands before a range of a text, or in it: as `window` has it."""
        near = lower[max(0, start - _REACH) : end]
        return self.speak_in(near) and self.speak_in(window(lower, start, end))


def _outline(word: str) -> str:
    escaped = re.escape(word)
    return escaped if len(word) > _SHORT else f"[^a-z]{escaped}[^a-z]"


def boosted(score: float) -> float:
    """Return what a context word makes of ``score``: Presidio's 0.35 more, and at least 0.4."""
    return float(min(max(score + _BOOST, _LEAST), 1.0))


def window(lower: str, start: int, end: int) -> str:
    """Return the eight words before ``start`` with the match itself: "phone:555-0100" holds its own context."""
    reach = max(0, start - _REACH)
    words = [word.start() for word in _WORD.finditer(lower, reach, start)]
    return lower[words[-_WORDS] if len(words) >= _WORDS else reach : end]
