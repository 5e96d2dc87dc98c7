"""Shows texts to detectors, in every reading, and carries what they find back to the source."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from .detectors import Detector, within
from .errors import DetectorError
from .normalize import View, views
from .segment import segments
from .types import Context, Finding

__all__ = ["Answer", "Piece", "Question", "Seen", "interrupts", "look", "relevant", "scope"]

Question = tuple[Detector, list[str], list[Context]]
Answer = Any
"""What a detector returned, or the exception that it raised; checked here."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is judged apart from the rest: a whole text, or one segment of it."""

    text: str = field(repr=False)
    context: Context
    detectors: tuple[Detector, ...]
    start: int = 0
    """Offset of the segment in the text."""
    left: str = field(default="", repr=False)
    """What a detector may see of the text before the segment."""
    whole: bool = True
    """It is a whole text; detectors that work on segments are shown its segments."""
    plain: bool = False
    """It is known that there is no other reading of it than itself."""
    known: frozenset[str] = field(default=frozenset(), repr=False)
    """Of a whole text, the segments, each behind what is seen before it, that need not be judged again."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found in one piece, in order of place, and which detectors failed on it."""

    findings: tuple[Finding, ...]
    failed: tuple[str, ...] = ()
    segments: frozenset[str] = field(default=frozenset(), repr=False)
    """Of a whole text, the segments that were looked at, each behind what is seen before it."""


class _Unit(NamedTuple):
    """One reading of one string, and where that string stands in its piece."""

    piece: int
    view: View
    left: int
    start: int

    def place(self, finding: Finding, detector: str) -> Finding | None:
        """Carry a finding back to the piece; ``None`` if it lies in what stands before."""
        if finding.start == finding.end == 0:  # it speaks of the segment as a whole
            return Finding(self.start, self.start, finding.category, finding.score, detector)
        by = self.start - self.left
        start, end = self.view.source(finding.start, finding.end)
        if self.left and end <= self.left:
            return None
        return Finding(max(start, self.left) + by, end + by, finding.category, finding.score, detector)


def scope(detector: Detector) -> str:
    """Return how a detector is fed: ``"text"`` or ``"segment"``."""
    return str(getattr(detector, "scope", "text"))


def interrupts(error: BaseException) -> bool:
    """Whether an exception is not the failure of the detector out of which it comes."""
    import asyncio

    return isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit | asyncio.CancelledError)


def relevant(detectors: Sequence[Detector], text: str) -> tuple[Detector, ...]:
    """Return the detectors that have reason to look at a text that has no other reading than itself."""
    return tuple(detector for detector in detectors if _may_find(detector, text))


def _may_find(detector: Detector, text: str) -> bool:
    screen = getattr(detector, "screen", None)
    try:
        return screen is None or any(screen([text]))
    except BaseException as error:
        if interrupts(error):
            raise
        return True  # it will be asked, and fail, where failures are dealt with


def look(pieces: Sequence[Piece], *, fail_open: bool) -> Generator[Question, Answer, list[Seen]]:
    """Ask every piece's detectors, one batch for each detector.

    Raises:
        DetectorError: a detector failed; with ``fail_open`` it is named in what was seen instead.
    """
    found: list[dict[tuple[str, int, int], Finding]] = [{} for _ in pieces]
    failed: list[list[str]] = [[] for _ in pieces]
    readings = _Readings(pieces)
    for detector, indices in _asked(pieces):
        units = readings.units(indices, detector)
        answer = yield detector, [unit.view.text for unit in units], [pieces[unit.piece].context for unit in units]
        try:
            for unit, findings in zip(units, _checked(answer, len(units), detector), strict=True):
                for finding in findings:
                    _check(finding, detector, len(unit.view.text))
                    placed = unit.place(finding, detector.name)
                    if placed is not None:
                        _keep(placed, found[unit.piece])
        except DetectorError:
            if not fail_open:
                raise
            for index in {unit.piece for unit in units}:
                failed[index].append(detector.name)
    return [
        Seen(tuple(sorted(findings.values())), tuple(names), readings.segments(index))
        for index, (findings, names) in enumerate(zip(found, failed, strict=True))
    ]


