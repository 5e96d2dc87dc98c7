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
_SETS = "(?:=+>?|:|[\"'`][ \\t]?,[ \\t]?(?=[\"'`])|(?<=[0-9A-Za-z])[ \\t](?=[\"'`])|>|[ \\t](?i:is|was):?[ \\t])\\s{0,24}"
"""What puts a value to a name: ``=`` (the end of ``:=``, too), a colon, the next argument, the end of a tag, "is"."""
_OPENS = "(?:\\\\?[\"'`]|@\")?"
_NO_WORD = "[^\\s\"'`]{0,40}?(?:[0-9!@#$%^*?+~]|[a-z][A-Z]{2})"
"""What a value has that words and names of code seldom have; spares a closer look at nearly all of them."""
_CHARACTER = "[^\\s\"'`=:,;&<>(){}\\[\\]\\\\|]"
_REACH = 40
"""Bytes between a telling word and what sets its value."""
_NAME = 80
"""Bytes before a value in which the words of its name are looked for."""
_JUDGED = 512
"""Bytes of a value that are judged."""

_TELLS = re2.compile(_TELLING.encode())
_FLAG = re2.compile(f"[\\s\"'`](--?[0-9A-Za-z_-]{{0,24}}{_TELLING}[0-9A-Za-z_-]{{0,24}})[ \\t]\\s{{0,24}}".encode())
# These two hold bounded repeats only, and look at bounded pieces: `re` is linear on them.
_ASSIGNS = re.compile(f"{_SETS}(?={_OPENS}{_NO_WORD})".encode())
_OPENING = re.compile(_OPENS.encode())
_TO_QUOTE = re2.compile(b"[^\\s\"'`<>\\\\]+")
_TO_BRACKET = re2.compile(b"[^\\s\"'`<>\\\\(){}\\[\\],;]+")
_TO_SIGN = re2.compile(f"(?::?{_CHARACTER})+".encode())

GATES = (
    f"{_TELLING}[^\\n]*\\n?[^\\n]*{_SETS}{_OPENS}{_NO_WORD}".replace("{0,24}", "*").replace("{0,40}?", "*"),
    f"-[0-9A-Za-z_-]*{_TELLING}[0-9A-Za-z_-]*[ \\t]\\s*{_OPENS}{_NO_WORD}".replace("{0,40}?", "*"),
)
"""PCRE patterns one of which matches wherever `find` may find something; without counts, which compile slowly."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ENDING = re.compile(r"(?:access|auth|api|client|app|secret|token|key|id|password)+$")
_STORED = frozenset({"value", "val", "default"})
"""In ``name: X, value: Y`` the name stands one step further off."""
_TYPES = _STORED | frozenset("string str char varchar text var const optional bytes s".split())
_DIGESTS = frozenset("hash sha md5 checksum digest integrity fingerprint commit revision etag".split())
_HARMLESS = _DIGESTS | frozenset(
    "csrf xsrf page next cursor continuation public pub primary foreign partition sort cache idempotency url uri path "
    "file name".split()
)
_PASSWORD_NAMES = ("password", "passwd", "passphrase", "passcode", "passwort", "kennwort", "pwd")
_SECRET_NAME = re.compile(
    r"(?:token|secret|credentials?|authorization|auth|bearer|(?:api|access|secret|private|signing|encryption|master"
    r"|account|app|auth|client|service|shared|session|storage|license|deploy|hmac|jwt|webhook|admin|subscription)keys?)$"
)
_PROVIDER = re2.compile("|".join({name for row in NAMED for name in row.provider.split("|")}))
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
        last = telling.end() + _REACH
        for match in _ASSIGNS.finditer(data, max(telling.end(), seen), last + 64):
            if match.start() <= last:
                yield match.span()
        seen = last + 1


def _flags(data: bytes) -> Iterator[tuple[int, int]]:
    """The same for ``--token value``."""
    for match in _FLAG.finditer(data):
        yield match.end(1), match.end()


def _judged(data: bytes, named: int, begins: int, floor: float) -> tuple[int, int, str, float] | None:
    words = _name(data, named)
    if not words:
        return None
    start = begins + len(_OPENING.match(data, begins)[0])
    to_end = _TO_QUOTE if start > begins else _TO_BRACKET
    for run in (to_end, _TO_SIGN):
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
    for row, shape in _rows(words):
        if shape.fullmatch(value) and not is_placeholder(value, 1.5 if value.isdigit() else 2.6) and not has_words(value):
            return row.kind, row.score
    return None


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
    if len(value) < 10 or not _SECRET_NAME.search(name) or not _HARMLESS.isdisjoint(words[-4:]):
        return None
    return ("generic", 0.7) if is_random(value) and not is_uuid(value) and not is_placeholder(value, floor) else None
