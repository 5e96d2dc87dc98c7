"""Findings and what the rules say of them -> disjoint edits -> text."""

from __future__ import annotations

import hashlib
import hmac
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .errors import InputError
from .normalize import View
from .types import Edit, Finding

__all__ = ["OPERATORS", "UNBOUND", "Means", "Operator", "Order", "Pseudonyms", "apply", "plan", "register", "settle"]

_ROUNDS = 4
"""How often a rewritten text is looked at again before it is given up."""


UNBOUND = "the policy pseudonymizes, which needs a vault: guard.bind(vault=..., tenant=..., session=...)"


class Pseudonyms(Protocol):
    """The stand-ins of one scope of a vault (`secure_core.vault`)."""

    def stand_in(self, value: str, category: str, options: Mapping[str, Any]) -> str:
        """Return what stands for a value, always the same, once the vault holds it for good."""
        ...

    def ready(self, texts: Sequence[tuple[str, Sequence[Order]]]) -> Pseudonyms:
        """Return the same, with what the orders on these texts will ask for made in one step."""
        ...

    def spare(self, text: str, findings: Sequence[Finding]) -> Sequence[Finding]:
        """Return the findings but for those that see something in one of the scope's stand-ins."""
        ...

    def plainer(self, text: str, edits: Sequence[Edit], planned: Sequence[Edit]) -> Pseudonyms | None:
        """Return what makes unmistakable stand-ins, if those in the edits mix with the text around them."""
        ...


@dataclass(frozen=True, slots=True)
class Means:
    """What an operator may use besides the text: the guard's secret key, and the vault that is bound to it."""

    key: bytes = field(repr=False)
    pseudonyms: Pseudonyms | None = None


