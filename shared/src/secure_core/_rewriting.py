"""One way of reading a text differently: what to look for, and what to read in its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable
from typing import Any, NamedTuple

import re2

__all__ = ["Rewriting", "any_of", "which_of"]


class Rewriting(NamedTuple):
    """A pattern and what is read in its place, behind a gate that costs almost nothing."""

    gate: str
    """In RE2's syntax: matches somewhere in every text that the rewriting changes."""
    pattern: re.Pattern[str]
    """Linear: no repetition inside a repetition can match the same characters."""
    replace: Callable[[re.Match[str]], str]
    """A result of the match's own length stands for it character by character."""


def any_of(rewritings: Iterable[Rewriting]) -> Any:
    """Compile one linear pass that says whether any of the rewritings may change a text."""
    return re2.compile("|".join(rewriting.gate for rewriting in rewritings))


def which_of(rewritings: Iterable[Rewriting]) -> Callable[[str], Container[int]]:
    """Compile one linear pass that says which of the rewritings, by their places, may change a text."""
    gates = re2.Set.SearchSet()
    for rewriting in rewritings:
        gates.Add(rewriting.gate)
    gates.Compile()
    return lambda text: gates.Match(text) or ()
