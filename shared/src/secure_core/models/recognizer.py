"""The shipped model's entities for users of Presidio, who take it like any other recogniser."""

from __future__ import annotations

from typing import Any

from presidio_analyzer import AnalysisExplanation, EntityRecognizer, RecognizerResult

from .classifier import Surface
from .judge import Judge, shipped

__all__ = ["SmallModelRecognizer"]

_CONTEXT = ("name", "address", "phone", "tel", "call", "id", "number", "age", "born", "lives", "street", "contact")


class SmallModelRecognizer(EntityRecognizer):  # type: ignore[misc]
    """Names, places, organisations, dates, ages, titles and numbers, by the small model. No torch, no download.

    Args:
        entities: Presidio's names of what is reported; all that the model knows by default.
        judge: another model, if not the shipped one.
        options: the other arguments of Presidio's ``EntityRecognizer``.

    >>> from presidio_analyzer import AnalyzerEngine, RecognizerRegistry  # doctest: +SKIP
    >>> registry = RecognizerRegistry()  # doctest: +SKIP
    >>> registry.add_recognizer(SmallModelRecognizer())  # doctest: +SKIP
    """

    def __init__(self, entities: list[str] | None = None, judge: Judge | None = None, **options: Any) -> None:
        self._judge = judge or shipped()
        known = [tag.removeprefix("B-") for tag in self._judge.classifier.tags if tag.startswith("B-")]
        super().__init__(
            supported_entities=entities or known,
            name="SmallModelRecognizer",
            version=self._judge.classifier.version,
            **{"context": list(_CONTEXT), "supported_language": "en", **options},
        )

    def load(self) -> None:
        """Do nothing: the model is loaded at the first text."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:
        """Return what the model finds of ``entities``; scores are calibrated, 0.5 is the model's threshold."""
        (verdict,) = self._judge.verdicts([text], Surface.PROMPT)
        return [
            RecognizerResult(
                entity_type=each.kind,
                start=each.start,
                end=each.end,
                score=each.score,
                analysis_explanation=AnalysisExplanation(recognizer=self.name, original_score=each.score),
                recognition_metadata={
                    RecognizerResult.RECOGNIZER_NAME_KEY: self.name,
                    RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
                },
            )
            for each in verdict.entities
            if each.kind in (entities or self.supported_entities)
        ]
