"""What can be told of an expression from its syntax tree, without running it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from re import _constants as op  # type: ignore[attr-defined]
from typing import Any

__all__ = ["LOOK", "has_digit", "is_alphanumeric", "looks_ahead", "sees_space"]

LOOK = (op.ASSERT, op.ASSERT_NOT)
_REPEAT = (op.MAX_REPEAT, op.MIN_REPEAT)
_SPACES = [point for point in range(0x3001) if chr(point).isspace()]


def is_alphanumeric(node: Any) -> bool:
    """Say whether what ``node`` matches begins and ends with ASCII letters or digits."""
    code, args = node
    if code is op.LITERAL:
        return chr(args).isascii() and chr(args).isalnum()
    if code is op.IN:
        return all(map(is_alphanumeric, args))
    if code is op.RANGE:
        return all(chr(point).isalnum() for point in range(args[0], args[1] + 1)) and args[1] < 0x80
    if code in _REPEAT:
        return args[0] > 0 and len(args[2]) == 1 and is_alphanumeric(args[2][0])
    if code is op.SUBPATTERN:
        return is_alphanumeric(args[3][0]) and is_alphanumeric(args[3][-1])
    if code is op.BRANCH:
        return all(each and is_alphanumeric(each[0]) and is_alphanumeric(each[-1]) for each in args[1])
    return code is op.CATEGORY and args is op.CATEGORY_DIGIT


def has_digit(node: Any) -> bool:
    """Say whether there is a digit in whatever ``node`` matches."""
    code, args = node
    if code is op.LITERAL:
        return chr(args).isdecimal()
    if code is op.IN:
        return all(map(has_digit, args))
    if code is op.RANGE:
        return chr(args[0]).isdecimal() and chr(args[1]).isdecimal()
    if code in _REPEAT:
        return args[0] > 0 and any(map(has_digit, args[2]))
    if code is op.SUBPATTERN:
        return any(map(has_digit, args[3]))
    if code is op.BRANCH:
        return all(any(map(has_digit, branch)) for branch in args[1])
    return code is op.CATEGORY and args is op.CATEGORY_DIGIT


def sees_space(node: Any) -> bool:
    """Say whether ``node`` can match white space, or looks at what may be some."""
    code, args = node
    if code is op.LITERAL:
        return chr(args).isspace()
    if code is op.IN:
        negated = args[0][0] is op.NEGATE
        return (op.CATEGORY, op.CATEGORY_SPACE) not in args if negated else any(map(sees_space, args))
    if code is op.RANGE:
        return any(args[0] <= point <= args[1] for point in _SPACES)
    if code is op.CATEGORY:
        return args not in (op.CATEGORY_DIGIT, op.CATEGORY_WORD)
    if code is op.ASSERT_NOT:
        return len(args[1]) != 1 or sees_space(args[1][0])
    if code in (*_REPEAT, op.SUBPATTERN, op.BRANCH):
        return any(sees_space(each) for part in _parts(node) for each in part)
    return code is not op.GROUPREF and node != (op.AT, op.AT_BOUNDARY)


def looks_ahead(nodes: Iterable[Any]) -> float:
    """Return how many characters behind its match an expression may look at."""
    farthest = 0.0
    for node in nodes:
        code, args = node
        if code is op.AT:
            farthest = max(farthest, 1 if args in (op.AT_BOUNDARY, op.AT_NON_BOUNDARY) else inf)
        for part in _parts(node):
            width = part.getwidth()[1] if code in LOOK and args[0] > 0 else 0
            farthest = max(farthest, width + looks_ahead(part))
    return farthest


def _parts(node: Any) -> Sequence[Any]:
    """Return the trees in ``node``."""
    code, args = node
    if code in _REPEAT:
        return [args[2]]
    if code is op.SUBPATTERN:
        return [args[3]]
    if code is op.BRANCH:
        return args[1]  # type: ignore[no-any-return]
    return [args[1]] if code in LOOK else []
