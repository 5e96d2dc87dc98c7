"""Every chunking restores the same, and nothing is restored that is not a stand-in of the scope."""

import random
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secure_core import Guard, InputError, Policy, Stage
from secure_core.detectors import FunctionDetector
from secure_core.vault import MemoryVault, VaultError
from secure_core.vault.bound import BoundGuard
from tests import strategies as some

KEY = b"k" * 32
many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
STYLES = ["token", "surrogate"]
NAME = FunctionDetector(
    "names",
    "pii.person",
    lambda text: [m.span() for m in re.finditer(r"\b(?:(?:Ann|Zoë|Иван) )?(?:Lee|Müller|Петров)\b", text)],
    scope="segment",
)
TEXT = (
    "Ann Lee <ann.lee@example.com> wrote to Zoë Müller, zoe@example.org: my card 4111 1111 1111 1111 10 times, "
    "IBAN DE89 3704 0044 0532 0130 00 5.\nCall +49 30 12345678, please. Regards, Lee. <b>PS</b>: 1 < 2 <3 "
    "call +49 30 12345678 (or (030) 12345678)? <<x@example.com>> Ann Lee's Иван Петров."
)


def bind(style: str, vault: MemoryVault | None = None, locale: str = "en_US") -> BoundGuard:
    rule = {"category": "pii.*", "action": "sanitize", "operator": "pseudonymize"}
    options = {"style": style, **({"locale": locale} if style == "surrogate" else {})}
    policy = Policy.model_validate({"detectors": [{"name": "pii"}], "rules": [{**rule, "options": options}]})
    return Guard(policy, detectors=[NAME]).bind(vault or MemoryVault(key=KEY), tenant="t", session="s")


@lru_cache
def shared(style: str) -> BoundGuard:
    return bind(style)


def streamed(bound: BoundGuard, chunks: list[str]) -> str:
    stream = bound.restore_stream()
    return "".join([stream.push(chunk) for chunk in chunks]) + stream.flush()


@pytest.mark.parametrize("style", STYLES)
def test_every_split_in_two_and_single_characters_restore_exactly(style: str) -> None:
    bound = shared(style)
    safe = bound.check(TEXT, stage="input").text
    assert "ann.lee" not in safe
    assert bound.restore(safe) == TEXT
    for at in range(len(safe) + 1):
        assert streamed(bound, [safe[:at], safe[at:]]) == TEXT
    assert streamed(bound, list(safe)) == TEXT


@pytest.mark.parametrize("style", STYLES)
def test_random_chunkings_restore_exactly(style: str) -> None:
    bound = shared(style)
    safe = bound.check(TEXT, stage="input").text
    rng = random.Random(6)
    for _ in range(300):
        cuts = [rng.randrange(len(safe)) for _ in range(rng.randrange(60))]
        assert streamed(bound, some.chunks(safe, cuts)) == TEXT


@many
@given(some.texts, some.cuts, st.sampled_from(STYLES))
def test_texts_of_every_kind_come_back_in_every_chunking(text: str, cuts: list[int], style: str) -> None:
    bound = shared(style)
    decision = bound.check(text, stage="input")
    if all(edit.replacement != "[REDACTED]" and "[" not in edit.replacement for edit in decision.edits):
        assert bound.restore(decision.text) == text
    assert streamed(bound, some.chunks(decision.text, cuts)) == bound.restore(decision.text)


@many
@given(some.texts)
def test_checking_twice_changes_nothing_more(text: str) -> None:
    bound = shared("token")
    once = bound.check(text, stage="input").text
    assert bound.check(once, stage="memory").text == once


@many
@given(some.texts)
def test_what_was_checked_twice_restores_as_what_was_checked_once(text: str) -> None:
    bound = shared("surrogate")
    once = bound.check(text, stage="input").text
    again = bound.check(once, stage="memory")
    if not any("[" in edit.replacement for edit in again.edits):
        assert bound.restore(again.text) == bound.restore(once)


