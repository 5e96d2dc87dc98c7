"""Prompt injection by rule: hidden text, control tokens, override phrases, and instructions that nobody sees."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from math import prod
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from ..types import Context, Finding, Stage
from .carriers import carriers
from .hidden import hidden_runs
from .injection_rules import OVERRIDE, RULES, TOKEN
from .mention import Mention
from .patterns import Gate, Utf8
from .sentences import literals, sentence, unescaped

__all__ = ["InjectionRules"]

HIDDEN, UNSEEN = "injection.hidden_text", "injection.hidden_instruction"

_UNSEEN = 0.5
"""Weight of standing where no reader looks."""

_ORDER = 0.3
"""Weight from which on a phrase in an unseen place is an order, and phrases around it add to it."""

_NEIGHBOUR = 0.5
"""The part of its weight that a phrase in a sentence nearby has."""

_REACH = 300
"""How near that is, in characters."""

_CROWD = 16
"""And no more phrases than this to either side."""

_FLOOR = 0.2
"""Less is not worth reporting."""

_REQUESTS = frozenset((Stage.INPUT, Stage.MEMORY))
"""Stages at which a user speaks, who may give orders."""

_PROMPT = tuple(rule.prompt for rule in RULES)
_MATERIAL = tuple(rule.material for rule in RULES)


class _Hit(NamedTuple):
    start: int
    end: int
    rule: int


class _Place(NamedTuple):
    start: int
    end: int
    category: str


class InjectionRules:
    """Finds what tells a model to leave its instructions, by rules alone.

    A score of 0.5 or more means that the words are used; quoted or discussed, the same words score less. In a user's
    request only attacks on the application count; in material also orders to the model that reads it.

    The range of a finding is the sentence, the token, the invisible run, or the whole comment, attribute value or
    hidden element: what can be taken out and leave valid text.
    """

    name = "injection"
    categories = (
        HIDDEN,
        TOKEN,
        OVERRIDE,
        UNSEEN,
    )
    scope = "text"
    views = frozenset(("folded", "decoded"))

    def __init__(self) -> None:
        _gate()

    def screen(self, texts: Sequence[str]) -> list[bool]:
        """Say of each text whether anything may be found in it."""
        readable = [unescaped(text) for text in texts]
        return [bool(rules) or not text.isascii() for text, rules in zip(texts, _candidates(readable), strict=True)]

    def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
        """Return what each text holds; offsets are the text's own."""
        readable = [unescaped(text) for text in texts]
        return [
            [*self._hidden(text), *(self._said(text, plain, rules, context) if rules else ())]
            for text, plain, rules, context in zip(texts, readable, _candidates(readable), contexts, strict=True)
        ]

    def _hidden(self, text: str) -> Iterator[Finding]:
        for run in hidden_runs(text):
            yield Finding(run.start, run.end, HIDDEN, run.score, self.name)

    def _said(self, text: str, plain: str, rules: Collection[int], context: Context) -> list[Finding]:
        hits = sorted(_hits(plain, rules))
        if not hits:
            return []
        weight = _PROMPT if context.stage in _REQUESTS else _MATERIAL
        places = _places(plain, hits, literals(text))
        mention = Mention(plain)
        found = [self._judge(place, members, hits, weight, mention) for place, members in places.items()]
        return [finding for finding in found if finding.score >= _FLOOR]

    def _judge(
        self, place: _Place, members: Sequence[_Hit], hits: Sequence[_Hit], weight: Sequence[float], mention: Mention
    ) -> Finding:
        rules = {hit.rule: hit for hit in reversed(members)}
        doubt = prod(1 - weight[rule] for rule in rules)
        orders = [hit for rule, hit in rules.items() if weight[rule] >= _ORDER]
        if orders:
            doubt *= 1 - _UNSEEN if place.category == UNSEEN else 1.0
            doubt *= prod(1 - _NEIGHBOUR * weight[rule] for rule in _near(place, hits) - rules.keys())
        if place.category == UNSEEN:
            use = mention.topic
        else:
            use = max(mention.use(hit.start, hit.end, (place.start, place.end)) for hit in orders or members[:1])
        return Finding(place.start, place.end, place.category, round(min(1 - doubt, 0.99) * use, 2), self.name)


def _near(place: _Place, hits: Sequence[_Hit]) -> set[int]:
    """Return the rules that matched around a place."""
    begin = bisect_left(hits, place.start, key=attrgetter("start"))
    end = bisect_right(hits, place.end, key=attrgetter("start"))
    first = bisect_left(hits, place.start - _REACH, max(begin - _CROWD, 0), begin, key=attrgetter("start"))
    last = bisect_right(hits, place.end + _REACH, end, min(end + _CROWD, len(hits)), key=attrgetter("start"))
    return {hit.rule for hit in hits[first:last]}


def _places(text: str, hits: Sequence[_Hit], literals: Sequence[tuple[int, int]]) -> dict[_Place, list[_Hit]]:
    """Gather the hits by what is to be taken out: an unseen place, tokens in a row, or a sentence, of one literal."""
    unseen = [carrier for first, last in literals for carrier in carriers(text, first, last)]
    places: dict[_Place, list[_Hit]] = {}
    said = (-1, -1)
    token: _Place | None = None
    for hit in hits:
        first, last = literals[bisect_left(literals, hit.start + 1, hi=len(literals) - 1, key=itemgetter(1))]
        start, end = max(hit.start, first), min(hit.end, last)
        at = bisect_right(unseen, start, key=attrgetter("start")) - 1
        if start >= end:
            continue
        if at >= 0 and end <= unseen[at].end:
            place = _Place(*unseen[at], UNSEEN)
        elif RULES[hit.rule].category == TOKEN:
            place = _Place(start, end, TOKEN)
            if token and first <= token.start and not text[token.end : start].strip():
                place = _Place(token.start, max(end, token.end), TOKEN)
                places[place] = places.pop(token)
            token = place
        else:
            if not said[0] <= start <= end <= said[1]:
                begin, stop = sentence(text, start, end)
                said = max(begin, first), min(stop, last)
            place = _Place(*said, OVERRIDE)
        places.setdefault(place, []).append(hit)
    return places


def _hits(text: str, rules: Collection[int]) -> Iterator[_Hit]:
    utf8 = Utf8(text)
    for rule in rules:
        for match in _compiled(rule).finditer(utf8.data):
            start, end = utf8.char(match.start()), utf8.char(match.end())
            while start < end and not text[start].isalnum() and text[start] not in "<[#":
                start += 1
            if start < end:
                yield _Hit(start, end, rule)


_NEEDS = tuple(dict.fromkeys(need for rule in RULES for need in rule.needs))
_NEEDED = tuple(frozenset(_NEEDS.index(need) for need in rule.needs) for rule in RULES)
_OFFERED = {
    need: tuple((rule, needed) for rule, needed in enumerate(_NEEDED) if min(needed) == need)
    for need in range(len(_NEEDS))
}
"""The rules, each under one of its needs, with all that they need."""


@lru_cache(maxsize=1)
def _gate() -> Gate:
    return Gate(_NEEDS, ignore_case=True)


def _candidates(texts: Sequence[str]) -> list[list[int]]:
    """Return for each text the rules all of whose needs are met in it."""
    return [
        [rule for need in met for rule, needed in _OFFERED[need] if needed <= met]
        for met in _gate().candidates_many(texts)
    ]


@lru_cache(maxsize=len(RULES))
def _compiled(rule: int) -> Any:
    import re2

    return re2.compile(f"(?im){RULES[rule].pattern}")