@dataclass(frozen=True, slots=True)
class Operator:
    """One way to rewrite a span.

    ``rewrite`` gets the matched text, the finding, the rule's options and the guard's means, and
    returns what shall stand there.
    """

    name: str
    rewrite: Callable[[str, Finding, Mapping[str, Any], Means], str]
    options: Mapping[str, type] = field(default_factory=dict)
    """The options that it knows, and their types."""
    keeps: bool = False
    """It leaves the words standing, so that what is found inside of the span is rewritten as well."""
    around: Callable[[Finding, Mapping[str, Any], Means], tuple[str, str]] | None = None
    """For an operator that keeps: what is put before and behind the span."""
    reveals: bool = False
    """It may leave a part of the value standing; any other operator goes before it."""
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of an option that takes one of a few words: those words."""

    def validate(self, options: Mapping[str, Any]) -> None:
        """Refuse options that this operator does not know.

        Raises:
            ValueError: names the option and what is allowed.
        """
        for name, value in options.items():
            if name not in self.options:
                known = ", ".join(sorted(self.options)) or "none"
                raise ValueError(f"operator {self.name!r} has no option {name!r}; it has: {known}")
            if type(value) is not self.options[name] or (isinstance(value, int) and value < 0):
                kind = "a whole number from 0" if self.options[name] is int else self.options[name].__name__
                raise ValueError(f"option {name!r} of operator {self.name!r} must be {kind}")
            if value not in self.choices.get(name, (value,)):
                raise ValueError(f"option {name!r} of operator {self.name!r}: one of {', '.join(self.choices[name])}")


@dataclass(frozen=True, slots=True)
class Order:
    """A finding and how its span is to be rewritten."""

    finding: Finding
    operator: Operator
    options: Mapping[str, Any] = field(default_factory=dict)


OPERATORS: dict[str, Operator] = {}


def register(operator: Operator) -> Operator:
    """Make an operator known to policies by its name.

    Raises:
        ValueError: the name is taken.
    """
    if operator.name in OPERATORS:
        raise ValueError(f"there is an operator {operator.name!r} already")
    OPERATORS[operator.name] = operator
    return operator


# -- the operators ---------------------------------------------------------------------------------


def _entity(finding: Finding) -> str:
    return finding.category.rpartition(".")[2].upper()


def _keyed(key: bytes, *parts: str) -> str:
    """Return a keyed digest in letters a-p: no detector takes letters for a number."""
    digest = hmac.new(key, "\0".join(parts).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    return digest[:16].translate(_LETTERS)


_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_ESCAPES = str.maketrans({c: f"&#{ord(c)};" for c in "<>\"'`[]()!:\\="})


def _redact(matched: str, finding: Finding, options: Mapping[str, Any], means: Means) -> str:
    return str(options.get("text", "[{entity}]")).replace("{entity}", _entity(finding))


def _mask(matched: str, finding: Finding, options: Mapping[str, Any], means: Means) -> str:
    room = len(matched) // 3  # never show more than a third
    last: int = min(options.get("keep_last", 0), room)
    first: int = min(options.get("keep_first", 0), room - last)
    hidden = str(options.get("char", "*")) * (len(matched) - first - last)
    return matched[:first] + hidden + matched[len(matched) - last :]


def _hash(matched: str, finding: Finding, options: Mapping[str, Any], means: Means) -> str:
    return f"[{_entity(finding)}:{_keyed(means.key, 'hash', finding.category, matched)}]"


def _delimiters(finding: Finding, options: Mapping[str, Any], means: Means) -> tuple[str, str]:
    name = f"{options.get('label', 'data')}-{_keyed(means.key, 'delimit', finding.category)[:8]}"
    return f"[[{name}]]", f"[[/{name}]]"


def _datamark(matched: str, finding: Finding, options: Mapping[str, Any], means: Means) -> str:
    mark = options.get("mark", "")
    return mark.join(matched.split(" ")) if mark else matched


def _pseudonymize(matched: str, finding: Finding, options: Mapping[str, Any], means: Means) -> str:
    if means.pseudonyms is None:
        raise InputError(UNBOUND)
    return means.pseudonyms.stand_in(matched, finding.category, options)


register(Operator("redact", _redact, {"text": str}))
register(Operator("mask", _mask, {"char": str, "keep_first": int, "keep_last": int}, reveals=True))
register(Operator("remove", lambda matched, finding, options, means: ""))
register(Operator("hash", _hash))
register(Operator("escape", lambda matched, finding, options, means: matched.translate(_ESCAPES), keeps=True))
register(
    Operator(
        "pseudonymize",
        _pseudonymize,
        {"style": str, "locale": str},
        reveals=True,  # to those who may see the value again
        choices={"style": ("token", "surrogate")},
    )
)
# Spotlighting (Hines et al. 2024, arXiv:2403.14720): delimiters that the writer of the text cannot
# guess, and optionally a mark between the words.
register(Operator("delimit", _datamark, {"label": str, "mark": str}, keeps=True, around=_delimiters))


# -- from orders to text ---------------------------------------------------------------------------


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


def settle(
    text: str, orders: Sequence[Order], look: Callable[[str], Generator[Any, Any, list[Order]]], means: Means
) -> Generator[Any, Any, list[Edit]]:
    """Return edits after which ``look`` finds nothing more to rewrite (both are parts of the guard's road).

    Taking something out can put together what stood around it, so the rewritten text is looked at
    again, and what is found is carried back to ``text`` and redacted. A text that does not come to
    rest is given up as a whole.
    """
    orders = list(orders)
    edits = plan(text, orders, means)
    for _ in range(_ROUNDS):
        view = apply(text, edits)
        found = yield from look(view.text)
        left = [order for order in found if plan(view.text, [order], means)]
        if not left:
            return edits
        for order in left:
            start, end = view.source(order.finding.start, order.finding.end)
            # What an edit left standing, or made, is redacted together with that edit.
            first, last = _touching(edits, start, end)
            start = min([start, *(edit.start for edit in edits[first:last])])
            end = max([end, *(edit.end for edit in edits[first:last])])
            finding = Finding(start, end, order.finding.category, 1.0, order.finding.detector)
            orders.append(Order(finding, OPERATORS["redact"]))
        edits = plan(text, orders, means)
    return [Edit(0, len(text), "[REDACTED]")] if text else []
