"""Shows texts to detectors, in every reading, and carries what they find back to the source."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .detectors import Detector, within
from .errors import DetectorError
from .normalize import View, views
from .segment import segments
from .types import Context, Finding

__all__ = ["Answer", "Piece", "Question", "Seen", "look", "relevant", "scope"]

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


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found in one piece, in order of place, and which detectors failed on it."""

    findings: tuple[Finding, ...]
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Unit:
    """One reading of one string, and where that string stands in its piece."""

    piece: int
    view: View
    left: int
    start: int

    def place(self, finding: Finding, detector: str) -> Finding | None:
        """Carry a finding back to the piece; ``None`` if it lies in what stands before."""
        by = self.start - self.left
        start, end = self.view.source(finding.start, finding.end)
        if finding.start == finding.end == 0:  # it speaks of the segment as a whole
            return Finding(self.start, self.start, finding.category, finding.score, detector)
        if self.left and end <= self.left:
            return None
        return Finding(max(start, self.left) + by, end + by, finding.category, finding.score, detector)


def scope(detector: Detector) -> str:
    """Return how a detector is fed: ``"text"`` or ``"segment"``."""
    return str(getattr(detector, "scope", "text"))


def relevant(detectors: Sequence[Detector], text: str) -> tuple[Detector, ...]:
    """Return the detectors that have reason to look at a text that has no other reading than itself."""
    return tuple(detector for detector in detectors if _may_find(detector, text))


def _may_find(detector: Detector, text: str) -> bool:
    screen = getattr(detector, "screen", None)
    try:
        return screen is None or any(screen([text]))
    except Exception:  # it will be asked, and fail, where failures are dealt with
        return True


def look(pieces: Sequence[Piece], *, fail_open: bool) -> Generator[Question, Answer, list[Seen]]:
    """Ask every piece's detectors, one batch for each detector.

    Raises:
        DetectorError: a detector failed; with ``fail_open`` it is named in what was seen instead.
    """
    found: list[dict[tuple[str, int, int], Finding]] = [{} for _ in pieces]
    failed: list[list[str]] = [[] for _ in pieces]
    readings = _Readings(pieces)
    for detector in {id(d): d for piece in pieces for d in piece.detectors}.values():
        units = [
            unit
            for index, piece in enumerate(pieces)
            if any(detector is each for each in piece.detectors)
            for unit in readings.units(index, detector)
        ]
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
    return [Seen(tuple(sorted(f.values())), tuple(names)) for f, names in zip(found, failed, strict=True)]


class _Readings:
    """The readings of pieces and of their segments, made once for all detectors."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._made: dict[tuple[int, bool], list[_Unit]] = {}

    def units(self, index: int, detector: Detector) -> Iterator[_Unit]:
        cut = self._pieces[index].whole and scope(detector) == "segment"
        if (index, cut) not in self._made:
            self._made[index, cut] = list(self._make(index, cut))
        wanted = _kinds(detector)
        return (unit for unit in self._made[index, cut] if unit.view.kind == "identity" or unit.view.kind in wanted)

    def _make(self, index: int, cut: bool) -> Iterator[_Unit]:
        piece = self._pieces[index]
        strings = [(s.left, s.text, s.start) for s in segments(piece.text)] if cut else [(piece.left, piece.text, 0)]
        for left, text, start in strings:
            shown = left + text
            for view in [View.identity(shown)] if piece.plain else views(shown):
                yield _Unit(index, view, len(left), start)


def _kinds(detector: Detector) -> frozenset[str]:
    return frozenset(getattr(detector, "views", ("folded", "decoded")))


def _checked(answer: Answer, texts: int, detector: Detector) -> Sequence[Sequence[Finding]]:
    """Return a detector's answer if it is one."""
    if isinstance(answer, BaseException):
        # The cause is dropped on purpose: its message or its frames may quote the text.
        raise DetectorError(detector.name, type(answer).__name__) from None
    if not _is_list(answer) or len(answer) != texts or not all(map(_is_list, answer)):
        raise DetectorError(detector.name, "it did not answer with one list of findings for each text")
    return answer  # type: ignore[no-any-return]


def _is_list(answer: object) -> bool:
    return isinstance(answer, Sequence) and not isinstance(answer, str)


def _check(finding: object, detector: Detector, length: int) -> None:
    """Refuse what is no finding; what it says is not repeated, for it may hold the text."""
    if not isinstance(finding, Finding) or not all(type(at) is int for at in (finding.start, finding.end)):
        raise DetectorError(detector.name, "it returned something that is no Finding with whole offsets")
    if not 0 <= finding.start <= finding.end <= length:
        raise DetectorError(detector.name, "it returned offsets outside the text")
    if not isinstance(finding.score, int | float) or not 0.0 <= finding.score <= 1.0:
        raise DetectorError(detector.name, "it returned a score outside 0..1")
    if not any(within(finding.category, family) for family in detector.categories):
        raise DetectorError(detector.name, "it reported a category that it does not declare")


def _keep(finding: Finding, found: dict[tuple[str, int, int], Finding]) -> None:
    """Several readings may show the same thing: keep the surest."""
    place = (finding.category, finding.start, finding.end)
    if place not in found or found[place].score < finding.score:
        found[place] = finding
