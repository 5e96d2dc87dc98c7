"""secure_tools: what goes into a tool and what comes out of it is clean, and it is still the tool that it was."""

from __future__ import annotations

import ast
import asyncio
import copy
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool, Tool, ToolException, tool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import Command, Send

from langchain_secure import SecureTool, ToolDenied, secure_tools
from secure_core import Blocked, Context, Guard, Stage

from .actor import call
from .conftest import EMAIL, MASK, ORDER, Planted, holds_planted


@tool
def greet(who: str, also: list[str] | None = None) -> str:
    """Greet someone."""
    return f"Hello {who} and {also}, from {EMAIL}"


@tool
async def agreet(who: str) -> str:
    """Greet someone."""
    return f"Hello {who}, from {EMAIL}"


class Shout(BaseTool):
    """A tool of the simplest kind."""

    name: str = "shout"
    description: str = "Shout."

    def _run(self, what: str, run_manager: Any = None, config: RunnableConfig = None) -> str:  # type: ignore[assignment]
        assert run_manager is not None
        assert config is not None
        return what.upper() + EMAIL


def test_what_goes_in_and_what_comes_out_is_clean(guard: Guard, recorder: Any, use: Callable[..., Any]) -> None:
    [secure] = secure_tools([greet], guard)
    result = use(secure, {"who": EMAIL, "also": [EMAIL]}, {"callbacks": [recorder]})
    assert result == f"Hello {MASK} and ['{MASK}'], from {MASK}"
    assert set(recorder.seen) == {"on_tool_start", "on_tool_end"}
    assert not holds_planted(recorder.seen)


def test_a_call_is_answered_with_a_message(guard: Guard, use: Callable[..., Any]) -> None:
    message = use(SecureTool.wrap(greet, guard), call("greet", who=EMAIL))
    assert message == ToolMessage(f"Hello {MASK} and None, from {MASK}", tool_call_id="c1", name="greet")


@pytest.mark.parametrize(
    "inner",
    [
        agreet,
        Tool("greet", lambda who: f"Hello {who}, from {EMAIL}", "Greet someone."),
        StructuredTool.from_function(lambda who: f"Hello {who}, from {EMAIL}", name="greet", description="Greet."),
    ],
    ids=["coroutine", "Tool", "StructuredTool"],
)
def test_tools_of_every_kind_are_clean(guard: Guard, inner: BaseTool) -> None:
    assert asyncio.run(SecureTool.wrap(inner, guard).ainvoke({"who": EMAIL})) == f"Hello {MASK}, from {MASK}"


def test_a_tool_of_the_simplest_kind_gets_what_its_signature_asks_for(guard: Guard, use: Callable[..., Any]) -> None:
    assert use(SecureTool.wrap(Shout(), guard), {"what": "hi "}) == f"HI {MASK}"
    assert use(SecureTool.wrap(Shout(), guard), "hi ") == f"HI {MASK}"


@pytest.mark.parametrize(
    "inner", [greet, agreet, Shout(), Tool("greet", str, "Greet.")], ids=lambda tool: type(tool).__name__
)
def test_models_are_shown_the_same_schema(guard: Guard, inner: BaseTool) -> None:
    shown = repr(convert_to_openai_tool(inner)).replace("'title': '__arg1', ", "")
    assert ast.literal_eval(shown) == convert_to_openai_tool(SecureTool.wrap(inner, guard))
    assert SecureTool.wrap(inner, guard).args == inner.args


def test_the_settings_of_the_inner_tool_are_kept(guard: Guard) -> None:
    inner = greet.model_copy(
        update={"return_direct": True, "tags": ["t"], "metadata": {"m": 1}, "extras": {"defer_loading": True}}
    )
    secure = SecureTool.wrap(inner, guard)
    assert (secure.return_direct, secure.tags, secure.metadata, secure.extras) == (True, ["t"], {"m": 1}, inner.extras)


