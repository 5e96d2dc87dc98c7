"""SecureMCPInterceptor, with a real client and a real server that speak over pipes."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool, ToolException
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools

from langchain_secure import SecureMCPInterceptor, SecureMiddleware, secure_tools
from secure_core import Context, Guard, Policy, Stage
from secure_core.vault import MemoryVault

from .actor import Actor, call
from .conftest import EMAIL, MASK, ORDER, Planted, holds_planted

Tools = dict[str, BaseTool]
SERVER: Any = {
    "transport": "stdio",
    "command": sys.executable,
    "args": [str(Path(__file__).with_name("mcp_server.py"))],
}


@asynccontextmanager
async def connected(*interceptors: Any) -> AsyncIterator[Tools]:
    """Yield the tools of a session."""
    async with MultiServerMCPClient({"desk": SERVER}).session("desk") as session:
        tools = await load_mcp_tools(session, tool_interceptors=list(interceptors), server_name="desk")
        yield {tool.name: tool for tool in tools}


async def use(interceptor: Any, name: str, **args: Any) -> ToolMessage:
    async with connected(interceptor) as tools:
        message: ToolMessage = await tools[name].ainvoke(call(name, **args))
        return message


async def test_what_the_server_is_told_and_what_it_answers_is_clean(guard: Guard) -> None:
    message = await use(SecureMCPInterceptor(guard), "find", who=EMAIL)
    assert not holds_planted(message)
    assert message.artifact == {"structured_content": {"name": MASK, "mail": MASK}}
    echoed = await use(SecureMCPInterceptor(guard), "echo", text=EMAIL)
    assert echoed.content[0]["text"] == f"{len(MASK)} {MASK}"  # type: ignore[index]


async def test_pictures_pass_and_the_texts_beside_them_are_clean(guard: Guard) -> None:
    message = await use(SecureMCPInterceptor(guard), "everything")
    told: list[Any] = [block for block in message.content if isinstance(block, dict)]
    assert [block["type"] for block in told] == ["text", "image", "text"]
    assert (told[0]["text"], told[2]["text"]) == (f"Write to {MASK}", f"Notes of {MASK}")
    assert told[1]["base64"].startswith("iVBOR")


async def test_an_error_of_the_server_is_clean_and_stays_an_answer(guard: Guard) -> None:
    message = await use(SecureMCPInterceptor(guard), "fail", why="no")
    assert message.status == "error"
    assert f"no: ask {MASK}" in str(message.content)
    assert not holds_planted(message)


async def test_a_blocked_call_never_gets_to_the_server(planted: Planted, capfd: Any) -> None:
    rules = [{"category": "*", "action": "block", "stages": ["tool_call"]}]
    strict = Guard(Policy.model_validate({"detectors": [], "rules": rules}), detectors=[planted])
    message = await use(SecureMCPInterceptor(strict), "find", who=EMAIL)
    assert (message.status, message.content[0]["text"]) == ("error", "This tool cannot be used for that.")  # type: ignore[index]
    assert "asked" not in capfd.readouterr().err


async def test_a_result_that_is_blocked_is_an_error(planted: Planted) -> None:
    rules = [{"category": "*", "action": "block", "stages": ["tool_result"]}]
    strict = Guard(Policy.model_validate({"detectors": [], "rules": rules}), detectors=[planted])
    message = await use(SecureMCPInterceptor(strict), "echo", text=ORDER)
    assert (message.status, message.content[0]["text"]) == ("error", "This tool cannot be used for that.")  # type: ignore[index]


async def test_a_broken_handler_is_told_cleanly(guard: Guard) -> None:
    async def broken(request: Any, handler: Any) -> Any:
        raise RuntimeError(f"no line to {EMAIL}")

    async with connected(SecureMCPInterceptor(guard), broken) as tools:
        with pytest.raises(ToolException, match=r"no line to \[EMAIL_ADDRESS\]"):
            await tools["echo"].ainvoke({"text": "hi"})


async def test_what_another_interceptor_answers_is_clean(guard: Guard) -> None:
    async def answers(request: Any, handler: Any) -> Any:
        return ToolMessage(EMAIL, tool_call_id="c1")

    async with connected(SecureMCPInterceptor(guard), answers) as tools:
        assert (await tools["echo"].ainvoke(call("echo", text="hi"))).content == MASK


async def test_the_context_names_the_tool_and_who_calls(guard: Guard, planted: Planted) -> None:
    async with connected(SecureMCPInterceptor(guard)) as tools:
        await tools["echo"].ainvoke({"text": "hi"}, {"configurable": {"user_id": "p"}, "metadata": {"tenant": "t"}})
    assert Context(Stage.TOOL_CALL, principal="p", tenant="t", source="echo") in planted.contexts


async def test_a_server_gets_the_real_values_that_the_policy_restores(planted: Planted) -> None:
    policy = Policy.model_validate(
        {
            "detectors": [],
            "rules": [{"category": "pii.*", "action": "sanitize", "operator": "pseudonymize"}],
            "restore": [{"category": "pii.*", "stages": ["tool_call"], "sources": ["echo"]}],
        }
    )
    bound = Guard(policy, detectors=[planted]).bind(MemoryVault(key=b"k" * 32), tenant="t", session="s")
    hidden = bound.check(EMAIL, stage="input").text
    echoed = await use(SecureMCPInterceptor(bound), "echo", text=hidden)
    assert echoed.content[0]["text"] == f"{len(EMAIL)} {hidden}"  # type: ignore[index]


async def test_descriptions_are_cleaned_where_tools_are_wrapped(guard: Guard) -> None:
    async with connected() as tools:
        secure = secure_tools(list(tools.values()), guard, descriptions=True)
        assert not holds_planted([convert_to_openai_tool(tool) for tool in secure])
        by_name = {tool.name: tool for tool in secure}
        message = await by_name["fail"].ainvoke(call("fail", why=EMAIL))
        assert message.status == "error"
        assert not holds_planted(message)


async def test_an_agent_with_tools_of_a_server_is_clean(guard: Guard) -> None:
    script = [
        AIMessage("", tool_calls=[call("find", "c1", who=EMAIL), call("fail", "c2", why=EMAIL)]),
        AIMessage(EMAIL),
    ]
    async with connected() as tools:
        agent: Any = create_agent(Actor(script=script), list(tools.values()), middleware=[SecureMiddleware(guard)])
        messages = (await agent.ainvoke({"messages": [HumanMessage("who?")]}))["messages"]
        assert [message.status for message in messages[2:4]] == ["success", "error"]
        assert not holds_planted(messages)
