"""Stand-ins of the token style: ``<PERSON_kdwmxgzrbqpf>``."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..errors import VaultError
from .scope import Original, Scope

__all__ = ["LONGEST", "Candidate", "candidates", "make"]

_NAME = 32  # characters of the entity's name
_TAG = 12  # letters of the tag, of 20 kinds: one in 4e15 is hit by chance
LONGEST = 1 + _NAME + 1 + _TAG + 1

# Consonants: no word of any language, no number, no base64 or hex that a detector would decode.
_LETTERS = "bcdfghjkmnpqrstvwxyz"
_TOKEN = re.compile(rf"<([A-Z][A-Z0-9_]{{0,{_NAME - 1}}})_([{_LETTERS}]{{{_TAG}}})>", re.IGNORECASE | re.ASCII)
_OPEN = re.compile(r"<(?:[A-Z][A-Z0-9_]*)?", re.IGNORECASE | re.ASCII)
_ODD = re.compile(r"[^A-Z0-9_]+")


class Candidate(NamedTuple):
    """Where a stand-in may stand, and which."""

    start: int
    end: int
    stand_in: str


def make(scope: Scope, value: str, category: str) -> str:
    """Return the token that stands for a value, once the vault holds it.

    The tag is an HMAC of the value under the scope's key: nobody else can make one up, and every
    process comes to the same.
    """
    name = entity(category)
    for attempt in range(8):
        stand_in = f"<{name}_{_tag(scope.anchor('token', category, value, str(attempt)))}>"
        if scope.keep(stand_in, Original(category, value)):
            return stand_in
    raise VaultError("eight stand-ins of one value are taken: this vault's keys are not random")


def entity(category: str) -> str:
    """Return the entity's name as it stands in a token: ``pii.email_address`` -> ``EMAIL_ADDRESS``."""
    name = _ODD.sub("_", category.rpartition(".")[2].upper())[:_NAME].strip("_")
    return name if name and name[0].isalpha() else "VALUE"


def _tag(digest: bytes) -> str:
    number = int.from_bytes(digest[:16])
    letters = []
    for _ in range(_TAG):
        number, letter = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "".join(letters)


def candidates(text: str, *, at: int = 0, final: bool) -> tuple[list[Candidate], int]:
    """Return what looks like a token from ``at`` on, in any case, and up to where that is certain."""
    start = text.find("<", at)
    if start < 0:
        return [], len(text)
    certain = len(text) if final else _certain(text)
    found = [
        Candidate(match.start(), match.end(), f"<{match[1].upper()}_{match[2].lower()}>")
        for match in _TOKEN.finditer(text, start, certain)
    ]
    return found, certain


def _certain(text: str) -> int:
    """Return where the last token that may still be open begins; no token has another ``<`` inside."""
    last = text.rfind("<", -LONGEST)
    return last if last >= 0 and _OPEN.fullmatch(text, last) else len(text)
