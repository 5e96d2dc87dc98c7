"""Stand-ins of the surrogate style: realistic values of the same kind and format.

A surrogate carries no mark, so its certainty is its rarity: a keyed word in every name and domain, or
enough keyed digits. What cannot be made rare (a short number) gets a token instead.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from . import names, numbers, tokens
from .names import prepare
from .scope import Original, Scope
from .tokens import Candidate

__all__ = ["LOCALE", "LONGEST", "candidates", "make", "prepare", "recased", "touches"]

LOCALE = "en_US"
LONGEST = 96  # characters; what would get longer gets a token
_RARE = 8  # letters and digits drawn with the key, at least
_DIGITS = 6  # of them digits, at least

_W = "0-9A-Za-z_\u00c0-\u052f"  # what a stand-in must not touch: Latin, Greek, Cyrillic
_START = re.compile(rf"[+(]|(?<![{_W}])[{_W}]")
_WORD = re.compile(f"[{_W}][{_W}]")
_END = re.compile(rf"[{_W}](?![{_W}])")
_BODY = re.compile(rf"[{_W}@.+\-()/ ]{{1,{LONGEST}}}")
_DULL = re.compile(r"[^\s\d@-]*\s")  # no surrogate begins with a word that has no digit, hyphen or @
_LETTERS = r"[^\W\d_]+"
_NAMES = re.compile(rf"{_LETTERS}(?:-{_LETTERS})+(?: {_LETTERS}(?:-{_LETTERS})+)?")
_FORMATTED = re.compile(r"[0-9A-Za-z+(][0-9A-Za-z .()/+-]*")


# -- finding them ----------------------------------------------------------------------------------


def candidates(text: str, *, at: int = 0, final: bool) -> tuple[list[Candidate], int]:
    """Return what may be a stand-in of either style, and up to where that is certain; as `tokens.candidates`.

    At each beginning of a word, every end of a word within reach may make a candidate.
    """
    found, certain = tokens.candidates(text, at=at, final=final)
    for start in _START.finditer(text, at, certain):
        here = start.start()
        if _DULL.match(text, here):
            continue
        body = _BODY.match(text, here)
        end = body.end() if body else here
        if not final and end == len(text) and end - here < LONGEST:
            found, certain = [candidate for candidate in found if candidate.start < here], here
            break
        for stop in _END.finditer(text, here, min(end + 1, len(text))):
            if stop.end() <= end:
                found += _read(text, here, stop.end())
    return sorted(found, key=lambda candidate: (candidate.start, -candidate.end)), certain


def _read(text: str, start: int, end: int) -> list[Candidate]:
    """Return the stand-ins that a span may be: itself, and a name without its ending."""
    written = text[start:end]
    folded = written.casefold()
    if not _NAMES.fullmatch(written):
        rare = folded.endswith(".example") or sum(map(str.isdigit, written)) >= _DIGITS
        return [Candidate(start, end, folded)] if rare else []
    bare = [ending for ending in names.ENDINGS if folded.endswith(ending)]
    return [Candidate(start, end - len(ending), folded[: len(folded) - len(ending)]) for ending in ("", *bare)]


def touches(before: str, stand_in: str, behind: str) -> bool:
    """Whether a stand-in between these characters would run into a word."""
    return bool(_WORD.fullmatch(before + stand_in[:1]) or _WORD.fullmatch(stand_in[-1:] + behind))


def recased(value: str, seen: str) -> str:
    """Return the value in capital or small letters where its surrogate was seen in them, word by word."""
    ours, theirs = value.split(" "), seen.split(" ")
    if len(ours) == len(theirs) > 1:
        return " ".join(recased(*pair) for pair in zip(ours, theirs, strict=True))
    if seen.isupper() or seen.islower():
        return value.upper() if seen.isupper() else value.lower()
    if "@" in value or len(value) == 1 or not (value.isupper() or value.islower()):
        return value
    return value.title()


# -- making them -----------------------------------------------------------------------------------


class Drawn(NamedTuple):
    """A surrogate, and which part of it stands for which part of the value by itself."""

    stand_in: str
    parts: tuple[tuple[str, str], ...] = ()


def make(scope: Scope, original: Original, locale: str) -> str:
    """Return the surrogate that stands for a value, once the vault holds it; a token where none can be made."""
    category, value = original
    if tokens.entity(category) == "PERSON":
        title, space, rest = value.partition(" ")
        if rest and title.rstrip(".").casefold() in names.TITLES:
            return title + space + make(scope, Original(category, rest), locale)
    name = f"{locale}\0{category}\0{value}"
    known = scope.known(name)
    for attempt in range(8):
        drawn = _drawn(scope, original, locale, attempt)
        if known is not None and (drawn is None or drawn.stand_in != known):
            drawn = Drawn(known)
        if drawn is None or drawn.stand_in.casefold() == value.casefold() or not _recognisable(drawn.stand_in):
            break
        if _kept(scope, drawn, original):
            return scope.agree(name, drawn.stand_in)
    return tokens.make(scope, [original])[0]


def _kept(scope: Scope, drawn: Drawn, original: Original) -> bool:
    """Keep a surrogate and its parts; whether each of them comes back as what it is to stand for."""
    pairs = [*drawn.parts, (drawn.stand_in, original.value)]
    stands = scope.keep([(seen.casefold(), Original(original.category, value)) for seen, value in pairs])
    return all(
        kept.category == original.category and recased(kept.value, seen) == value
        for kept, (seen, value) in zip(stands, pairs, strict=True)
    )


def _recognisable(stand_in: str) -> bool:
    found, _ = candidates(stand_in, final=True)
    return Candidate(0, len(stand_in), stand_in.casefold()) in found


def _drawn(scope: Scope, original: Original, locale: str, attempt: int) -> Drawn | None:
    kind, value = tokens.entity(original.category), original.value
    if kind == "PERSON":
        return _person(scope, value.split(), locale, attempt)
    if kind == "EMAIL_ADDRESS":
        return _email(scope, value, locale, attempt)
    if not _FORMATTED.fullmatch(value) or sum(c.isdigit() for c in value) < _DIGITS:
        return None
    if kind == "CREDIT_CARD":
        return Drawn(numbers.card(scope, value, attempt))
    if kind == "IBAN_CODE":
        return Drawn(numbers.iban(scope, value, attempt))
    keep = 3 if value.startswith("+") else 0  # a country's prefix
    enough = sum(c.isalnum() for c in value[keep:]) >= _RARE
    return Drawn(numbers.redrawn(scope, value, keep, attempt)) if enough else None


def _person(scope: Scope, words: list[str], locale: str, attempt: int) -> Drawn | None:
    if not words or not words[-1][0].isalpha():
        return None
    if len(words) == 1:
        return Drawn(_as_in(_single(scope, words[0], locale, attempt), words[0]))
    first = _as_in(names.given(scope, words[0], locale), words[0])
    last = _as_in(names.surname(scope, words[-1], locale, attempt), words[-1])
    return Drawn(f"{first} {last}", ((first, words[0]), (last, words[-1])))


def _single(scope: Scope, word: str, locale: str, attempt: int) -> names.Name:
    """Return what stands for one name alone: what stood for it in a full name, or what the locale takes it for."""
    first, last = names.given(scope, word, locale), names.surname(scope, word, locale, attempt)
    as_first, as_last = scope.originals([first.casefold(), last.casefold()])
    return first if not as_last and not attempt and (as_first or names.is_given(word, locale)) else last


def _as_in(name: str, word: str) -> str:
    """Return a made-up name in capital or small letters where the real one is."""
    if len(word) > 1 and word.isupper():
        return name.upper()
    return name.lower() if word.islower() else str(name)


def _email(scope: Scope, value: str, locale: str, attempt: int) -> Drawn | None:
    local, _, domain = value.rpartition("@")
    words = [word for part in re.split(r"[\W_]+", local) if (word := part.strip("0123456789") or part)]
    if not words or not domain:
        return None
    if len(words) == 1:
        name = _single(scope, words[0], locale, attempt).latin
    else:
        first, last = names.given(scope, words[0], locale), names.surname(scope, words[-1], locale, attempt)
        name = f"{first.latin}.{last.latin}"
    address = f"{name}@{names.domain(scope, domain)}"
    return Drawn(address if value.islower() else address.upper() if value.isupper() else address.title())
