"""SecureCallbackHandler: its modes, and its life among others."""

from __future__ import annotations

import asyncio
import copy
import logging
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage

from langchain_secure import SecureCallbackHandler
from secure_core import Blocked, Guard, Policy

from .conftest import CLEAN, EMAIL, MASK, ORDER, SAID, holds_planted
from .test_callbacks import PROMPT
from .test_handler_tools import call, look_up, send


def test_observe_changes_and_stops_nothing(guard: Guard, planted: Any, talker: Any, run: Callable[..., Any]) -> None:
    handler = SecureCallbackHandler(guard, mode="observe")
    prompt = f"{ORDER}, I am {EMAIL}"
    assert run(talker(), prompt, {"callbacks": [handler]}).content == SAID
    assert {str(context.stage) for context in planted.contexts} == {"input", "output"}
    assert handler._runs == {}


def test_block_changes_nothing_and_stops_what_would_have_to_change(
    guard: Guard, talker: Any, store: Any, run: Callable[..., Any]
) -> None:
    config: Any = {"callbacks": [SecureCallbackHandler(guard, mode="block")]}
    assert run(talker(says=AIMessage("fine")), "x", config).content == "fine"
    with pytest.raises(Blocked, match="stage output"):
        run(talker(), "x", config)
    with pytest.raises(Blocked, match="stage retrieval"):
        run(store.as_retriever(), "x", config)
    with pytest.raises(Blocked, match="stage tool_result"):
        send.invoke(call("send", to="paul"), config)


def test_block_lets_no_token_of_a_blocked_stream_out(guard: Guard, talker: Any) -> None:
    seen: list[str] = []
    stream = talker().stream("x", {"callbacks": [SecureCallbackHandler(guard, mode="block")]})
    with pytest.raises(Blocked):
        seen.extend(chunk.content for chunk in stream)
    assert "".join(seen) == ""


def test_a_wrong_mode_is_refused(guard: Guard) -> None:
    with pytest.raises(ValueError, match="sanitize, block, observe"):
        SecureCallbackHandler(guard, mode="off")  # type: ignore[arg-type]


def test_of_three_in_a_batch_the_middle_one_blocks(talker: Any, config: Any) -> None:
    questions = [{"question": question} for question in ("a", ORDER, "c")]
    out = (PROMPT | talker()).batch(questions, config, return_exceptions=True)
    assert [type(o) for o in out] == [AIMessage, Blocked, AIMessage]
    assert out[0].content == out[2].content == CLEAN


def test_a_block_is_caught_by_fallbacks_unless_they_are_told_otherwise(talker: Any, config: Any) -> None:
    model, spare = talker(), talker(says=AIMessage("spare"))
    with pytest.raises(Blocked):  # the handler guards the spare model as well
        model.with_fallbacks([spare]).invoke(ORDER, config)
    assert (model.heard, spare.heard) == ([], [])


def test_what_is_logged_and_raised_holds_no_text(talker: Any, config: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(Blocked) as caught:
        talker().invoke(f"I am {EMAIL}", config)
    assert not holds_planted(caplog.text)
    assert not holds_planted(repr(caught.value) + str(caught.value) + repr(caught.value.decision))


def test_sixty_four_threads_share_one_handler(talker: Any, store: Any, handler: Any) -> None:
    config = {"callbacks": [handler]}
    retriever = store.as_retriever(search_kwargs={"k": 3})

    def work(number: int) -> Any:
        if number % 3 == 0:
            return "".join(chunk.content for chunk in talker().stream("x", config)) == CLEAN
        if number % 3 == 1:
            return talker().invoke("x", config).content == CLEAN
        return not holds_planted(retriever.invoke("x", config))

    with ThreadPoolExecutor(64) as threads:
        assert all(threads.map(work, range(192)))
    assert handler._runs == {}


async def test_sixty_four_tasks_share_one_handler(talker: Any, handler: Any) -> None:
    async def work() -> str:
        return "".join([chunk.content async for chunk in talker().astream("x", {"callbacks": [handler]})])

    assert await asyncio.gather(*(work() for _ in range(64))) == [CLEAN] * 64
    assert handler._runs == {}


def test_survives_pickle_and_deepcopy() -> None:
    handler = SecureCallbackHandler("default", mode="block")
    for twin in (pickle.loads(pickle.dumps(handler)), copy.deepcopy(handler)):
        assert twin.mode == "block"
        assert twin.capabilities() == handler.capabilities()


def test_the_table_says_what_is_done_where(guard: Guard) -> None:
    table = SecureCallbackHandler(guard).capabilities()
    assert table["on_retriever_end: documents"] == "sanitises"
    assert table["on_tool_start: arguments"] == "blocks"
    assert set(SecureCallbackHandler(guard, mode="observe").capabilities().values()) == {"observes", "does not look"}
    assert "sanitises" not in SecureCallbackHandler(guard, mode="block").capabilities().values()
    assert len(str(table).splitlines()) == len(table)


def test_a_message_that_the_caller_still_owns_stays_as_it_was(config: Any, talker: Any) -> None:
    history = [HumanMessage("hello"), AIMessage("fine"), ToolMessage("ok", tool_call_id="1")]
    before = copy.deepcopy(history)
    talker().invoke(history, config)
    assert history == before


@pytest.mark.parametrize("mode", ["messages", "updates", "values"])
def test_an_agent_is_protected_by_one_line(talker: Any, handler: Any, mode: Any) -> None:
    agents = pytest.importorskip("langchain.agents")
    calls: Any = [{"name": "look_up", "args": {"name": "paul"}, "id": "1"}]

    class Agent(talker):  # type: ignore[misc]
        def _stream(self, messages: list[Any], *args: Any, **kwargs: Any) -> Any:
            asked = not any(isinstance(message, ToolMessage) for message in messages)
            self.chunks = [AIMessageChunk(content="", tool_calls=calls)] if asked else []
            return super()._stream(messages, *args, **kwargs)

        def _generate(self, messages: list[Any], *args: Any, **kwargs: Any) -> Any:
            return generate_from_stream(self._stream(messages))

    agent = agents.create_agent(Agent(), [look_up])
    seen = list(agent.stream({"messages": [("human", "hi")]}, {"callbacks": [handler]}, stream_mode=mode))
    assert MASK in str(seen)
    assert not holds_planted(seen)
    assert handler._runs == {}


@pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")
def test_a_policy_that_only_flags_holds_nothing_back_and_refuses_nothing(planted: Any, talker: Any) -> None:
    policy = Policy.model_validate({"detectors": [], "rules": [{"category": "pii.*", "action": "flag"}]})
    config: Any = {"callbacks": [SecureCallbackHandler(Guard(policy, detectors=[planted]))]}
    assert "".join(talker().stream_events("x", config, version="v3").text) == SAID
    assert [chunk.content for chunk in talker().stream("x", config)] == [*SAID, ""]
    assert {str(context.stage) for context in planted.contexts} == {"input", "output"}
