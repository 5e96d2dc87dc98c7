"""The gate loses nothing: what `Pii` finds is what Presidio finds with the same recognisers and no gate."""

from __future__ import annotations

import importlib
import re
import types
from typing import Any

import pytest
import tldextract
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from secure_core.detectors import phones
from secure_core.detectors._presidio import presidio, unfailing
from secure_core.detectors.conflicts import resolve, within_longer
from secure_core.detectors.context_words import ContextWords, boosted, window
from secure_core.detectors.evidence import ALONE, LEAST
from secure_core.detectors.expressions import rendered
from secure_core.detectors.languages import language
from secure_core.detectors.pii import Pii, made
from secure_core.detectors.readings import lowered, plain

from .presidio_texts import EXPRESSIONS, matched, renderings_in, texts

presidio_analyzer: Any = pytest.importorskip("presidio_analyzer")
nlp_engine: Any = pytest.importorskip("presidio_analyzer.nlp_engine")

EXACT = {
    expression: (one.pattern, one.width, one.after)
    for expression in EXPRESSIONS
    if (one := rendered(expression)) and one.width is not None
}
"""The expressions whose matches a pass of the gate places: their renderings, characters, and those behind."""

FEWEST = 5
"""Digits of a phone number."""
DOTTED = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?:/\d*)?")

many = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class NoModel(nlp_engine.NlpEngine):  # type: ignore[misc]
    """An NLP engine that knows no words, so that Presidio needs no spaCy pipeline."""

    def load(self) -> None: ...

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> Any:
        artifacts = nlp_engine.NlpArtifacts
        return artifacts(entities=[], tokens=[], tokens_indices=[], lemmas=[], nlp_engine=self, language=language)

    def process_batch(self, texts: Any, language: str, **_: Any) -> Any:
        return ((text, self.process_text(text, language)) for text in texts)

    def is_stopword(self, word: str, language: str) -> bool:
        return False

    def is_punct(self, word: str, language: str) -> bool:
        return False

    def get_supported_entities(self) -> list[str]:
        return []

    def get_supported_languages(self) -> list[str]:
        return ["en"]


class OurContext(presidio_analyzer.ContextAwareEnhancer):  # type: ignore[misc]
    """Our context words, in Presidio's own place for them."""

    def __init__(self, homes: dict[str, str | None]) -> None:
        self.homes = homes
        super().__init__(
            context_similarity_factor=0.35,
            min_score_with_context_similarity=0.4,
            context_prefix_count=8,
            context_suffix_count=0,
        )

    def enhance_using_context(
        self, text: str, raw_results: Any, nlp_artifacts: Any, recognizers: Any, context: Any = None
    ) -> Any:
        lower = lowered(text)
        by_id = {each.id: each for each in recognizers}
        for result in raw_results:
            identity = result.recognition_metadata[result.RECOGNIZER_IDENTIFIER_KEY]
            home = self.homes[identity]
            result.score = min(result.score, ALONE.get(result.entity_type, 1.0))
            words = ContextWords(by_id[identity].context or ())
            if result.entity_type != "URL" and within_longer(lower, result.start, result.end):
                result.score = min(result.score, 0.3)
            elif words.speak_in(window(lower, result.start, result.end)) and (
                home is None or language(lower) in (None, "en", home)
            ):
                result.score = boosted(result.score)
        return raw_results


def kinds() -> list[Any]:
    """Return the recogniser classes of the package as anybody imports it."""
    email: Any = importlib.import_module("presidio_analyzer.predefined_recognizers.generic.email_recognizer")
    bundled = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    email.tldextract = types.SimpleNamespace(extract=bundled)
    return [getattr(importlib.import_module(kind.__module__), kind.__name__) for kind in presidio().recognizers()]


def engine(recognizers: list[Any], enhancer: Any = None) -> Any:
    return presidio_analyzer.AnalyzerEngine(
        registry=presidio_analyzer.RecognizerRegistry(recognizers=recognizers, supported_languages=["en"]),
        nlp_engine=NoModel(),
        context_aware_enhancer=enhancer,
        supported_languages=["en"],
    )


