"""Every decision is a span under the run's own span, nothing is current over a yield, and no span holds a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from langchain_secure import SecureCallbackHandler, SecureInput, SecureOutput, secure_model
from secure_core import Guard
from secure_core.telemetry import Telemetry

from .conftest import EMAIL, KEY


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter: InMemorySpanExporter) -> TracerProvider:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


@pytest.fixture
def traced(guard: Guard, planted: Any, provider: TracerProvider) -> Guard:
    return Guard(guard.policy, detectors=[planted], telemetry=Telemetry(provider))


PROMPT = ChatPromptTemplate.from_template("{question}")
CHAINS: dict[str, Callable[[Guard, Any], tuple[Any, Any]]] = {
    "runnables": lambda guard, model: (SecureInput(guard) | PROMPT | model | SecureOutput(guard), None),
    "model": lambda guard, model: (PROMPT | secure_model(model, guard), None),
    "handler": lambda guard, model: (PROMPT | model, {"callbacks": [SecureCallbackHandler(guard)]}),
}


@pytest.mark.parametrize("build", CHAINS.values(), ids=CHAINS.keys())
def test_decisions_are_spans_under_the_callers_span_and_hold_no_text(
    traced: Guard, talker: Any, provider: Any, exporter: Any, run: Callable[..., Any], build: Any
) -> None:
    chain, config = build(traced, talker())
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("request") as request:
        run(chain, {"question": "who is it?"}, config)
        assert trace.get_current_span() is request
    spans = [span for span in exporter.get_finished_spans() if span.name.startswith("apply_guardrail")]
    assert {span.attributes["secure_core.stage"] for span in spans} == {"input", "output"}
    assert {span.parent.span_id for span in spans} == {request.get_span_context().span_id}
    assert not any(secret in span.to_json() for span in spans for secret in (EMAIL, KEY, "maria", "AKIA"))


@pytest.mark.parametrize("build", CHAINS.values(), ids=CHAINS.keys())
def test_no_span_is_current_while_a_stream_waits(traced: Guard, talker: Any, provider: Any, build: Any) -> None:
    chain, config = build(traced, talker())
    for _ in chain.stream({"question": "who is it?"}, config):
        assert trace.get_current_span() is trace.INVALID_SPAN


def test_a_decision_inside_a_step_stands_under_the_steps_span(
    traced: Guard, provider: Any, exporter: Any, run: Callable[..., Any]
) -> None:
    def step(value: str) -> str:
        with provider.get_tracer("test").start_as_current_span("step"):
            return str(SecureOutput(traced).invoke(value))

    assert run(RunnableLambda(step), "fine") == "fine"
    decision, around = exporter.get_finished_spans()
    assert decision.parent.span_id == around.context.span_id
