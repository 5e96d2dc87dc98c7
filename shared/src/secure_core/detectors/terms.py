"""What only you know to be sensitive: code names, customer numbers, words that must not be said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import re2

from ..types import Context, Finding
from .patterns import Utf8

__all__ = ["Terms"]

_CATEGORY = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+")
_BORDER = r"[^\pL\pN_]"


class Terms:
    """Finds the words and the expressions that its options list, under the categories that they give them.

    Args:
        words: words and phrases by category. They are found whole, in upper and lower case, with any white space
            between the words of a phrase.
        patterns: RE2 expressions by category, so that the cost is linear whatever the text.
        score: what their findings score, 0 to 1.

    Raises:
        ValueError: an option is none of these, a category is no dotted lower-case name, or an expression is
            not RE2's or matches the empty text.
    """

    name = "terms"
    scope = "segment"

    def __init__(
        self,
        *,
        words: Mapping[str, Sequence[str]] | None = None,
        patterns: Mapping[str, Sequence[str]] | None = None,
        score: float = 1.0,
    ) -> None:
        words, patterns = words or {}, patterns or {}
        if not words and not patterns:
            raise ValueError(
                'words or patterns: nothing to look for; {"terms.code_name" = ["Heron"]} would be something'
            )
        if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
            raise ValueError(f"score wants a number from 0 to 1, not {score!r}")
        self._options: dict[str, Any] = {"words": words, "patterns": patterns, "score": score}
        self._score = float(score)
        self._rules = [
            *((category, _words(listed)) for category, listed in _lists("words", words)),
            *((category, _expression(each)) for category, listed in _lists("patterns", patterns) for each in listed),
        ]
        self.categories = tuple(dict.fromkeys(category for category, _ in self._rules))

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(Terms, **self._options), ()

    def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
        """Return where the terms stand in each text."""
        return [list(self._findings(Utf8(text))) for text in texts]

    def _findings(self, utf8: Utf8) -> Iterator[Finding]:
        for category, expression in self._rules:
            match = expression.search(utf8.data)
            while match:
                start, end = match.span(1)
                yield Finding(utf8.char(start), utf8.char(end), category, self._score, self.name)
                match = expression.search(utf8.data, end)  # what borders this one may border the next


def _lists(option: str, given: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Sequence[str]]]:
    if not isinstance(given, Mapping):
        raise ValueError(f"{option} wants a table of lists, by category")
    for category, listed in given.items():
        if not _CATEGORY.fullmatch(category):
            raise ValueError(
                f"{option}: a category is dotted and in lower case, as terms.code_name is; not {category!r}"
            )
        if isinstance(listed, str) or not listed or not all(isinstance(each, str) and each.strip() for each in listed):
            raise ValueError(f"{option}: {category} wants a list of texts that are not empty")
        yield category, listed


def _words(listed: Sequence[str]) -> Any:
    """Return one expression for all; of those that begin alike the longest is found."""
    longest_first = sorted(listed, key=len, reverse=True)
    either = "|".join(r"\s+".join(map(re2.escape, each.split())) for each in longest_first)
    return _compiled(f"(?i)(?:^|{_BORDER})({either})(?:{_BORDER}|$)")


def _expression(pattern: str) -> Any:
    try:
        expression = _compiled(f"({pattern})")
    except re2.error as error:
        raise ValueError(f"patterns: one is no RE2 expression: {error}") from None
    if expression.search(b""):
        raise ValueError("patterns: one matches the empty text, so that it would match everywhere")
    return expression


def _compiled(expression: str) -> Any:
    options = re2.Options()
    options.log_errors = False  # the expression is the user's secret too
    return re2.compile(expression.encode(), options)
