"""What models, engines, retrievers and tools raise quotes nothing that the guard would not let through."""

from __future__ import annotations

import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import Any

import pytest
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.response.schema import AsyncStreamingResponse, StreamingResponse
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import ChatMessage, TextBlock
from llama_index.core.query_engine import CustomQueryEngine
from llama_index.core.schema import NodeWithScore, QueryBundle

from llamaindex_secure import SecureChatEngine, SecureLLM, SecureQueryEngine, SecureRetriever, secure_tools
from secure_core import Blocked, Guard

from .conftest import EMAIL, KEY, ORDER
from .speaker import Speaker


def chained() -> Exception:
    error = ValueError("it failed")
    error.__cause__ = KeyError(EMAIL)
    return error


def noted() -> Exception:
    error = ValueError("it failed")
    error.add_note(f"while asking {EMAIL}")
    return error


ERRORS: dict[str, Callable[[], Exception]] = {
    "message": lambda: ValueError(f"no such person: {EMAIL}"),
    "cause": chained,
    "note": noted,
    "group": lambda: ExceptionGroup("two failed", [ValueError("one"), KeyError(KEY)]),
}


class FailingModel(Speaker):
    """A provider that quotes what it failed on, at once or in the middle of its stream."""

    fail: Any = None

    def _next(self, asked: Any, **options: Any) -> list[Any]:
        raise self.fail()

    def stream_chat(self, messages: Any, **kwargs: Any) -> Any:
        yield from self._chunks([TextBlock(text="Well. ")])
        raise self.fail()

    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
        yield from ()
        raise self.fail()


class FailingEngine(CustomQueryEngine):
    """An engine that quotes what it failed on, at once or in the middle of its answer."""

    fail: Any = None
    streaming: bool = False

    def custom_query(self, query_str: str) -> Any:
        if not self.streaming:
            raise self.fail()
        return StreamingResponse(self._words())

    async def acustom_query(self, query_str: str) -> Any:
        if not self.streaming:
            raise self.fail()
        return AsyncStreamingResponse(self._awords())

    def _words(self) -> Generator[str, None, None]:
        yield "Well. "
        raise self.fail()

    async def _awords(self) -> AsyncGenerator[str, None]:
        yield "Well. "
        raise self.fail()


class FailingRetriever(BaseRetriever):
    """A store that quotes the row that it could not read."""

    def __init__(self, fail: Callable[[], Exception]) -> None:
        super().__init__()
        self._fail = fail

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        raise self._fail()


Failing = Callable[[], Exception]
MESSAGES = [ChatMessage("Hello.")]


async def read(stream: Any) -> None:
    async for _ in stream:
        pass


async def streamed(engine: SecureQueryEngine) -> None:
    response: Any = await engine.aquery("Who?")
    await read(response.response_gen)


CALLS: dict[str, Callable[[Guard, Failing], Any]] = {
    "chat": lambda guard, fail: SecureLLM(llm=FailingModel(fail=fail), policy=guard).chat(MESSAGES),
    "complete": lambda guard, fail: SecureLLM(llm=FailingModel(fail=fail), policy=guard).complete("Hello."),
    "stream_chat": lambda guard, fail: list(SecureLLM(llm=FailingModel(fail=fail), policy=guard).stream_chat(MESSAGES)),
    "stream_complete": lambda guard, fail: list(
        SecureLLM(llm=FailingModel(fail=fail), policy=guard).stream_complete("Hello.")
    ),
    "query": lambda guard, fail: SecureQueryEngine(FailingEngine(fail=fail), guard).query("Who?"),
    "streamed query": lambda guard, fail: str(
        SecureQueryEngine(FailingEngine(fail=fail, streaming=True), guard).query("Who?")
    ),
    "retrieve": lambda guard, fail: SecureRetriever(FailingRetriever(fail), guard).retrieve("Who?"),
    "chat engine": lambda guard, fail: SecureChatEngine(
        SimpleChatEngine.from_defaults(llm=FailingModel(fail=fail)), guard
    ).chat("Hello."),
}
ACALLS: dict[str, Callable[[Guard, Failing], Awaitable[Any]]] = {
    "achat": lambda guard, fail: SecureLLM(llm=FailingModel(fail=fail), policy=guard).achat(MESSAGES),
    "acomplete": lambda guard, fail: SecureLLM(llm=FailingModel(fail=fail), policy=guard).acomplete("Hello."),
    "aquery": lambda guard, fail: SecureQueryEngine(FailingEngine(fail=fail), guard).aquery("Who?"),
    "streamed aquery": lambda guard, fail: streamed(SecureQueryEngine(FailingEngine(fail=fail, streaming=True), guard)),
    "aretrieve": lambda guard, fail: SecureRetriever(FailingRetriever(fail), guard).aretrieve("Who?"),
    "achat engine": lambda guard, fail: SecureChatEngine(
        SimpleChatEngine.from_defaults(llm=FailingModel(fail=fail)), guard
    ).achat("Hello."),
}


def printed(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error)


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("way", CALLS)
def test_an_error_quotes_nothing(guard: Guard, way: str, kind: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        CALLS[way](guard, ERRORS[kind])
    assert EMAIL not in printed(caught.value)
    assert KEY not in printed(caught.value)


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("way", ACALLS)
async def test_an_error_quotes_nothing_in_async_code(guard: Guard, way: str, kind: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        await ACALLS[way](guard, ERRORS[kind])
    assert EMAIL not in printed(caught.value)
    assert KEY not in printed(caught.value)


@pytest.mark.parametrize("way", CALLS)
def test_an_error_that_quotes_nothing_is_raised_as_it_is(guard: Guard, way: str) -> None:
    error = TimeoutError("the provider took too long")
    with pytest.raises(TimeoutError) as caught:
        CALLS[way](guard, lambda: error)
    assert caught.value is error


@pytest.mark.parametrize("way", CALLS)
def test_an_error_that_carries_an_order_is_a_block(guard: Guard, way: str) -> None:
    with pytest.raises(Blocked) as caught:
        CALLS[way](guard, lambda: ValueError(ORDER))
    assert ORDER not in printed(caught.value)


@pytest.mark.parametrize("kind", ERRORS)
def test_what_a_tool_raises_reaches_nobody(guard: Guard, kind: str) -> None:
    def find() -> str:
        """Find."""
        raise ERRORS[kind]()

    output = secure_tools([find], guard)[0]()
    assert output.is_error
    assert EMAIL not in output.content
    assert KEY not in output.content
    assert output.exception is None
