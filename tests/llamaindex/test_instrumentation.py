"""What LlamaIndex's handlers and the exporters behind them see once `instrument` was called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ToolCallBlock
from llama_index.core.base.response.schema import AsyncStreamingResponse, StreamingResponse
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.instrumentation import get_dispatcher  # type: ignore[attr-defined]
from llama_index.core.instrumentation.span import SimpleSpan
from llama_index.core.llms import ChatMessage, TextBlock
from llama_index.core.schema import BaseNode
from llama_index.core.tools import FunctionTool
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from llamaindex_secure import SecureEventHandler, instrument, uninstrument
from secure_core import Guard
from secure_core.telemetry import Telemetry

from .conftest import EMAIL, KEY, ORDER, POLICY, Planted, ScriptedLLM, planted_node, said
from .speaker import Speaker
from .spies import Events, Spans

Indexed = Callable[[Sequence[BaseNode]], VectorStoreIndex]


def leaks(seen: Sequence[str]) -> list[str]:
    return [line for line in seen if any(planted in line for planted in (EMAIL, KEY, ORDER))]


@pytest.fixture
def events() -> Iterator[Events]:
    handler = Events()
    get_dispatcher().add_event_handler(handler)
    yield handler
    get_dispatcher().event_handlers.remove(handler)


@pytest.fixture
def spans() -> Iterator[Spans]:
    handler = Spans()
    get_dispatcher().add_span_handler(handler)
    yield handler
    get_dispatcher().span_handlers.remove(handler)


@pytest.fixture
def instrumented(guard: Guard) -> Iterator[SecureEventHandler]:
    yield instrument(guard)
    uninstrument()


async def run_everything(indexed: Indexed) -> None:
    """Run an engine, a chat and an agent, none of them secured."""
    llm = ScriptedLLM(answer=f"The owner is {EMAIL}, the key {KEY}.")
    index = indexed([planted_node(f"Write to {EMAIL}. {ORDER}")])
    for streaming in (False, True):
        engine = index.as_query_engine(llm=llm, streaming=streaming)
        assert EMAIL in await said(engine.query(f"Who is {EMAIL}?"))
        assert EMAIL in await said(await engine.aquery(f"Who is {EMAIL}?"))
    chat = SimpleChatEngine.from_defaults(llm=llm)
    assert EMAIL in chat.chat(f"I am {EMAIL}").response
    assert EMAIL in "".join(chat.stream_chat(f"I am {EMAIL}").response_gen)
    assert EMAIL in (await chat.achat(f"I am {EMAIL}")).response
    streamed = await chat.astream_chat(f"I am {EMAIL}")
    assert EMAIL in "".join([word async for word in streamed.async_response_gen()])
    call = ToolCallBlock(tool_call_id="c1", tool_name="find", tool_kwargs={"who": EMAIL})
    tool = FunctionTool.from_defaults(lambda who: f"{who} has {KEY}", name="find")
    agent = FunctionAgent(tools=[tool], llm=Speaker(script=[[call], [TextBlock(text=f"It is {KEY}.")]]))
    assert str(await agent.run(f"I am {EMAIL}.")) == f"It is {KEY}."


async def test_without_it_handlers_see_everything(indexed: Indexed, events: Events, spans: Spans) -> None:
    await run_everything(indexed)
    assert len(leaks(events.seen)) > 20
    assert len(leaks(spans.seen)) > 20


async def test_with_it_no_handler_sees_anything_and_the_application_everything(
    indexed: Indexed, events: Events, spans: Spans, instrumented: SecureEventHandler
) -> None:
    await run_everything(indexed)
    assert leaks(events.seen) == []
    assert leaks(spans.seen) == []
    assert any("[EMAIL_ADDRESS]" in line for line in events.seen)
    assert any("[EMAIL_ADDRESS]" in line for line in spans.seen)


def test_errors_are_told_without_what_they_quote(spans: Spans, events: Events, instrumented: Any) -> None:
    class Failing(ScriptedLLM):
        def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
            raise ValueError(f"cannot answer {EMAIL}") from KeyError(KEY)

    with pytest.raises(ValueError, match=EMAIL):
        SimpleChatEngine.from_defaults(llm=Failing()).chat("Hello.")
    assert leaks(spans.seen + events.seen) == []
    assert any("ValueError('cannot answer [EMAIL_ADDRESS]') None None" in line for line in spans.seen)


def test_what_cannot_be_judged_is_withheld(spans: Spans, instrumented: Any) -> None:
    dispatcher = get_dispatcher()

    @dispatcher.span
    def load(data: bytes, note: str) -> bytes:
        return data

    assert load(EMAIL.encode(), f"{KEY} {ORDER}") == EMAIL.encode()
    assert leaks(spans.seen) == []
    assert sum("[withheld]" in line for line in spans.seen) == 2


def test_nothing_of_the_application_is_changed(spans: Spans, events: Events, guard: Guard) -> None:
    messages = [ChatMessage(f"I am {EMAIL}.")]
    llm = Speaker(script=[[TextBlock(text=f"You are {EMAIL}.")]])
    instrument(guard)
    try:
        SimpleChatEngine.from_defaults(llm=llm, chat_history=list(messages)).chat(f"Who is {EMAIL}?")
    finally:
        uninstrument()
    assert messages == [ChatMessage(f"I am {EMAIL}.")]
    assert llm.asked[0][-1].content == f"Who is {EMAIL}?"


def test_it_stands_first_and_once_and_can_be_taken_away(events: Events, guard: Guard) -> None:
    handlers = get_dispatcher().event_handlers
    instrument("default")
    handler = instrument(guard)
    assert handlers[0] is handler
    assert sum(isinstance(each, SecureEventHandler) for each in handlers) == 1
    uninstrument()
    uninstrument()
    assert not any(isinstance(each, SecureEventHandler) for each in handlers)
    assert inspect.getmodule(type(get_dispatcher()).span_exit) is inspect.getmodule(type(get_dispatcher()))


def test_each_finding_in_an_unsecured_application_is_on_record(indexed: Indexed, detector: Planted) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrument(Guard(POLICY, detectors=[detector], telemetry=Telemetry(provider)))
    try:
        indexed([planted_node()]).as_query_engine(llm=ScriptedLLM()).query(f"Who is {EMAIL}?")
    finally:
        uninstrument()
    found = [span.attributes or {} for span in exporter.get_finished_spans()]
    assert any("pii.email_address" in (each.get("gen_ai.guardrail.risk.category") or ()) for each in found)  # type: ignore[operator]
    assert leaks([span.to_json() for span in exporter.get_finished_spans()]) == []


@pytest.mark.parametrize("late", [False, True])
async def test_openinference_exports_clean_spans(indexed: Indexed, guard: Guard, late: bool) -> None:
    openinference = pytest.importorskip("openinference.instrumentation.llama_index")
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = openinference.LlamaIndexInstrumentor()
    first, second = (
        lambda: instrument(guard),
        lambda: instrumentor.instrument(tracer_provider=provider, skip_dep_check=True),
    )
    try:
        for begin in (second, first) if late else (first, second):
            begin()
        await run_everything(indexed)
    finally:
        instrumentor.uninstrument()
        uninstrument()
    exported = [span.to_json() for span in exporter.get_finished_spans()]
    assert leaks(exported) == []
    assert len(exported) > 30
    assert any("[EMAIL_ADDRESS]" in span and "output.value" in span for span in exported)
    assert any('"name": "RetrieverQueryEngine.query"' in span for span in exported)


async def test_a_handler_may_still_put_its_own_around_a_stream(indexed: Indexed, instrumented: Any) -> None:
    ended: list[bool] = []

    class Wrapping(Spans):
        def prepare_to_exit_span(
            self, id_: str, bound_args: Any, instance: Any = None, result: Any = None, **kwargs: Any
        ) -> SimpleSpan:
            if isinstance(result, StreamingResponse):
                result.response_gen = self.wrapped(result.response_gen)
            return self.open_spans[id_]

        def wrapped(self, tokens: Any) -> Any:
            yield from tokens
            ended.append(True)

    handler = Wrapping()
    get_dispatcher().add_span_handler(handler)
    try:
        engine = indexed([planted_node()]).as_query_engine(llm=ScriptedLLM(), streaming=True)
        response = engine.query("Who?")
    finally:
        get_dispatcher().span_handlers.remove(handler)
    assert not isinstance(response, AsyncStreamingResponse)
    assert await said(response) == "All is well."
    assert ended


def test_a_text_is_judged_once_however_often_it_is_told(spans: Spans, detector: Planted, instrumented: Any) -> None:
    dispatcher = get_dispatcher()

    @dispatcher.span
    def repeat(text: str) -> str:
        return text

    for _ in range(3):
        repeat(EMAIL)
    before = sum(detector.batches)
    repeat(EMAIL)
    assert sum(detector.batches) == before
    assert leaks(spans.seen) == []
