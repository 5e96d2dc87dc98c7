"""Policies: which detectors look, and what is done about what they find. Data, read from TOML."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from .detectors import within
from .errors import PolicyError
from .operators import OPERATORS
from .types import Action, Context, Finding, Stage

__all__ = ["DetectorSpec", "Limits", "Policy", "Rule", "overlaps", "shipped"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DetectorSpec(_Strict):
    """One detector and the options that it is built with."""

    name: str
    options: dict[str, Any] = {}


class Rule(_Strict):
    """What is done about findings of a category. The first rule that matches a finding decides it."""

    category: tuple[str, ...]
    """``pii.email_address``, or a family: ``pii.*``, ``*``. One or a list."""
    action: Action
    stages: tuple[Stage, ...] = tuple(Stage)
    sources: tuple[str, ...] = ("*",)
    """Shell patterns for `Context.source`, such as the names of tools."""
    values: tuple[str, ...] = ("*",)
    """Shell patterns for what was found, in either case: ``*@example.com``."""
    min_score: float = Field(default=0.0, ge=0.0, le=1.0)
    operator: str = "redact"
    options: dict[str, Any] = {}
    """Options of the operator."""

    @field_validator("category", "sources", "values", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("action", mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        if isinstance(value, str):
            if value.upper() not in Action.__members__:
                raise ValueError(f"must be one of {', '.join(name.lower() for name in Action.__members__)}")
            return Action[value.upper()]
        return value

    @model_validator(mode="after")
    def _operator_exists(self) -> Self:
        if self.operator not in OPERATORS:
            raise ValueError(f"no operator {self.operator!r}; there are: {', '.join(sorted(OPERATORS))}")
        OPERATORS[self.operator].validate(self.options)
        return self

    def speaks_of(self, category: str, stage: Stage) -> bool:
        """Whether this rule may decide findings of the category at that stage."""
        return stage in self.stages and any(within(category, pattern) for pattern in self.category)

    def covers(self, finding: Finding, context: Context, text: str) -> bool:
        """Whether this rule decides a finding in ``text`` of a category that it speaks of at that stage."""
        return (
            finding.score >= self.min_score
            and _named(context.source, self.sources)
            and (not self.lists_values or self._lists(text[finding.start : finding.end]))
        )

    @property
    def lists_values(self) -> bool:
        """Whether it is for some values only."""
        return self.values != ("*",)

    def _lists(self, found: str) -> bool:
        return any(fnmatchcase(found.lower(), glob.lower()) for glob in self.values)


class Limits(_Strict):
    """Bounds beyond which a text is refused rather than judged."""

    max_chars: int = Field(default=4_000_000, gt=0)
    """Longest text, in characters."""
    max_hold: int = Field(default=262_144, gt=0)
    """Most characters that a stream holds back before it gives up and blocks."""


class Restore(_Strict):
    """Where, and for whom, the stand-ins of a category are turned back into what they stand for."""

    category: tuple[str, ...]
    """As in a rule; one or a list."""
    stages: tuple[Stage, ...] = tuple(Stage)
    sources: tuple[str, ...] = ("*",)
    """Shell patterns for `Context.source`, such as the names of tools."""
    principals: tuple[str, ...] = ("*",)
    """Shell patterns for `Context.principal`."""

    @field_validator("category", "sources", "principals", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    def covers(self, category: str, context: Context) -> bool:
        """Whether this entry lets the category be restored there."""
        return (
            context.stage in self.stages
            and any(within(category, pattern) for pattern in self.category)
            and _named(context.source, self.sources)
            and _named(context.principal, self.principals)
        )


class Policy(_Strict):
    """Detectors and rules. Immutable; its digest names it in every decision.

    >>> policy = Policy.model_validate({"name": "mine", "rules": [{"category": "secret.*", "action": "block"}]})
    >>> [spec.name for spec in policy.detectors]
    ['secrets']
    """

    name: str = "custom"
    description: str = ""
    on_error: Literal["closed", "open"] = "closed"
    """What a failing detector does: ``closed`` raises, ``open`` passes the text on as not scanned."""
    limits: Limits = Limits()
    detectors: tuple[DetectorSpec, ...] = ()
    """Left out, the shipped detectors that the rules speak of are taken."""
    rules: tuple[Rule, ...] = ()
    restore: tuple[Restore, ...] = ()
    """Left out, whoever holds the bound guard may have everything restored, everywhere."""

    @model_validator(mode="before")
    @classmethod
    def _detectors_from_rules(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and "detectors" not in data and isinstance(data.get("rules"), list | tuple):
            wanted = [category for rule in data["rules"] for category in _categories_of(rule)]
            names = [name for family, name in _SHIPPED.items() if any(overlaps(c, family) for c in wanted)]
            return {**data, "detectors": [{"name": name} for name in dict.fromkeys(names)]}
        return data

    @model_validator(mode="after")
    def _each_detector_once(self) -> Self:
        names = [spec.name for spec in self.detectors]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"detectors: {', '.join(twice)} stands here more than once")
        return self

    @cached_property
    def digest(self) -> str:
        """Sixteen hex digits that name this policy's content (SHA-256 of its canonical JSON)."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    def rule_for(self, finding: Finding, context: Context, text: str = "") -> Rule | None:
        """Return the rule that decides a finding in ``text``; ``None``: nothing is done about it."""
        for rule in self._rules_on(finding.category, context.stage):
            if rule.covers(finding, context, text):
                return rule
        return None

    def ruled(self, findings: Iterable[Finding], context: Context, text: str) -> list[tuple[Finding, Rule]]:
        """Return what in ``text`` a rule acts on, each with its rule; the rest is as if it had not been found.

        A value that a rule lists and lets pass, passes whole: nothing of its family is acted on inside of it.
        """
        decided = [(finding, self.rule_for(finding, context, text)) for finding in findings]
        passed = [finding for finding, rule in decided if rule and rule.action is Action.ALLOW and rule.lists_values]
        return [
            (finding, rule)
            for finding, rule in decided
            if rule and rule.action is not Action.ALLOW and not any(_inside(finding, each) for each in passed)
        ]

    @cached_property
    def _spoken_of(self) -> dict[tuple[str, Stage], tuple[Rule, ...]]:
        return {}

    def _rules_on(self, category: str, stage: Stage) -> tuple[Rule, ...]:
        """Return the rules that speak of a category at a stage, in order; looked up once for each pair."""
        if (category, stage) not in self._spoken_of:
            self._spoken_of[category, stage] = tuple(rule for rule in self.rules if rule.speaks_of(category, stage))
        return self._spoken_of[category, stage]

    def looks_for(self, categories: tuple[str, ...], stage: Stage) -> bool:
        """Whether any rule acts on one of these categories at that stage."""
        return any(
            rule.action is not Action.ALLOW and stage in rule.stages and overlaps(pattern, category)
            for rule in self.rules
            for pattern in rule.category
            for category in categories
        )

    def may_block(self, stage: Stage) -> bool:
        """Whether a text may be blocked at that stage, so that a stream cannot release it early."""
        return any(rule.action is Action.BLOCK and stage in rule.stages for rule in self.rules)

    def pseudonymizes(self, stage: Stage) -> bool:
        """Whether a rule puts stand-ins in the place of values at that stage, which needs a vault."""
        return any(
            rule.action is Action.SANITIZE and rule.operator == "pseudonymize" and stage in rule.stages
            for rule in self.rules
        )

    def restores(self, category: str, context: Context) -> bool:
        """Whether stand-ins of a category are turned back there."""
        return not self.restore or any(entry.covers(category, context) for entry in self.restore)

    @classmethod
    def load(cls, source: str | Path) -> Policy:
        """Read a shipped policy by name (``observe``, ``default``, ``strict``) or a TOML file by path.

        Raises:
            PolicyError: there is no such policy, or it is wrong; the message names key and line.
        """
        if isinstance(source, str) and source in shipped():
            text = (resources.files(__package__) / "policies" / f"{source}.toml").read_text("utf-8")
            return cls.loads(text, place=f"{source}.toml")
        path = Path(source)
        try:
            toml = path.read_text("utf-8")
        except (OSError, ValueError):
            raise PolicyError(
                f"no policy {str(source)!r}: neither a text file nor one of {', '.join(shipped())}"
            ) from None
        return cls.loads(toml, place=str(path))

    @classmethod
    def loads(cls, toml: str, place: str = "policy") -> Policy:
        """Read a policy from TOML; ``place`` stands in the messages of errors.

        Raises:
            PolicyError: as `load`.
        """
        try:
            return cls.model_validate(tomllib.loads(toml))
        except tomllib.TOMLDecodeError as error:
            raise PolicyError(f"{place}: not TOML: {error}") from None
        except ValidationError as error:
            raise PolicyError("\n".join(_explain(problem, toml, place) for problem in error.errors())) from None


