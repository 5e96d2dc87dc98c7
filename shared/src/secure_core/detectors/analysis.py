"""Presidio's analysis, of which only the rules run that a text can concern."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import regex  # type: ignore[import-untyped]

from ._presidio import judges
from .conflicts import within_longer
from .context_words import ContextWords, boosted, window
from .languages import language
from .outlines import BY_DIGEST, digest
from .patterns import Gate
from .shapes import lowered, outline, shapes

__all__ = ["Analysis", "Scores"]

_CUT_OUT = 0.3
"""The most that a match scores that is a part of a longer run of letters and digits."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What a finding must score, and what it can score, by Presidio's names of the entities."""

    least: float
    """The least score that is reported."""
    least_of: Mapping[str, float]
    """The same for some entities."""
    alone: Mapping[str, float]
    """The most that some entities score before context words are counted."""

    def least_for(self, entity: str) -> float:
        """Return what a finding of ``entity`` must score."""
        return self.least_of.get(entity, self.least)


@dataclass(frozen=True, slots=True)
class _Rule:
    """One expression of a recogniser, or a whole recogniser that is no list of expressions."""

    recognizer: int
    pattern: int | None
    shapes: frozenset[str] | None
    """Expressions of which one matches the outline of every text that the rule finds something in."""
    needs_context: bool
    """Without a context word what it finds scores too little to be reported."""


class Analysis:
    """Presidio recognisers behind a gate; what `results` returns does not depend on the gate.

    Args:
        recognizers: instances of Presidio's ``EntityRecognizer``, each with the language that its
            context words are of, or ``None`` if they are taken for found in any text.
        scores: what is reported.
        outlines: by name of a recogniser that is no ``PatternRecognizer``, what `shapes.outline`
            of a text matches if it finds something.
    """

    def __init__(
        self,
        recognizers: Sequence[tuple[Any, str | None]],
        scores: Scores,
        *,
        outlines: Mapping[str, str],
    ) -> None:
        self._recognizers = tuple(recognizer for recognizer, _ in recognizers)
        self._homes = tuple(home for _, home in recognizers)
        self._contexts = tuple(ContextWords(recognizer.context or ()) for recognizer in self._recognizers)
        self._scores = scores
        self._rules = tuple(
            rule for index, each in enumerate(self._recognizers) for rule in self._rules_of(index, each, outlines)
        )
        self._always = frozenset(index for index, rule in enumerate(self._rules) if rule.shapes is None)
        named: dict[str, set[int]] = {}
        for index, rule in enumerate(self._rules):
            for shape in rule.shapes or ():
                named.setdefault(shape, set()).add(index)
        spoken: dict[str, set[int]] = {}
        for index, context in enumerate(self._contexts):
            for word in context.outlines:
                spoken.setdefault(word, set()).add(index)
        self._named = tuple(named.values())
        self._spoken = tuple(spoken.values())
        self._gate = Gate([*named, *spoken])

    def _rules_of(self, index: int, recognizer: Any, outlines: Mapping[str, str]) -> Iterable[_Rule]:
        if not hasattr(recognizer, "patterns"):
            drawn = outlines.get(recognizer.name)
            yield _Rule(index, None, frozenset({drawn}) if drawn else None, False)
            return
        entity = recognizer.supported_entities[0]
        for number, pattern in enumerate(recognizer.patterns):
            best = 1.0 if judges(recognizer) else pattern.score
            alone = min(best, self._scores.alone.get(entity, 1.0))
            yield _Rule(index, number, _outlined(pattern.regex), alone < self._scores.least_for(entity))

    def rules_for(self, text: str) -> list[_Rule]:
        """Return the rules that may find something in ``text``: all that do, and some more."""
        rules = set(self._always)
        in_context: set[int] = set()
        for index in self._gate.candidates(outline(text)):
            if index < len(self._named):
                rules |= self._named[index]
            else:
                in_context |= self._spoken[index - len(self._named)]
        found = (self._rules[index] for index in sorted(rules))
        return [rule for rule in found if not rule.needs_context or rule.recognizer in in_context]

    def results(self, text: str, rules: Iterable[_Rule] | None = None) -> list[Any]:
        """Return Presidio's results for ``text``, as ``rules`` find them; by default all rules."""
        patterns: dict[int, list[int | None]] = {}
        for rule in self._rules if rules is None else rules:
            patterns.setdefault(rule.recognizer, []).append(rule.pattern)
        lower = lowered(text)
        spoken = cache(lambda: language(lower))
        found = []
        for index, wanted in patterns.items():
            for result in self._run(index, wanted, text):
                result.score = self._score(result, index, lower, spoken)
                if result.score >= self._scores.least_for(result.entity_type):
                    found.append(result)
        return distinct(found)

    def _run(self, index: int, wanted: Sequence[int | None], text: str) -> list[Any]:
        recognizer = self._recognizers[index]
        if wanted == [None]:
            return recognizer.analyze(text, recognizer.supported_entities, None) or []
        patterns = [recognizer.patterns[number] for number in wanted if number is not None]
        if _analyses_itself(recognizer):
            recognizer = copy.copy(recognizer)
            recognizer.patterns = patterns
            return recognizer.analyze(text, recognizer.supported_entities, None) or []
        return distinct([match for pattern in patterns for match in _matches(recognizer, pattern, text)])

    def _score(self, result: Any, index: int, lower: str, spoken: Callable[[], str | None]) -> float:
        score = min(float(result.score), self._scores.alone.get(result.entity_type, 1.0))
        if result.entity_type != "URL" and within_longer(lower, result.start, result.end):
            return min(score, _CUT_OUT)
        home = self._homes[index]
        before = window(lower, result.start, result.end)
        if self._contexts[index].speak_in(before) and (home is None or spoken() in (None, "en", home)):
            return boosted(score)
        return score


