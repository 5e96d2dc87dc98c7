"""One span per decision, and metrics. No word of any text ever gets here.

The attribute names of the ``gen_ai.guardrail.`` family follow the OpenTelemetry GenAI proposal
(semantic-conventions-genai) and may move with it; names that start with ``secure_core.`` are ours and stable.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any

from opentelemetry import context as otel_context
from opentelemetry import metrics, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from .errors import DetectorError
from .types import Action, Stage
from .types import Status as Verdict

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

    from .errors import SecureError
    from .policy import Policy
    from .types import Context, Decision

__all__ = ["Telemetry"]

_SCHEMA = "https://opentelemetry.io/schemas/1.44.0"
_BUCKETS = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)  # seconds
_SOURCES = {
    Stage.INPUT: "input",
    Stage.OUTPUT: "output",
    Stage.TOOL_CALL: "tool_input",
    Stage.TOOL_RESULT: "tool_output",
    Stage.RETRIEVAL: "retrieval",
    Stage.INGEST: "ingest",
    Stage.MEMORY: "memory",
}


class Telemetry:
    """Writes decisions to OpenTelemetry; the global providers are taken unless others are given."""

    def __init__(
        self, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        self._tracer_provider = tracer_provider
        self._meter_provider = meter_provider

    # Instruments are made when they are first needed: an application may set its providers up late.

    @cached_property
    def _tracer(self) -> trace.Tracer:
        return trace.get_tracer("secure_core", _version(), self._tracer_provider, _SCHEMA)

    @cached_property
    def _instruments(self) -> tuple[metrics.Histogram, metrics.Counter, metrics.Counter, metrics.Counter]:
        meter = metrics.get_meter("secure_core", _version(), self._meter_provider, _SCHEMA)
        return (
            meter.create_histogram(
                "secure_core.guardrail.duration",
                unit="s",
                description="Time to a decision",
                explicit_bucket_boundaries_advisory=_BUCKETS,
            ),
            meter.create_counter("secure_core.guardrail.decisions", description="Decisions by action and stage"),
            meter.create_counter("secure_core.guardrail.findings", description="Findings by category"),
            meter.create_counter("secure_core.guardrail.errors", description="Failures to judge, by class"),
        )

    def record(self, decision: Decision, policy: Policy, started: int, ended: int) -> None:
        """Write one decision: a finished span from ``started`` to ``ended`` (ns since the epoch), and metrics."""
        span = self._start(policy, decision.context, started)
        if span.is_recording():
            span.set_attributes(_outcome(decision))
            if decision.failed:
                span.set_status(Status(StatusCode.ERROR))
                span.set_attribute("error.type", "DetectorError")
        span.end(ended)
        self._count(decision, (ended - started) / 1e9)

    def record_failure(self, error: SecureError, context: Context, policy: Policy, started: int, ended: int) -> None:
        """Write that there is no decision: a detector or a vault failed, or the text was none that can be judged."""
        failure = {"error.type": type(error).__name__}
        if isinstance(error, DetectorError):
            failure["secure_core.detector"] = error.detector
        span = self._start(policy, context, started)
        if span.is_recording():
            span.set_attributes(
                {
                    **failure,
                    "secure_core.status": Verdict.NOT_SCANNED.value,
                    "secure_core.fail_mode": policy.on_error,
                }
            )
            span.set_status(Status(StatusCode.ERROR))
        span.end(ended)
        self._instruments[3].add(1, {**failure, "secure_core.fail_mode": policy.on_error})

    def _start(self, policy: Policy, context: Context, started: int) -> trace.Span:
        # Started and ended by hand: nothing is made current, so nothing can leak over a yield.
        return self._tracer.start_span(
            f"apply_guardrail {policy.name}",
            context=otel_context.get_current(),
            kind=SpanKind.INTERNAL,
            start_time=started,
            attributes={
                "gen_ai.operation.name": "apply_guardrail",
                "openinference.span.kind": "GUARDRAIL",
                "gen_ai.guardrail.component.name": policy.name,
                "gen_ai.guardrail.policy.id": policy.name,
                "gen_ai.guardrail.policy.version": policy.digest,
                "gen_ai.guardrail.source": _SOURCES[context.stage],
                "secure_core.stage": context.stage.value,
            },
        )

    def _count(self, decision: Decision, seconds: float) -> None:
        duration, decisions, findings, errors = self._instruments
        shared = {"secure_core.stage": decision.context.stage.value, "secure_core.action": decision.action.name.lower()}
        duration.record(seconds, shared)
        decisions.add(1, {**shared, "secure_core.status": decision.status.value})
        for category, count in Counter(finding.category for finding in decision.findings).items():
            findings.add(count, {"secure_core.category": category})
        for detector in decision.failed:
            errors.add(1, {"secure_core.detector": detector, "error.type": "DetectorError"})


_RESULTS = {Action.ALLOW: "allow", Action.FLAG: "flag", Action.SANITIZE: "modify", Action.BLOCK: "deny"}


def _outcome(decision: Decision) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "gen_ai.guardrail.result.type": _RESULTS[decision.action],
        "secure_core.action": decision.action.name.lower(),
        "secure_core.status": decision.status.value,
        "secure_core.modified": bool(decision.edits) or decision.action is Action.BLOCK,
        "secure_core.findings": len(decision.findings),
        "secure_core.edits": len(decision.edits),
    }
    if decision.findings:
        attributes["gen_ai.guardrail.risk.category"] = list(decision.categories)
        attributes["gen_ai.guardrail.risk.score"] = max(finding.score for finding in decision.findings)
        attributes["secure_core.detectors"] = sorted({finding.detector for finding in decision.findings})
    if decision.context.source:
        attributes["secure_core.source"] = decision.context.source
    return attributes


def _version() -> str:
    from importlib.metadata import version

    return version("secure-core")