def test_functions_become_tools_and_a_providers_own_tools_stay(guard: Guard) -> None:
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    search = {"type": "web_search"}
    made, kept = secure_tools([add, search], guard)
    assert made.invoke({"a": 1, "b": 2}) == 3
    assert kept is search


def test_a_secured_tool_is_not_secured_twice(guard: Guard) -> None:
    assert SecureTool.wrap(SecureTool.wrap(greet, "observe"), guard).tool is greet


# -- results of every shape -------------------------------------------------------------------------

PICTURE = {"type": "image", "base64": "QUtJQVFaN0xNWDRUTlJXQjJWWUg=", "mime_type": "image/png"}

SHAPES: dict[str, tuple[Any, Any]] = {
    "blocks": ([{"type": "text", "text": EMAIL}, PICTURE], [{"type": "text", "text": MASK}, PICTURE]),
    "a dictionary": ({"to": [EMAIL], "n": 1}, {"to": [MASK], "n": 1}),
    "a model": (Document(EMAIL), Document(MASK)),
    "a message": (ToolMessage(EMAIL, tool_call_id="c1"), ToolMessage(MASK, tool_call_id="c1")),
    "a command": (
        Command(update={"messages": [ToolMessage(EMAIL, tool_call_id="c1")], "note": EMAIL}, goto=Send("x", [EMAIL])),
        Command(update={"messages": [ToolMessage(MASK, tool_call_id="c1")], "note": MASK}, goto=Send("x", [MASK])),
    ),
    "messages": ([ToolMessage(EMAIL, tool_call_id="c1")], [ToolMessage(MASK, tool_call_id="c1")]),
    "nothing": (None, None),
}


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_a_result_keeps_its_shape(guard: Guard, use: Callable[..., Any], shape: str) -> None:
    raw, clean = SHAPES[shape]

    @tool
    def fetch() -> Any:
        """Fetch."""
        return raw

    assert use(SecureTool.wrap(fetch, guard), {}) == clean


def test_an_artifact_is_clean_and_its_blocked_documents_are_gone(guard: Guard, use: Callable[..., Any]) -> None:
    @tool(response_format="content_and_artifact")
    def search() -> Any:
        """Search."""
        return [{"type": "text", "text": EMAIL}], [Document(EMAIL), Document(ORDER)]

    message = use(SecureTool.wrap(search, guard), call("search"))
    assert message.content == [{"type": "text", "text": MASK}]
    assert message.artifact == [Document(MASK)]


# -- what is denied ---------------------------------------------------------------------------------


@tool
def count(what: str) -> str:
    """Count."""
    RAN.append(what)
    return EMAIL if what == "leak" else "1"


RAN: list[str] = []


@pytest.mark.parametrize(("what", "ran"), [(EMAIL, []), ("leak", ["leak"])], ids=["argument", "result"])
def test_a_denied_call_is_answered_with_an_error_that_tells_nothing(
    strict: Guard, recorder: Any, use: Callable[..., Any], what: str, ran: list[str]
) -> None:
    RAN.clear()
    message = use(SecureTool.wrap(count, strict), call("count", what=what), {"callbacks": [recorder]})
    assert (message.status, message.content) == ("error", "This tool cannot be used for that.")
    assert ran == RAN
    assert list(recorder.seen) == ["on_tool_start", "on_tool_end"]
    assert not holds_planted(recorder.seen)


@pytest.mark.parametrize("what", [EMAIL, "leak"], ids=["argument", "result"])
def test_a_denied_call_of_no_agent_raises_what_tools_may_raise(
    strict: Guard, use: Callable[..., Any], what: str
) -> None:
    with pytest.raises(ToolDenied) as caught:
        use(SecureTool.wrap(count, strict), {"what": what})
    assert isinstance(caught.value, Blocked)
    assert isinstance(caught.value, ToolException)
    assert caught.value.decision.categories == ("pii.email_address",)
    assert not holds_planted([repr(caught.value), caught.value, pickle.loads(pickle.dumps(caught.value))])


