"""Stand-ins of the token style: ``<PERSON_kdwmxgzrbqpf>``."""

from __future__ import annotations

import re
from collections.abc import Sequence
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


def make(scope: Scope, originals: Sequence[Original]) -> list[str]:
    """Return the tokens that stand for values, once the vault holds them.

    The tag is an HMAC of the value under the scope's key: nobody else can make one up, and every
    process comes to the same.

    Raises:
        VaultError: the vault failed.
    """
    made: dict[Original, str] = {}
    for attempt in range(8):
        drawn = {original: _drawn(scope, original, attempt) for original in originals if original not in made}
        kept = scope.keep([(stand_in, original) for original, stand_in in drawn.items()])
        made.update(pair for pair, stands in zip(drawn.items(), kept, strict=True) if pair[0] == stands)
        if len(made) == len(set(originals)):
            return [made[original] for original in originals]
    raise VaultError("eight stand-ins of one value are taken: this vault's keys are not random")


def _drawn(scope: Scope, original: Original, attempt: int) -> str:
    tag = _tag(scope.anchor("token", original.category, original.value, str(attempt)))
    return f"<{entity(original.category)}_{tag}>"


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
