"""Stand-ins of the surrogate style: realistic values of the same kind and format.

A surrogate carries no mark, so its certainty is its rarity: a keyed word in every name and domain, or
enough keyed digits. What cannot be made rare (a first name alone, a short number) gets a token instead.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache
from typing import Any

from ..errors import VaultError
from . import tokens
from .scope import Original, Scope
from .tokens import Candidate

__all__ = ["LOCALE", "LONGEST", "candidates", "make", "prepare", "touches"]

LOCALE = "en_US"
LONGEST = 64  # characters; what would get longer gets a token
_RARE = 8  # letters and digits drawn with the key, at least

_W = "0-9A-Za-z_\u00c0-\u052f"  # what a stand-in must not touch: Latin, Greek, Cyrillic
_START = re.compile(rf"[+(]|(?<![{_W}])[{_W}]")
_WORD = re.compile(f"[{_W}][{_W}]")
_END = re.compile(rf"[{_W}](?![{_W}])")
_BODY = re.compile(rf"[{_W}@.+\-()/:' ]{{1,{LONGEST}}}")
_DULL = re.compile(r"[^\W\d_A-Z]+(?=[\s,;!?.]\s|\s)")  # a word that begins no surrogate: small letters, then a space
_FORMATTED = re.compile(r"[0-9A-Za-z+(][0-9A-Za-z .()/+-]*")


# -- finding them ----------------------------------------------------------------------------------


def candidates(text: str, *, at: int = 0, final: bool) -> tuple[list[Candidate], int]:
    """Return what may be a stand-in of either style, and up to where that is certain; as `tokens.candidates`.

    At each beginning of a word, every end of a word within reach makes a candidate.
    """
    found, certain = tokens.candidates(text, at=at, final=final)
    for start in _START.finditer(text, at, certain):
        here = start.start()
        if _is_dull(text, here):
            continue
        body = _BODY.match(text, here)
        end = body.end() if body else here
        if not final and end == len(text) and end - here < LONGEST:
            return [candidate for candidate in found if candidate.start < here], here
        ends = [e.end() for e in _END.finditer(text, here, min(end + 1, len(text))) if e.end() <= end]
        found += [Candidate(here, stop, text[here:stop].casefold()) for stop in reversed(ends)]
    return sorted(found, key=lambda candidate: (candidate.start, -candidate.end)), certain


def _is_dull(text: str, start: int) -> bool:
    return text[start].islower() and _DULL.match(text, start) is not None


def touches(before: str, stand_in: str, behind: str) -> bool:
    """Whether a stand-in between these characters would run into a word."""
    return bool(_WORD.fullmatch(before + stand_in[:1]) or _WORD.fullmatch(stand_in[-1:] + behind))


# -- making them -----------------------------------------------------------------------------------


def make(scope: Scope, original: Original, locale: str) -> str:
    """Return the surrogate that stands for a value, once the vault holds it; a token where none can be made."""
    category, value = original
    name = f"{locale}\0{category}\0{value}"
    known = scope.known(name)
    for attempt in range(8):
        drawn = _drawn(scope, value, category, locale, str(attempt))
        stand_in = known or (drawn and drawn[0])
        if not stand_in or stand_in.casefold() == value.casefold() or not _recognisable(stand_in):
            break
        aliases = drawn[1] if drawn and drawn[0] == stand_in else {}
        parts = [(alias.casefold(), Original(category, part)) for alias, part in aliases.items()]
        if all(scope.keep([*parts, (stand_in.casefold(), original)])):
            return scope.agree(name, stand_in)
    return tokens.make(scope, [original])[0]


def _recognisable(stand_in: str) -> bool:
    found, _ = candidates(stand_in, final=True)
    return Candidate(0, len(stand_in), stand_in.casefold()) in found


Drawn = tuple[str, dict[str, str]] | None
"""A surrogate, and which part of it stands for which part of the value by itself."""


def _drawn(scope: Scope, value: str, category: str, locale: str, attempt: str) -> Drawn:
    kind = tokens.entity(category)
    if kind == "PERSON":
        return _person(scope, value, locale, attempt)
    if kind == "EMAIL_ADDRESS":
        return _email(scope, value, locale, attempt)
    if not _FORMATTED.fullmatch(value) or sum(c.isdigit() for c in value) < 6:
        return None
    if kind == "CREDIT_CARD":
        return _card(scope, value, attempt), {}
    if kind == "IBAN_CODE":
        return _iban(scope, value, attempt), {}
    keep = 3 if value.startswith("+") else 0  # a country's prefix
    again = _redrawn(scope, value, keep, attempt)
    return None if sum(c.isalnum() for c in value[keep:]) < _RARE else (again, {})


def _person(scope: Scope, value: str, locale: str, attempt: str) -> Drawn:
    words = value.split()
    if not words or not words[-1][0].isalpha():
        return None
    surname = _surname(scope, words[-1], locale, attempt)
    if len(words) == 1:
        return surname, {}
    return f"{_given(scope, words[0], locale)} {surname}", {surname: words[-1]}


def _email(scope: Scope, value: str, locale: str, attempt: str) -> Drawn:
    local, _, domain = value.rpartition("@")
    words = [word for word in re.split(r"[^\w]+|_", local) if word]
    if not words or not domain:
        return None
    name = _surname(scope, words[-1], locale, attempt)
    if len(words) > 1:
        name = f"{_given(scope, words[0], locale)}.{name}"
    # RFC 6761: nothing under .example is ever delivered to anybody.
    return f"{_ascii(name)}@{_word(scope, 'domain', domain.casefold())}.example", {}


def _surname(scope: Scope, word: str, locale: str, attempt: str) -> str:
    """Return the same rare surname for the same word: one of the locale's, and one that only the key gives."""
    seed = scope.anchor("surname", word.casefold(), attempt)
    keyed = _word(scope, "surname", word.casefold(), attempt).capitalize()
    return f"{_fake(locale, 'last_name', seed)}-{keyed}".replace(" ", "-")


