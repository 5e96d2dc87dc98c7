"""Secrets that only their name gives away: ``name = value`` in any notation, judged by name and value together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from typing import Any

import re2

from .secret_rules import NAMED, Named
from .secret_values import has_words, is_password, is_placeholder, is_random, is_strong, is_uuid

__all__ = ["GATES", "find"]

_TELLING = "(?i:key|token|secret|passw|passphrase|passcode|kennwort|pwd|auth|cred|api|login|client.?id|access.?id)"
_QUOTE = "[\"'`]"
_SETS = (
    f"(?:=+>?|:|\\|{{1,2}}|>|{_QUOTE}[ \\t]?,(?=[ \\t]?{_QUOTE})|(?<=\\w)[ \\t](?={_QUOTE})|[ \\t](?i:is|was):?[ \\t])"
)
"""What puts a value to a name: an equals sign of any language, a colon, the next argument or column, "is"."""
_BLANK = "\\s{0,24}"
_OPENS = f'(?:\\\\?{_QUOTE}|@")?'
_NO_WORD = "[^\\s\"'`]{0,40}?(?:[0-9!@#$%^*?+~]|[a-z][A-Z]{2})"
"""What a value has that words and names of code seldom have; spares a closer look at nearly all of them."""
_FLAG = f"-[0-9A-Za-z_-]{{0,24}}{_TELLING}[0-9A-Za-z_-]{{0,24}}"

GATES = tuple(
    pattern.replace("{0,24}", "*").replace("{0,40}?", "*")  # superset, and compiled in no time
    for pattern in (
        f"{_TELLING}[^\\n]*\\n?[^\\n]*{_SETS}{_BLANK}{_OPENS}{_NO_WORD}",
        f"{_FLAG}[ \\t]{_BLANK}{_OPENS}{_NO_WORD}",
    )
)
"""PCRE patterns one of which matches wherever `find` may find something."""

# Those for `re` hold bounded repeats only, and look at bounded pieces: it is linear on them.
_TELLS = re2.compile(_TELLING.encode())
_FLAGS = re2.compile(f"[\\s\"'`](-?{_FLAG})[ \\t]{_BLANK}{_OPENS}".encode())
_ASSIGNS = re.compile(f"{_SETS}{_BLANK}{_OPENS}(?={_NO_WORD})".encode())
_HOLDS = re.compile(_NO_WORD.encode())
_TO_QUOTE = re2.compile(b"[^\\s\"'`<>\\\\]+")
_TO_BRACKET = re2.compile(b"[^\\s\"'`<>\\\\(){}\\[\\],;&|]+")
_TO_SIGN = re2.compile(b"(?::?[^\\s\"'`=:,;&<>(){}\\[\\]\\\\|])+")

_REACH = 40
"""Bytes between a telling word and what sets its value."""
_NAME = 80
"""Bytes before a value in which the words of its name are looked for."""
_JUDGED = 256
"""Bytes of a value that are judged."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ENDING = re.compile(r"(?:access|auth|api|client|app|secret|token|key|id|password)+$")
_STORED = {"value", "val", "default"}
"""In ``name: X, value: Y`` the name stands one step further off."""
_TYPES = _STORED | {"string", "str", "char", "varchar", "text", "var", "const", "optional", "bytes", "s"}
_DIGESTS = {"hash", "sha", "md", "checksum", "digest", "integrity", "fingerprint", "commit", "revision", "etag"}
_HARMLESS = _DIGESTS | {
    *("csrf", "xsrf", "idempotency", "public", "pub", "url", "uri", "path", "file", "name"),
    *("page", "next", "cursor", "continuation", "primary", "foreign", "partition", "sort", "cache"),
}
_PASSWORD_NAMES = ("password", "passwd", "passphrase", "passcode", "passwort", "kennwort", "pwd")
_SECRET_NAME = re.compile(
    r"(?:token|secret|credentials?|authorization|auth|bearer|(?:api|access|secret|private|signing|encryption|master"
    r"|account|app|auth|client|service|shared|session|storage|license|deploy|hmac|jwt|webhook|admin|subscription)keys?)$"
)
_PROVIDER = re2.compile("|".join(row.provider for row in NAMED))
_HINT = re.compile(r"key|token|secret|pass|pwd|auth|cred|api|login|client|access|pat$|id$")


