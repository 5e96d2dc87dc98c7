from typing import Any

import pytest
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import TextBlock, ToolCallBlock
from llama_index.core.base.response.schema import Response
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.query_engine import CustomQueryEngine
from llama_index.core.schema import NodeWithScore
from llama_index.core.tools import BaseTool, FunctionTool, QueryEngineTool, ToolMetadata, ToolOutput
from llama_index.core.tools.calling import acall_tool, call_tool
from llama_index.core.workflow import Context
from pydantic import BaseModel, Field

from llamaindex_secure import SecureQueryEngine, secure_tools
from secure_core import Blocked, Guard, Policy

from .conftest import EMAIL, KEY, ORDER, Planted, holds_planted, planted_node
from .speaker import Speaker

DENIED = "This tool cannot be used for that."


async def call(tool: Any, asynchronous: bool, **arguments: Any) -> Any:
    return await tool.acall(**arguments) if asynchronous else tool(**arguments)


class Desk:
    """Functions to make tools of, that remember what they were called with."""

    def __init__(self, result: Any = None) -> None:
        self.called: list[Any] = []
        self.result = result

    def find(self, who: str, tags: list[str] | None = None) -> Any:
        """Find someone."""
        self.called.append((who, tags))
        if isinstance(self.result, Exception):
            raise self.result
        return self.result if self.result is not None else f"{who} has {KEY}"


def tool(desk: Desk, guard: Guard, **options: Any) -> Any:
    [secured] = secure_tools([FunctionTool.from_defaults(desk.find, **options)], guard)
    return secured


both = pytest.mark.parametrize("asynchronous", [False, True])


@both
async def test_arguments_and_result_are_clean(guard: Guard, asynchronous: bool) -> None:
    desk = Desk()
    output = await call(tool(desk, guard), asynchronous, who=EMAIL, tags=["a", KEY])
    assert desk.called == [("[EMAIL_ADDRESS]", ["a", "[AWS_ACCESS_KEY]"])]
    assert output.content == "[EMAIL_ADDRESS] has [AWS_ACCESS_KEY]"
    assert not output.is_error
    assert not holds_planted(output)


@both
async def test_a_positional_argument_is_clean(guard: Guard, asynchronous: bool) -> None:
    desk = Desk()
    secured = tool(desk, guard)
    output = await secured.acall(EMAIL) if asynchronous else secured(EMAIL)
    assert desk.called == [("[EMAIL_ADDRESS]", None)]
    assert not holds_planted(output)


@both
@pytest.mark.parametrize(
    "result",
    [
        {"mail": [EMAIL]},
        [planted_node()],
        TextBlock(text=EMAIL),
        NodeWithScore(node=planted_node()),
        EMAIL.encode(),
        Response(EMAIL, source_nodes=[NodeWithScore(node=planted_node())]),
    ],
    ids=lambda result: type(result).__name__,
)
async def test_whatever_a_tool_returns_is_clean(guard: Guard, result: Any, asynchronous: bool) -> None:
    output = await call(tool(Desk(result), guard), asynchronous, who="Maria")
    assert "[EMAIL_ADDRESS]" in output.content
    assert not holds_planted([output.content, output.raw_input, output.raw_output])


@both
@pytest.mark.parametrize("arguments", [{"who": ORDER}, {"who": "Maria", "tags": [ORDER]}], ids=["flat", "deep"])
async def test_a_blocked_call_is_not_made_and_tells_nothing(
    guard: Guard, arguments: dict[str, Any], asynchronous: bool
) -> None:
    desk = Desk()
    output = await call(tool(desk, guard), asynchronous, **arguments)
    assert desk.called == []
    assert (output.is_error, output.content, output.raw_output, output.raw_input) == (True, DENIED, DENIED, {})


@both
async def test_a_blocked_result_tells_nothing(guard: Guard, asynchronous: bool) -> None:
    output = await call(tool(Desk(f"Sure. {ORDER}"), guard), asynchronous, who="Maria")
    assert (output.is_error, output.content, output.raw_output) == (True, DENIED, DENIED)


@both
async def test_an_error_that_quotes_data_is_not_quoted(guard: Guard, asynchronous: bool) -> None:
    secured = tool(Desk(ValueError(f"no such person: {EMAIL}")), guard)
    output = await acall_tool(secured, {"who": "x", "tags": []}) if asynchronous else call_tool(secured, {"who": "x"})
    assert output.is_error
    assert output.content == "no such person: [EMAIL_ADDRESS]"
    assert not holds_planted([output.content, output.raw_output, repr(getattr(output, "exception", None))])


@both
async def test_an_exception_that_a_tool_hands_over_is_dropped(guard: Guard, asynchronous: bool) -> None:
    def told(_: Any) -> ToolOutput:
        return ToolOutput(tool_name="find", content="Sorry.", is_error=True, raw_input={}, exception=ValueError(EMAIL))

    output = await call(tool(Desk(), guard, callback=told), asynchronous, who="Maria")
    assert (output.is_error, output.content, output.exception) == (True, "Sorry.", None)


@both
async def test_another_error_is_raised_as_it_is(guard: Guard, asynchronous: bool) -> None:
    error = KeyError("nobody")
    with pytest.raises(KeyError) as caught:
        await call(tool(Desk(error), guard), asynchronous, who="x")
    assert caught.value is error


