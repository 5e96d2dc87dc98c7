"""Text that a screen does not show: tags, variation selectors, zero-width characters, reordering."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import re2

from .._confusables import RIGHT_TO_LEFT
from .._invisible import without_invisible

__all__ = ["Run", "hidden_runs"]

_ZERO_WIDTH = "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_TAGS = "\U000e0000-\U000e007f"

_ANY: Any = re2.compile(
    f"[{_TAGS}]|[{_SELECTORS}]{{2}}|[{_ZERO_WIDTH}]{{4}}|[\u202b\u202d\u202e\u2067]|[{_ZERO_WIDTH}][A-Za-z]"
)
_INVISIBLE = re.compile(f"[{_ZERO_WIDTH}{_SELECTORS}{_TAGS}]+")
_INTERLEAVED = re.compile(f"(?:[A-Za-z][{_ZERO_WIDTH}]+){{4,}}")
_TAG = re.compile(f"[{_TAGS}]")
_SELECTOR = re.compile(f"[{_SELECTORS}]")
_OVERRIDE = re.compile("[\u202d\u202e]")
_EMBEDDING = re.compile("[\u202b\u2067]")
_RIGHT_TO_LEFT = re.compile(f"[{RIGHT_TO_LEFT}]")
_LATIN = re.compile("[A-Za-z]")
_NEAR = 32
_LONG = 4
"""Orthography never needs more zero-width characters than this in a row."""
_WORD = 256
"""Letters with something invisible behind each of them, for so many characters, are not a word: all of it goes."""


class Run(NamedTuple):
    """A run of invisible characters without a job, and how surely it hides something."""

    start: int
    end: int
    score: float


def hidden_runs(text: str) -> Iterator[Run]:
    """Yield the runs of invisible characters that carry text, or disturb the order or the words of what is seen.

    Emoji sequences, flags, joiners in scripts that need them, directional marks in right-to-left text, soft hyphens,
    a byte order mark and a stray zero-width character are none.
    """
    if text.isascii() or _ANY.search(text) is None:
        return
    disturbed = iter([match.span() for match in _INTERLEAVED.finditer(text)])
    first, last = next(disturbed, (len(text), len(text)))
    taken = 0
    for run in _INVISIBLE.finditer(text):
        while run.start() >= last and last < len(text):
            first, last = next(disturbed, (len(text), len(text)))
        inside = first <= run.start() < last
        if inside and last - first > _WORD:
            if taken < last:
                yield Run(first, last, 0.8)
                taken = last
        elif score := 0.8 if inside else _score(run):
            yield Run(run.start(), run.end(), score)


def _score(run: re.Match[str]) -> float:
    if without_invisible(run) == run[0] and not _OVERRIDE.search(run[0]):
        return 0.9 if len(run[0]) > 2 * _LONG and not _TAG.search(run[0]) else 0.0
    if _TAG.search(run[0]):
        return 1.0
    if len(_SELECTOR.findall(run[0])) > 1:
        return 0.95
    if _OVERRIDE.search(run[0]):
        return 0.9 if _reorders(run) else 0.0
    if _EMBEDDING.search(run[0]):
        return 0.6 if _reorders(run) else 0.0
    return 0.7 if len(run[0]) >= _LONG else 0.0


def _reorders(run: re.Match[str]) -> bool:
    """Say whether Latin letters follow, which nobody needs to turn round."""
    after = run.string[run.end() : run.end() + _NEAR]
    return _LATIN.search(after) is not None and _RIGHT_TO_LEFT.search(after) is None