@pytest.fixture(scope="module", params=[0.0, 0.4], ids=["all", "default"])
def pair(request: pytest.FixtureRequest) -> tuple[Pii, Any]:
    """A `Pii`, and Presidio with its recognisers and without its gate."""
    least = {entity: min(score, request.param) for entity, score in LEAST.items()}
    wanted = [kind for kind in kinds() if kind.__name__ not in ("PhoneRecognizer", "ZaPhoneNumberRecognizer")]
    registered = list(made(presidio_analyzer, wanted, phones.REGIONS))
    for recognizer, _ in registered:
        entity = recognizer.supported_entities[0]
        recognizer.score_thresholds = {"default": least.get(entity, request.param)}
    homes = {recognizer.id: home for recognizer, home in registered}
    return Pii(min_score=request.param), engine([each for each, _ in registered], OurContext(homes))


@given(text=texts())
@example(text="1200000000x 000 000 000 A-A-0 00 000 000 000 ")
@example(text="+12125550147")
@many
def test_gated_findings_are_presidios(pair: tuple[Pii, Any], text: str) -> None:
    pii, ungated = pair
    theirs = resolve(text, ungated.analyze(text, "en"))
    found = {(one.start, one.end, one.category, round(one.score, 6)) for one in pii.detect([text], [])[0]}
    assert found == {(one.start, one.end, f"pii.{one.entity_type.lower()}", round(one.score, 6)) for one in theirs}


@given(text=texts())
@example(text="212-555-0147~12")
@example(text="600 00\xa000000\u20031100000000000 00000000000")
@example(text="+1 212-555-0147 00 000 000 000/030 1234567 ")
@example(text="1640 K00 000 ")
@many
def test_nothing_that_stock_presidio_finds_is_lost(stock: tuple[Pii, Any], text: str) -> None:
    pii, presidio_alone = stock
    found = pii.detect([text], [])[0]
    for one in resolve(text, presidio_alone.analyze(text, "en")):
        if (
            one.entity_type == "PHONE_NUMBER"
            and (
                DOTTED.fullmatch(text, one.start, one.end)  # the form of an address, and taken for that or nothing
                or sum(map(str.isdecimal, text[one.start : one.end])) < FEWEST  # a year, to stock a German number
            )
        ):
            continue
        category = f"pii.{one.entity_type.lower()}"
        anything = one.entity_type in ("DATE_TIME", "PHONE_NUMBER")  # may turn out to be a part of something else
        same = [other for other in found if anything or other.category == category]
        assert any(other.start < one.end and one.start < other.end for other in same), category


@pytest.fixture(scope="module")
def stock() -> tuple[Pii, Any]:
    """A `Pii` that reports all, and all of Presidio's recognisers, its own phone recogniser with them."""
    wanted = [kind for kind in kinds() if kind.__name__ != "ZaPhoneNumberRecognizer"]
    return Pii(min_score=0), engine([unfailing(kind(supported_language="en")) for kind in wanted])


@given(text=texts(), apart=st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_text_that_an_expression_matches_holds_its_rendering(text: str, apart: bool) -> None:
    held = renderings_in(text, apart=apart)
    for expression, spans in matched(EXPRESSIONS, text).items():
        if not apart or any(not within_longer(lowered(text), *span) for span in spans):
            assert rendered(expression, apart=apart).pattern in held  # type: ignore[union-attr]


@given(text=texts().filter(str.isascii))
@settings(max_examples=200, deadline=None)
def test_an_exact_rendering_ends_where_its_expression_does(text: str) -> None:
    ends = {pattern: {end - 1 for end in found} for pattern, found in renderings_in(text).items()}
    overlapping = matched(list(EXACT), text, overlapped=True)
    for expression, (pattern, width, after) in EXACT.items():
        spans = {(end - after - width, end - after) for end in ends.get(pattern, ())}
        assert spans == set(overlapping.get(expression, ()))


@given(st.text(max_size=30))
def test_a_reading_has_every_character_in_its_place(text: str) -> None:
    assert len(plain(text)) == len(lowered(text)) == len(text)
    assert plain(text).isascii()


def test_every_expression_has_a_rendering() -> None:
    assert all(rendered(expression) for expression in EXPRESSIONS)