@dataclass(slots=True)
class _Match:
    """What an expression matched: as much of Presidio's ``RecognizerResult`` as is needed."""

    entity_type: str
    start: int
    end: int
    score: float


def _matches(recognizer: Any, pattern: Any, text: str) -> Iterator[_Match]:
    """Give what one expression of a recogniser finds.

    This is ``PatternRecognizer.analyze`` without the explanations, which take longer than the search,
    and without its time limit, behind which it goes on as if there were nothing.
    """
    entity = recognizer.supported_entities[0]
    for match in _compiled(recognizer, pattern).finditer(text):
        value = match[0]
        if not value:
            continue
        valid = recognizer.validate_result(value)
        score = pattern.score if valid is None else float(valid)
        if score > 0 and not recognizer.invalidate_result(value):
            yield _Match(entity, match.start(), match.end(), score)


def _compiled(recognizer: Any, pattern: Any) -> Any:
    if pattern.compiled_regex is None or pattern.compiled_with_flags != recognizer.global_regex_flags:
        pattern.compiled_with_flags = recognizer.global_regex_flags
        pattern.compiled_regex = regex.compile(pattern.regex, flags=recognizer.global_regex_flags)
    return pattern.compiled_regex


def distinct(results: Iterable[Any]) -> list[Any]:
    """Return the results that do not lie in a surer or longer one of their entity, as Presidio resolves them."""
    kept: list[Any] = []
    for result in sorted(results, key=lambda each: (-each.score, each.start, each.start - each.end)):
        if not any(
            other.start <= result.start and result.end <= other.end and other.entity_type == result.entity_type
            for other in kept
        ):
            kept.append(result)
    return kept


def _analyses_itself(recognizer: Any) -> bool:
    """Say whether a pattern recogniser does more than to search for its patterns."""
    owner = next(kind for kind in type(recognizer).__mro__ if "analyze" in vars(kind))
    return owner.__name__ != "PatternRecognizer" or "analyze" in vars(recognizer)


def _outlined(expression: str) -> frozenset[str] | None:
    known = BY_DIGEST.get(digest(expression))
    if known is not None:
        return frozenset({known})
    found = shapes(expression)
    return None if found is None else frozenset(map(re.escape, found))