def _asked(pieces: Sequence[Piece]) -> Iterable[tuple[Detector, list[int]]]:
    """Return each detector that is to look, with the places of its pieces."""
    asked: dict[int, tuple[Detector, list[int]]] = {}
    for index, piece in enumerate(pieces):
        for detector in piece.detectors:
            asked.setdefault(id(detector), (detector, []))[1].append(index)
    return asked.values()


class _Readings:
    """The readings of pieces and of their segments, made once for all detectors."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._whole: dict[int, list[_Unit]] = {}
        self._cut: dict[int, list[_Unit]] = {}

    def units(self, indices: Iterable[int], detector: Detector) -> list[_Unit]:
        """Return what a detector is shown of some pieces."""
        of = self._cut_up if scope(detector) == "segment" else self._as_it_is
        wanted = {"identity", *getattr(detector, "views", ("folded", "decoded"))}
        return [unit for index in indices for unit in of(index) if unit.view.kind in wanted]

    def segments(self, index: int) -> frozenset[str]:
        """Return the segments of a whole text that detectors were shown, as they stand."""
        return frozenset(unit.view.text for unit in self._cut.get(index, ()) if unit.view.kind == "identity")

    def _as_it_is(self, index: int) -> list[_Unit]:
        if index not in self._whole:
            piece = self._pieces[index]
            self._whole[index] = _units(index, piece.left + piece.text, len(piece.left), 0, piece.plain)
        return self._whole[index]

    def _cut_up(self, index: int) -> list[_Unit]:
        piece = self._pieces[index]
        if not piece.whole:
            return self._as_it_is(index)
        if index not in self._cut:
            self._cut[index] = [
                unit
                for segment in segments(piece.text)
                if (shown := segment.left + segment.text) not in piece.known
                for unit in _units(index, shown, len(segment.left), segment.start, piece.plain)
            ]
        return self._cut[index]


def _units(index: int, shown: str, left: int, start: int, plain: bool) -> list[_Unit]:
    return [_Unit(index, view, left, start) for view in ([View.identity(shown)] if plain else views(shown))]


def _checked(answer: Answer, texts: int, detector: Detector) -> Sequence[Sequence[Finding]]:
    """Return a detector's answer if it is one."""
    if isinstance(answer, BaseException):
        # The cause is dropped on purpose: its message or its frames may quote the text.
        raise DetectorError(detector.name, type(answer).__name__) from None
    if not _is_list(answer) or len(answer) != texts or not all(map(_is_list, answer)):
        raise DetectorError(detector.name, "it did not answer with one list of findings for each text")
    findings: Sequence[Sequence[Finding]] = answer
    return findings


def _is_list(answer: object) -> bool:
    return isinstance(answer, list) or (isinstance(answer, Sequence) and not isinstance(answer, str))


def _check(finding: object, detector: Detector, length: int) -> None:
    """Refuse what is no finding; what it says is not repeated, for it may hold the text."""
    if not isinstance(finding, Finding) or type(finding.start) is not int or type(finding.end) is not int:
        raise DetectorError(detector.name, "it returned something that is no Finding with whole offsets")
    if not 0 <= finding.start <= finding.end <= length:
        raise DetectorError(detector.name, "it returned offsets outside the text")
    if not isinstance(finding.score, int | float) or not 0.0 <= finding.score <= 1.0:
        raise DetectorError(detector.name, "it returned a score outside 0..1")
    if not _declared(finding.category, tuple(detector.categories)):
        raise DetectorError(detector.name, "it reported a category that it does not declare")


@lru_cache(maxsize=1024)
def _declared(category: str, families: tuple[str, ...]) -> bool:
    return any(within(category, family) for family in families)


def _keep(finding: Finding, found: dict[tuple[str, int, int], Finding]) -> None:
    """Several readings may show the same thing: keep the surest."""
    place = (finding.category, finding.start, finding.end)
    if place not in found or found[place].score < finding.score:
        found[place] = finding
