"""The trial of `_reach`: tiny fakes, run with a handler that edits, to see whether the edits come out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult, LLMResult
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import BaseTool
from langsmith.run_helpers import tracing_context
from opentelemetry import context as otel_context

from ._reach import edit_chunk, edit_tool_message, put_documents, put_message

__all__ = ["what_comes_out"]

_RAW, _CLEAN = "raw", "clean"


async def what_comes_out() -> set[str]:
    """Return the names of the edits that take effect, sync and async."""
    for key in ("suppress_instrumentation", getattr(otel_context, "_SUPPRESS_INSTRUMENTATION_KEY", "")):
        otel_context.attach(otel_context.set_value(key, True))
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
        generation: Any = response.generations[0][0]
        put_message(generation, generation.message.model_copy(update={"content": _CLEAN}))

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
