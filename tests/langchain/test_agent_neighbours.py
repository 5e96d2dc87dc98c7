"""SecureMiddleware among other middleware, beside the handler, and around what is secured already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import (
    AgentMiddleware,
    HumanInTheLoopMiddleware,
    ModelFallbackMiddleware,
    ModelRetryMiddleware,
)
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from langchain_secure import (
    SecureCallbackHandler,
    SecureMiddleware,
    SecureTool,
    not_blocked,
    secure_input,
    secure_model,
)
from secure_core import Blocked, Guard

from .actor import Actor, call
from .agent import ASKED, actor, agent, find
from .conftest import EDITING, EMAIL, MASK, Planted, holds_planted


def test_two_of_them_are_accepted_under_two_names(guard: Guard, go: Callable[..., Any]) -> None:
    secure = create_agent(
        actor(), [find], middleware=[SecureMiddleware("observe", name="watch"), SecureMiddleware(guard)]
    )
    assert not holds_planted(go(secure, ASKED))


class Appends(AgentMiddleware[Any, Any, Any]):
    """Puts a raw message into the conversation while the agent runs."""

    def before_model(self, state: Any, runtime: Any) -> dict[str, Any] | None:
        return {"messages": [HumanMessage(f"by the way, I am {EMAIL}")]} if len(state["messages"]) == 1 else None


class Answers(AgentMiddleware[Any, Any, Any]):
    """Answers in the model's place, and in a tool's."""

    def wrap_model_call(self, request: Any, handler: Any) -> AIMessage:
        return AIMessage(f"I say {EMAIL}", tool_calls=[] if len(request.messages) > 2 else [call("find", who="Ann")])

    def wrap_tool_call(self, request: Any, handler: Any) -> ToolMessage:
        return ToolMessage(EMAIL, tool_call_id=request.tool_call["id"])


def test_what_other_middleware_adds_is_clean_for_the_model(guard: Guard) -> None:
    model = actor()
    agent(guard, model, before=[Appends()]).invoke(ASKED)
    assert model.heard
    assert not holds_planted(model.heard)


def test_what_stands_behind_is_cleaned_before_it_is_written_down(guard: Guard) -> None:
    secure: Any = create_agent(actor(), [find], middleware=[SecureMiddleware(guard), Answers()])
    messages = secure.invoke(ASKED)["messages"]
    assert [message.content for message in messages[1:]] == [f"I say {MASK}", MASK, f"I say {MASK}"]


def test_a_fallback_model_is_secured_where_the_middleware_stands_last(guard: Guard, go: Callable[..., Any]) -> None:
    class Broken(Actor):
        def _generate(self, *args: Any, **kwargs: Any) -> Any:
            raise RuntimeError("out of order")

        _stream = _generate

    fallback = ModelFallbackMiddleware(Actor(script=[AIMessage(EMAIL)]))
    secure = agent(guard, Broken(script=[]), before=[fallback])
    parts = list(secure.stream(ASKED, stream_mode=["messages", "values"]))
    assert MASK in str(parts)
    assert not holds_planted(parts)


def test_a_human_in_the_loop_is_asked_with_clean_arguments(guard: Guard) -> None:
    secure = agent(guard, before=[HumanInTheLoopMiddleware({"find": True})], checkpointer=InMemorySaver())
    config: RunnableConfig = {"configurable": {"thread_id": "1"}}
    [asked] = secure.invoke(ASKED, config)["__interrupt__"]
    assert asked.value["action_requests"][0]["args"] == {"who": MASK}
    done = secure.invoke(Command(resume={"decisions": [{"type": "approve"}]}), config)
    assert done["messages"][-1].content == f"Ask {MASK} now."


def test_what_a_human_puts_in_the_place_of_arguments_is_clean_too(guard: Guard) -> None:
    saver = InMemorySaver()
    secure = secure_input(agent(guard, before=[HumanInTheLoopMiddleware({"find": True})], checkpointer=saver), guard)
    config: RunnableConfig = {"configurable": {"thread_id": "1"}}
    secure.invoke(ASKED, config)
    edit = {"type": "edit", "edited_action": {"name": "find", "args": {"who": f"Ann, {EMAIL}"}}}
    done = secure.invoke(Command(resume={"decisions": [edit]}), config)
    assert done["messages"][2].content.endswith(f"Ann, {MASK} is {MASK}")
    assert not holds_planted([done, *secure.get_state_history(config), saver.storage, saver.blobs, saver.writes])


@pytest.mark.parametrize(("options", "asked"), [({}, 3), ({"retry_on": not_blocked}, 1)])
def test_a_block_is_asked_again_unless_retries_are_told_otherwise(
    strict: Guard, go: Callable[..., Any], options: dict[str, Any], asked: int
) -> None:
    model = Actor(script=[AIMessage(EMAIL)])
    retry = ModelRetryMiddleware(max_retries=2, initial_delay=0, on_failure="error", **options)
    with pytest.raises(Blocked, match="blocked at stage output"):
        go(agent(strict, model, before=[retry], secure={"exit_behavior": "error"}), ASKED)
    assert len(model.heard) == asked


def test_a_model_and_tools_that_are_secured_already_are_not_secured_twice(guard: Guard, planted: Planted) -> None:
    secure = agent(guard, secure_model(actor(), guard), tools=[SecureTool.wrap(find, guard)])
    assert not holds_planted(secure.invoke(ASKED))


def test_it_works_beside_the_handler(guard: Guard, go: Callable[..., Any]) -> None:
    handler = SecureCallbackHandler(guard)
    config: RunnableConfig = {"callbacks": [handler]}
    assert not holds_planted(go(agent(guard), ASKED, config))
    events = list(agent(guard).stream_events(ASKED, config, version="v3"))
    assert len(events) > 5
    assert not holds_planted(events)


def test_the_handler_alone_cleans_answers_and_stops_what_it_cannot_clean() -> None:
    answers: Any = create_agent(Actor(script=[AIMessage(f"Ask {EMAIL}.")]), [find])
    config: RunnableConfig = {"callbacks": [SecureCallbackHandler(EDITING)]}
    parts = list(answers.stream(ASKED, config, stream_mode=["messages", "values", "updates"]))
    assert MASK in str(parts)
    assert not holds_planted(parts)
    with pytest.raises(Blocked):
        answers.invoke({"messages": [HumanMessage(EMAIL)]}, config)
