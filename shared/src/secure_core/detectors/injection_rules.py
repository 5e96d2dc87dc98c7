"""The rules of prompt injection, and what must stand in a text for each of them to match."""

from __future__ import annotations

import re
from typing import NamedTuple

from . import injection_languages as languages
from . import injection_phrases as phrases

__all__ = ["OVERRIDE", "RULES", "TOKEN", "Rule"]

OVERRIDE, TOKEN = "injection.override", "injection.control_token"

_WORD = re.compile(r"%\((\w+)\)s")
_BETWEEN = re.compile(r"\[\^\.!\?<>\\n\]\{0,\d+\}")
"""How the expressions say "further on in the sentence"."""
_GAP = '[^.!?。！？<>{}"\n]{0,40}'


class Rule(NamedTuple):
    """An expression and its weight, 0 to 1: how likely it is meant as an attack if nothing else is known."""

    category: str
    pattern: str
    needs: tuple[str, ...]
    """Simpler expressions, each of which matches every text that the pattern matches."""
    prompt: float
    """Weight in what a user says, who may give orders, but not undo the application's."""
    material: float
    """Weight in what a document or a tool says, which may give none."""


def _rule(category: str, prompt: float, material: float, pattern: str) -> Rule:
    needs = [need for part in _BETWEEN.split(pattern) for need in _needs(part)]
    return Rule(category, _spelled(pattern), tuple(needs), prompt, material)


def _needs(part: str) -> list[str]:
    """Return the words that part of an expression cannot do without, or else the part itself."""
    words = [word for word in _WORD.finditer(part) if _depth(part[: word.start()]) == 0]
    return [phrases.WORDS[word[1]] for word in words] or [_spelled(part)]


def _depth(pattern: str) -> int:
    return pattern.count("(") - pattern.count("\\(") - pattern.count(")") + pattern.count("\\)")


def _spelled(pattern: str) -> str:
    return _WORD.sub(lambda word: phrases.WORDS[word[1]], pattern)


def _phrase(parts: tuple[str, ...], prompt: float, material: float) -> Rule:
    return Rule(OVERRIDE, _GAP.join(f"(?:{part})" for part in parts), parts, prompt, material)


RULES: tuple[Rule, ...] = (
    *(_rule(OVERRIDE, *row) for row in phrases.TAKE_BACK + phrases.REPLACE),
    *(_rule(OVERRIDE, *row) for row in phrases.PERSONA + phrases.LEAK + phrases.OBEY),
    *(_rule(TOKEN, *row) for row in phrases.TOKENS),
    *(_phrase(parts, 0.85, 0.85) for parts in languages.IGNORE),
    *(_phrase(parts, 0.5, 0.55) for parts in languages.FORGET),
    _phrase((languages.SHOW, languages.PROMPT), 0.65, 0.65),
    _phrase((languages.PROMPT, languages.SHOW_LAST), 0.65, 0.65),
    _phrase((languages.BECOME,), 0.25, 0.35),
    _phrase((languages.FREE,), 0.5, 0.5),
)
