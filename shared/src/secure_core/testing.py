"""Suites that a third party runs over a detector of its own, and ways to look at what was decided.

Subclass `DetectorContract` in a pytest module::

    class TestBadge(DetectorContract):
        detector = EmployeeBadge(prefix="EB")
        positives = ["badge EB12345 was used"]
        negatives = ["no badge here"]
"""

from __future__ import annotations

import asyncio
import inspect
import pickle
from collections.abc import Sequence

from .detectors import Detector
from .road import drive
from .scan import Piece, look
from .types import Context, Finding, Stage

__all__ = ["DetectorContract", "findings"]


def findings(detector: Detector, text: str, stage: Stage = Stage.RETRIEVAL) -> tuple[Finding, ...]:
    """Return what a guard would see through this detector: all readings, offsets of the text, no rules."""
    (seen,) = drive(look([Piece(text, Context(stage), (detector,))], fail_open=False))
    return seen.findings


class DetectorContract:
    """What every detector keeps: pytest collects these tests in a subclass."""

    detector: Detector
    positives: Sequence[str]
    """Texts in each of which it finds something."""
    negatives: Sequence[str] = ()
    """Texts in which it finds nothing."""
    stage: Stage = Stage.RETRIEVAL

    def _ask(self, texts: Sequence[str]) -> Sequence[Sequence[Finding]]:
        answer = self.detector.detect(list(texts), [Context(self.stage)] * len(texts))
        if inspect.isawaitable(answer):

            async def wait() -> Sequence[Sequence[Finding]]:
                return await answer

            return asyncio.run(wait())
        return answer

    def test_finds_each_positive(self) -> None:
        """Each of the positives is found."""
        for text in self.positives:
            assert findings(self.detector, text, self.stage), f"nothing found in positive {self.positives.index(text)}"  # noqa: S101

    def test_finds_nothing_in_negatives(self) -> None:
        """None of the negatives is found."""
        for text in self.negatives:
            assert not findings(self.detector, text, self.stage), f"negative {self.negatives.index(text)}"  # noqa: S101

    def test_offsets_lie_inside(self) -> None:
        """Offsets lie in the text that was given, scores in 0..1, categories among those declared."""
        texts = [*self.positives, *self.negatives, ""]
        families = tuple(self.detector.categories)
        for text, found in zip(texts, self._ask(texts), strict=True):
            for finding in found:
                assert 0 <= finding.start <= finding.end <= len(text)  # noqa: S101
                assert 0.0 <= finding.score <= 1.0  # noqa: S101
                assert any(  # noqa: S101
                    finding.category == family or (family.endswith("*") and finding.category.startswith(family[:-1]))
                    for family in families
                ), f"{finding.category} is not declared"

    def test_a_batch_is_as_one_by_one(self) -> None:
        """What it finds in a text does not depend on the texts beside it."""
        texts = [*self.positives, "", *self.negatives]
        together = [list(found) for found in self._ask(texts)]
        assert together == [list(self._ask([text])[0]) for text in texts]  # noqa: S101

    def test_can_be_pickled(self) -> None:
        """Guards travel to worker processes."""
        again = pickle.loads(pickle.dumps(self.detector))  # noqa: S301  # our own object
        assert again.name == self.detector.name  # noqa: S101
