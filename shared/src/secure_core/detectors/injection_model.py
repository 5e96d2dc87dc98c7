"""Prompt injection by a model: attacks on the application, and orders to the model that reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..types import Context, Finding, Stage
from .disguises import undisguised
from .fields import fields, within_fields
from .placeholders import beside_placeholders, readable

if TYPE_CHECKING:
    from ..models import Judge, Surface, Verdict
    from ..normalize import View

__all__ = ["InjectionModel"]

ATTACK, INSTRUCTION = "injection.attack", "injection.instruction"

_REQUESTS = frozenset((Stage.INPUT, Stage.MEMORY))
"""Stages at which a user speaks, who may give orders."""

_MATERIAL = frozenset((Stage.RETRIEVAL, Stage.TOOL_RESULT, Stage.INGEST))
"""Stages of material, which may not."""

_ADDRESS = r"(?:[\w.+-]{1,64}@[\w.-]{1,200}\w|\+?\d[\d ()-]{5,20}\d|e-?mail address|phone number|credit card)"
_SOME = r" {1,2}"
_NAME = r"[^\W\d_][\w'’-]{0,30}"
_REFERRAL = re.compile(
    rf"(?:\b(?:please )?(?:ask|contact|call|reach|mail|e-?mail|write to|write|phone|see)(?:{_SOME}{_NAME}){{0,3}}"
    rf"(?: (?:at|on|via|under))?:?{_SOME}\(?|(?<!.){_NAME}(?:{_SOME}{_NAME}){{0,3}} ?:{_SOME})"
    rf" ?{_ADDRESS}(?: ?,?{_SOME}(?:or |and )?(?:[^\W\d_]{{1,20}}{_SOME})?{_ADDRESS}){{0,3}}"
    rf"(?: ?\)? (?:about|for|with)(?: {_NAME}){{1,3}})?(?=[\s)]*(?:[.;!?]|\n|\Z))",
    re.IGNORECASE,
)
"""What says whom to ask, or is an entry in a list of contacts: no order, but the model takes it for one."""

_FLOOR = 0.2
"""Less is not worth reporting."""


class InjectionModel:
    """Asks a model where rules do not reach. A score of 0.5 is the model's calibrated threshold.

    A request is judged as a whole: ``injection.attack``. In material each order is found by itself,
    ``injection.instruction``, and its range ends at the border of a sentence or field.

    Args:
        model: a sequence classifier of ``transformers`` (a folder or a hub id) to judge attacks, at all five
            stages, in the place of the shipped model.
        labels: of that model: the names of its labels that mean an attack.
        threshold: of that model: the probability that becomes a score of 0.5.

    Raises:
        IntegrityError: the shipped files are not what their signed manifest says.
        ValueError: the model, or a label, is not there.
        ImportError: transformers or torch is not installed, and a model is named.
    """

    name = "injection_model"
    categories = (ATTACK, INSTRUCTION)
    scope = "text"
    views = frozenset(("folded", "decoded"))
    stages = _REQUESTS | _MATERIAL
    heavy = True

    def __init__(self, *, model: str | None = None, labels: Sequence[str] = (), threshold: float = 0.5) -> None:
        self._shipped = model is None
        self._judge = _shipped() if model is None else _named(model, labels, threshold)

    def screen(self, texts: Sequence[str]) -> list[bool]:
        """Say of each text whether there is a word in it."""
        return [any(map(str.isalpha, text)) or undisguised(text).text != text for text in texts]

    def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
        """Return what each text holds; offsets are the text's own. Without a word in it, that is nothing."""
        from ..models import Surface

        found: list[list[Finding]] = [[] for _ in texts]
        worth_it = self.screen(texts)
        for stages, surface in ((_REQUESTS, Surface.PROMPT), (_MATERIAL, Surface.MATERIAL)):
            wanted = [n for n, context in enumerate(contexts) if worth_it[n] and context.stage in stages]
            shown = [undisguised(_shown(texts[n], surface)) for n in wanted]
            verdicts = self._judge.verdicts([view.text for view in shown], surface)
            for n, view, verdict in zip(wanted, shown, verdicts, strict=True):
                if surface is Surface.PROMPT or not self._shipped:
                    found[n] = list(self._attack(texts[n], verdict))
                else:
                    found[n] = list(self._orders(texts[n], view, verdict))
        return found

    def _attack(self, text: str, verdict: Verdict) -> Iterator[Finding]:
        if verdict.attack >= _FLOOR:
            yield Finding(0, len(text), ATTACK, verdict.attack, self.name)

    def _orders(self, text: str, view: View, verdict: Verdict) -> Iterator[Finding]:
        likely = [order for order in verdict.orders if order.score >= _FLOOR]
        inside = fields(text, [each.span() for each in _REFERRAL.finditer(readable(text))]) if likely else []
        for order in likely:
            for start, end in within_fields(text, *view.source(order.start, order.end), inside):
                if any(True for _ in beside_placeholders(text, start, end)):
                    yield Finding(start, end, INSTRUCTION, order.score, self.name)


def _shown(text: str, surface: Surface) -> str:
    """Return a text of the same length as the model is to read it."""
    shown = readable(text)
    return shown if surface == 0 else _REFERRAL.sub(lambda referral: " " * len(referral[0]), shown)


def _shipped() -> Judge:
    from ..models import shipped

    return shipped()


def _named(model: str, labels: Sequence[str], threshold: float) -> Judge:
    from ..models import HubClassifier, Judge, Thresholds

    classifier = HubClassifier(model, labels=dict.fromkeys(labels, "attack"))
    return Judge(classifier, Thresholds(attack=threshold))