_SHIPPED = {
    "secret.*": "secrets",
    "pii.*": "pii",
    "injection.*": "injection",
    "markup.script": "markup",
    "markup.event_handler": "markup",
    "markup.active_html": "markup",
    "markup.dangerous_url": "markup",
    "markup.exfil_image": "markup",
    "markup.exfil_link": "markup",
    "markup.sql": "sql",
    "markup.shell": "shell",
}


def shipped() -> tuple[str, ...]:
    """Return the names of the policies that come with the library."""
    return ("observe", "default", "strict")


def _inside(finding: Finding, other: Finding) -> bool:
    family = other.category.partition(".")[0]
    return other.start <= finding.start and finding.end <= other.end and within(finding.category, f"{family}.*")


def _named(name: str | None, globs: tuple[str, ...]) -> bool:
    return globs == ("*",) or any(fnmatchcase(name or "", glob) for glob in globs)


def overlaps(pattern: str, other: str) -> bool:
    """Whether two categories or families have anything in common."""
    return (
        within(other.removesuffix(".*"), pattern)
        or within(pattern.removesuffix(".*"), other)
        or (pattern.endswith(".*") and other == pattern)
    )


def _categories_of(rule: Any) -> tuple[str, ...]:
    category = rule.get("category") if isinstance(rule, Mapping) else getattr(rule, "category", None)
    if isinstance(category, list | tuple):
        return tuple(each for each in category if isinstance(each, str))
    return (category,) if isinstance(category, str) else ()


