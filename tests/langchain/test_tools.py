"""secure_tools: what goes into a tool and what comes out of it is clean, and it is still the tool that it was."""

from __future__ import annotations

import ast
import asyncio
import copy
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import pytest
from langchain.tools import ToolRuntime
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, InjectedToolCallId, StructuredTool, Tool, ToolException, tool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import InjectedState, ToolNode
from langgraph.types import Command, Send, interrupt
from pydantic import BaseModel, Field, field_validator

from langchain_secure import SecureTool, ToolDenied, secure_tools
from secure_core import Blocked, Context, Guard, Policy, Stage
from secure_core.vault import MemoryVault

from .actor import call
from .conftest import EMAIL, KEY, MASK, ORDER, Planted, holds_planted

WAYS: dict[str, Callable[..., Any]] = {
    "invoke": lambda tool, value, config=None: tool.invoke(value, config),
    "ainvoke": lambda tool, value, config=None: asyncio.run(tool.ainvoke(value, config)),
    "batch": lambda tool, value, config=None: tool.batch([value], config)[0],
}


@pytest.fixture(params=sorted(WAYS))
def use(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return WAYS[request.param]


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


@pytest.fixture
def strict(planted: Planted) -> Guard:
    rules = [{"category": "*", "action": "block", "stages": ["tool_call", "tool_result"]}]
    return Guard(Policy.model_validate({"name": "strict", "detectors": [], "rules": rules}), detectors=[planted])


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


# -- errors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raised", "shown"),
    [
        (ValueError(f"no {EMAIL}"), (ToolException, f"no {MASK}")),
        (KeyError("harmless"), (KeyError, "'harmless'")),
        (ToolException(f"no {EMAIL}"), (ToolException, f"no {MASK}")),
    ],
)
def test_an_error_says_nothing_and_keeps_its_kind_if_it_may(
    guard: Guard, recorder: Any, use: Callable[..., Any], raised: Exception, shown: tuple[type[Exception], str]
) -> None:
    @tool
    def fail() -> str:
        """Fail."""
        raise raised

    with pytest.raises(shown[0]) as caught:
        use(SecureTool.wrap(fail, guard), {}, {"callbacks": [recorder]})
    assert str(caught.value) == shown[1]
    assert not holds_planted([recorder.seen, caught.value.__cause__, caught.value.__context__])


def test_a_cause_is_not_told_either(guard: Guard) -> None:
    @tool
    def fail() -> str:
        """Fail."""
        raise ValueError("harmless") from KeyError(EMAIL)

    with pytest.raises(ToolException, match="harmless") as caught:
        SecureTool.wrap(fail, guard).invoke({})
    assert not holds_planted([caught.value.__cause__, caught.value.__context__])


def test_a_handled_error_is_clean(guard: Guard, use: Callable[..., Any]) -> None:
    @tool
    def fail() -> str:
        """Fail."""
        raise ToolException(f"no {EMAIL}")

    fail.handle_tool_error = True
    message = use(SecureTool.wrap(fail, guard), call("fail"))
    assert (message.status, message.content) == ("error", f"no {MASK}")


class Order(BaseModel):
    """What is to be ordered."""

    item: str = Field(description="what")

    @field_validator("item")
    @classmethod
    def _known(cls, value: str) -> str:
        raise ValueError(f"there is no {value}; ask {EMAIL}")


def test_an_error_of_validation_stays_one_without_its_values(guard: Guard, recorder: Any) -> None:
    buy = StructuredTool.from_function(lambda item: item, name="buy", description="Buy.", args_schema=Order)
    node = ToolNode([SecureTool.wrap(buy, guard)], handle_tool_errors=True)
    graph = StateGraph(MessagesState).add_node("tools", node).add_edge(START, "tools").add_edge("tools", END).compile()
    message = AIMessage("", tool_calls=[call("buy", item="a pear")])
    [_, answer] = graph.invoke({"messages": [message]}, {"callbacks": [recorder]})["messages"]
    assert answer.status == "error"
    assert f"there is no a pear; ask {MASK}" in answer.content
    assert not holds_planted(recorder.seen["on_tool_error"])


# -- what LangGraph injects, and what a tool writes ----------------------------------------------------


@tool
def inspect_run(
    question: str,
    runtime: ToolRuntime,
    state: Annotated[dict[str, Any], InjectedState],
    call_id: Annotated[str, InjectedToolCallId],
) -> Command[Any]:
    """Look at what was injected."""
    assert holds_planted(state["messages"])
    assert runtime.tool_call_id == call_id
    runtime.stream_writer({"found": EMAIL})
    get_stream_writer()({"found": KEY})
    for piece in ("Write to mar", EMAIL[3:], " now.\n"):
        runtime.emit_output_delta(piece)
    return Command(update={"messages": [ToolMessage(f"{question} {EMAIL}", tool_call_id=call_id)]})


def one_tool(secure: Any) -> Any:
    node = ToolNode([secure])
    return StateGraph(MessagesState).add_node("tools", node).add_edge(START, "tools").add_edge("tools", END).compile()


