"""What a tool raises tells nothing, and is still an error that agents know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.tools import StructuredTool, ToolException, tool
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from pydantic import BaseModel, Field, field_validator

from langchain_secure import SecureTool
from secure_core import Guard

from .actor import call
from .conftest import EMAIL, MASK, holds_planted


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
