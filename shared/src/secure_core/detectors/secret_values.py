"""Is a value a secret, or does it only stand where one would? Placeholders, randomness, and what decodes."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import re2

__all__ = ["CHECKS", "entropy", "has_words", "is_password", "is_placeholder", "is_random", "is_strong", "is_uuid"]

_LOOKED_AT = 256
"""Characters of a value that are judged: a longer one is not going to look different further on."""

_STAND_INS = re2.compile(
    r"(?i)example|placeholder|redacted|your|dummy|sample|change_?-?(?:me|it)|replace|insert|todo|fixme|xxxxx|0{8}|\*{3}"
    r"|\.{3}|#{4}|^\$\w+$|\$\{|\$\(|#\{|\{\{|\}\}|%\(|^%\w+%?$|^<|>$|^\[\w+\]?$|environ|getenv|process\.env"
    r"|\(\)|(?-i:(?:^|\.)[A-Z]{3,}(?:_[0-9A-Z]+)+$)"
)
_NO_PASSWORDS = {
    *("password", "passwd", "passphrase", "passcode", "pass", "passw", "pwd", "pw", "mypassword", "yourpassword"),
    *("secret", "token", "key", "apikey", "credentials", "auth", "basic", "bearer", "login", "private", "public"),
    *("user", "username", "userpass", "usernamepassword", "guest", "demo", "admin", "administrator", "root", "sa"),
    *("postgres", "mysql", "redis", "mongo", "mongodb", "rabbitmq", "qwerty", "letmein", "hidden", "default"),
    *("test", "testing", "foo", "bar", "baz", "abc", "xxx", "yyy", "zzz", "some", "any", "the"),
    *("value", "string", "none", "null", "nil", "true", "false", "undefined", "required", "optional"),
}
"""Words that stand where a password would, and the ones that everybody knows."""
_WORDS_OF_CODE = re2.compile(
    r"(?i)config|version|snapshot|release|string|value|token|secret|password|client|access|server|service|localhost"
    r"|default|undefined|function|return|request|response|header|field|column|table|input|output|object|number|param"
    r"|index|module|package|import|export|credential|session|account|provider|https?:|www\.|\.(?:com|org|net|io|py|js)\b"
)
_UNNAMED = re.compile(r"^(?:my|your|the|some|a)[-_ ]|[^a-z]")
_ADDRESS = re2.compile(r"@[0-9A-Za-z-]+\.[A-Za-z]{2,}|/")
_LABELS = re2.compile(r"(?i)pass|pwd|kennwort|contrase|senha|text|min|max|type|valid|empty|[:|/$.]")
_UUID = re2.compile(r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_BASE64_LINE = re2.compile(r"[0-9A-Za-z+/=]{24,}")
_UNPRONOUNCEABLE = re2.compile(r"(?i)[bcdfghjklmnpqrstvwxz]{6}")
_RUNS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
"""A word, an acronym, or a number inside an identifier."""


def entropy(value: str) -> float:
    """Return the Shannon entropy of the characters, in bits per character."""
    seen = value[:_LOOKED_AT]
    return -sum(n / len(seen) * math.log2(n / len(seen)) for n in Counter(seen).values())


def is_uuid(value: str) -> bool:
    """Tell whether the value is a UUID as RFC 9562 writes it."""
    return _UUID.fullmatch(value) is not None


def is_placeholder(value: str, floor: float) -> bool:
    """Tell whether the value stands in for a secret: said so, a variable, repetitive, or counted up."""
    seen = value[:_LOOKED_AT]
    return entropy(seen) < floor or _counts_up(seen) > 0.85 or _STAND_INS.search(seen) is not None


def _counts_up(value: str) -> float:
    """The share of characters that repeat or succeed the one before: ``aaaa``, ``1234``, ``abcd``."""
    return sum(ord(after) - ord(before) in (0, 1) for before, after in pairwise(value)) / len(value)


def is_random(value: str) -> bool:
    """Tell whether the value looks drawn from an alphabet: digits among letters in short runs, and no words."""
    seen = value[:_LOOKED_AT]
    if has_words(seen) or not any(c.isdigit() for c in seen) or not any(c.isalpha() for c in seen):
        return False
    runs = _RUNS.findall(seen)
    mixed = sum(map(len, runs)) <= 3.5 * len(runs) or _UNPRONOUNCEABLE.search(seen)
    return bool(mixed) and len(runs) >= 4 and _counts_up(seen) < 0.5


def has_words(value: str) -> bool:
    """Tell whether words stand in the value that programs are full of."""
    return _WORDS_OF_CODE.search(value[:_LOOKED_AT]) is not None


def is_password(value: str) -> bool:
    """Tell whether the value could be a person's or a service's password rather than the word for one."""
    bare = _UNNAMED.sub("", value.lower())
    return bare not in _NO_PASSWORDS and "://" not in value


def is_strong(value: str) -> bool:
    """Tell whether there are letters, and a digit or a sign that names do not hold."""
    return any(c.isalpha() for c in value) and any(c.isdigit() or c in "!@#%^&*?+~" for c in value)


def _is_lettered_password(value: str) -> bool:
    """A password with letters, and digits or signs: what a sentence does not hold by chance."""
    return is_strong(value) and is_password(value)


def _is_strong_password(value: str) -> bool:
    """A password with letters, digits and signs, which is no address."""
    bare = value.rstrip("\"'`.,;:?)")
    signs = any(c in "!@#$%^&*+~?" for c in bare)
    return signs and any(c.isdigit() for c in bare) and _is_lettered_password(bare) and not _ADDRESS.search(bare)


def _is_unlabelled_password(value: str) -> bool:
    """A password of words, told from the label of a form field or the description of a type."""
    return is_password(value) and not _LABELS.search(value) and not has_words(value)


def _base64(value: str) -> bytes:
    try:
        return base64.b64decode(value.translate({45: 43, 95: 47}) + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        return b""


def _is_jwt(value: str) -> bool:
    """RFC 7519: the first part is a JSON object that names an algorithm."""
    try:
        header: Any = json.loads(_base64(value.split(".", 1)[0]))
    except (ValueError, RecursionError):
        return False
    return isinstance(header, dict) and ("alg" in header or "enc" in header)


def _is_wrapped_jwt(value: str) -> bool:
    text = _base64(value.rstrip("=")).decode("latin-1")
    return text.count(".") >= 2 and _is_jwt(text)


def _is_basic(value: str) -> bool:
    """RFC 7617: user-id, colon, password."""
    user, colon, password = _base64(value.rstrip("=")).decode("latin-1").partition(":")
    return bool(colon and user.isprintable()) and password.isprintable() and is_password(password)


def _is_discord(value: str) -> bool:
    """The first part is the account's numeric id in base64."""
    return _base64(value.split(".", 1)[0]).isdigit()


CHECKS: dict[str, Callable[[str], bool]] = {
    "": lambda value: True,
    "basic": _is_basic,
    "discord": _is_discord,
    "jwt": _is_jwt,
    "key_body": lambda value: _BASE64_LINE.search(value) is not None,
    "lettered": _is_lettered_password,
    "password": is_password,
    "random": is_random,
    "strong": _is_strong_password,
    "unlabelled": _is_unlabelled_password,
    "wrapped_jwt": _is_wrapped_jwt,
}
"""What may have the last word on a format: see `secure_core.detectors.secret_rules.Format.check`."""
