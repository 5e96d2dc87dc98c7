"""Presidio's analysis, with only the recognisers run that a text can concern."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .context_words import ContextWords, lowered, window
from .patterns import Gate
from .shapes import outline, shapes

__all__ = ["Analysis", "Rule"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One expression of one recogniser, or a whole recogniser that is no list of expressions."""

    recognizer: int
    pattern: int | None
    shapes: frozenset[str] | None
    """Strings of which `outline` of the text holds one if the rule matches; ``None``: it always may."""
    needs_context: bool
    """Without a context word what it finds scores too low to be reported."""


class Analysis:
    """A set of Presidio recognisers and the gate before them.

    Args:
        recognizers: instances of Presidio's ``EntityRecognizer``.
        thresholds: the least score that is reported, by entity; ``""`` for all others.
        expressions: for recognisers that are no ``PatternRecognizer``, by name, an expression
            that matches wherever they find something.
        remove_duplicates: Presidio's resolution of results of the same entity.
    """

    def __init__(
        self,
        recognizers: Sequence[Any],
        *,
        thresholds: Mapping[str, float],
        expressions: Mapping[str, str],
        remove_duplicates: Any,
    ) -> None:
        self._recognizers = tuple(recognizers)
        self._context = tuple(ContextWords(each.context or ()) for each in recognizers)
        self._thresholds = dict(thresholds)
        self._remove_duplicates = remove_duplicates
        self._rules = tuple(
            rule for index, each in enumerate(recognizers) for rule in self._rules_of(index, each, expressions)
        )
        self._always = frozenset(index for index, rule in enumerate(self._rules) if rule.shapes is None)
        self._by_shape = _by_shape(self._rules)
        self._gate = Gate([re.escape(shape) for shape in self._by_shape])
        self._named = tuple(map(frozenset, self._by_shape.values()))

    def _rules_of(self, index: int, recognizer: Any, expressions: Mapping[str, str]) -> Iterable[Rule]:
        if not hasattr(recognizer, "patterns"):
            expression = expressions.get(recognizer.name)
            yield Rule(index, None, shapes(expression) if expression else None, False)
            return
        kind = type(recognizer)
        judged = "validate_result" in vars(recognizer) or _overrides(kind, "validate_result")
        least = self._least(recognizer.supported_entities[0])
        for number, pattern in enumerate(recognizer.patterns):
            yield Rule(index, number, shapes(pattern.regex), pattern.score < least and not judged)

    def _least(self, entity: str) -> float:
        return self._thresholds.get(entity, self._thresholds[""])

    def rules_for(self, text: str) -> list[Rule]:
        """Return the rules that may find something in ``text``: all that do, and some more."""
        found: set[int] = set(self._always)
        for shape in self._gate.candidates(outline(text)):
            found |= self._named[shape]
        if not found:
            return []
        lower = lowered(text)
        rules = (self._rules[index] for index in sorted(found))
        return [
            rule for rule in rules if not rule.needs_context or self._context[rule.recognizer].speak_in(lower)
        ]

    def results(self, text: str, rules: Iterable[Rule]) -> list[Any]:
        """Return Presidio's results for ``text``, as ``rules`` alone find them."""
        patterns: dict[int, list[int | None]] = {}
        for rule in rules:
            patterns.setdefault(rule.recognizer, []).append(rule.pattern)
        lower = lowered(text)
        found = []
        for index, wanted in patterns.items():
            for result in self._run(index, wanted, text):
                before = window(lower, result.start, result.end)
                result.score = self._context[index].score(result.score, before)
                if result.score >= self._least(result.entity_type):
                    found.append(result)
        return list(self._remove_duplicates(found))

    def _run(self, index: int, wanted: Sequence[int | None], text: str) -> list[Any]:
        recognizer = self._recognizers[index]
        if wanted != [None]:
            recognizer = copy.copy(recognizer)
            recognizer.patterns = [recognizer.patterns[number] for number in wanted if number is not None]
        return recognizer.analyze(text, recognizer.supported_entities, None) or []


def _overrides(kind: type, method: str) -> bool:
    owner = next(base for base in kind.__mro__ if method in vars(base))
    return owner.__name__ != "PatternRecognizer"


def _by_shape(rules: Sequence[Rule]) -> dict[str, set[int]]:
    named: dict[str, set[int]] = {}
    for index, rule in enumerate(rules):
        for shape in rule.shapes or ():
            named.setdefault(shape, set()).add(index)
    return named