@many
@given(
    st.lists(st.sampled_from([*"<>_aB1-\n ", "PERSON", "EMAIL_ADDRESS", "bcdfghjkmnpq", "genuine", "half"])), some.cuts
)
def test_look_alikes_stay_and_the_genuine_comes_back(parts: list[str], cuts: list[int]) -> None:
    bound = shared("token")
    genuine = bound.check("ann@example.com", stage="input").text
    expected = "".join("\0" if part == "genuine" else genuine[:-1] if part == "half" else part for part in parts)
    expected = expected.replace(genuine, "\0").replace("\0", "ann@example.com")  # a half that ">" follows
    text = "".join({"genuine": genuine, "half": genuine[:-1]}.get(part, part) for part in parts)
    assert streamed(bound, some.chunks(text, cuts)) == bound.restore(text) == expected


def test_what_is_made_up_is_never_restored() -> None:
    bound, other = shared("token"), bind("token", MemoryVault(key=b"o" * 32))
    genuine = bound.check("ann@example.com", stage="input").text
    tag = genuine[-13:-1]
    rng = random.Random(1)
    made_up = [
        genuine[:-1], genuine[1:], genuine[:-2] + ">", genuine.replace("_" + tag, ""), f"<PERSON_{tag}>", f"<_{tag}>",
        f"<EMAIL_ADDRESS_{tag}b>", f"<EMAIL_ADDRESS_b{tag}>", f"<EMAIL_ADDRESS_{tag[::-1]}>", f"<X_{genuine[1:]}",
        f"<EMAIL_ADDRESS {tag}>", f"< EMAIL_ADDRESS_{tag}>", f"<EMAIL_ADDRESS_{tag}\n>", "<PERSON_1a2b>", "<PERSON_1>",
        genuine.replace("<", "&lt;"), genuine.replace("_", "\u200b_"), genuine.replace("A", "А"), tag, "",
        other.check("ann@example.com", stage="input").text,
        *(f"<EMAIL_ADDRESS_{''.join(rng.choices('bcdfghjkmnpqrstvwxyz', k=12))}>" for _ in range(5_000)),
    ]  # fmt: skip
    assert bound.restore("\n".join(made_up)) == "\n".join(made_up)


def test_case_and_possessives_do_not_hinder() -> None:
    bound = shared("token")
    genuine = bound.check("ann@example.com", stage="input").text
    assert bound.restore(f"{genuine.lower()}'s, {genuine.upper()}") == "ann@example.com's, ann@example.com"


def test_a_value_that_looks_like_a_stand_in_is_not_restored_again() -> None:
    bound = shared("token")
    inner = bound.check("ann@example.com", stage="input").text
    quoted = FunctionDetector("all", "pii.quote", lambda text: [(0, len(text))])
    rule = {"category": "pii.quote", "action": "sanitize", "operator": "pseudonymize"}
    outer = Guard(Policy.model_validate({"detectors": [], "rules": [rule]}), detectors=[quoted])
    again = outer.bind(bound._binding[1], tenant="t", session="s")
    assert again.check(inner, stage="input").text == inner  # a stand-in stays as it is
    wrapped = again.check(f"by {inner}", stage="input").text
    assert bound.restore(wrapped) == "by ann@example.com"  # and is not hidden inside of another
    elsewhere = outer.bind(bound._binding[1], tenant="t", session="2")
    assert elsewhere.restore(elsewhere.check(inner, stage="input").text) == inner


def test_a_stream_releases_what_cannot_be_a_stand_in_at_once() -> None:
    stream = shared("token").restore_stream()
    assert stream.push("a < b, <b>") == "a < b, <b>"
    assert stream.push("<PERSON") == ""
    assert stream.push("_") == ""
    assert stream.push(" ") == "<PERSON_ "
    assert stream.push("<" + "A" * 60) == "<" + "A" * 60
    assert stream.flush() == ""
    with pytest.raises(InputError, match="flushed"):
        stream.push("x")


def test_surrogates_flow_a_few_words_behind() -> None:
    stream = shared("surrogate").restore_stream()
    released = "".join(
        stream.push(c) for c in "these are small words, and a Name at the end of it " + "of them all " * 9
    )
    assert released.rstrip().endswith("of them all")


