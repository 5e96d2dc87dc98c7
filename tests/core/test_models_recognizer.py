"""The shipped model as a recogniser of Presidio, for those who use Presidio by itself."""

import pytest

pytest.importorskip("presidio_analyzer")

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

from secure_core.models import SmallModelRecognizer

TEXT = "The flat is rented by Ottilie Sanderberg, who works at the library."


class Blanks(NlpEngine):  # type: ignore[misc]
    """An NLP engine that does nothing, so that no spaCy pipeline is needed."""

    def load(self) -> None: ...

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        return NlpArtifacts([], [], [], [], self, language)

    def process_batch(self, texts, language, **kwargs):  # type: ignore[no-untyped-def]
        return ((text, self.process_text(text, language)) for text in texts)

    def is_stopword(self, word: str, language: str) -> bool:
        return False

    def is_punct(self, word: str, language: str) -> bool:
        return False

    def get_supported_entities(self) -> list[str]:
        return []

    def get_supported_languages(self) -> list[str]:
        return ["en"]


def test_it_is_a_recogniser_like_any_other() -> None:
    recognizer = SmallModelRecognizer(["PERSON"])
    assert isinstance(recognizer, EntityRecognizer)
    (found,) = recognizer.analyze(TEXT, ["PERSON"])
    assert "Sanderberg" in TEXT[found.start : found.end]
    assert found.score >= 0.5
    assert recognizer.analyze(TEXT, ["LOCATION"]) == []


def test_presidios_engine_takes_it() -> None:
    registry = RecognizerRegistry(recognizers=[SmallModelRecognizer()], supported_languages=["en"])
    engine = AnalyzerEngine(registry=registry, nlp_engine=Blanks(), supported_languages=["en"])
    assert any(each.entity_type == "PERSON" for each in engine.analyze(TEXT, language="en"))


def test_it_knows_what_the_model_knows() -> None:
    assert {"PERSON", "LOCATION", "ORGANIZATION", "DATE_TIME", "AGE"} <= set(SmallModelRecognizer().supported_entities)
