"""Personal data that has no form: names, addresses and the like, by the shipped model."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from ..types import Context, Finding, Stage
from .context_words import ContextWords, boosted, window
from .placeholders import beside_placeholders, readable

if TYPE_CHECKING:
    from ..models.entities import Entity

__all__ = ["Entities"]

_REACH = 100
"""How far before a finding words may speak for it, in characters."""

_MATERIAL = frozenset((Stage.RETRIEVAL, Stage.TOOL_RESULT, Stage.INGEST))

_VAGUE = 0.5
"""The most that a finding scores which patterns and checksums know better."""

_ALONE = 0.995
"""What a name of one word must score if nothing else speaks for it; the model takes many a brand for one."""

_WEAK = 0.4
"""What it scores otherwise."""

_CHECKED = frozenset({"PHONE_NUMBER", "CREDIT_CARD", "ZIP_CODE", "ID", "DATE_TIME"})
"""What has recognisers of its own."""

_DIGITS = {"PHONE_NUMBER": (6, 16), "CREDIT_CARD": (12, 19), "AGE": (1, 3), "ZIP_CODE": (3, 9), "ID": (2, 40)}
"""The least and the most digits of some entities; what a model says of what it never saw may be anything."""

_WORDS = {"NRP": 4, "TITLE": 4, "AGE": 6, "PERSON": 8}
"""The most words of some entities."""

_CALENDAR = re.compile(
    r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b"
    r"|\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b",
    re.IGNORECASE,
)

_STREET = re.compile(
    r"(?<![\w.:+-])\d{1,5}[a-zA-Z]?,? [^\W\d_]{3,}|[^\W\d_]{3,}\.?,? (?:[Nn]o\.? ?)?\d{1,5}[a-zA-Z]?(?![\w.:%€$-])"
)
"""A house number beside a word."""

ADDRESS = "STREET_ADDRESS"
"""A location that holds a number, and what belongs to it."""

KINDS = (
    *("PERSON", "LOCATION", ADDRESS, "ORGANIZATION", "DATE_TIME", "PHONE_NUMBER", "CREDIT_CARD"),
    *("TITLE", "AGE", "NRP", "ZIP_CODE", "ID"),
)

_CONTEXT = {
    "PERSON": "name contact attn dear hello regards sincerely signed patient customer client employee mr mrs herr frau",
    "PHONE_NUMBER": "phone telephone mobile cell fax call tel",
    "ID": "id number passport licence license account member reference patient insurance",
    "ZIP_CODE": "zip postcode postal code plz",
}
"""Words before a finding that speak for it, as Presidio's context words."""

_PLACES = frozenset({"LOCATION", "ZIP_CODE"})
_GAP = re.compile(r"[\s,]*")


