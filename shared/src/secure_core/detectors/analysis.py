"""Presidio's analysis, of which only the rules run that a text can concern."""

from __future__ import annotations

import copy
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby
from typing import Any

import regex  # type: ignore[import-untyped]

from ._presidio import judges
from .conflicts import distinct, within_longer
from .context_words import ContextWords, boosted
from .expressions import Rendering, rendered
from .languages import language
from .patterns import Ends, Gate
from .readings import lowered, plain

__all__ = ["Analysis", "Match", "Scores"]

_CUT_OUT = 0.3
"""The most that a match scores that is a part of a longer run of letters and digits."""
_TOKEN, _TOKEN_BEFORE = regex.compile(r"\S+"), regex.compile(r"(?r)\S+")
_DIGIT = re.compile(rb"[0-9]")


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
    rendering: Rendering | None
    """What Hyperscan finds in every text that the rule finds something in; ``None``: the rule is always run."""
    needs_context: bool
    """Without a context word what it finds scores too little to be reported."""


@dataclass(slots=True)
class Match:
    """What a rule found: as much of Presidio's ``RecognizerResult`` as is needed."""

    entity_type: str
    start: int
    end: int
    score: float


_Ends = list[int] | None
"""Where the matches of a rule's rendering end in a text; ``None`` if nobody has looked."""
_Hits = dict[int, _Ends]
"""The rules that concern a text, by index."""


