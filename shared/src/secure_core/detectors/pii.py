"""Personal data: Presidio's recognisers behind a gate, and recognisers for what they miss."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..types import Context, Finding
from . import accounts, phones
from ._presidio import presidio, unfailing
from .analysis import Analysis, Match, Scores
from .conflicts import resolve
from .evidence import ALONE, LEAST
from .linear import make_linear

if TYPE_CHECKING:
    from .names import Names

__all__ = ["Pii"]

_PLACEHOLDER = re.compile(r"\[[A-Z]+(?:_[A-Z]+)*(?::[a-p]{16})?\]")

_PIECE, _BEFORE, _AFTER = 2048, 256, 768
"""Longer texts are analysed in pieces of so many characters, with so many around them: then no expression can
take its time squared, and only what is longer than its surroundings is found in part."""

_BATCH = 65_536
"""Characters that share a pass."""

_OURS = frozenset({"PhoneRecognizer", "ZaPhoneNumberRecognizer"})
"""Presidio's classes that are not used: ours stands in for the one, the other is a base class."""

_YOUNGER = frozenset({"UUID"})
"""What a policy may leave out though the oldest Presidio that we take does not know it."""


class Pii:
    """Finds personal data that has a form (numbers, codes, addresses), and names if there is a model for them.

    Args:
        regions: two-letter codes of the countries whose identifiers are looked for; ``"*"`` is all.
        phone_regions: two-letter codes of the countries whose national phone formats are known; ``"*"`` is all.
        entities: Presidio's names of what is looked for; all by default.
        exclude: names of what is not.
        min_score: the least score that is reported; 0 reports all that Presidio does.
        thresholds: another least score for some entities, by name. Without it, entities with a telling
            format are reported at less than ``min_score`` (`secure_core.detectors.evidence`).
        model: a spaCy pipeline for names: an installed package's name, or a folder. Nothing is fetched.

    Raises:
        ValueError: an unknown region or entity, a score outside 0..1, a model that is not there.
        ImportError: Presidio is not installed.
    """

    name = "pii"
    categories = ("pii.*",)
    scope = "segment"

    def __init__(
        self,
        *,
        regions: str | Sequence[str] = "*",
        phone_regions: str | Sequence[str] = phones.REGIONS,
        entities: Sequence[str] | None = None,
        exclude: Sequence[str] = (),
        min_score: float = 0.4,
        thresholds: Mapping[str, float] | None = None,
        model: str | None = None,
    ) -> None:
        self._options = {key: value for key, value in locals().items() if key != "self"}
        found = presidio()
        kinds = [kind for kind in found.recognizers() if kind.__name__ not in _OURS]
        scores = _scores(min_score, thresholds)
        least = scores.least_for("PHONE_NUMBER")
        recognizers = list(made(found.package, _of(kinds, regions), _phone_regions(phone_regions), least))
        for recognizer, _ in recognizers:
            if recognizer.name == "UrlRecognizer":
                make_linear(recognizer)
            elif hasattr(recognizer, "supported_regions"):
                phones.by_line(recognizer)
        known = {entity for each, _ in recognizers for entity in each.supported_entities} | set(_names_known(model))
        self._entities = _wanted(known, entities, exclude)
        self.analysis = Analysis(
            [(each, home) for each, home in recognizers if self._entities.issuperset(each.supported_entities)],
            scores,
            renderings=phones.renderings(),
        )
        self._names = _names(model)

    def __getstate__(self) -> dict[str, Any]:
        return self._options

    def __setstate__(self, options: dict[str, Any]) -> None:
        self.__init__(**options)  # type: ignore[misc]

    def screen(self, texts: Sequence[str]) -> list[bool]:
        """Return which texts are worth a look: where no rule can find anything, nothing is in any part."""
        return [self._names is not None or self.analysis.concern(text) for text in texts]

    def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
        """Return the findings of each text: Presidio's entity in lower case, at Presidio's score."""
        found: list[set[Finding]] = [set() for _ in texts]
        for batch in _batches(texts):
            results = self.analysis.results([piece.text for piece in batch])
            for piece, structured in zip(batch, results, strict=True):
                found[piece.index].update(self._findings(piece, structured))
        return [sorted(each) for each in found]

    def _findings(self, piece: _Piece, results: Sequence[Match]) -> Iterator[Finding]:
        structured = ((each.entity_type, each.start, each.end, each.score) for each in resolve(piece.text, results))
        for entity, start, end, score in (*structured, *self._named(piece.text)):
            if start in piece.own:
                yield Finding(piece.start + start, piece.start + end, f"pii.{entity.lower()}", score, self.name)

    def _named(self, text: str) -> Iterator[tuple[str, int, int, float]]:
        if self._names is not None:
            yield from (name for name in self._names.find(text) if name[0] in self._entities)