class Entities:
    """Asks the shipped model for names of people, places and organisations, addresses, ages, titles and identifiers.

    A house number makes a location a ``pii.street_address``. What patterns know better (cards, telephones) scores
    at most 0.5, so that theirs is the name that a finding goes by; so does a name of a single word, unless the model
    is all but certain, the words before speak for it, or the text has it in full.

    Args:
        entities: Presidio's names of what is looked for; all by default.
        stages: where texts are read; everywhere by default.
        scope: ``"segment"`` reads sentence by sentence, so that streams flow; ``"text"`` reads the text as a whole,
            in one pass with `InjectionModel`, for stages at which a text is held until its end anyway.

    Raises:
        IntegrityError: the shipped files are not what their signed manifest says.
        ValueError: an unknown entity, stage or scope.
    """

    name = "entities"
    views = frozenset(("folded", "decoded"))
    heavy = True

    def __init__(
        self,
        *,
        entities: Sequence[str] = KINDS,
        stages: Sequence[str] = tuple(Stage),
        scope: str = "segment",
    ) -> None:
        from ..models import shipped

        if unknown := sorted(set(entities) - set(KINDS)):
            raise ValueError(f"entities: {', '.join(unknown)} unknown; there are {', '.join(KINDS)}")
        if scope not in ("segment", "text"):
            raise ValueError(f'scope: "segment" or "text", not {scope!r}')
        self._kinds = frozenset(entities)
        self.stages = frozenset(map(Stage, stages))
        self.scope = scope
        self.categories = tuple(f"pii.{kind.lower()}" for kind in KINDS if kind in self._kinds)
        self._context = {kind: ContextWords(words.split()) for kind, words in _CONTEXT.items()}
        self._judge = shipped()

    def screen(self, texts: Sequence[str]) -> list[bool]:
        """Say of each text whether there is a word in it."""
        return [any(map(str.isalpha, text)) for text in texts]

    def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
        """Return the findings of each text; without a word in it, none."""
        from ..models import Surface

        found: list[list[Finding]] = [[] for _ in texts]
        worth_it = self.screen(texts)
        for surface in Surface:
            material = surface is Surface.MATERIAL
            wanted = [n for n, each in enumerate(contexts) if worth_it[n] and (each.stage in _MATERIAL) is material]
            verdicts = self._judge.verdicts([readable(texts[n]) for n in wanted], surface)
            for n, verdict in zip(wanted, verdicts, strict=True):
                found[n] = list(self._findings(texts[n], verdict.entities))
        return found

    def _findings(self, text: str, named: Sequence[Entity]) -> Iterator[Finding]:
        full = {word for each in named if each.kind == "PERSON" for word in _several(text[each.start : each.end])}
        for entity, kind in _addressed(text, named):
            if kind in self._kinds and _plausible(kind, text[entity.start : entity.end]):
                score = self._score(text, entity, kind, full)
                for start, end in beside_placeholders(text, entity.start, entity.end):
                    yield Finding(start, end, f"pii.{kind.lower()}", score, self.name)

    def _score(self, text: str, entity: Entity, kind: str, full: Collection[str]) -> float:
        before = text[max(0, entity.start - _REACH) : entity.start].lower()
        spoken_for = kind in self._context and self._context[kind].speak_in(window(before, len(before), len(before)))
        score = boosted(entity.score) if spoken_for else entity.score
        if kind in _CHECKED and not spoken_for:
            return min(score, _VAGUE)
        shown = text[entity.start : entity.end]
        if kind == "PERSON" and not (spoken_for or entity.score >= _ALONE or _several(shown) or shown in full):
            return min(score, _WEAK)
        return score


def _addressed(text: str, named: Sequence[Entity]) -> Iterator[tuple[Entity, str]]:
    """Give each entity with its kind: what stands with a location that holds a number is an address."""
    run: list[Entity] = []
    for entity in named:
        if run and not (entity.kind in _PLACES and _GAP.fullmatch(text, run[-1].end, entity.start)):
            yield from _placed(text, run)
            run = []
        if entity.kind in _PLACES:
            run.append(entity)
        else:
            yield entity, entity.kind
    yield from _placed(text, run)


def _placed(text: str, run: Sequence[Entity]) -> Iterator[tuple[Entity, str]]:
    numbered = any(
        part.kind == "LOCATION" and _STREET.search(_CALENDAR.sub("", text[part.start : part.end])) for part in run
    )
    for part in run:
        yield part, ADDRESS if numbered else part.kind


def _several(name: str) -> list[str]:
    """Return the words of a name of several; of any other, nothing."""
    words = [word.strip(".,") for word in name.split()]
    return words if sum(len(word) > 1 for word in words) > 1 else []


def _plausible(kind: str, shown: str) -> bool:
    """Whether what is shown can be of that kind at all."""
    least, most = _DIGITS.get(kind, (0, len(shown)))
    if not least <= sum(map(str.isdigit, shown)) <= most or len(shown.split()) > _WORDS.get(kind, len(shown)):
        return False
    return kind not in ("PERSON", "LOCATION") or _CALENDAR.fullmatch(shown.strip()) is None