class Analysis:
    """Presidio recognisers behind a gate; what `results` returns does not depend on the gate.

    Args:
        recognizers: instances of Presidio's ``EntityRecognizer``, each with the language that its
            context words are of, or ``None`` if they are taken for found in any text.
        scores: what is reported.
        renderings: by name of a recogniser that is no ``PatternRecognizer``, what Hyperscan finds in
            `readings.plain` of a text if the recogniser finds something in the text.
    """

    def __init__(
        self,
        recognizers: Sequence[tuple[Any, str | None]],
        scores: Scores,
        *,
        renderings: Mapping[str, Rendering],
    ) -> None:
        self._recognizers = tuple(recognizer for recognizer, _ in recognizers)
        self._homes = tuple(home for _, home in recognizers)
        self._contexts = tuple(ContextWords(recognizer.context or ()) for recognizer in self._recognizers)
        self._scores = scores
        self._rules = tuple(
            rule for index, each in enumerate(self._recognizers) for rule in self._rules_of(index, each, renderings)
        )
        self._always = [index for index, rule in enumerate(self._rules) if rule.rendering is None]
        self._lettered = _Pass(self._rules, needs_digit=False)
        self._numbered = _Pass(self._rules, needs_digit=True)
        spoken: dict[str, set[int]] = {}
        for index, context in enumerate(self._contexts):
            for word in context.outlines:
                spoken.setdefault(word, set()).add(index)
        self._spoken = tuple(spoken.values())
        self._words = Gate(list(spoken))

    def _rules_of(self, index: int, recognizer: Any, renderings: Mapping[str, Rendering]) -> Iterator[_Rule]:
        if not hasattr(recognizer, "patterns"):
            yield _Rule(index, None, renderings.get(recognizer.name), False)
            return
        entity = recognizer.supported_entities[0]
        least = self._scores.least_for(entity)
        for number, pattern in enumerate(recognizer.patterns):
            best = 1.0 if judges(recognizer) else pattern.score
            alone = min(best, self._scores.alone.get(entity, 1.0))
            rendering = rendered(
                pattern.regex,
                apart=least > _CUT_OUT and entity != "URL",
                ignore_case=bool(recognizer.global_regex_flags & regex.IGNORECASE),
            )
            yield _Rule(index, number, rendering, alone < least)

    def concern(self, text: str) -> bool:
        """Say whether there is a rule that may find something in ``text``, or in a part of it."""
        if self._always or not self._lettered.known:
            return True
        data = _joined([text])
        hits: set[int] = set()
        for each in self._passes(data):
            hits |= each.first(data)
            if not all(self._rules[index].needs_context for index in hits):
                return True
        return not self._speaking(lowered(text)).isdisjoint(self._rules[index].recognizer for index in hits)

    def results(self, texts: Sequence[str]) -> list[list[Match]]:
        """Return Presidio's results for each text."""
        if not self._lettered.known:
            return [self._results(text, dict.fromkeys(range(len(self._rules)))) for text in texts]
        data = _joined(texts)
        starts = list(accumulate((len(text) + 1 for text in texts), initial=1))
        hits: dict[int, _Hits] = {
            index: dict.fromkeys(self._always) for index in range(len(texts) * bool(self._always))
        }
        for each in self._passes(data):
            for end, rules, after in each.ends(data):
                index = bisect_left(starts, end) - 1
                of_text = hits.setdefault(index, {})
                for rule in rules:
                    ends = of_text.setdefault(rule, [])
                    if ends is not None:
                        ends.append(end - after - starts[index])
        found: list[list[Match]] = [[] for _ in texts]
        for index, of_text in hits.items():
            found[index] = self._results(texts[index], of_text)
        return found

    def _passes(self, data: bytes) -> Iterator[_Pass]:
        yield self._lettered
        if _DIGIT.search(data):
            yield self._numbered

    def _speaking(self, lower: str) -> frozenset[int]:
        """Return the recognisers of which a context word stands in a text."""
        return frozenset().union(*(self._spoken[word] for word in self._words.candidates(f"\n{lower}\n")))

    def _results(self, text: str, hits: _Hits) -> list[Match]:
        seen = _Seen(lowered(text), self._speaking)
        rules = sorted(hits)
        if any(self._rules[index].needs_context for index in rules):
            rules = [i for i in rules if not self._rules[i].needs_context or self._rules[i].recognizer in seen.spoken]
        found = []
        for index, group in groupby(rules, lambda rule: self._rules[rule].recognizer):
            for result in self._run(index, [(self._rules[rule], hits[rule]) for rule in group], text, seen.lower):
                result.score = self._score(result, index, seen)
                if result.score >= self._scores.least_for(result.entity_type):
                    found.append(result)
        return distinct(found)

    def _run(self, index: int, rules: Sequence[tuple[_Rule, _Ends]], text: str, lower: str) -> list[Any]:
        recognizer = self._recognizers[index]
        if rules[0][0].pattern is None:
            return recognizer.analyze(text, recognizer.supported_entities, None) or []
        if _analyses_itself(recognizer):
            recognizer = copy.copy(recognizer)
            recognizer.patterns = [recognizer.patterns[rule.pattern] for rule, _ in rules]
            return recognizer.analyze(text, recognizer.supported_entities, None) or []
        return distinct([match for rule, ends in rules for match in self._matches(rule, ends, text, lower)])

    def _matches(self, rule: _Rule, ends: _Ends, text: str, lower: str) -> Iterator[Match]:
        """Give what one expression of a recogniser finds.

        This is ``PatternRecognizer.analyze`` without the explanations, which take longer than the search,
        and without its time limit, behind which it goes on as if there were nothing.
        """
        recognizer = self._recognizers[rule.recognizer]
        pattern = recognizer.patterns[rule.pattern]
        for start, end in self._spans(rule, ends, text, lower):
            value = text[start:end]
            if not value:
                continue
            valid = recognizer.validate_result(value)
            score = pattern.score if valid is None else float(valid)
            if score > 0 and not recognizer.invalidate_result(value):
                yield Match(recognizer.supported_entities[0], start, end, score)

    def _spans(self, rule: _Rule, ends: _Ends, text: str, lower: str) -> Iterator[tuple[int, int]]:
        """Give the places where an expression matches; those that score too little in any case may be left out."""
        recognizer, rendering = self._recognizers[rule.recognizer], rule.rendering
        compiled = _compiled(recognizer, recognizer.patterns[rule.pattern])
        if rendering is None or ends is None:
            yield from (match.span() for match in compiled.finditer(text))
        elif rendering.width is not None and text.isascii():
            whole = self._scores.least_for(recognizer.supported_entities[0]) > _CUT_OUT
            for start, end in _apart(ends, rendering.width):
                if not (whole and within_longer(lower, start, end)):
                    yield start, end
        elif rendering.reach is not None:
            yield from _near(compiled, text, ends, rendering.reach, rendering.ahead)
        elif rendering.in_token:
            for start, token in _tokens(text, ends):
                yield from ((start + match.start(), start + match.end()) for match in compiled.finditer(token))
        else:
            yield from (match.span() for match in compiled.finditer(text))

    def _score(self, result: Any, index: int, seen: _Seen) -> float:
        score = min(float(result.score), self._scores.alone.get(result.entity_type, 1.0))
        if result.entity_type != "URL" and within_longer(seen.lower, result.start, result.end):
            return min(score, _CUT_OUT)
        if index in seen.spoken and self._contexts[index].precede(seen.lower, result.start, result.end):
            home = self._homes[index]
            return boosted(score) if home is None or seen.language in (None, "en", home) else score
        return score