@pytest.mark.parametrize("way", ["stream", "astream"])
def test_what_is_injected_is_injected_and_what_is_written_is_clean(guard: Guard, way: str) -> None:
    graph = one_tool(SecureTool.wrap(inspect_run, guard))
    state = {"messages": [AIMessage(EMAIL, tool_calls=[call("inspect_run", question=EMAIL)])]}
    modes = ["custom", "tools", "updates"]

    async def stream() -> list[Any]:
        return [part async for part in graph.astream(state, stream_mode=modes)]

    parts = list(graph.stream(state, stream_mode=modes)) if way == "stream" else asyncio.run(stream())
    assert [part for mode, part in parts if mode == "custom"] == [{"found": MASK}, {"found": "[AWS_ACCESS_KEY]"}]
    events = [part for mode, part in parts if mode == "tools"]
    assert "".join(event.get("delta", "") for event in events) == f"Write to {MASK} now.\n"
    [update] = [part for mode, part in parts if mode == "updates"]
    assert update["tools"]["messages"][0].content == f"{MASK} {MASK}"
    assert not holds_planted(parts)


def test_an_interrupt_stays_an_interrupt(guard: Guard) -> None:
    @tool
    def ask() -> str:
        """Ask."""
        return str(interrupt({"really": EMAIL}))

    def node(state: Any) -> Any:
        return {"messages": [SecureTool.wrap(ask, guard).invoke(call("ask"))]}

    graph = StateGraph(MessagesState).add_node("n", node).add_edge(START, "n").compile(checkpointer=InMemorySaver())
    config: RunnableConfig = {"configurable": {"thread_id": "1"}}
    [asked] = graph.invoke({"messages": [HumanMessage("hi")]}, config)["__interrupt__"]
    assert asked.value == {"really": MASK}
    assert graph.invoke(Command(resume="yes"), config)["messages"][-1].content == "yes"


# -- who calls, and whose values they are --------------------------------------------------------------


def test_the_context_says_who_calls_what(guard: Guard, planted: Planted, use: Callable[..., Any]) -> None:
    config = {"configurable": {"thread_id": "s", "user_id": "p"}, "metadata": {"tenant": "t"}}
    use(SecureTool.wrap(greet, guard), {"who": "Ann"}, config)
    for stage in (Stage.TOOL_CALL, Stage.TOOL_RESULT):
        assert Context(stage, principal="p", session="s", tenant="t", source="greet") in planted.contexts


PSEUDONYMS = Policy.model_validate(
    {
        "name": "pseudonyms",
        "detectors": [],
        "rules": [{"category": "pii.*", "action": "sanitize", "operator": "pseudonymize"}],
        "restore": [{"category": "pii.*", "stages": ["tool_call"], "sources": ["greet", "agreet", "buy"]}],
    }
)


@pytest.fixture
def bound() -> Any:
    return Guard(PSEUDONYMS, detectors=[Planted()]).bind(MemoryVault(key=b"k" * 32), tenant="t", session="s")


def test_a_tool_gets_real_values_and_nobody_else_does(bound: Any, recorder: Any, use: Callable[..., Any]) -> None:
    got: list[Any] = []

    @tool
    def greet(who: str, also: list[str]) -> str:
        """Greet someone."""
        got.append((who, also))
        return f"Hello {who}"

    hidden = bound.check(EMAIL, stage="input").text
    answer = use(SecureTool.wrap(greet, bound), {"who": hidden, "also": [hidden]}, {"callbacks": [recorder]})
    assert got == [(EMAIL, [EMAIL])]
    assert answer == f"Hello {hidden}"
    assert not holds_planted(recorder.seen)


def test_a_tool_that_the_policy_does_not_name_gets_the_stand_in(bound: Any) -> None:
    @tool
    def search(q: str) -> str:
        """Search."""
        return q

    hidden = bound.check(EMAIL, stage="input").text
    assert SecureTool.wrap(search, bound).invoke({"q": hidden}) == hidden


def test_a_tool_gets_no_values_of_another_tenant(bound: Any) -> None:
    hidden = bound.check(EMAIL, stage="input").text
    got: list[str] = []

    @tool
    def greet(who: str) -> None:
        """Greet someone."""
        got.append(who)

    for tenant in ("t", "another"):
        SecureTool.wrap(greet, bound).invoke({"who": hidden}, {"metadata": {"tenant": tenant}})
    assert got == [EMAIL, hidden]


def test_a_real_value_that_is_wrong_is_not_quoted(bound: Any, recorder: Any) -> None:
    buy = StructuredTool.from_function(lambda item: item, name="buy", description="Buy.", args_schema=Order)
    hidden = bound.check(EMAIL, stage="input").text
    with pytest.raises(Exception, match="there is no") as caught:
        SecureTool.wrap(buy, bound).invoke({"item": hidden}, {"callbacks": [recorder]})
    assert not holds_planted([recorder.seen, caught.value, caught.value.__context__, caught.value.__cause__])


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
