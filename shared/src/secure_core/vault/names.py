"""Names of people that nobody has: a locale's name, and behind it a word that only the scope's key gives."""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache
from typing import Any

from ..errors import VaultError
from .scope import Scope

__all__ = ["ENDINGS", "TITLES", "Name", "domain", "given", "is_given", "prepare", "surname"]

ENDINGS = (
    *("s", "es"),  # English plural; genitive in German, Dutch and the Nordic languages
    *("a", "u", "e", "y", "i", "owi", "ovi", "em", "om", "ą", "ę", "ie", "iem", "ego", "emu", "ej", "ová"),
    *("а", "у", "е", "ы", "и", "ом", "ем", "ой", "ым", "ов", "ова"),  # Cyrillic
)
"""What languages put behind a name. Each but ``s`` has a vowel, and no keyed word ends in ``s``: all keyed words
have three vowels, so none is another one with an ending."""

_TITLES = """
mr mrs ms miss mx dr prof sir herr frau hr monsieur madame mme mlle
señor señora sr sra signor signora sig dott pan pani
"""
TITLES = frozenset(_TITLES.split())

_ONSETS = "b br d dr f fl g gr h j k kl l m n p pr r s st t tr v z".split()  # noqa: SIM905
_VOWELS = "aeiou"
_CODAS = ["", "l", "m", "n", "r", "s"]
_LAST_CODAS = ["l", "m", "n", "r"]
_CYRILLIC = str.maketrans("abdefghijklmnoprstuvxz", "абдефгхийклмнопрстувшз")
_GREEK = str.maketrans("abdefghijklmnoprstuvxz", "αβδεφγχιιηλμνοπρστυβξζ")
_SOUNDS = str.maketrans("аяоеёиыуюαοεηιυω", "aaoeeiiuuaoeiiio")
_OTHER = re.compile(r"[\W\d_]+")


class Name(str):
    """A made-up name as it is written in its locale, and in plain Latin letters for an address."""

    latin: str

    def __new__(cls, found: str, keyed: str) -> Name:
        """Join a locale's name and a keyed word."""
        plain = _OTHER.sub("-", found).strip("-")
        name = super().__new__(cls, f"{plain}-{_written(keyed, plain).capitalize()}")
        name.latin = re.sub(r"^-+", "", f"{_ascii(plain)}-{keyed}")
        return name


def surname(scope: Scope, word: str, locale: str, attempt: int = 0) -> Name:
    """Return the surname that stands for a word, the same for the same word in any case."""
    word = word.casefold()
    gender = "_female" if _sound(word) == "a" else "_male"  # Ivanova, Nowacka: where a locale tells them apart
    found = _fake(locale, (f"last_name{gender}", "last_name"), scope.anchor("surname", word, str(attempt)))
    return Name(found, _word(scope, "surname", word, str(attempt), like=word))


def given(scope: Scope, word: str, locale: str) -> Name:
    """Return the first name that stands for a word: a woman's for a woman's, so that "Mr" and "she" stay right."""
    word = word.casefold()
    women, men = (word in _listed(locale, f"first_names_{gender}") for gender in ("female", "male"))
    gender = "" if women == men else "_female" if women else "_male"
    found = _fake(locale, (f"first_name{gender}", "first_name"), scope.anchor("given", word))
    return Name(found, _word(scope, "given", word, like=word))


def is_given(word: str, locale: str) -> bool:
    """Whether a word by itself is a first name, and no surname, in its locale or in English."""
    word = word.casefold()
    return any(word in _listed(locale, f"first_names{kind}") for kind in ("", "_female", "_male")) and not any(
        word in _listed(locale, f"last_names{kind}") for kind in ("", "_female", "_male")
    )


def domain(scope: Scope, name: str) -> str:
    """Return the domain that stands for one. Nothing under .example is ever delivered to anybody (RFC 6761)."""
    return f"{_word(scope, 'domain', name.casefold())}.example"


def _word(scope: Scope, *parts: str, like: str = "") -> str:
    """Return a pronounceable word of three syllables that nobody is called, one of 12 million and more.

    It ends as ``like`` does, in the same vowel, a sibilant or another consonant: languages inflect by that.
    """
    number = int.from_bytes(scope.anchor("word", *parts))
    sound = _sound(like)
    letters = []
    for last in (False, False, True):
        codas = _CODAS if not last else ["x"] if sound == "s" else [""] if sound else _LAST_CODAS
        vowels = sound if last and sound and sound in _VOWELS else _VOWELS
        for choices in (_ONSETS, vowels, codas):
            number, choice = divmod(number, len(choices))
            letters.append(choices[choice])
    return "".join(letters)


def _sound(word: str) -> str:
    """Return the vowel that a word ends in, ``s`` for a sibilant, and nothing for other consonants."""
    last = unicodedata.normalize("NFKD", word[-1:].translate(_SOUNDS))[:1]
    return last if last and last in _VOWELS else "s" if last and last in "sxzßсзшщжцчσς" else ""


def _written(word: str, beside: str) -> str:
    """Return a keyed word in the letters of the name that it follows."""
    if "\u0400" <= beside[:1] <= "\u052f":
        return word.translate(_CYRILLIC)
    return word.translate(_GREEK) if "\u0370" <= beside[:1] <= "\u03ff" else word


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z-]", "", plain).strip("-")


# -- the lists of names ----------------------------------------------------------------------------


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


def _fake(locale: str, kinds: tuple[str, ...], seed: bytes) -> str:
    """Draw a name of the first kind that the locale knows."""
    faker, lock = _faker(locale)
    draw = next(getattr(faker, kind) for kind in kinds if hasattr(faker, kind))
    with lock:  # one generator, seeded for every draw
        faker.seed_instance(int.from_bytes(seed))
        return str(draw())


@lru_cache(maxsize=256)
def _listed(locale: str, kind: str) -> frozenset[str]:
    """Return the names that a locale lists, and the English ones, casefolded."""
    providers = [provider for each in {locale, "en_US"} for provider in _faker(each)[0].factories[0].providers]
    return frozenset(name.casefold() for provider in providers for name in getattr(provider, kind, ()))
