"""Secrets that only their name gives away: ``name = value`` in any notation, judged by name and value together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import re2

from .secret_rules import NAMED, Named
from .secret_values import is_password, is_placeholder, is_random, is_uuid

__all__ = ["GATES", "find"]

_TELLING = "(?:key|token|secret|passw|passphrase|passcode|pwd|auth|cred|api|login|client.?id|access.?id)"
_SETS = "(?:=>|[:.?+|!]{0,3}=+|:|[\"'`][ \\t]?,|>|[ \\t](?:is|was):?[ \\t])\\s{0,24}"
"""What puts a value to a name: ``=`` in its many forms, a colon, the next argument, the end of a tag, "is"."""
_OPENS = "(?:\\\\?[\"'`]|@\")?"
_CHARACTER = "[^\\s\"'`=:,;&<>(){}\\[\\]\\\\|]"
_REACH = 40
"""Bytes between a telling word and what sets its value."""
_NAME = 80
"""Bytes before a value in which the words of its name are looked for."""

_TELLS = re2.compile(f"(?i){_TELLING}".encode())
_FLAG = re2.compile(f"(?i)[\\s\"'`](--?[0-9a-z_-]{{0,24}}{_TELLING}[0-9a-z_-]{{0,24}})[ \\t]\\s{{0,24}}".encode())
# These two hold bounded repeats only, and look at bounded pieces: `re` is linear on them.
_ASSIGNS = re.compile(f"(?i)[\"'`\\\\\\])]{{0,3}}[ \\t]{{0,8}}{_SETS}(?={_OPENS}{_CHARACTER}{{3}})".encode())
_OPENING = re.compile(_OPENS.encode())
_TO_QUOTE = re2.compile(b"[^\\s\"'`<>\\\\]+")
_TO_BRACKET = re2.compile(b"[^\\s\"'`<>\\\\(){}\\[\\],;]+")
_TO_SIGN = re2.compile(f"(?::?{_CHARACTER})+".encode())

GATES = (
    f"(?i){_TELLING}.{{0,{_REACH}}}{_SETS}[\"'`\\\\@]{{0,2}}{_CHARACTER}{{3}}\\S{{3}}",
    f"(?i)-[0-9a-z_-]{{0,24}}{_TELLING}[0-9a-z_-]{{0,24}}[ \\t]\\s{{0,24}}[\"'`\\\\@]{{0,2}}{_CHARACTER}{{3}}\\S{{3}}",
)
"""PCRE patterns one of which matches wherever `find` may find something."""

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
_PASSWORD_NAMES = ("password", "passwd", "passphrase", "passcode", "passwort", "pwd")
_SECRET_NAME = re.compile(
    r"(?:token|secret|credentials?|authorization|auth|bearer|(?:api|access|secret|private|signing|encryption|master"
    r"|account|app|auth|client|service|shared|session|storage|license|deploy|hmac|jwt|webhook|admin|subscription)keys?)$"
)
_HINT = re.compile(r"key|token|secret|pass|pwd|auth|cred|api|login|client|access|pat$|id$")


def find(data: bytes, floor: float) -> Iterator[tuple[int, int, str, float]]:
    """Yield start, end (in bytes), kind and score of what is assigned to a telling name.

    ``floor`` is the entropy in bits per character that a value of no known provider must have.
    """
    taken = 0
    for named, begins in _assignments(data):
        if begins < taken:
            continue
        words = _name(data, named)
        for start, end in _readings(data, begins):
            value = data[start : min(end, start + 512)].decode("latin-1")
            if words and (found := _of_provider(words, value) or _of_name(words, value, floor)):
                yield start, end, *found
                taken = end
                break


def _assignments(data: bytes) -> Iterator[tuple[int, int]]:
    """Where a telling name ends, and where its value begins."""
    for flag in _FLAG.finditer(data):
        yield flag.end(1), flag.end()
    seen = 0
    for telling in _TELLS.finditer(data):
        last = telling.end() + _REACH
        for match in _ASSIGNS.finditer(data, max(telling.end(), seen), last + 64):
            if match.start() <= last:
                yield match.span()
        seen = last + 1
