"""Sanitises a text that arrives in pieces, exactly as it would be sanitised whole."""

from __future__ import annotations

from time import time_ns
from typing import TYPE_CHECKING, NoReturn

from .admission import check_text
from .errors import Blocked, InputError, SecureError
from .road import drive
from .sanitize import apply
from .segment import Segment, Segmenter
from .types import Action, Context, Decision, Finding, Status

if TYPE_CHECKING:
    from .guard import Guard
    from .outcome import Outcome

__all__ = ["StreamSanitizer"]


class StreamSanitizer:
    """One stream of text: `push` what arrives, pass on what comes back, `flush` at the end.

    However the text is cut into chunks, what comes out, joined, is ``guard.check(text).text``. What
    belongs to a sentence or line that has not ended yet is held back. At a stage at which the policy
    may block, or at which a detector wants the text whole (`Guard.holds`), all is held until `flush`.

    Not for several threads at once, and not for several streams: make one for each key (content
    block, tool call, dictionary key).

    >>> from secure_core import Guard, Policy
    >>> policy = Policy.model_validate({"rules": [{"category": "secret.*", "action": "sanitize"}]})
    >>> stream = Guard(policy).stream(stage="output")
    >>> stream.push("Nothing to ") + stream.push("hide.") + stream.flush()
    'Nothing to hide.'
    """

    def __init__(self, guard: Guard, context: Context) -> None:
        self._guard = guard
        self._context = context
        self._limits = guard.policy.limits
        self._whole = guard.holds(context.stage)
        self._chunks: list[str] = []
        self._segmenter = Segmenter()
        self._outcomes: list[tuple[int, Outcome]] = []
        self._started = time_ns()
        self._held = 0
        self._failure: SecureError | None = None
        self.decision: Decision | None = None
        """The decision on all of the stream, once it is flushed or given up. Of a stream that was not held its
        ``text`` is empty: what was released is not kept."""

    def push(self, chunk: str) -> str:
        """Take a piece of the text; return what is certain by now, often nothing.

        Raises:
            InputError: this is no text, or the stream was flushed already.
            DetectorError: a detector failed, and the policy is fail-closed.
            Blocked: more was held back than ``limits.max_hold`` allows.
        """
        if self._failure is not None:
            raise self._failure
        if self.decision is not None:
            raise InputError("this stream was flushed; make a new one for the next text")
        check_text(chunk, self._limits.max_chars)
        if self._whole:
            return self._hold(chunk)
        closed = self._segmenter.push(chunk)
        released = self._release(closed) if closed else ""
        if self._segmenter.held > self._limits.max_hold:
            released += self._release(self._segmenter.read())
            if self._segmenter.held > self._limits.max_hold:
                self._give_up()
        return released

    def flush(self) -> str:
        """Take the end of the text; return the rest and record the decision.

        Raises:
            DetectorError: a detector failed, and the policy is fail-closed.
            Blocked: as `push`. A text that the policy blocks at the end of a held stream is returned
                as ``""``, as `Guard.check` does; see ``decision``.
        """
        if self._failure is not None:
            raise self._failure
        if self.decision is not None:
            return ""
        if self._whole:
            text = "".join(self._chunks)
            self._chunks.clear()
            try:
                self.decision = self._guard.check(text, context=self._context)
            except SecureError as error:
                self._failure = error
                raise
            return self.decision.text
        released = self._release(self._segmenter.flush())
        self.decision = self._guard.decision(None, self._context, self._outcomes)
        self._record(self.decision)
        return released

    def _hold(self, chunk: str) -> str:
        self._chunks.append(chunk)
        self._held += len(chunk)
        if self._held > self._limits.max_chars:
            self._give_up()
        return ""

    def _release(self, segments: list[Segment]) -> str:
        """Judge segments that have closed and return what they became."""
        try:
            outcomes = drive(self._guard.judge([self._guard.piece(segment, self._context) for segment in segments]))
        except SecureError as error:
            self._failure = error
            self._guard.telemetry.record_failure(error, self._context, self._guard.policy, self._started, time_ns())
            raise
        parts = []
        for segment, outcome in zip(segments, outcomes, strict=True):
            parts.append(apply(segment.text, outcome.edits).text if outcome.edits else segment.text)
            if outcome.findings or outcome.failed:
                self._outcomes.append((segment.start, outcome))
        return "".join(parts)

    def _give_up(self) -> NoReturn:
        """Block: more is held than the policy allows, and none of it has been judged."""
        finding = Finding(0, 0, "limit.stream_hold", 1.0, "stream")
        self.decision = Decision(
            Action.BLOCK,
            "",
            self._context,
            (finding,),
            status=Status.BLOCKED,
            policy=self._guard.policy.digest,
        )
        self._record(self.decision)
        self._failure = Blocked(self.decision)
        raise self._failure

    def _record(self, decision: Decision) -> None:
        self._guard.telemetry.record(decision, self._guard.policy, self._started, time_ns())
