"""SecureCallbackHandler and tools: messages are cleaned, what cannot be changed stops the call."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.tools import tool

from secure_core import Blocked

from .conftest import EMAIL, KEY, MASK, ORDER

SENT: list[str] = []


@tool
def send(to: str) -> str:
    """Send an e-mail."""
    SENT.append(to)
    return f"{to} has the key {KEY}"


@tool(response_format="content_and_artifact")
def look_up(name: str) -> tuple[list[Any], dict[str, Any]]:
    """Look somebody up."""
    return [{"type": "text", "text": f"{name}: {EMAIL}"}], {"row": [EMAIL]}


def call(name: str, /, **args: Any) -> dict[str, Any]:
    return {"type": "tool_call", "id": "1", "name": name, "args": args}


WAYS = pytest.mark.parametrize(
    "use",
    [lambda t, v, c: t.invoke(v, c), lambda t, v, c: asyncio.run(t.ainvoke(v, c))],
    ids=["invoke", "ainvoke"],
)


@WAYS
def test_tool_messages_are_clean(config: Any, use: Any) -> None:
    assert use(send, call("send", to="paul"), config).content == "paul has the key [AWS_ACCESS_KEY]"
    message = use(look_up, call("look_up", name="paul"), config)
    assert message.content == [{"type": "text", "text": f"paul: {MASK}"}]
    assert message.artifact == {"row": [MASK]}


@WAYS
def test_arguments_that_would_have_to_change_stop_the_tool(config: Any, use: Any) -> None:
    SENT.clear()
    with pytest.raises(Blocked, match="stage tool_call"):
        use(send, call("send", to=EMAIL), config)
    assert SENT == []


@WAYS
def test_a_plain_result_that_would_have_to_change_blocks(config: Any, use: Any) -> None:
    with pytest.raises(Blocked, match="stage tool_result"):
        use(send, {"to": "paul"}, config)


@WAYS
def test_an_injected_order_in_a_tool_message_blocks(config: Any, use: Any) -> None:
    @tool
    def fetch() -> str:
        """Fetch a page."""
        return ORDER

    with pytest.raises(Blocked, match="stage tool_result"):
        use(fetch, call("fetch"), config)


def test_the_tool_is_the_source_of_its_texts(config: Any, planted: Any) -> None:
    send.invoke(call("send", to="paul"), config)
    assert {(str(c.stage), c.source) for c in planted.contexts} == {("tool_call", "send"), ("tool_result", "send")}