def _given(scope: Scope, word: str, locale: str) -> str:
    return _fake(locale, "first_name", scope.anchor("given", word.casefold())).replace(" ", "-")


_ONSETS = "b br d dr f fl g gr h j k kl l m n p pr r s st t tr v z".split()  # noqa: SIM905
_VOWELS = "aeiou"
_CODAS = ["", "l", "m", "n", "r", "s"]


def _word(scope: Scope, *parts: str) -> str:
    """Return a pronounceable word of three syllables that nobody is called: one of 4e8."""
    number = int.from_bytes(scope.anchor("word", *parts))
    letters = []
    for _ in range(3):
        for choices in (_ONSETS, _VOWELS, _CODAS):
            number, choice = divmod(number, len(choices))
            letters.append(choices[choice])
    return "".join(letters)


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z.-]", "", plain).strip(".-")


def _redrawn(scope: Scope, value: str, keep: int, attempt: str) -> str:
    """Return the value with its digits and letters, but for the first few characters, drawn anew."""
    number = int.from_bytes(scope.anchor("drawn", value, attempt) + scope.anchor("drawn", value, attempt, "more"))
    characters = list(value)
    for at in range(keep, len(value)):
        alphabet = _alphabet(value[at])
        if alphabet:
            number, choice = divmod(number, len(alphabet))
            characters[at] = alphabet[choice]
    return "".join(characters)


def _alphabet(character: str) -> str:
    if character.isdigit():
        return "0123456789"
    letters = "abcdefghijklmnopqrstuvwxyz" if character.isalpha() else ""
    return letters.upper() if character.isupper() else letters


def _card(scope: Scope, value: str, attempt: str) -> str:
    """Keep the issuer's first digit and the format; the last digit is the check digit (ISO/IEC 7812-1, Luhn)."""
    drawn = _redrawn(scope, value, 1, attempt)
    digits = [int(c) for c in drawn if c.isdigit()]
    doubled = (d * 2 - 9 * (d > 4) if i % 2 == 0 else d for i, d in enumerate(reversed(digits[:-1])))
    last = max(at for at, c in enumerate(drawn) if c.isdigit())
    return drawn[:last] + str(-sum(doubled) % 10) + drawn[last + 1 :]


def _iban(scope: Scope, value: str, attempt: str) -> str:
    """Keep the country and the format; the check digits are those of ISO 13616 (ISO 7064, MOD 97-10)."""
    drawn = _redrawn(scope, value, 2, attempt)
    plain = "".join(c for c in drawn.upper() if c.isalnum())
    number = int("".join(str(int(c, 36)) for c in plain[4:] + plain[:2] + "00"))
    check = iter(f"{98 - number % 97:02}")
    places = [at for at, c in enumerate(drawn) if c.isalnum()][2:4]
    return "".join(next(check) if at in places else c for at, c in enumerate(drawn))


def prepare(locale: str) -> None:
    """Load a locale's names.

    Raises:
        VaultError: Faker is not installed, or knows no such locale.
    """
    _faker(locale)


@lru_cache(maxsize=32)
def _faker(locale: str) -> tuple[Any, threading.Lock]:
    try:
        from faker import Faker
    except ImportError:
        raise VaultError("the surrogate style needs Faker: pip install 'secure-core[surrogates]'") from None
    try:
        return Faker(locale), threading.Lock()
    except AttributeError:
        raise VaultError(f"Faker knows no locale {locale!r}: take one like en_US, de_DE, fr_FR") from None


def _fake(locale: str, kind: str, seed: bytes) -> str:
    faker, lock = _faker(locale)
    with lock:  # one generator, seeded for every draw
        faker.seed_instance(int.from_bytes(seed))
        return str(getattr(faker, kind)())