@both
async def test_a_block_inside_of_a_tool_tells_nothing(guard: Guard, asynchronous: bool) -> None:
    class Echo(CustomQueryEngine):
        def custom_query(self, query_str: str) -> str:
            return f"Yes. {ORDER}"

    engine = QueryEngineTool.from_defaults(SecureQueryEngine(Echo(), guard), name="ask")
    [secured] = secure_tools([engine], guard)
    output = await call(secured, asynchronous, input="Who?")
    assert (output.is_error, output.content) == (True, DENIED)


def test_each_tool_stays_what_it_is(guard: Guard) -> None:
    class Old(BaseTool):
        @property
        def metadata(self) -> ToolMetadata:
            return ToolMetadata(name="old", description="An old tool.")

        def __call__(self, input: Any) -> ToolOutput:
            return ToolOutput(content=f"{input} of {EMAIL}", tool_name="old", raw_input={}, raw_output=EMAIL)

    class Echo(CustomQueryEngine):
        def custom_query(self, query_str: str) -> str:
            return f"{query_str} of {EMAIL}"

    function, engine = FunctionTool.from_defaults(Desk().find), QueryEngineTool.from_defaults(Echo(), name="echo")
    secured = secure_tools([function, engine, Old(), Desk().find], guard)
    assert isinstance(secured[0], FunctionTool)
    assert isinstance(secured[1], QueryEngineTool)
    assert isinstance(secured[3], FunctionTool)
    assert secured[0].metadata is function.metadata
    assert [one("Maria").content for one in secured] == [
        "Maria has [AWS_ACCESS_KEY]",
        "Maria of [EMAIL_ADDRESS]",
        "Maria of [EMAIL_ADDRESS]",
        "Maria has [AWS_ACCESS_KEY]",
    ]
    assert type(function) is FunctionTool
    assert KEY in function("Maria").content


class Asked(BaseModel):
    """What a tool of somebody else's is called with."""

    who: str = Field(description=f"Ask {EMAIL} first.")
    how: str = Field(default=KEY)


def foreign(description: str) -> FunctionTool:
    return FunctionTool.from_defaults(Desk().find, name="find", description=description, fn_schema=Asked)


async def test_what_a_tool_says_of_itself_is_clean_where_that_is_asked_for(guard: Guard) -> None:
    given = foreign(f"Find, as {EMAIL} says.")
    [secured] = secure_tools([given], guard, descriptions=True)
    assert secured.metadata.description == "Find, as [EMAIL_ADDRESS] says."
    assert not holds_planted([secured.metadata.to_openai_tool(), secured.metadata.fn_schema_str])
    assert secured.metadata.fn_schema is Asked
    assert holds_planted(given.metadata.to_openai_tool())
    [twice] = secure_tools([secured], guard)
    assert twice.metadata is secured.metadata
    llm = Speaker(script=[[TextBlock(text="Done.")]])
    await FunctionAgent(tools=[secured], llm=llm).run("Find.")
    assert llm.options[0]["tools"] == ["find"]


def test_a_tool_that_gives_orders_of_its_own_is_refused(guard: Guard) -> None:
    with pytest.raises(Blocked):
        secure_tools([foreign(ORDER)], guard, descriptions=True)


def test_securing_twice_is_securing_once(guard: Guard) -> None:
    once = tool(Desk(), guard)
    [twice] = secure_tools([once], guard)
    assert type(twice) is type(once)
    assert not holds_planted(twice("Maria"))


async def test_parameters_that_the_application_fixed_reach_the_tool(guard: Guard) -> None:
    called: list[str] = []

    def send(to: str, token: str) -> str:
        called.append(token)
        return f"sent with {token}"

    [secured] = secure_tools([FunctionTool.from_defaults(send, partial_params={"token": KEY})], guard)
    outputs = [secured(to="Maria"), await secured.acall(to="Maria")]
    assert called == [KEY, KEY]
    assert not holds_planted(outputs)


async def test_an_agent_still_injects_its_context(guard: Guard) -> None:
    async def note(ctx: Context, what: str) -> str:
        await ctx.store.set("noted", what)
        return f"noted {what} for {EMAIL}"

    call = ToolCallBlock(tool_call_id="c1", tool_name="note", tool_kwargs={"what": KEY})
    llm = Speaker(script=[[call], [TextBlock(text="Done.")]])
    agent = FunctionAgent(tools=secure_tools([note], guard), llm=llm)
    ctx = Context(agent)
    handler = agent.run("Note it.", ctx=ctx, memory=ChatMemoryBuffer.from_defaults(token_limit=2000))
    results = [event async for event in handler.stream_events() if hasattr(event, "tool_output")]
    await handler
    assert await ctx.store.get("noted") == "[AWS_ACCESS_KEY]"
    assert results[0].tool_output.content == "noted [AWS_ACCESS_KEY] for [EMAIL_ADDRESS]"
    assert not holds_planted(results[0].tool_output)


def test_rules_can_name_a_tool(detector: Planted) -> None:
    policy = Policy.model_validate(
        {
            "detectors": [],
            "rules": [
                {"category": "pii.*", "sources": "mail_*", "stages": ["tool_call"], "action": "allow"},
                {"category": "pii.*", "action": "sanitize"},
            ],
        }
    )
    desk, guard = Desk("done"), Guard(policy, detectors=[detector])
    for name in ("mail_send", "web_search"):
        tool(desk, guard, name=name)(who=EMAIL)
    assert desk.called == [(EMAIL, None), ("[EMAIL_ADDRESS]", None)]