def made(
    package: Any, kinds: Iterable[Any], phone_regions: Sequence[str], least_phone: float = 0.0
) -> Iterator[tuple[Any, str | None]]:
    """Give the recognisers that `Pii` uses: one of each of Presidio's ``kinds``, then ours.

    All are registered for English, whatever their country: a national identifier stands in texts of
    any language. Beside each is the language of its context words, ``None`` if they are of no country.
    """
    for kind in kinds:
        home = kind().supported_language if kind.COUNTRY_CODE else None
        recognizer = unfailing(kind(supported_language="en"))
        yield recognizer, home
        if kind.__name__ == "IbanRecognizer":
            yield from ((each, None) for each in accounts.recognizers(package, recognizer))
    yield from ((each, None) for each in phones.recognizers(package, phone_regions, least_phone))


@dataclass(frozen=True, slots=True)
class _Piece:
    """A text, or as much of a long one as is analysed at a time."""

    index: int
    """Which of the texts it is of."""
    start: int
    text: str = field(repr=False)
    own: range
    """Where in it findings may begin; the rest is there to be seen only."""


def _batches(texts: Sequence[str]) -> Iterator[list[_Piece]]:
    """Give the pieces of all texts in turn, as many together as share a pass of the gate."""
    batch: list[_Piece] = []
    length = 0
    for index, text in enumerate(texts):
        blank = _PLACEHOLDER.sub(_blanked, text) if "[" in text else text
        for piece in _pieces(index, blank):
            batch.append(piece)
            length += len(piece.text)
            if length > _BATCH:
                yield batch
                batch, length = [], 0
    if batch:
        yield batch


def _blanked(placeholder: re.Match[str]) -> str:
    return "[" + "\0" * (len(placeholder[0]) - 2) + "]"


def _pieces(index: int, text: str) -> Iterator[_Piece]:
    if len(text) <= _PIECE + _AFTER:
        yield _Piece(index, 0, text, range(len(text)))
        return
    for start in range(0, len(text), _PIECE):
        before = max(0, start - _BEFORE)
        own = range(start - before, start - before + _PIECE)
        yield _Piece(index, before, text[before : start + _PIECE + _AFTER], own)


def _of(kinds: Sequence[Any], regions: str | Sequence[str]) -> list[Any]:
    """Return the kinds of no country and those of ``regions``."""
    if regions == "*":
        return list(kinds)
    countries = {kind.COUNTRY_CODE for kind in kinds if kind.COUNTRY_CODE}
    wanted = {"uk" if region.lower() == "gb" else region.lower() for region in _listed("regions", regions)}
    _refuse("regions", wanted - countries, countries)
    return [kind for kind in kinds if kind.COUNTRY_CODE is None or kind.COUNTRY_CODE in wanted]


def _phone_regions(regions: str | Sequence[str]) -> tuple[str, ...]:
    known = phones.known_regions()
    wanted = sorted(known) if regions == "*" else [region.upper() for region in _listed("phone_regions", regions)]
    _refuse("phone_regions", set(wanted) - known, known)
    return tuple(wanted)


def _wanted(known: set[str], entities: Sequence[str] | None, exclude: Sequence[str]) -> frozenset[str]:
    _refuse("entities", set(_listed("entities", entities or ())) - known, known)
    _refuse("exclude", set(_listed("exclude", exclude)) - known - _YOUNGER, known)
    return frozenset(known if entities is None else entities) - frozenset(exclude)


def _listed(option: str, names: str | Sequence[str]) -> Sequence[str]:
    if isinstance(names, str):
        raise TypeError(f'{option} is a list, as in {option} = ["{names}"]')
    return names


def _refuse(option: str, unknown: Collection[str], known: Collection[str]) -> None:
    if unknown:
        raise ValueError(f"{option}: {', '.join(sorted(unknown))} unknown; there are {', '.join(sorted(known))}")


def _scores(min_score: float, thresholds: Mapping[str, float] | None) -> Scores:
    least = {entity: min(score, min_score) for entity, score in LEAST.items()} if thresholds is None else thresholds
    if not all(0 <= score <= 1 for score in (min_score, *least.values())):
        raise ValueError("min_score and thresholds are between 0 and 1")
    return Scores(min_score, least, ALONE)


def _names_known(model: str | None) -> Collection[str]:
    return ("PERSON", "LOCATION", "ORGANIZATION", "NRP") if model else ()


def _names(model: str | None) -> Names | None:
    if model is None:
        return None
    from .names import Names

    return Names(model)
