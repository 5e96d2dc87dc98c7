"""Which of several readings of the same characters stands, where Presidio reports them all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["distinct", "resolve", "within_longer"]

_PASSPORT_LETTERS = frozenset("CFGHJK")
"""German passports' serial numbers begin with these, identity cards' with L, M, N, P, R, T, V, W, X, Y or Z."""
_UNLIKELY = 0.9
_MORE_SPECIFIC = {"US_PASSPORT": "KR_PASSPORT"}
"""By entity, another whose form is a narrower one: where both read the same characters, it is the likelier.
Korean passport numbers begin with one of five letters, American ones with any."""


def resolve(text: str, results: Iterable[Any]) -> list[Any]:
    """Return ``results`` without the dates that are parts of something, the likelier German document ahead."""
    found = list(results)
    surest = {(each.entity_type, each.start, each.end): each.score for each in found}
    for each in found:
        narrower = surest.get((_MORE_SPECIFIC.get(each.entity_type), each.start, each.end))
        if narrower is not None:
            each.score = min(each.score, narrower * _UNLIKELY)
        if _is_other_document(text, each, found):
            each.score = min(each.score, _UNLIKELY)
    return [each for each in found if not _is_part_of_number(text, each, found)]


def distinct(results: Iterable[Any]) -> list[Any]:
    """Return the results that do not lie in a surer or longer one of their entity, as Presidio resolves them."""
    kept: list[Any] = []
    open_: dict[str, list[Any]] = {}
    for result in sorted(results, key=lambda each: (each.start, -each.end, -each.score)):
        before = [other for other in open_.get(result.entity_type, ()) if other.end > result.start]
        if not any(other.end >= result.end and other.score >= result.score for other in before):
            kept.append(result)
            before.append(result)
        open_[result.entity_type] = before
    return kept


def within_longer(text: str, start: int, end: int) -> bool:
    """Say whether the range is cut out of a longer run of ASCII letters and digits."""
    return _joined(text[max(0, start - 1) : start + 1]) or _joined(text[end - 1 : end + 1])


def _joined(pair: str) -> bool:
    return len(pair) == 2 and pair.isascii() and pair.isalnum()


def _is_part_of_number(text: str, date: Any, found: Iterable[Any]) -> bool:
    """Say whether a date is a part of another finding (an address, a card, an identifier) or goes on as a number."""
    if date.entity_type != "DATE_TIME":
        return False
    separators = {char for char in text[date.start : date.end] if char in "/.-"}
    before, after = text[max(0, date.start - 2) : date.start], text[date.end : date.end + 2]
    if before[1:] in separators and before[0].isdecimal():
        return True
    if after[:1] in separators and after[1:].isdecimal():
        return True
    return any(_covers(other, date) for other in found if other.entity_type != "DATE_TIME")


def _covers(one: Any, other: Any) -> bool:
    longer = one.end - one.start > other.end - other.start
    return bool(longer and one.start <= other.start and other.end <= one.end and one.score >= other.score)


def _is_other_document(text: str, result: Any, found: Iterable[Any]) -> bool:
    """Say whether a German document is, by its first letter, the other of the two that share a form."""
    if result.entity_type not in ("DE_PASSPORT", "DE_ID_CARD"):
        return False
    likely = "DE_PASSPORT" if text[result.start].upper() in _PASSPORT_LETTERS else "DE_ID_CARD"
    same_place = {each.entity_type for each in found if (each.start, each.end) == (result.start, result.end)}
    return result.entity_type != likely and likely in same_place