def _explain(problem: Any, toml: str, place: str) -> str:
    """Say what is wrong with a policy file, where, and what was probably meant."""
    location = [str(step) for step in problem["loc"]]
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        known = _keys_at(problem["loc"])
        near = get_close_matches(location[-1], known, 1)
        message = f"unknown key; did you mean {near[0]!r}?" if near else f"unknown key; there are: {', '.join(known)}"
    line = _line_of(problem["loc"], toml)
    return f"{place}{f':{line}' if line else ''}: {'.'.join(location) or 'policy'}: {message}"


def _keys_at(location: tuple[int | str, ...]) -> list[str]:
    tables: dict[str, type[BaseModel]] = {
        "rules": Rule,
        "detectors": DetectorSpec,
        "limits": Limits,
        "restore": Restore,
    }
    table = tables.get(str(location[0]), Policy)
    return list((Policy if len(location) == 1 else table).model_fields)


def _line_of(location: tuple[int | str, ...], toml: str) -> int | None:
    """Return the line (from 1) on which a key stands; ``tomllib`` does not tell."""
    lines = toml.splitlines()
    at = 0
    if len(location) > 1:
        header = re.compile(rf"\s*\[+\s*{re.escape(str(location[0]))}\s*\]+")
        headers = [number for number, line in enumerate(lines) if header.match(line)]
        index = location[1] if isinstance(location[1], int) else 0
        if index >= len(headers):
            return None
        at = headers[index]
    keys = [step for step in location if isinstance(step, str)]
    for number in range(at, len(lines)):
        if number > at and lines[number].lstrip().startswith("["):
            break
        if keys and re.match(rf"\s*{re.escape(keys[-1])}\s*=", lines[number]):
            return number + 1
    return at + 1
