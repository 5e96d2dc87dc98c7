"""Surrogates come back however they are inflected, and what only looks like one does not."""

import re
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_core import Guard, Policy
from secure_core.detectors import FunctionDetector
from secure_core.vault import MemoryVault
from secure_core.vault.bound import BoundGuard
from secure_core.vault.names import ENDINGS
from secure_core.vault.scope import Original
from secure_core.vault.surrogates import make, recased

NAMES = FunctionDetector(
    "names",
    "pii.person",
    lambda text: [
        m.span() for m in re.finditer(r"\b(?:(?:Ms )?(?:Ann|ANN|Hans) )?(?:Lee|LEE|Novak|Meyers)\b|\bAnn\b", text)
    ],
    scope="segment",
)
MAILS = FunctionDetector(
    "mails",
    "pii.email_address",
    lambda text: [m.span() for m in re.finditer(r"[\w.]+@[\w.]+\w", text)],
    scope="segment",
)


def bind(locale: str = "en_US", session: str = "s") -> BoundGuard:
    options = {"style": "surrogate", "locale": locale}
    rule = {"category": "pii.*", "action": "sanitize", "operator": "pseudonymize", "options": options}
    policy = Policy.model_validate({"detectors": [], "rules": [rule]})
    return Guard(policy, detectors=[NAMES, MAILS]).bind(MemoryVault(key=b"k" * 32), tenant="t", session=session)


@lru_cache
def shared(locale: str = "en_US") -> BoundGuard:
    return bind(locale)


def stand_in(bound: BoundGuard, value: str, category: str = "pii.person", locale: str = "en_US") -> str:
    return make(bound._scope, Original(category, value), locale)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Mr {last}'s order", "Mr Lee's order"),
        ("MS {LAST}’S ORDER", "MS LEE’S ORDER"),
        ("{last}, {first}", "Lee, Ann"),
        ("Hi {first}!", "Hi Ann!"),
        ("{first}'s and {first}", "Ann's and Ann"),
        ("the {last}s", "the Lees"),
        ("{first} {last}s Haus", "Ann Lees Haus"),
        ("{FIRST} {last}", "ANN Lee"),
        ("{FIRST} {LAST}", "ANN LEE"),
        ("/people/{low}.html", "/people/lee.html"),
        ("{first} Smith and Mary {last}", "Ann Smith and Mary Lee"),
        ("({first} {last})-Akte", "(Ann Lee)-Akte"),
        ("[{last}](mailto:{mail})", "[Lee](mailto:ann.lee@example.com)"),
        ("{MAIL}", "ANN.LEE@EXAMPLE.COM"),
        ("{last}em, {last}owi", "Leeem, Leeowi"),
    ],
)
@pytest.mark.parametrize("locale", ["en_US", "de_DE", "pl_PL", "fr_FR"])
def test_a_name_comes_back_as_it_was_inflected(locale: str, written: str, read: str) -> None:
    bound = shared(locale)
    first, last = stand_in(bound, "Ann Lee", locale=locale).split(" ")
    mail = stand_in(bound, "ann.lee@example.com", "pii.email_address", locale)
    said = written.format(
        first=first, last=last, mail=mail, low=last.lower(), FIRST=first.upper(), LAST=last.upper(), MAIL=mail.upper()
    )
    assert said != read  # a made-up name may be an Anna
    assert bound.restore(said) == read


def test_an_address_goes_with_the_name_and_parts_with_the_whole() -> None:
    bound = bind()
    safe = bound.check("Ann Lee, ann.lee@example.com, Ms Lee, Ann, ANN LEE", stage="input").text
    name, mail, surname, first, loud = safe.split(", ")
    assert mail.startswith(name.lower().replace(" ", ".") + "@")
    assert surname == f"Ms {name.split()[1]}"
    assert first == name.split()[0]
    assert loud == name.upper()
    assert bound.restore(safe) == "Ann Lee, ann.lee@example.com, Ms Lee, Ann, ANN LEE"