def find(data: bytes, floor: float) -> Iterator[tuple[int, int, str, float]]:
    """Yield start, end (in bytes), kind and score of what is assigned to a telling name.

    ``floor`` is the entropy in bits per character that a value of no known provider must have.
    """
    for places in (_assignments(data), _flags(data)):
        taken = 0
        for named, begins in places:
            if begins >= taken and (found := _judged(data, named, begins, floor)):
                yield found
                taken = found[1]


def _assignments(data: bytes) -> Iterator[tuple[int, int]]:
    """Where a telling name ends, and where its value begins."""
    seen = 0
    for telling in _TELLS.finditer(data):
        last = _reach(data, telling.end())
        for match in _ASSIGNS.finditer(data, max(telling.end(), seen), last + 64):
            if match.start() <= last:
                yield match.span()
        seen = last + 1


def _reach(data: bytes, start: int) -> int:
    """How far from ``start`` a value may be set: some bytes, and on the next line at most."""
    first = data.find(b"\n", start, start + _REACH)
    second = data.find(b"\n", first + 1, start + _REACH) if first >= 0 else -1
    return second if second >= 0 else start + _REACH


def _flags(data: bytes) -> Iterator[tuple[int, int]]:
    """The same for ``--token value``."""
    for match in _FLAGS.finditer(data):
        if _HOLDS.match(data, match.end()):
            yield match.end(1), match.end()


def _judged(data: bytes, named: int, start: int, floor: float) -> tuple[int, int, str, float] | None:
    words = _name(data, named)
    to_end = _TO_QUOTE if data[start - 1] in b"\"'`" else _TO_BRACKET
    for run in (to_end, _TO_SIGN) if words else ():
        match = run.match(data, start, start + _JUDGED)
        value = match[0].decode("latin-1").rstrip(".") if match else ""
        if len(value) >= 6 and (found := _of_provider(words, value) or _of_name(words, value, floor)):
            end = start + len(value) if len(value) < _JUDGED else run.match(data, start).end()
            return start, end, *found
    return None


def _name(data: bytes, end: int) -> list[str]:
    """The words of the name that ends at ``end``, in lower case."""
    left = data[max(0, end - _NAME) : end].decode("latin-1")
    words = _words(left[max(left.rfind(border) for border in "\n;{},(") + 1 :])
    return _words(left) if words and words[-1] in _STORED else words


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _of_provider(words: list[str], value: str) -> tuple[str, float] | None:
    name = "".join(words)
    if not _PROVIDER.search(name) or not _HINT.search(name) or (not _DIGESTS.isdisjoint(words) and not is_uuid(value)):
        return None
    row = next((row for row, shape in _rows(words) if shape.fullmatch(value)), None)
    if row is None or has_words(value) or is_placeholder(value, 1.5 if value.isdigit() else 2.6):
        return None
    return row.kind, row.score


def _rows(words: list[str]) -> Iterator[tuple[Named, Any]]:
    """The rows of the providers that are named, the nearest first."""
    table = _providers()
    for at in reversed(range(len(words))):
        for provider in (*accumulate(words[at : at + 3]), _ENDING.sub("", words[at])):
            yield from table.get(provider, ())


@cache
def _providers() -> dict[str, list[tuple[Named, Any]]]:
    table: dict[str, list[tuple[Named, Any]]] = {}
    for row in NAMED:
        for provider in row.provider.split("|"):
            table.setdefault(provider, []).append((row, re2.compile(row.shape)))
    return table


def _of_name(words: list[str], value: str, floor: float) -> tuple[str, float] | None:
    while words and (words[-1] in _TYPES or words[-1].isdigit()):
        words = words[:-1]
    name = "".join(words[-3:])
    if name.endswith(_PASSWORD_NAMES) or (words and words[-1] in ("pass", "pw")):
        secret = is_strong(value) and is_password(value) and not is_placeholder(value, min(floor, 1.5))
        return ("password", 0.7) if secret else None
    if len(value) < 10 or not _SECRET_NAME.search(name) or not _HARMLESS.isdisjoint(words[-3:]):
        return None
    return ("generic", 0.7) if is_random(value) and not is_uuid(value) and not is_placeholder(value, floor) else None
