"""Findings and what the rules say of them -> disjoint edits -> text."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from .normalize import View
from .operators import OPERATORS, Means, Order
from .types import Edit, Finding

__all__ = ["Settling", "apply", "plan"]


def plan(text: str, orders: Sequence[Order], means: Means) -> list[Edit]:
    """Turn orders into edits: disjoint, in order of place, covering every span that was ordered.

    Spans that overlap become one edit. What it is rewritten to is decided by the order that reveals
    least, covers most, and is surest. An operator that keeps the words (`escape`, `delimit`) is
    applied around the edits inside its span.
    """
    spans = [order for order in orders if order.finding.end > order.finding.start]
    edits = _merge([order for order in spans if not order.operator.keeps], text, means)
    for order in sorted((o for o in spans if o.operator.keeps), key=lambda o: o.finding.end - o.finding.start):
        _enclose(order, edits, text, means)
    return [edit for edit in edits if edit.replacement != text[edit.start : edit.end]]


def _merge(orders: Sequence[Order], text: str, means: Means) -> list[Edit]:
    edits = []
    cluster: list[Order] = []
    end = -1
    for order in sorted(orders, key=lambda order: order.finding):
        if cluster and order.finding.start >= end:
            edits.append(_rewrite(cluster, end, text, means))
            cluster = []
        cluster.append(order)
        end = max(end, order.finding.end) if len(cluster) > 1 else order.finding.end
    if cluster:
        edits.append(_rewrite(cluster, end, text, means))
    return edits


def _rewrite(cluster: Sequence[Order], end: int, text: str, means: Means) -> Edit:
    def weight(order: Order) -> tuple[bool, int, float]:
        return order.operator.reveals, order.finding.start - order.finding.end, -order.finding.score

    chosen = min(cluster, key=weight)
    start = cluster[0].finding.start
    return Edit(start, end, chosen.operator.rewrite(text[start:end], chosen.finding, chosen.options, means))


def _enclose(order: Order, edits: list[Edit], text: str, means: Means) -> None:
    """Apply an operator that keeps the words to its span, around the edits that touch it."""
    first, last = _touching(edits, order.finding.start, order.finding.end)
    inside = edits[first:last]
    start = min([order.finding.start, *(edit.start for edit in inside)])
    end = max([order.finding.end, *(edit.end for edit in inside)])
    marks = order.operator.around(order.finding, order.options, means) if order.operator.around else ("", "")
    if marks[0] and _is_between(text, start, end, *marks):
        return  # done in an earlier pass
    parts = [marks[0]]
    at = start
    for edit in [*inside, Edit(end, end, "")]:
        kept = order.operator.rewrite(text[at : edit.start], order.finding, order.options, means)
        parts += (_without(kept, marks), edit.replacement)
        at = edit.end
    edits[first:last] = [Edit(start, end, "".join([*parts, marks[1]]))]


def _touching(edits: Sequence[Edit], start: int, end: int) -> tuple[int, int]:
    """Return which edits, disjoint and in order, share a character with the range: first, and one behind the last."""
    return bisect_right(edits, start, key=lambda edit: edit.end), bisect_left(edits, end, key=lambda edit: edit.start)


def _is_between(text: str, start: int, end: int, before: str, behind: str) -> bool:
    """Whether the span stands, or is, between one pair of marks: whoever has seen them cannot add another."""
    if text.endswith(before, 0, start) and text.startswith(behind, end):
        return True
    framed = text.startswith(before, start) and text.endswith(behind, start, end)
    inner = text[start + len(before) : end - len(behind)]
    return framed and before not in inner and behind not in inner


def _without(text: str, marks: tuple[str, str]) -> str:
    """Take marks out that somebody has learned and written into the text."""
    while any(mark and mark in text for mark in marks):
        for mark in marks:
            text = text.replace(mark, "")
    return text


def apply(text: str, edits: Sequence[Edit]) -> View:
    """Return the rewritten text, with the map of its offsets back to ``text``."""
    parts: list[str] = []
    at, below = array("q", (0,)), array("q", (0,))
    taken = length = 0
    for edit in edits:
        parts += (text[taken : edit.start], edit.replacement)
        length += edit.start - taken
        at.extend((length, length + len(edit.replacement)))
        below.extend((edit.start, edit.end))
        length += len(edit.replacement)
        taken = edit.end
    return View("sanitized", "".join([*parts, text[taken:]]), at, below)


class Settling:
    """A text and its edits on their way to rest.

    Taking something out can put together what stood around it, so the rewritten text is looked at
    again, and what is found there is carried back and redacted, until nothing more is found.
    """

    def __init__(self, text: str, orders: Sequence[Order], means: Means) -> None:
        self._text, self._orders, self._means = text, list(orders), means
        self._plan()

    def _plan(self) -> None:
        self.edits = plan(self._text, self._orders, self._means)
        self.rewritten = apply(self._text, self.edits)

    def take(self, found: Sequence[Order]) -> bool:
        """Add what was found in the rewritten text; return whether that changes it once more."""
        left = [order for order in found if plan(self.rewritten.text, [order], self._means)]
        if left:
            self._orders += map(self._carried, left)
            self._plan()
        return bool(left)

    def _carried(self, order: Order) -> Order:
        """Return an order on the rewritten text as one on the text; what touches an edit goes together with it."""
        start, end = self.rewritten.source(order.finding.start, order.finding.end)
        first, last = _touching(self.edits, start, end)
        start = min([start, *(edit.start for edit in self.edits[first:last])])
        end = max([end, *(edit.end for edit in self.edits[first:last])])
        finding = Finding(start, end, order.finding.category, 1.0, order.finding.detector)
        return Order(finding, OPERATORS["redact"])

    def give_up(self) -> None:
        """Withhold a text that does not come to rest."""
        self.edits = [Edit(0, len(self._text), "[REDACTED]")]
