"""Payloads without a tag of their own: they break out of the attribute or the script that they are put into.

Known from the contexts of OWASP's cross-site scripting cheat sheets. In a page they are harmless as text,
so the scores are lower.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["HANDLER", "SCRIPT", "handlers", "scripts"]

_SINKS = (
    r"(?:(?:alert|prompt|confirm|eval|fetch|import|atob|setTimeout|setInterval|Function|execScript)\s*[(`]"
    r"|(?:document|window|self|top|parent|location|navigator|globalThis)\s*[.\[=])"
)
"""What injected JavaScript reaches for."""

_CALL = rf"[-+*/;,|&)}}\]^%<>=?:!~\s]{{1,12}}\(?\s?{_SINKS}"
SCRIPT = rf"[\"']{_CALL}"
"""A quotation mark, operators and a call, as a pattern for a `Gate`."""
HANDLER = r"[\"'][\s/\w=>+]{0,40}\bon[a-z]{3,24}\s*=\s*[\"']?[\w.$(\[\]]{1,60}[(`&%\[]"
"""A quotation mark and an event handler that calls something, likewise."""

_HANDLER = re.compile(HANDLER, re.I)
_AFTER_QUOTE = re.compile(_CALL, re.I)
_QUOTE = re.compile(r"[\"']")


def handlers(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of a quotation mark that ends an attribute value, and the ``on…=`` behind it."""
    for match in _HANDLER.finditer(text):
        yield match.start(), _line_end(text, match.end())


def scripts(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of strings that begin with an operator and a call, ``'-alert(1)-'``.

    A quotation mark that *ends* a string is followed by operators in any program, one that opens a
    string is not: so marks are paired from the line's beginning.
    """
    at = 0
    for line in text.split("\n"):
        opened = ""
        for quote in _QUOTE.finditer(line):
            if not opened:
                if _AFTER_QUOTE.match(line, quote.end()):
                    yield at + quote.start(), at + len(line)
                    break
                opened = quote[0]
            elif quote[0] == opened:
                opened = ""
        at += len(line) + 1


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
