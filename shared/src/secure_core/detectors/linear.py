"""Presidio's URL expressions in linear time.

They take up to 253 characters of a host and then one of 1400 endings, and try every length of the one
with every one of the other: the `regex` module needs minutes for a megabyte of ``www.a.www.a.``. They
hold nothing that RE2 has not, and RE2 prefers the same match among those that begin at one place.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property
from typing import Any

import regex  # type: ignore[import-untyped]

__all__ = ["make_linear"]


_SHORT = 100
"""Up to so many characters the expressions as they are take less time than RE2."""


class _Linear:
    """A compiled expression as `PatternRecognizer` calls it."""

    def __init__(self, expression: str, flags: int) -> None:
        self._expression = expression
        self._flags = flags

    @cached_property
    def _short(self) -> Any:
        return regex.compile(self._expression, self._flags)

    @cached_property
    def _long(self) -> Any:
        return _compiled(self._expression.replace(r"\d", r"\p{Nd}").replace(r"\s", _white_space()))

    def finditer(self, text: str, timeout: float | None = None) -> Iterator[Any]:
        """Give the matches; there is no need for a timeout."""
        if len(text) <= _SHORT:
            return iter(self._short.finditer(text))
        # The dotted capital I is an i in any case to the regex module, and to RE2 no letter of ASCII's.
        return iter(self._long.finditer(text.replace("İ", "i")))

    def __reduce__(self) -> tuple[Any, ...]:
        return _Linear, (self._expression, self._flags)


@cache
def _compiled(expression: str) -> Any:
    import re2

    options = re2.Options()
    options.max_mem = 64 << 20
    options.log_errors = False
    return re2.compile(expression, options)


@cache
def _white_space() -> str:
    """Return what ``\\s`` is to the `regex` module, as members of a class; to RE2 it is ASCII."""
    return "".join(f"\\x{{{point:x}}}" for point in range(0x3001) if regex.match(r"\s", chr(point)))


def make_linear(recognizer: Any) -> Any:
    """Return ``recognizer``, whose expressions RE2 knows, with RE2 under them."""
    for pattern in recognizer.patterns:
        pattern.compiled_regex = _Linear(pattern.regex, recognizer.global_regex_flags)
        pattern.compiled_with_flags = recognizer.global_regex_flags
    return recognizer