@pytest.mark.parametrize(
    ("first", "locale"), [("Mary", "en_US"), ("John", "en_US"), ("Ursula", "de_DE"), ("Jürgen", "de_DE")]
)
def test_a_woman_stays_a_woman_and_a_man_a_man(first: str, locale: str) -> None:
    from faker import Faker

    kind = "female" if first in ("Mary", "Ursula") else "male"
    provider = next(p for p in Faker(locale).factories[0].providers if hasattr(p, f"first_names_{kind}"))
    drawn = stand_in(shared(locale), f"{first} Lee", locale=locale).rpartition(" ")[0].rpartition("-")[0]
    assert drawn in {name.replace(" ", "-") for name in getattr(provider, f"first_names_{kind}")}


@pytest.mark.parametrize("name", ["Lee", "Meyers", "Kowalska", "Petri", "Novak", "Rossi"])
def test_a_surname_ends_as_the_real_one_does(name: str) -> None:
    keyed = stand_in(shared(), f"Ann {name}").rpartition("-")[2]
    sound = name[-1] if name[-1] in "aeiou" else "x" if name[-1] == "s" else "lmnr"
    assert keyed[-1] in sound


def test_names_are_written_in_the_letters_of_the_locale() -> None:
    name = stand_in(shared("ru_RU"), "Анна Петрова", locale="ru_RU")
    assert re.fullmatch(r"[А-Яа-яЁё-]+ [А-Яа-яЁё-]+", name)
    assert shared("ru_RU").restore(f"письмо {name.rpartition(' ')[2]}у") == "письмо Петровау"


@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8), st.text("lmnrstaeiou", max_size=4))
@settings(max_examples=100, deadline=None)
def test_no_keyed_word_is_another_with_an_ending(one: str, tail: str) -> None:
    from secure_core.vault.names import _word

    word = _word(shared()._scope, "surname", one, like=one + tail)
    assert sum(letter in "aeiou" for letter in word) == 3
    assert not word.endswith("s")
    assert all(ending == "s" or re.search("[aeiouyąęáаеиоуы]", ending) for ending in ENDINGS)


def test_look_alikes_stay_as_they_are() -> None:
    bound, other = bind(), bind(session="other")
    first, last = stand_in(bound, "Ann Lee").split(" ")
    found, keyed = last.rsplit("-", 1)
    made_up = [
        found, keyed, f"{keyed}-{found}", f"{found} {keyed}", f"{found}-{keyed[:-1]}", f"{found}-{keyed}q",
        f"{found}-{keyed}son", f"{found}-Q{keyed}", f"{found}x-{keyed}", f"{found}--{keyed}", f"{found}-{keyed[::-1]}",
        f"{first.split('-')[0]} {found}", f"{found}-\u200b{keyed}", f"{found}\u2011{keyed}", f"{found}_{keyed}",
        stand_in(other, "Ann Lee"), "Anna-Lena Müller-Lüdenscheidt", "Jean-Paul Sartre's", "Mary-Jane",
        f"{first.split('-')[0]}-{keyed}", "ann@some.example", "j.doe-smith@there.example",
    ]  # fmt: skip
    text = "\n".join(made_up)
    assert bound.restore(text) == text


@pytest.mark.parametrize(
    ("value", "seen", "expected"),
    [
        ("Ann Lee", "Xa-Ba XO-BO", "Ann LEE"),
        ("ANN LEE", "Xa-Ba Xo-Bo", "Ann Lee"),
        ("McDonald", "Xo-Bo", "McDonald"),
        ("McDonald", "XO-BO", "MCDONALD"),
        ("Ann Mary Lee", "Xa-Ba Xo-Bo", "Ann Mary Lee"),
        ("ann@example.com", "Xo@bo.example", "ann@example.com"),
        ("DE89", "DE12", "DE89"),
        ("+49 30 1", "+49 11 2", "+49 30 1"),
    ],
)
def test_case_is_carried_over_word_by_word(value: str, seen: str, expected: str) -> None:
    assert recased(value, seen) == expected


@pytest.mark.parametrize(
    "value", ["Ann  Lee", "ann LEE", "AnN lEe", "Dr. Ann Lee", "Lee", "X", "O’Brien", "Ann von Lee"]
)
def test_every_way_to_write_a_name_comes_back_exactly(value: str) -> None:
    bound = shared()
    assert stand_in(bound, "Ann Lee")
    assert bound.restore(f"to {stand_in(bound, value)}.") == f"to {value}."
    assert stand_in(bound, value) == stand_in(bound, value)
