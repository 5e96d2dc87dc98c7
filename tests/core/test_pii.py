"""What the detector of personal data finds, and what it leaves alone."""

from __future__ import annotations

import logging
import pickle
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_core.detectors.accounts import is_card, luhn
from secure_core.detectors.context_words import ContextWords
from secure_core.detectors.languages import language
from secure_core.detectors.pii import Pii
from secure_core.testing import DetectorContract
from secure_core.types import Context, Finding, Stage

HERE = Context(Stage.RETRIEVAL)


@pytest.fixture(scope="module")
def pii() -> Pii:
    return Pii()


def found(pii: Pii, text: str) -> set[tuple[str, str]]:
    """Return category and matched text of each finding."""
    return {(one.category[4:], text[one.start : one.end]) for one in pii.detect([text], [HERE])[0]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Ring +12125550147 first", "+12125550147"),
        ("2125550147 x12", "2125550147 x12"),
        ("2125550147 ext. 12", "2125550147 ext. 12"),
        ("212-555-0147~12", "212-555-0147~12"),
        ("٢١٢-٥٥٥-٠١٤٧ x١٢", "٢١٢-٥٥٥-٠١٤٧"),
        ("+1 212-555-0147 00 000 000 000/030 1234567 ", "212-555-0147"),
        ("+1 212-555-0147 00 000 000 000/030 1234567 ", "030 1234567"),
    ],
)
def test_a_number_is_found_with_what_belongs_to_it(pii: Pii, text: str, value: str) -> None:
    assert ("phone_number", value) in found(pii, text)


@pytest.mark.parametrize("text", ["2125550147", "[2125550147", "1200000000x 000 000 000 A-A-0 00", "id 2125550147,12#"])
def test_a_bare_run_of_digits_is_no_phone_number(pii: Pii, text: str) -> None:
    assert not any(category == "phone_number" for category, _ in found(pii, text))


@pytest.mark.parametrize(
    ("text", "category", "value"),
    [
        ("Write to jo.doe@example.com today", "email_address", "jo.doe@example.com"),
        ("Ring +44 20 7946 0018 first", "phone_number", "+44 20 7946 0018"),
        ("Phone: 450 0840", "phone_number", "450 0840"),
        ("Mobile 72 128 827 after six", "phone_number", "72 128 827"),
        ("Téléphone : 01 42 68 53 00", "phone_number", "01 42 68 53 00"),
        ("card 4111 1111 1111 1111 please", "credit_card", "4111 1111 1111 1111"),
        ("card 2221-0000-0000-0009 please", "credit_card", "2221-0000-0000-0009"),
        ("card 3782 822463 10005 please", "credit_card", "3782 822463 10005"),
        ("card 630400000000 please", "credit_card", "630400000000"),
        ("my iban is de89370400440532013000", "iban_code", "de89370400440532013000"),
        ("IBAN DE89 3704 0044 0532 0130 00", "iban_code", "DE89 3704 0044 0532 0130 00"),
        ("SSN 078-05-1121 on file", "us_ssn", "078-05-1121"),
        ("host 10.20.30.40 is down", "ip_address", "10.20.30.40"),
        ("born 24/12/1990 in Bern", "date_time", "24/12/1990"),
        ("postcode SW1A 1AA", "uk_postcode", "SW1A 1AA"),
        ("see https://example.org/a?b=c now", "url", "https://example.org/a?b=c"),
        ("mac 00:1A:2B:3C:4D:5E", "mac_address", "00:1A:2B:3C:4D:5E"),
        ("Reisepass C01234565 liegt bei", "de_passport", "C01234565"),
    ],
)
def test_it_finds(pii: Pii, text: str, category: str, value: str) -> None:
    assert (category, value) in found(pii, text)


@pytest.mark.parametrize(
    "text",
    [
        "The committee met in 2024 and agreed on 1,500 copies of the report.",
        "It takes 20 to 30 minutes, or 3 hours in 1 of 4 cases; see pages 12-15.",
        "The order 123456789 shipped with 12345 other parcels.",
        "Version 2.10.3 replaces 2.9 of the plan; use H2O, not CO2.",
        "Room B12, floor 3, bus 42, the 1980s, 50% off, $19.99.",
        "[US_SSN] and [EMAIL_ADDRESS] were sent to [PHONE_NUMBER_1], see [CREDIT_CARD]",
        "",
    ],
)
def test_it_leaves_prose_alone(pii: Pii, text: str) -> None:
    assert found(pii, text) == set()


@pytest.mark.parametrize("text", ["fw 10.1.12.20 ok", "build 1.2.10.4", "ref 12/05/2024/7"])
def test_a_date_is_not_seen_in_a_longer_number(pii: Pii, text: str) -> None:
    assert not any(category == "date_time" for category, _ in found(pii, text))


def test_a_placeholder_is_no_context(pii: Pii) -> None:
    assert ("us_bank_number", "12345678") in found(pii, "US_BANK_NUMBER bank 12345678")
    assert found(pii, "[US_BANK_NUMBER] 12345678") == set()


def test_a_context_word_makes_the_difference(pii: Pii) -> None:
    assert ("us_bank_number", "12345678") in found(pii, "account 12345678")
    assert found(pii, "the number is 12345678, or so") == set()


def test_a_rule_is_kept_off_other_languages(pii: Pii) -> None:
    text = "der bank account und die check Nummer ist 12345678 von dem Kunden auf der Liste"
    assert ("us_bank_number", "12345678") not in found(pii, text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("the report is on the table and it was read", "en"),
        ("das ist nicht der brief und die rechnung von dem amt", "de"),
        ("el informe está en la mesa y no se lo que es", "es"),
        ("사업자등록번호", "ko"),
        ("12345", None),
        ("hotel taxi bank", None),
    ],
)
def test_a_language_is_told_by_its_small_words(text: str, code: str | None) -> None:
    assert language(text) == code


