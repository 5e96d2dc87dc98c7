"""Handlers of LlamaIndex's instrumentation that write down at once what they are shown, as an exporter would."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Generator, Mapping
from typing import Any

from llama_index.core.base.response.schema import AsyncStreamingResponse, StreamingResponse
from llama_index.core.chat_engine.types import StreamingAgentChatResponse
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.span import SimpleSpan
from llama_index.core.instrumentation.span_handlers import BaseSpanHandler
from pydantic import Field
from pydantic_core import to_json


class Events(BaseEventHandler):
    """Writes down at once what each event holds, as an exporter would."""

    seen: list[str] = Field(default_factory=list)

    def handle(self, event: Any, **kwargs: Any) -> None:
        self.seen.append(f"{type(event).__name__} {shown(dict(event))}")


class Spans(BaseSpanHandler[SimpleSpan]):
    """Writes down arguments, results and errors of spans."""

    seen: list[str] = Field(default_factory=list)

    def new_span(self, id_: str, bound_args: inspect.BoundArguments, *args: Any, **kwargs: Any) -> SimpleSpan:
        self.seen.append(f"enter {id_} {shown(bound_args.arguments)} {shown(kwargs.get('tags'))}")
        return SimpleSpan(id_=id_)

    def prepare_to_exit_span(
        self, id_: str, bound_args: Any, instance: Any = None, result: Any = None, **kwargs: Any
    ) -> SimpleSpan:
        self.seen.append(f"exit {id_} {shown(bound_args.arguments)} {shown(result)}")
        return self.open_spans[id_]

    def prepare_to_drop_span(
        self, id_: str, bound_args: Any, instance: Any = None, err: Any = None, **kwargs: Any
    ) -> SimpleSpan:
        self.seen.append(f"drop {id_} {shown(bound_args.arguments)} {err!r} {err.__cause__!r} {err.__traceback__!r}")
        return self.open_spans[id_]


def shown(value: Any) -> str:
    """Return all that an exporter can read of a value; a stream is not read, for that would end it."""
    if isinstance(value, Generator | AsyncGenerator):
        return "stream"
    if isinstance(value, StreamingResponse | AsyncStreamingResponse):
        value = [value.source_nodes, value.metadata, value.response_txt]
    if isinstance(value, StreamingAgentChatResponse):
        value = [value.response, value.sources, value.source_nodes, value.unformatted_response]
    if isinstance(value, Mapping):
        return str({key: shown(item) for key, item in value.items()})
    return to_json(value, fallback=lambda item: getattr(item, "__dict__", None) or str(item)).decode()
