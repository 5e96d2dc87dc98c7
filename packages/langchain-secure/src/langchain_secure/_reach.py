"""What a callback handler can reach: four edits that LangChain lets through, and the proof that it does.

LangChain hands some objects over by reference and reads them again after the callbacks. It does not promise that, so
it is tried out, on tiny fakes, with the very functions that the handler uses.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import langchain_core
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult, Generation, LLMResult
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import BaseTool
from langsmith.run_helpers import tracing_context
from opentelemetry import context as otel_context

__all__ = ["edit_chunk", "edit_tool_message", "proven", "put_documents", "put_message"]


def put_documents(documents: list[Document], new: list[Document]) -> None:
    """Put other documents into the list that a retriever returned; the documents themselves stay as they are."""
    documents[:] = new


def put_message(generation: Generation, message: BaseMessage) -> None:
    """Put another message into a result; the message that the model made stays as it is."""
    generation.message = message  # type: ignore[attr-defined]
    generation.text = str(message.text)


def edit_chunk(chunk: ChatGenerationChunk, fields: Mapping[str, Any]) -> None:
    """Change a chunk before it is given out. LangChain writes ids into the same object: nobody else holds it yet."""
    for name, value in fields.items():
        setattr(chunk.message, name, value)
    chunk.text = str(chunk.message.text)
    if chunk.generation_info and "logprobs" in chunk.generation_info:  # they spell the text, token by token
        chunk.generation_info = {key: value for key, value in chunk.generation_info.items() if key != "logprobs"}


def edit_tool_message(message: ToolMessage, clean: ToolMessage) -> None:
    """Make a tool's message say what its clean copy says."""
    for name in ("content", "artifact", "additional_kwargs"):
        setattr(message, name, getattr(clean, name))


def proven() -> frozenset[str]:
    """Return which edits take effect: of ``documents``, ``message``, ``chunks`` and ``tool_message``.

    Tried once per process and version of langchain-core, in a few milliseconds.
    """
    return _proven(langchain_core.__version__)


@cache
def _proven(version: str) -> frozenset[str]:
    found: set[str] = set()
    # A thread of its own: no event loop, no run and no trace of the caller's is in it.
    trial = threading.Thread(target=lambda: found.update(asyncio.run(_try())))
    trial.start()
    trial.join()
    return frozenset(found)


_RAW, _CLEAN = "raw", "clean"


async def _try() -> set[str]:
    otel_context.attach(otel_context.set_value("suppress_instrumentation", True))
    with tracing_context(enabled=False):
        config: Any = {"callbacks": [_Editor()]}
        call: Any = {"type": "tool_call", "id": "1", "name": "tool", "args": {}}
        shelf, model, tool = _Shelf(), _Model(), _Tool()
        streamed = "".join(str(chunk.content) for chunk in model.stream("", config))
        astreamed = "".join([str(chunk.content) async for chunk in model.astream("", config)])
        outcomes: dict[str, list[Any]] = {
            "documents": [shelf.invoke("", config)[0].page_content, (await shelf.ainvoke("", config))[0].page_content],
            "message": [model.invoke("", config).content, (await model.ainvoke("", config)).content],
            "chunks": [streamed, astreamed],
            "tool_message": [tool.invoke(call, config).content, (await tool.ainvoke(call, config)).content],
        }
    return {name for name, texts in outcomes.items() if all(text == _CLEAN for text in texts)}


class _Editor(BaseCallbackHandler):
    run_inline = True

    def on_retriever_end(self, documents: Any, **kwargs: Any) -> None:
        put_documents(documents, [Document(_CLEAN)])

    def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        put_message(response.generations[0][0], AIMessage(_CLEAN))

    def on_llm_new_token(self, token: Any, *, chunk: Any = None, **kwargs: Any) -> None:
        last = chunk.message.chunk_position == "last"
        edit_chunk(chunk, {"content": _CLEAN if last else ""})

    def on_tool_end(self, output: Any, **kwargs: Any) -> None:
        edit_tool_message(output, ToolMessage(_CLEAN, tool_call_id="1"))


class _Model(BaseChatModel):
    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(_RAW))])

    def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        yield from (ChatGenerationChunk(message=AIMessageChunk(content=letter)) for letter in _RAW)

    @property
    def _llm_type(self) -> str:
        return "trial"


class _Shelf(BaseRetriever):
    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return [Document(_RAW), Document(_RAW)]


class _Tool(BaseTool):
    name: str = "tool"
    description: str = "a trial"

    def _run(self, *args: Any, **kwargs: Any) -> str:
        return _RAW