def test_short_context_words_stand_alone() -> None:
    words = ContextWords(["ort", "nummer", "PIN"])
    assert words.speak_in("ort: 1")
    assert words.speak_in("kontonummer 1")
    assert words.speak_in("pin#1")
    assert not words.speak_in("report, pinned")


@pytest.mark.parametrize(
    ("number", "issued"),
    [
        ("4111111111111111", True),
        ("4111 1111 1111 1112", False),
        ("630400000000", True),
        ("2221000000000009", True),
        ("0000000000000000", False),
        ("9999999999999995", False),
    ],
)
def test_cards_are_issued_by_somebody(number: str, issued: bool) -> None:
    assert is_card(number) is issued


@given(st.integers(min_value=10**11, max_value=10**18))
def test_one_check_digit_in_ten_fits(body: int) -> None:
    assert sum(luhn(f"{body}{digit}") for digit in range(10)) == 1


def test_many_texts_are_as_many_single_ones(pii: Pii) -> None:
    texts = ["jo@example.com", "nothing", "", "call 450 0840", "x" * 3000, "ip 10.0.0.1"] * 40
    assert pii.detect(texts, [HERE] * len(texts)) == [pii.detect([text], [HERE])[0] for text in texts]


def test_a_long_text_is_searched_to_its_end(pii: Pii) -> None:
    text = "word " * 3000 + "jo@example.com" + " word" * 3000 + " ip 10.20.30.40"
    values = {text[one.start : one.end] for one in pii.detect([text], [HERE])[0]}
    assert {"jo@example.com", "10.20.30.40"} <= values


def test_it_survives_pickling(pii: Pii) -> None:
    copy = pickle.loads(pickle.dumps(pii))
    assert copy.detect(["jo@example.com"], [HERE]) == pii.detect(["jo@example.com"], [HERE])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"regions": ["xx"]}, "regions: xx unknown"),
        ({"phone_regions": ["XX"]}, "phone_regions: XX unknown"),
        ({"entities": ["NAME"]}, "entities: NAME unknown"),
        ({"exclude": ["NAME"]}, "exclude: NAME unknown"),
        ({"min_score": 2}, "between 0 and 1"),
        ({"model": "no_such_pipeline"}, "no spaCy pipeline"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Pii(**options)  # type: ignore[arg-type]


def test_a_list_is_asked_for() -> None:
    with pytest.raises(TypeError, match="regions is a list"):
        Pii(regions="us")


def test_regions_and_entities_choose() -> None:
    assert found(Pii(regions=["us"]), "postcode SW1A 1AA") == set()
    assert found(Pii(entities=["IP_ADDRESS"]), "jo@example.com on 10.20.30.40") == {("ip_address", "10.20.30.40")}
    assert ("url", "example.com") not in found(Pii(exclude=["URL"]), "jo@example.com")


def test_names_come_from_an_installed_pipeline(tmp_path: Path) -> None:
    spacy = pytest.importorskip("spacy")
    pipeline = spacy.blank("en")
    pipeline.add_pipe("entity_ruler").add_patterns(
        [{"label": "GPE", "pattern": "Bern"}, {"label": "DATE", "pattern": "7"}]
    )
    pipeline.to_disk(tmp_path / "names")
    pii = Pii(model=str(tmp_path / "names"))
    assert found(pii, "She is in Bern at 7") == {("location", "Bern")}
    assert found(pii, "Sie ist nicht in Bern und das ist auch gut") == set()


def test_a_check_that_raises_is_no_failure(pii: Pii) -> None:
    assert found(pii, "AAAAAA00B29A1L٣A") <= {("it_fiscal_code", "AAAAAA00B29A1L٣A")}


def test_nothing_is_fetched(pii: Pii, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert ("email_address", "jo@sub.example.co.uk") in found(pii, "jo@sub.example.co.uk")


def test_nothing_is_logged(pii: Pii, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        found(pii, "IBAN CS48CZ3445768İ5970, jo@example.com, +1 212-555-0147")
    assert caplog.records == []


def test_no_model_library_is_loaded() -> None:
    code = (
        "import sys; from secure_core.detectors.pii import Pii; Pii().detect(['jo@example.com +1 212-555-0147'], []);"
        "heavy = {'spacy', 'torch', 'transformers', 'numpy', 'presidio_analyzer'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "shape", ["1234567890", "+1 ", "@a.", "a@a.", "www.a.", "ab:cd:", "1-", "pan abcdefghij ", "٣"]
)
def test_four_times_the_text_is_four_times_the_work(pii: Pii, shape: str) -> None:
    def calls(size: int) -> int:
        count = 0

        def note(*_: object) -> None:
            nonlocal count
            count += 1

        text = (shape * (size // len(shape) + 1))[:size]
        sys.setprofile(note)
        try:
            pii.detect([text], [HERE])
        finally:
            sys.setprofile(None)
        return count

    calls(10_000)  # what is compiled at first use is no part of it
    assert calls(40_000) < 5 * calls(10_000) + 1000


class TestContract(DetectorContract):
    """The rules for any detector."""

    detector = Pii()
    positives = ("write to jo.doe@example.com", "call +44 20 7946 0018", "card 4111 1111 1111 1111")
    negatives = ("nothing to see here", "")


def test_findings_are_in_order_and_apart_from_the_text(pii: Pii) -> None:
    first, *_ = pii.detect(["b@example.com, a@example.org"], [HERE])[0]
    assert isinstance(first, Finding)
    assert "example" not in repr(first)
