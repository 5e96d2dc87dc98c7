"""With OpenInference's or OpenLLMetry's instrumentation installed, decisions are spans under the runs' own spans."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackManager
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from langchain_core.tools import tool
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from langchain_secure import (
    SecureCallbackHandler,
    SecureInput,
    SecureOutput,
    SecureRetriever,
    secure_input,
    secure_model,
)
from secure_core import Blocked, Guard
from secure_core.telemetry import Telemetry

from .agent import ASKED, agent
from .conftest import ORDER, Planted, Recorder, holds_planted

PROMPT = ChatPromptTemplate.from_template("{context} {question}")


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter: InMemorySpanExporter) -> TracerProvider:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


@pytest.fixture
def traced(guard: Guard, planted: Planted, provider: TracerProvider) -> Guard:
    return Guard(guard.policy, detectors=[planted], telemetry=Telemetry(provider))


@pytest.fixture(params=["openinference", "openllmetry"])
def instrumented(
    request: pytest.FixtureRequest, provider: TracerProvider, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    monkeypatch.setattr(BaseCallbackManager, "__init__", BaseCallbackManager.__init__)  # OpenLLMetry leaves its own
    if request.param == "openinference":
        module, name = "openinference.instrumentation.langchain", "LangChainInstrumentor"
    else:
        module, name = "opentelemetry.instrumentation.langchain", "LangchainInstrumentor"
    instrumentor = getattr(pytest.importorskip(module), name)()
    instrumentor.instrument(tracer_provider=provider, skip_dep_check=True)
    yield request.param
    instrumentor.uninstrument()


def chain(guard: Guard, model: Any, store: Any) -> Any:
    retriever = SecureRetriever(retriever=store.as_retriever(search_kwargs={"k": 3}), policy=guard)
    steps = {"context": retriever | RunnableLambda(str), "question": RunnablePassthrough()}
    return SecureInput(guard) | steps | PROMPT | secure_model(model, guard) | SecureOutput(guard)


def bare(guard: Guard, model: Any, store: Any) -> Any:
    steps = {"context": store.as_retriever() | RunnableLambda(str), "question": RunnablePassthrough()}
    return (steps | PROMPT | model).with_config(callbacks=[SecureCallbackHandler(guard)])


CHAINS = pytest.mark.parametrize("build", [chain, bare], ids=["wrappers", "handler"])


def told(exporter: InMemorySpanExporter) -> tuple[list[Any], dict[int, Any]]:
    """Return the spans of decisions, and those of runs by their ids."""
    spans: Any = exporter.get_finished_spans()
    decisions = [span for span in spans if span.name.startswith("apply_guardrail")]
    return decisions, {span.context.span_id: span for span in spans if span not in decisions}


@CHAINS
def test_decisions_stand_under_the_spans_of_runs_and_under_nothing_else(
    instrumented: str, traced: Guard, talker: Any, store: Any, exporter: Any, run: Callable[..., Any], build: Any
) -> None:
    run(build(traced, talker(), store), "who writes?")
    decisions, runs = told(exporter)
    assert {span.attributes["secure_core.stage"] for span in decisions} == {"input", "retrieval", "output"}
    assert all(span.parent is not None and span.parent.span_id in runs for span in decisions)
    assert len({span.context.trace_id for span in (*decisions, *runs.values())}) == 1


def test_a_decision_stands_under_the_run_that_made_it(
    instrumented: str, traced: Guard, talker: Any, store: Any, exporter: Any
) -> None:
    chain(traced, talker(), store).invoke("who writes?")
    decisions, runs = told(exporter)
    above = {(s.attributes["secure_core.stage"], runs[s.parent.span_id].name.rpartition(" ")[2]) for s in decisions}
    assert {("input", "SecureInput"), ("retrieval", "SecureRetriever"), ("output", "SecureOutput")} <= above


@CHAINS
def test_no_span_of_ours_is_current_while_a_stream_waits(
    instrumented: str, traced: Guard, talker: Any, store: Any, build: Any
) -> None:
    def current() -> str:
        return getattr(trace.get_current_span(), "name", "")

    for _ in build(traced, talker(), store).stream("who writes?"):
        assert not current().startswith("apply_guardrail")

    async def walk() -> None:
        async for _ in build(traced, talker(), store).astream("who writes?"):
            assert not current().startswith("apply_guardrail")

    asyncio.run(walk())
    if instrumented == "openinference":  # the other one attaches its own
        assert trace.get_current_span() is trace.INVALID_SPAN


def test_what_an_instrumentation_does_not_make_current_we_make_not_current_for_others(
    traced: Guard, talker: Any, store: Any, provider: Any
) -> None:
    instrumentor = pytest.importorskip("openinference.instrumentation.langchain").LangChainInstrumentor()
    instrumentor.instrument(tracer_provider=provider, skip_dep_check=True)
    try:
        for _ in chain(traced, talker(), store).stream("who writes?"):
            assert trace.get_current_span() is trace.INVALID_SPAN
    finally:
        instrumentor.uninstrument()


def test_the_handler_judges_tools_under_their_spans(instrumented: str, traced: Guard, exporter: Any) -> None:
    @tool
    def look(who: str) -> str:
        """Look somebody up."""
        return f"{who} is fine"

    step = RunnableLambda(lambda who: look.invoke({"who": who}))
    step.invoke("paul", {"callbacks": [SecureCallbackHandler(traced)]})
    decisions, runs = told(exporter)
    assert {span.attributes["secure_core.stage"] for span in decisions} == {"tool_call", "tool_result"}
    assert all(span.parent is not None and span.parent.span_id in runs for span in decisions)


def test_decisions_in_an_agent_stand_under_the_spans_of_its_runs(
    instrumented: str, traced: Guard, exporter: Any, go: Callable[..., Any]
) -> None:
    go(secure_input(agent(traced), traced), ASKED)
    decisions, runs = told(exporter)
    assert {s.attributes["secure_core.stage"] for s in decisions} == {"input", "output", "tool_call", "tool_result"}
    nested = [span for span in decisions if span.parent is not None]
    assert all(span.parent.span_id in runs for span in nested)
    [at_the_door] = [span for span in decisions if span.parent is None]  # no run has begun
    assert at_the_door.attributes["secure_core.stage"] == "input"
    assert not holds_planted([span.to_json() for span in exporter.get_finished_spans()])


def test_a_block_is_a_span_whatever_the_order_of_the_handlers(traced: Guard, talker: Any, exporter: Any) -> None:
    handler, recorder = SecureCallbackHandler(traced), Recorder()
    for callbacks in ([handler, recorder], [recorder, handler]):
        with pytest.raises(Blocked):
            talker().invoke(ORDER, {"callbacks": callbacks})
    decisions, _ = told(exporter)
    assert [span.attributes["secure_core.action"] for span in decisions] == ["block", "block"]


def test_without_an_instrumentation_decisions_stand_under_the_callers_span(
    traced: Guard, talker: Any, store: Any, exporter: Any, provider: Any
) -> None:
    with provider.get_tracer("test").start_as_current_span("request") as request:
        chain(traced, talker(), store).invoke("who writes?")
    decisions, _ = told(exporter)
    assert {span.parent.span_id for span in decisions} == {request.get_span_context().span_id}


def test_exported_answers_and_documents_are_clean(
    instrumented: str, traced: Guard, talker: Any, store: Any, exporter: Any, run: Callable[..., Any]
) -> None:
    run(chain(traced, talker(), store), "who writes?")
    assert not holds_planted([span.to_json() for span in exporter.get_finished_spans()])
