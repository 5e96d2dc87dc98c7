"""Operators: the ways to rewrite what was found, and what they may use besides the text."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .errors import InputError
from .types import Edit, Finding

__all__ = ["OPERATORS", "UNBOUND", "Means", "Operator", "Order", "Pseudonyms", "register"]

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