def test_a_denied_artifact_is_an_error_too(strict: Guard) -> None:
    @tool(response_format="content_and_artifact")
    def search() -> Any:
        """Search."""
        return "one", {"cc": EMAIL}

    message = SecureTool.wrap(search, strict).invoke(call("search"))
    assert (message.status, message.artifact) == ("error", None)


def test_other_calls_of_a_tool_node_go_on(strict: Guard) -> None:
    node = ToolNode(secure_tools([count], strict))
    graph = StateGraph(MessagesState).add_node("tools", node).add_edge(START, "tools").add_edge("tools", END).compile()
    calls = [call("count", "c1", what=EMAIL), call("count", "c2", what="apples")]
    messages = graph.invoke({"messages": [AIMessage("", tool_calls=calls)]})["messages"]
    assert [message.status for message in messages[1:]] == ["error", "success"]


# -- who calls, and whose values they are --------------------------------------------------------------


def test_the_context_says_who_calls_what(guard: Guard, planted: Planted, use: Callable[..., Any]) -> None:
    config = {"configurable": {"thread_id": "s", "user_id": "p"}, "metadata": {"tenant": "t"}}
    use(SecureTool.wrap(greet, guard), {"who": "Ann"}, config)
    for stage in (Stage.TOOL_CALL, Stage.TOOL_RESULT):
        assert Context(stage, principal="p", session="s", tenant="t", source="greet") in planted.contexts


# -- copies, threads, descriptions -----------------------------------------------------------------------


def test_survives_deepcopy_and_pickle(guard: Guard) -> None:
    secure = SecureTool.wrap(Shout(), "default")
    for twin in (copy.deepcopy(secure), pickle.loads(pickle.dumps(secure))):
        assert twin.invoke({"what": "hi "}) == f"HI {MASK}"
    assert copy.deepcopy(SecureTool.wrap(Shout(), guard)).invoke({"what": "hi "}) == f"HI {MASK}"


def test_64_threads_and_64_tasks_share_one_guard(guard: Guard) -> None:
    secure = SecureTool.wrap(greet, guard)
    barrier = threading.Barrier(64)

    def work(number: int) -> str:
        barrier.wait()
        return str(secure.invoke({"who": f"{number} {EMAIL}"}))

    async def tasks() -> list[Any]:
        return await asyncio.gather(*(secure.ainvoke({"who": f"{number} {EMAIL}"}) for number in range(64)))

    expected = [f"Hello {number} {MASK} and None, from {MASK}" for number in range(64)]
    with ThreadPoolExecutor(64) as pool:
        assert list(pool.map(work, range(64))) == expected
    assert asyncio.run(tasks()) == expected


def test_descriptions_of_somebody_else_are_cleaned_if_asked(guard: Guard) -> None:
    schema = {
        "type": "object",
        "properties": {"description": {"type": "string", "description": f"Ask {EMAIL}", "enum": ["a", "b"]}},
    }
    inner = StructuredTool.from_function(lambda description: description, name="x", description=f"Ask {EMAIL}")
    inner.args_schema = schema
    [kept], [secure] = secure_tools([inner], guard), secure_tools([inner], guard, descriptions=True)
    assert holds_planted(convert_to_openai_tool(kept))
    told = convert_to_openai_tool(secure)["function"]
    assert told["description"] == f"Ask {MASK}"
    assert told["parameters"]["properties"]["description"] == {
        "type": "string",
        "description": f"Ask {MASK}",
        "enum": ["a", "b"],
    }


def test_a_description_that_gives_orders_is_refused_if_the_policy_blocks_it(guard: Guard) -> None:
    inner = Tool("x", str, f"Search. {ORDER}.")
    with pytest.raises(Blocked):
        secure_tools([inner], guard, descriptions=True)
