"""With a vault bound, a tool gets the values that the policy restores for it, and nobody else does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.tools import StructuredTool, tool

from langchain_secure import SecureTool
from secure_core import Guard, Policy
from secure_core.vault import MemoryVault

from .conftest import EMAIL, Planted, holds_planted
from .test_tool_errors import Order

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
