"""What sanitising put into a text, as a model should read it: plain words, so that it sees neither code nor orders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from .sentences import unescaped

__all__ = ["beside_placeholders", "readable"]

_PLACEHOLDER = re.compile(
    r"\[instruction removed\]"
    r"|\[(?P<entity>[A-Z][A-Z0-9_]{0,63})(?::[a-p]{16})?\]"
    r"|<(?P<token>[A-Z][A-Z0-9_]{0,31})_[bcdfghjkmnpqrstvwxyz]{12}>"
)
"""Redactions, keyed hashes (`secure_core.operators`) and stand-ins (`secure_core.vault.tokens`)."""


def readable(text: str) -> str:
    """Return a text of the same length without the escapes of string literals and the marks of placeholders.

    Of ``[CREDIT_CARD]`` it leaves ``credit card``. The words stay, so that nobody can hide an order between marks.
    """
    return _PLACEHOLDER.sub(_words, unescaped(text)) if "[" in text or "<" in text else unescaped(text)


def _words(placeholder: re.Match[str]) -> str:
    name = placeholder["entity"] or placeholder["token"] or ""
    return f" {name.replace('_', ' ').lower()}".ljust(len(placeholder[0]))


def beside_placeholders(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Give what a range leaves of itself between placeholders, where anything is left to be read."""
    found = _PLACEHOLDER.finditer(text, max(0, start - 100), min(len(text), end + 100))
    spans = (match.span() for match in found if match.start() < end and start < match.end())
    cuts = [start, *(at for span in spans for at in span), end]
    for first, last in list(pairwise(cuts))[::2]:
        if (first, last) == (start, end) or any(map(str.isalnum, text[first:last])):
            yield first, last