@pytest.mark.parametrize("locale", ["en_US", "de_DE", "fr_FR", "es_ES", "it_IT", "pl_PL", "ru_RU", "ja_JP", "zh_CN"])
def test_surrogates_are_of_the_same_kind(locale: str) -> None:
    bound = bind("surrogate", locale=locale)
    text = "Ann Lee, ann.lee@example.com, 4111 1111 1111 1111, DE89 3704 0044 0532 0130 00, Lee"
    safe = bound.check(text, stage="input").text
    assert bound.restore(safe) == text
    name, mail, card, iban, surname = safe.split(", ")
    digits = [int(digit) for digit in card.replace(" ", "")]
    assert sum(digits[1::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[::2]) in range(0, 150, 10)
    assert int("".join(str(int(c, 36)) for c in iban.replace(" ", "")[4:] + iban[:4])) % 97 == 1
    assert [len(part) for part in card.split()] == [4, 4, 4, 4]
    if not name.startswith("<"):  # a script without word boundaries gets tokens
        assert name.endswith(f" {surname}")
        assert bound.restore(f"Dear Ms {surname}, {name.upper()}'s") == "Dear Ms Lee, ANN LEE's"
    if not mail.startswith("<"):
        assert mail.partition("@")[2].endswith(".example")


def test_a_surrogate_without_enough_letters_or_digits_is_a_token() -> None:
    bound = shared("surrogate")
    safe = bound.check("from 10.0.0.1", stage="input").text
    assert safe.startswith("from <IP_ADDRESS_")
    assert bound.restore(safe) == "from 10.0.0.1"


def test_a_locale_that_faker_does_not_know_is_refused_when_bound() -> None:
    with pytest.raises(VaultError, match="no locale 'xx_XX'"):
        bind("surrogate", locale="xx_XX")


@lru_cache
def stand_ins() -> tuple[str, ...]:
    """A stand-in of every kind of entity that the shipped detector knows."""
    from secure_core.detectors.pii import Pii
    from secure_core.detectors.secrets import Secrets

    kinds = [*Pii().categories, *Secrets().categories, "pii.person", "pii.location", "pii.organization", "pii.nrp"]
    pseudonyms = shared("token")._means.pseudonyms
    assert pseudonyms is not None
    plain = [kind for kind in kinds if not kind.endswith("*")]
    return tuple(pseudonyms.stand_in(f"v{n}", kind, {}) for kind in plain for n in range(4))


@pytest.mark.parametrize("policy", ["observe", "default", "strict"])
@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize(
    "frame",
    [
        "{}",
        "Write to {}, please.",
        "name: {}\npassword: {}",
        '{"card": "{}", "ssn": "{}"}',
        "<p>{}</p>",
        "- {}\n- {}",
        "api_key={}",
        "[{}](/orders)",
    ],
)
def test_no_detector_finds_anything_in_a_stand_in(policy: str, stage: Stage, frame: str) -> None:
    guard = Guard.from_policy(policy)
    texts = [frame.replace("{}", stand_in) for stand_in in stand_ins()]
    found = [d.categories for d in guard.check_many([*texts, " ".join(stand_ins())], stage=stage) if d.findings]
    assert not found


DOCUMENTS = sorted((Path(__file__).parents[2] / "examples" / "documents").iterdir())
ANSWERS: dict[str, Callable[[str], str]] = {
    "copies": lambda text: text,
    "reorders": lambda text: "\n".join(reversed(text.splitlines())),
    "lists": lambda text: "\n".join(f"{number}. {line}'s" for number, line in enumerate(text.splitlines())),
    "tables": lambda text: "\n".join(f"| {line.strip()} | {len(line.split('. '))} |" for line in text.splitlines()),
    "quotes": lambda text: "> " + text.replace("\n", "\n> "),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_restored_answer_is_the_answer_without_protection(answer: str) -> None:
    rule = {"category": "pii.*", "action": "sanitize", "operator": "pseudonymize"}
    guard = Guard(Policy.model_validate({"detectors": [{"name": "pii"}], "rules": [rule]}), detectors=[NAME])
    bound = guard.bind(MemoryVault(), tenant="t", session="s")
    hidden = 0
    for document in DOCUMENTS:
        text = document.read_text("utf-8")
        safe = bound.check(text, stage="retrieval")
        if any("\n" in text[edit.start : edit.end] for edit in safe.edits):  # an encoded body cannot be copied by line
            continue
        hidden += len(safe.edits)
        assert bound.restore(ANSWERS[answer](safe.text)) == ANSWERS[answer](text), document.name
    assert hidden > 50