class _Seen:
    """What is known of a text besides its matches, each thing looked up once and only if it is asked for."""

    def __init__(self, lower: str, speaking: Callable[[str], frozenset[int]]) -> None:
        self.lower = lower
        self._speaking = speaking

    @cached_property
    def spoken(self) -> frozenset[int]:
        return self._speaking(self.lower)

    @cached_property
    def language(self) -> str | None:
        return language(self.lower)


class _Pass:
    """The rules that are looked for together."""

    def __init__(self, rules: Sequence[_Rule], *, needs_digit: bool) -> None:
        by_pattern: dict[tuple[str, int], list[int]] = {}
        for index, rule in enumerate(rules):
            if rule.rendering is not None and rule.rendering.needs_digit == needs_digit:
                by_pattern.setdefault((rule.rendering.pattern, rule.rendering.after), []).append(index)
        self._rules = tuple((tuple(found), after) for (_, after), found in by_pattern.items())
        self._enough = frozenset(
            index
            for index, (found, _) in enumerate(self._rules)
            if not all(rules[each].needs_context for each in found)
        )
        self._ends = Ends([pattern for pattern, _ in by_pattern])

    @property
    def known(self) -> bool:
        """Whether the platform has the engine for it."""
        return self._ends.known

    def ends(self, data: bytes) -> Iterator[tuple[int, tuple[int, ...], int]]:
        """Give where renderings' matches end, whose they are, and how much of them is behind the rule's own match."""
        return ((end, *self._rules[pattern]) for end, pattern in self._ends.find(data))

    def first(self, data: bytes) -> set[int]:
        """Return the rules that concern the text, up to the first that needs no context word."""
        found = self._ends.find(data, enough=self._enough)
        return {rule for _, pattern in found for rule in self._rules[pattern][0]}


def _joined(texts: Iterable[str]) -> bytes:
    """Return texts as what a pass is made over: each has a character before and behind it."""
    return "\0".join(("", *map(plain, texts), "")).encode()


def _apart(ends: Iterable[int], width: int) -> Iterator[tuple[int, int]]:
    """Give the ranges so long that end there; of those that overlap the first."""
    free = 0
    for end in ends:
        if end - width >= free:
            free = end
            yield end - width, end


def _near(compiled: Any, text: str, ends: Sequence[int], reach: int, ahead: int) -> Iterator[tuple[int, int]]:
    """Give the matches that have one of the places ``ends``, in order, in them or right behind them.

    ``reach`` is how long a match can be, and ``ahead`` how far behind itself it looks.
    """
    start = stop = 0
    for end in (*ends, None):
        if end is not None and start < stop >= end - reach:
            stop = end + reach
            continue
        # What ends behind `stop` is none: it has been cut off from what it would have looked at.
        found = compiled.finditer(text, start, stop + ahead + 1) if stop else ()
        yield from (match.span() for match in found if match.end() <= stop)
        if end is not None:
            start, stop = max(0, end - reach - 1), end + reach


def _tokens(text: str, ends: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Give the runs of characters without white space in which the places ``ends``, in order, lie."""
    done = 0
    for end in ends:
        if end > done:
            start = _TOKEN_BEFORE.search(text, done, end).start()
            done = _TOKEN.match(text, start).end()
            yield start, text[start:done]


def _compiled(recognizer: Any, pattern: Any) -> Any:
    if pattern.compiled_regex is None or pattern.compiled_with_flags != recognizer.global_regex_flags:
        pattern.compiled_with_flags = recognizer.global_regex_flags
        pattern.compiled_regex = regex.compile(pattern.regex, flags=recognizer.global_regex_flags)
    return pattern.compiled_regex


def _analyses_itself(recognizer: Any) -> bool:
    """Say whether a pattern recogniser does more than to search for its patterns."""
    owner = next(kind for kind in type(recognizer).__mro__ if "analyze" in vars(kind))
    return owner.__name__ != "PatternRecognizer" or "analyze" in vars(recognizer)
