"""The road: segment, normalise, detect, decide, sanitise, record."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING, Any

from .admission import check_stage, check_text, one_context, one_each
from .detectors import Detector, load
from .errors import InputError, PolicyError, SecureError
from .normalize import is_plain
from .operators import UNBOUND, Means
from .outcome import Judging, Outcome
from .policy import DetectorSpec, Policy, overlaps
from .road import Road, adrive, drive
from .sanitize import apply
from .scan import Piece, relevant, scope
from .segment import Segment, segments
from .telemetry import Telemetry
from .types import Action, Context, Decision, Stage, Status

if TYPE_CHECKING:
    from .stream import StreamSanitizer
    from .vault import Vault
    from .vault.bound import BoundGuard

__all__ = ["Guard"]


class Guard:
    """A policy and its detectors. Immutable, and safe to share between threads and tasks.

    Args:
        policy: what to look for and what to do about it.
        detectors: detectors of your own, besides those that the policy names.
        key: secret for keyed operators (`hash`, `delimit`). Left out, it is read from the
            environment variable ``SECURE_CORE_KEY``, or drawn at random for this process.
        telemetry: where decisions are written; the global OpenTelemetry providers by default.

    Raises:
        PolicyError: a detector is missing or refuses its options, or a rule speaks of a category
            that no detector reports.

    >>> from secure_core.detectors import FunctionDetector
    >>> policy = Policy.model_validate({"detectors": [], "rules": [{"category": "pii.*", "action": "sanitize"}]})
    >>> badge = FunctionDetector("badge", "pii.badge", lambda text: [(0, 5)] if text.startswith("EB") else [])
    >>> Guard(policy, detectors=[badge]).check("EB123 was here", stage="output").text
    '[BADGE] was here'
    """

    def __init__(
        self,
        policy: Policy,
        *,
        detectors: Iterable[Detector] = (),
        key: bytes | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        self.policy = policy
        self._own = tuple(detectors)
        self._named_key = key
        self._means = Means(key or os.environ.get("SECURE_CORE_KEY", "").encode() or _PROCESS_KEY)
        self.detectors: tuple[Detector, ...] = (
            *(_built(spec.name, _canonical(spec)) for spec in policy.detectors),
            *self._own,
        )
        self.telemetry = telemetry or Telemetry()
        self._check_rules()
        self._active = {
            stage: tuple(
                detector
                for detector in self.detectors
                if stage in getattr(detector, "stages", Stage) and policy.looks_for(tuple(detector.categories), stage)
            )
            for stage in Stage
        }
        self._holds = {
            stage: policy.may_block(stage) or any(scope(detector) == "text" for detector in active)
            for stage, active in self._active.items()
        }

    @classmethod
    def from_policy(cls, policy: str | Path | Policy | Guard) -> Guard:
        """Make a guard of a shipped policy's name, a path to a TOML file, a `Policy`, or a guard.

        Raises:
            PolicyError: the policy does not exist or is wrong; the message says where.
        """
        if isinstance(policy, Guard):
            return policy
        if not isinstance(policy, str | Path | Policy):
            raise PolicyError(
                f"a policy is a name, a path, a Policy or a Guard, not {type(policy).__name__}; "
                "for a dictionary there is Policy.model_validate"
            )
        return cls(policy if isinstance(policy, Policy) else Policy.load(policy))

    def __repr__(self) -> str:
        return f"Guard({self.policy.name!r}, digest={self.policy.digest!r})"

    def __reduce__(self) -> tuple[Callable[..., Guard], tuple[Any, ...]]:
        return _rebuild, (self.policy, self._own, self._named_key)

    def __copy__(self) -> Guard:
        return self

    def __deepcopy__(self, memo: object) -> Guard:
        return self

    def _check_rules(self) -> None:
        reported = {category for detector in self.detectors for category in detector.categories}
        for number, rule in enumerate(self.policy.rules):
            for pattern in rule.category:
                if pattern != "*" and not any(overlaps(pattern, category) for category in reported):
                    raise PolicyError(
                        f"{self.policy.name}: rules.{number}.category: no detector of this policy reports {pattern!r}; "
                        f"they report: {', '.join(sorted(reported)) or 'nothing'}"
                    )

    # -- judging -------------------------------------------------------------------------------

    def check(self, text: str, *, stage: Stage | str | None = None, context: Context | None = None) -> Decision:
        """Judge one text.

        Args:
            text: what to judge.
            stage: where it stands, unless the context says so.
            context: the stage, and who and what stands behind the text.

        Raises:
            InputError: this is no text that can be judged.
            DetectorError: a detector failed, and the policy is fail-closed.
        """
        return self.check_many([text], stage=stage, contexts=None if context is None else [context])[0]

    def check_many(
        self, texts: Sequence[str], *, stage: Stage | str | None = None, contexts: Sequence[Context] | None = None
    ) -> list[Decision]:
        """Judge many texts, each as `check` would, with one batch through every detector."""
        return drive(self._decide(texts, one_each(texts, stage, contexts)))

    async def acheck(self, text: str, *, stage: Stage | str | None = None, context: Context | None = None) -> Decision:
        """Judge one text as `check` does, without holding the event loop up for long."""
        return (await self.acheck_many([text], stage=stage, contexts=None if context is None else [context]))[0]

    async def acheck_many(
        self, texts: Sequence[str], *, stage: Stage | str | None = None, contexts: Sequence[Context] | None = None
    ) -> list[Decision]:
        """Judge many texts as `check_many` does; detectors that are coroutines are awaited."""
        return await adrive(self._decide(texts, one_each(texts, stage, contexts)))

    def stream(self, *, stage: Stage | str | None = None, context: Context | None = None) -> StreamSanitizer:
        """Return a sanitiser for a text that arrives in pieces; together they become what `check` makes of it."""
        from .stream import StreamSanitizer

        context = one_context(stage, context)
        self._check_bound([context])
        return StreamSanitizer(self, context)

    def holds(self, stage: Stage | str) -> bool:
        """Whether a stream at that stage is held until its end.

        It is if a rule may block there (what is out cannot be taken back), or if a detector wants
        to see the text whole.
        """
        return self._holds[check_stage(stage)]

    def bind(
        self,
        vault: Vault,
        *,
        tenant: str,
        session: str | None = None,
        scope: str = "session",
        subject: str | None = None,
        principal: str | None = None,
    ) -> BoundGuard:
        """Return a guard that keeps pseudonyms in a vault, and can restore them.

        Args:
            vault: where the values are kept, encrypted.
            tenant: whose they are; nothing of one tenant is ever restored for another.
            session: the conversation, or whatever else shall share stand-ins.
            scope: within what a value has the same stand-in: ``"session"``, ``"tenant"`` or ``"global"``.
            subject: whom the values are about, for `Vault.erase`.
            principal: who reads what is restored, for the policy's ``restore`` entries.

        Raises:
            InputError: a session is missing, or there is no such scope.
            VaultError: the vault cannot be reached, or its key is not the right one.
        """
        from .vault.bound import BoundGuard

        return BoundGuard.of(self, vault, tenant, session, scope, subject, principal)

    async def abind(
        self,
        vault: Vault,
        *,
        tenant: str,
        session: str | None = None,
        scope: str = "session",
        subject: str | None = None,
        principal: str | None = None,
    ) -> BoundGuard:
        """Bind as `bind` does, without holding the event loop up: the vault is asked for the tenant's key."""
        import asyncio

        return await asyncio.to_thread(
            self.bind, vault, tenant=tenant, session=session, scope=scope, subject=subject, principal=principal
        )

    # -- the road ------------------------------------------------------------------------------

    def _check_bound(self, contexts: Iterable[Context]) -> None:
        """Refuse at once what would fail at the first finding."""
        if self._means.pseudonyms is None and any(self.policy.pseudonymizes(c.stage) for c in contexts):
            raise InputError(UNBOUND)

    def _decide(self, texts: Sequence[str], contexts: Sequence[Context]) -> Road[list[Decision]]:
        """Judge and record."""
        started = time_ns()
        try:
            for text in texts:
                check_text(text, self.policy.limits.max_chars)
            self._check_bound(contexts)
            decisions = yield from self._judge(texts, contexts)
        except SecureError as error:
            for context in contexts:
                self.telemetry.record_failure(error, context, self.policy, started, time_ns())
            raise
        ended = time_ns()
        for decision in decisions:
            self.telemetry.record(decision, self.policy, started, ended)
        return decisions

    def _judge(self, texts: Sequence[str], contexts: Sequence[Context]) -> Road[list[Decision]]:
        cut = [self._cut(text, context) for text, context in zip(texts, contexts, strict=True)]
        outcomes = iter((yield from self.judge([piece for pieces in cut for piece in pieces])))
        return [
            self.decision(text, context, [(piece.start, next(outcomes)) for piece in pieces])
            for text, context, pieces in zip(texts, contexts, cut, strict=True)
        ]

    def _cut(self, text: str, context: Context) -> list[Piece]:
        """Return what is judged apart: the whole text or its segments; nothing if nobody has reason to look."""
        plain = is_plain(text)
        detectors = relevant(self._active[context.stage], text) if plain else self._active[context.stage]
        if not detectors:
            return []
        if self._holds[context.stage]:
            return [Piece(text, context, detectors, plain=plain)]
        return [Piece(s.text, context, detectors, s.start, s.left, False, plain) for s in segments(text)]

    def piece(self, segment: Segment, context: Context) -> Piece:
        """Return a segment as something to judge."""
        return Piece(segment.text, context, self._active[context.stage], segment.start, segment.left, whole=False)

    def judge(self, pieces: Sequence[Piece]) -> Road[list[Outcome]]:
        """Come to an outcome for each piece, in the piece's own offsets; nothing is recorded."""
        return Judging(self.policy, self._means, self._active).outcomes(pieces)

    def decision(self, text: str | None, context: Context, outcomes: Sequence[tuple[int, Outcome]]) -> Decision:
        """Put the decision on a text together from the outcomes of its pieces and their offsets.

        Of a stream the text is not kept: it is ``None``.
        """
        action = max((outcome.action for _, outcome in outcomes), default=Action.ALLOW)
        findings = tuple(f.moved(start) for start, outcome in outcomes for f in outcome.findings)
        edits = tuple(edit.moved(start) for start, outcome in outcomes for edit in outcome.edits)
        failed = tuple(dict.fromkeys(name for _, outcome in outcomes for name in outcome.failed))
        blocked = action is Action.BLOCK
        return Decision(
            action=action,
            text="" if blocked or text is None else apply(text, edits).text if edits else text,
            context=context,
            findings=findings,
            edits=() if blocked else edits,
            status=_STATUS[action] if blocked or not failed else Status.NOT_SCANNED,
            policy=self.policy.digest,
            failed=failed,
        )


_STATUS = {
    Action.ALLOW: Status.CLEAN,
    Action.FLAG: Status.FLAGGED,
    Action.SANITIZE: Status.SANITIZED,
    Action.BLOCK: Status.BLOCKED,
}


# -- what a guard is built of ----------------------------------------------------------------------

_PROCESS_KEY = secrets.token_bytes(32)


def _canonical(spec: DetectorSpec) -> str:
    try:
        return json.dumps(spec.options, sort_keys=True)
    except TypeError:
        raise PolicyError(f"detector {spec.name!r}: options are text, numbers, lists and tables only") from None


@lru_cache(maxsize=64)
def _built(name: str, options: str) -> Detector:
    """Return a detector that a policy names; guards that ask for the same one share it."""
    return load(name, json.loads(options))


def _rebuild(policy: Policy, detectors: tuple[Detector, ...], key: bytes | None) -> Guard:
    return Guard(policy, detectors=detectors, key=key)
