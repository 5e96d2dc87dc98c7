"""The values that travel the road: frozen, without I/O, and without a word of the text they speak of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

__all__ = ["Action", "Context", "Decision", "Edit", "Finding", "Stage", "Status"]


class Stage(StrEnum):
    """Where a text stands in the pipeline when it is judged."""

    INPUT = "input"
    """What the user asks."""
    RETRIEVAL = "retrieval"
    """What a retriever brings."""
    TOOL_CALL = "tool_call"
    """The arguments that a model hands to a tool."""
    TOOL_RESULT = "tool_result"
    """What a tool answers."""
    OUTPUT = "output"
    """What the model says to whoever renders it."""
    INGEST = "ingest"
    """A document on its way into an index."""
    MEMORY = "memory"
    """What is written to, or read from, a conversation's memory."""


class Action(IntEnum):
    """What is done about a finding; the strictest action decides the text."""

    ALLOW = 0
    FLAG = 1
    SANITIZE = 2
    BLOCK = 3


class Status(StrEnum):
    """What became of a text."""

    CLEAN = "clean"
    FLAGGED = "flagged"
    SANITIZED = "sanitized"
    BLOCKED = "blocked"
    NOT_SCANNED = "not_scanned"
    """A detector failed and the policy says fail-open: this is no verdict."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything besides the text that a decision may depend on."""

    stage: Stage
    principal: str | None = field(default=None, repr=False)
    session: str | None = field(default=None, repr=False)
    tenant: str | None = field(default=None, repr=False)
    source: str | None = None
    """Where the text comes from: a tool's or a retriever's name, never its content."""
    labels: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that a detector saw: a range of the text, never the text.

    ``start`` and ``end`` are Python string offsets (code points) into the text that was given;
    an empty range speaks of the text as a whole.
    """

    start: int
    end: int
    category: str
    """Dotted: ``pii.person``, ``secret.aws_access_key``, ``injection.override``, ``markup.script``."""
    score: float = 1.0
    """Confidence in 0..1."""
    detector: str = ""

    def moved(self, by: int) -> Finding:
        """Return the same finding, ``by`` characters further on."""
        if not by:
            return self
        return Finding(self.start + by, self.end + by, self.category, self.score, self.detector)


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """A range of the source text and what stands there afterwards.

    The replacement is made by an operator; it is kept out of the repr because `escape` and
    `mask` leave parts of the original in it.
    """

    start: int
    end: int
    replacement: str = field(repr=False)

    def moved(self, by: int) -> Edit:
        """Return the same edit, ``by`` characters further on."""
        if not by:
            return self
        return Edit(self.start + by, self.end + by, self.replacement)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the guard decided about one text."""

    action: Action
    text: str = field(repr=False)
    """The text to pass on; empty if the action is `Action.BLOCK`."""
    context: Context
    findings: tuple[Finding, ...] = ()
    """What a rule flagged, sanitised or blocked, in order of place."""
    edits: tuple[Edit, ...] = ()
    """Disjoint, in order of place, in offsets of the text that was given."""
    status: Status = Status.CLEAN
    policy: str = ""
    """Digest of the policy that decided."""
    failed: tuple[str, ...] = ()
    """Detectors that failed under a fail-open policy."""

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories found, sorted, each once."""
        return tuple(sorted({finding.category for finding in self.findings}))
