"""What goes beside the text: errors, metadata, events and retries tell nothing either."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ModelRetryMiddleware, ToolRetryMiddleware
from langchain_core.documents import Document
from langchain_core.exceptions import LangChainException
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import ToolException, tool
from pydantic import Field

from langchain_secure import SecureCallbackHandler, SecureMiddleware, SecureRetriever, SecureTool, secure_model
from secure_core import Guard

from .actor import Actor, call
from .conftest import CLEAN, EMAIL, MASK, SAID, Talker, holds_planted
from .leaks import Traces

# -- errors ------------------------------------------------------------------------------------------------


class Failing(Talker):
    """A provider that quotes what it failed on, at once or in the middle of its stream."""

    error: Exception = Field(repr=False)

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        raise self.error

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        yield ChatGenerationChunk(message=AIMessageChunk(content="Well. "))
        raise self.error


def noted() -> Exception:
    error = ValueError("harmless")
    error.add_note(f"while answering {EMAIL}")
    return error


class Terse(ValueError):
    """Prints less than it is shown as."""

    def __str__(self) -> str:
        return "failed"


ERRORS = {
    "message": ValueError(f"cannot finish: {EMAIL}"),
    "note": noted(),
    "group": ExceptionGroup("two failed", [ValueError("one"), KeyError(EMAIL)]),
    "shown": Terse(EMAIL),
}
TELLING = pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS.keys())


@TELLING
def test_an_error_of_a_model_is_told_cleanly(
    guard: Guard, recorder: Any, run: Callable[..., Any], error: Exception
) -> None:
    traces = Traces()
    chain = RunnableLambda(str) | secure_model(Failing(error=error), guard)
    with pytest.raises(LangChainException) as caught:
        run(chain, "hi", {"callbacks": [recorder, traces]})
    assert "on_llm_error" in recorder.seen
    assert not holds_planted([recorder.seen, traces.runs])
    assert not holds_planted([caught.value, caught.value.__context__, caught.value.__cause__])


def test_an_error_of_a_model_keeps_its_kind_if_it_tells_nothing(guard: Guard, run: Callable[..., Any]) -> None:
    with pytest.raises(ConnectionError, match="line 3 is down"):
        run(secure_model(Failing(error=ConnectionError("line 3 is down")), guard), "hi")


class Lost(BaseRetriever):
    """A store that quotes what it failed on."""

    error: Exception = Field(repr=False)

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        raise self.error


@TELLING
def test_an_error_of_a_retriever_is_told_cleanly(
    guard: Guard, recorder: Any, run: Callable[..., Any], error: Exception
) -> None:
    with pytest.raises(LangChainException) as caught:
        run(SecureRetriever(retriever=Lost(error=error), policy=guard), "hi", {"callbacks": [recorder]})
    assert "on_retriever_error" in recorder.seen
    assert not holds_planted([recorder.seen, caught.value, caught.value.__context__, caught.value.__cause__])


@TELLING
def test_an_error_of_a_tool_is_told_cleanly(guard: Guard, recorder: Any, error: Exception) -> None:
    @tool
    def fail() -> str:
        """Fail."""
        raise error

    with pytest.raises(ToolException):
        SecureTool.wrap(fail, guard).invoke({}, {"callbacks": [recorder]})
    assert not holds_planted(recorder.seen)


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_an_agent_that_writes_errors_down_writes_nothing_else_down(guard: Guard, way: str) -> None:
    @tool
    def fail() -> str:
        """Fail."""
        raise ValueError(f"no {EMAIL}")

    class Tired(Actor):
        def _line(self, messages: list[Any]) -> AIMessage:
            if messages[-1].type == "tool":
                raise ValueError(f"cannot read {EMAIL}")
            return super()._line(messages)

    retries: list[Any] = [
        ModelRetryMiddleware(max_retries=1, initial_delay=0, on_failure="continue"),
        ToolRetryMiddleware(max_retries=1, initial_delay=0, on_failure="continue"),
    ]
    model = Tired(script=[AIMessage("", tool_calls=[call("fail")])])
    agent: Any = create_agent(model, [fail], middleware=[*retries, SecureMiddleware(guard)])
    asked = {"messages": [HumanMessage("hi")]}
    messages = (agent.invoke(asked) if way == "invoke" else asyncio.run(agent.ainvoke(asked)))["messages"]
    assert "failed after 2 attempts" in messages[2].content
    assert "failed after 2 attempts" in messages[3].content
    assert not holds_planted(messages)


# -- what a provider says beside the text -------------------------------------------------------------------


def added(pieces: list[AIMessageChunk]) -> AIMessageChunk:
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = whole + piece
    return whole


BESIDE: dict[str, Callable[[str], AIMessageChunk]] = {
    "response metadata": lambda c: AIMessageChunk(content="", response_metadata={"note": c, "model_name": ""}),
    "nested metadata": lambda c: AIMessageChunk(content="", response_metadata={"filter": {"note": c}}),
    "additional kwargs": lambda c: AIMessageChunk(content="", additional_kwargs={"audio": {"transcript": c}}),
    "refusal": lambda c: AIMessageChunk(content=[{"type": "refusal", "refusal": c}]),
}


@pytest.mark.parametrize("make", BESIDE.values(), ids=BESIDE.keys())
@pytest.mark.parametrize("handler", [False, True], ids=["model", "handler"])
def test_what_comes_in_pieces_is_clean_when_it_is_put_together(
    guard: Guard, talker: Any, make: Callable[[str], AIMessageChunk], handler: bool
) -> None:
    model = talker(chunks=[make(c) for c in SAID])
    config: Any = {"callbacks": [SecureCallbackHandler(guard)] if handler else []}
    pieces = list((model if handler else secure_model(model, guard)).stream("x", config))
    said = "".join(_strings(added(pieces).model_dump(include={"content", "response_metadata", "additional_kwargs"})))
    assert said == CLEAN
    assert not holds_planted(pieces)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, held in value.items():
            if key not in ("type", "model_provider"):
                yield from _strings(held)
    elif isinstance(value, list):
        for held in value:
            yield from _strings(held)
    elif isinstance(value, str):
        yield value


class Informing(Talker):
    """Tells in a generation's information, and about the whole result, what it said."""

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        generation = ChatGeneration(message=AIMessage(SAID), generation_info={"echo": EMAIL, "finish_reason": "stop"})
        return ChatResult(generations=[generation], llm_output={"echo": EMAIL, "model_name": "m"})

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        yield ChatGenerationChunk(message=AIMessageChunk(content=SAID), generation_info={"echo": EMAIL})


@pytest.mark.parametrize("handler", [False, True], ids=["model", "handler"])
def test_what_a_result_tells_beside_its_message_is_clean(
    guard: Guard, recorder: Any, run: Callable[..., Any], handler: bool
) -> None:
    model = Informing()
    callbacks = [SecureCallbackHandler(guard), recorder] if handler else [recorder]
    answer = run(model if handler else secure_model(model, guard), "x", {"callbacks": callbacks})
    assert answer.content == CLEAN
    assert MASK in str(answer.response_metadata)
    assert not holds_planted([answer, recorder.seen["on_llm_end"]])
