"""What is a number in a region, told from its digits: cheaper than to parse what cannot be one.

This follows what the parser of `phonenumbers` takes off a number (a prefix for calls abroad, the country
code, the prefix for calls at home), with the numbering plans that `phonenumbers` carries. It lets through
more than is valid, and all that is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import regex  # type: ignore[import-untyped]

__all__ = ["Plans", "numbers", "plans"]

_KINDS = (
    *("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost"),
    *("personal_number", "voip", "pager", "uan", "voicemail"),
)


_HEAD = 3
"""By so many digits at the beginning, and the length, most plans are ruled out."""


@cache
def plans(regions: tuple[str, ...]) -> Plans:
    """Return the numbering plans of regions, named by their two letters."""
    return Plans(regions)


class Plans:
    """The numbers of some regions."""

    def __init__(self, regions: tuple[str, ...]) -> None:
        self._plans = tuple(map(_Plan, regions))
        self._abroad = re.compile("|".join(dict.fromkeys(each.abroad for each in self._plans)))
        self._by_head: dict[tuple[int, str], tuple[_Plan, ...]] = {}

    def may_be(self, digits: str) -> bool:
        """Say whether ``digits`` may be a valid number as it is dialled in one of the regions; False is certain."""
        head = len(digits), digits[:_HEAD]
        found = self._by_head.get(head)
        if found is None:
            found = self._by_head[head] = tuple(plan for plan in self._plans if plan.may_begin(*head))
        for plan in found:  # a loop, since `any` takes twice the time: it runs for every number in a log
            if plan.may_be(digits):
                return True
        return self._abroad.match(digits) is not None


class _Plan:
    """The numbers of a region and of those that share its country code, and how they are dialled in the region."""

    def __init__(self, region: str) -> None:
        from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

        metadata: Any = PhoneMetadata.metadata_for_region(region)
        regions = COUNTRY_CODE_TO_REGION_CODE[metadata.country_code]
        main: Any = PhoneMetadata.metadata_for_region(regions[0])
        self._code = str(metadata.country_code)
        self.abroad = rf"(?:{metadata.international_prefix})[1-9]\d{{4}}"
        self._prefix = _compiled(metadata.national_prefix_for_parsing or "(?!)")
        self._rewriting = metadata.national_prefix_transform_rule
        self._formats = [
            (
                re.compile((each.leading_digits_pattern or [""])[-1]),
                re.compile(each.pattern),
                _is_required(each, main.national_prefix),
            )
            for each in main.number_format
        ]
        expressions: dict[int, set[str]] = {}
        for kind in _kinds(regions):
            for length in kind.possible_length:
                expressions.setdefault(length, set()).add(kind.national_number_pattern)
        self._numbers = {length: "|".join(sorted(found)) for length, found in expressions.items()}

    def may_begin(self, length: int, head: str) -> bool:
        """Say whether a number of ``length`` digits, as it is dialled in the region, may begin with ``head``."""
        if self._may_begin_number(length, head) or (head + "0").startswith(self._code) or self._code.startswith(head):
            return True
        prefix = self._prefix.match(head, partial=True)
        if prefix is None:
            return False
        if self._rewriting or prefix.partial or prefix.end() == len(head):
            return True
        again = self._prefix.match(head, prefix.end(), partial=True)
        return again is not None or self._may_begin_number(length - prefix.end(), head[prefix.end() :])

    def _may_begin_number(self, length: int, head: str) -> bool:
        known = self._numbers.get(length)
        return known is not None and _compiled(known).fullmatch(head[:length], partial=True) is not None

    def may_be(self, digits: str) -> bool:
        """Say whether ``digits`` may be a valid number as it is dialled at home; False is certain."""
        dialled = self._without_prefix(digits)
        if self._is_number(digits) and (dialled is not None or not self._wants_prefix(digits)):
            return True
        if dialled is not None and self._is_here(dialled):
            return True
        return digits.startswith(self._code) and self._is_here(digits[len(self._code) :])

    def _is_here(self, digits: str) -> bool:
        """Say whether ``digits`` are a number, or one behind a prefix."""
        number = self._without_prefix(digits)
        return self._is_number(digits) or (number is not None and self._is_number(number))

    def _without_prefix(self, digits: str) -> str | None:
        prefix = self._prefix.match(digits)
        if prefix is None:
            return None
        if self._rewriting and (prefix.groups() or ("",))[-1] is not None:
            return str(self._prefix.sub(self._rewriting, digits, count=1))
        return digits[prefix.end() :]

    def _is_number(self, digits: str) -> bool:
        known = self._numbers.get(len(digits))
        return known is not None and _compiled(known).fullmatch(digits) is not None

    def _wants_prefix(self, number: str) -> bool:
        """Say whether the format of a number has the prefix for calls at home, so that without it it is none."""
        for leading, form, required in self._formats:
            if leading.match(number) and form.fullmatch(number):
                return required
        return False


def numbers(region: str, gap: str) -> str:
    """Return an expression for the valid numbers of a region, with ``gap`` behind each digit."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

    metadata: Any = PhoneMetadata.metadata_for_region(region)
    found = sorted(
        {kind.national_number_pattern for kind in _kinds(COUNTRY_CODE_TO_REGION_CODE[metadata.country_code])}
    )
    return f"(?:{'|'.join(_spaced(number, gap) for number in found)})"


def _kinds(regions: Iterable[str]) -> Iterator[Any]:
    """Give the descriptions of the kinds of numbers that regions have."""
    from phonenumbers import PhoneMetadata

    for region in regions:
        metadata = PhoneMetadata.metadata_for_region(region)
        described = (getattr(metadata, kind) for kind in _KINDS)
        yield from (kind for kind in described if kind is not None and kind.national_number_pattern)


@cache
def _compiled(expression: str) -> Any:
    return regex.compile(expression)  # only it can tell what a match may begin with


def _is_required(form: Any, prefix: str | None) -> bool:
    rule = form.national_prefix_formatting_rule
    return bool(rule and prefix and prefix in rule and not form.national_prefix_optional_when_formatting)


def _spaced(expression: str, gap: str) -> str:
    """Return an expression for digits, with ``gap`` behind each of them."""
    return "".join(_rendered(node, gap) for node in parser.parse(expression))


def _rendered(node: Any, gap: str) -> str:
    code, args = node
    if code is op.LITERAL:
        return chr(args) + gap
    if code is op.IN:
        return f"[{''.join(map(_member, args))}]{gap}"
    if code in (op.MAX_REPEAT, op.MIN_REPEAT):
        least, most, inner = args
        return f"(?:{''.join(_rendered(each, gap) for each in inner)}){{{least},{most}}}"
    if code is op.SUBPATTERN:
        return f"(?:{''.join(_rendered(each, gap) for each in args[3])})"
    if code is op.BRANCH:
        return f"(?:{'|'.join(''.join(_rendered(each, gap) for each in branch) for branch in args[1])})"
    raise ValueError(f"a numbering plan with {code} in it")


def _member(item: Any) -> str:
    code, args = item
    if code is op.LITERAL:
        return chr(args)
    if code is op.RANGE:
        return f"{chr(args[0])}-{chr(args[1])}"
    if code is op.CATEGORY and args is op.CATEGORY_DIGIT:
        return "0-9"
    raise ValueError(f"a numbering plan with {code} in it")
