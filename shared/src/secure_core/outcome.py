"""What becomes of pieces: findings, ruled on, and edits that have come to rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from .detectors import Detector
from .operators import OPERATORS, Means, Order
from .policy import Policy, Rule
from .road import Road
from .sanitize import Settling, plan
from .scan import Piece, Seen, look
from .types import Action, Edit, Finding, Stage

__all__ = ["Judging", "Outcome"]

_ROUNDS = 4
"""How often a rewritten text is looked at again before it is given up."""

_Ruled = list[tuple[Finding, Rule]]
"""What was found, each with the rule that decides it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one piece."""

    action: Action
    findings: tuple[Finding, ...]
    edits: tuple[Edit, ...]
    failed: tuple[str, ...]


_NOTHING = Outcome(Action.ALLOW, (), (), ())


@dataclass(slots=True)
class _Case:
    """A piece in which something was found, while it is judged."""

    piece: Piece
    ruled: _Ruled
    known: frozenset[str]
    """The segments that have been looked at and stay as they are."""
    failed: list[str]
    settling: Settling | None = None
    blocking: list[Finding] = field(default_factory=list)
    """What a rule blocks and only the rewritten text shows; it speaks of the text as a whole."""

    @classmethod
    def of(cls, piece: Piece, seen: Seen, ruled: _Ruled) -> _Case:
        return cls(piece, ruled, seen.segments, list(seen.failed))

    @property
    def action(self) -> Action:
        return Action.BLOCK if self.blocking else max((rule.action for _, rule in self.ruled), default=Action.ALLOW)

    @property
    def orders(self) -> list[Order]:
        return _orders(self.ruled, len(self.piece.text))

    def outcome(self) -> Outcome:
        edits = self.settling.edits if self.settling and not self.blocking else ()
        findings = (*(finding for finding, _ in self.ruled), *self.blocking)
        return Outcome(self.action, findings, tuple(edits), tuple(self.failed))


@dataclass(frozen=True, slots=True)
class Judging:
    """Comes to outcomes: under a policy, with the means of its operators and the detectors of each stage."""

    policy: Policy
    means: Means
    detectors: Mapping[Stage, tuple[Detector, ...]]

    def outcomes(self, pieces: Sequence[Piece]) -> Road[list[Outcome]]:
        """Come to an outcome for each piece, in the piece's own offsets."""
        cases = [
            _Case.of(piece, seen, self._rule(piece, piece.text, seen)) if seen.findings or seen.failed else None
            for piece, seen in zip(pieces, (yield from self._look(pieces)), strict=True)
        ]
        rewritten = [case for case in cases if case and case.action is Action.SANITIZE]
        if rewritten:
            yield from self._rewrite(rewritten)
        return [case.outcome() if case else _NOTHING for case in cases]

    def _look(self, pieces: Sequence[Piece]) -> Road[list[Seen]]:
        return look(pieces, fail_open=self.policy.on_error == "open")

    def _rule(self, piece: Piece, text: str, seen: Seen) -> _Ruled:
        """Return what a rule acts on; the rest is as if it had not been found."""
        findings: Sequence[Finding] = seen.findings
        if findings and self.means.pseudonyms is not None:
            findings = self.means.pseudonyms.spare(text, findings)
        return self.policy.ruled(findings, piece.context, text)

    def _rewrite(self, cases: Sequence[_Case]) -> Road[None]:
        """Bring the edits of the cases to rest; again with plainer stand-ins where they mix with the text."""
        if self.means.pseudonyms is None:
            yield from self._settle(cases, self.means)
            return
        # With all stand-ins made that the pieces will need, the vault is waited for once.
        pseudonyms = self.means.pseudonyms.ready([(case.piece.text, case.orders) for case in cases])
        means = replace(self.means, pseudonyms=pseudonyms)
        yield from self._settle(cases, means)
        for case in cases:
            planned = plan(case.piece.text, case.orders, means)
            plainer = pseudonyms.plainer(case.piece.text, case.settling.edits if case.settling else (), planned)
            if plainer is not None:
                yield from self._settle([case], replace(means, pseudonyms=plainer))

    def _settle(self, cases: Sequence[_Case], means: Means) -> Road[None]:
        """Edit the pieces, and look at what they become until nothing more is found, one batch at a time."""
        for case in cases:
            case.settling = Settling(case.piece.text, case.orders, means)
        moving = [(case, case.settling) for case in cases if case.settling and case.settling.edits]
        for _ in range(_ROUNDS):
            if not moving:
                return
            seen = yield from self._look([self._again(case, settling) for case, settling in moving])
            moving = [each for each, saw in zip(moving, seen, strict=True) if self._changes(*each, saw)]
        for _, settling in moving:
            settling.give_up()

    def _again(self, case: _Case, settling: Settling) -> Piece:
        """Return the rewritten piece, to be judged like any other; a segment that did not change need not be."""
        return replace(
            case.piece,
            text=settling.rewritten.text,
            detectors=self.detectors[case.piece.context.stage],
            plain=False,
            known=case.known,
        )

    def _changes(self, case: _Case, settling: Settling, seen: Seen) -> bool:
        """Take in what was seen in a rewritten piece; return whether that changes it once more."""
        text = settling.rewritten.text
        ruled = self._rule(case.piece, text, seen)
        case.known |= seen.segments
        case.failed += seen.failed
        case.blocking += [
            Finding(0, 0, found.category, found.score, found.detector)
            for found, rule in ruled
            if rule.action is Action.BLOCK
        ]
        return not case.blocking and settling.take(_orders(ruled, len(text)))


def _orders(ruled: _Ruled, length: int) -> list[Order]:
    """Return what is to be rewritten; a finding without a range speaks of all of the piece."""
    return [
        Order(
            finding if finding.end > finding.start else replace(finding, start=0, end=length),
            OPERATORS[rule.operator],
            rule.options,
        )
        for finding, rule in ruled
        if rule.action is Action.SANITIZE
    ]
