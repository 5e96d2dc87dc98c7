"""An agent with one tool, whose model follows a script."""

from __future__ import annotations

from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import tool

from langchain_secure import SecureMiddleware

from .actor import Actor, call
from .conftest import EMAIL

REFUSAL = "I cannot help with that."
ASKED = {"messages": [HumanMessage("Who is it?")]}


@tool
def find(who: str) -> str:
    """Find someone."""
    return f"{who} is {EMAIL}"


def actor(*calls: Any, answer: str = f"Ask {EMAIL} now.", **options: Any) -> Actor:
    script = [AIMessage(f"I ask {EMAIL}.", tool_calls=list(calls) or [call("find", who=EMAIL)]), AIMessage(answer)]
    return Actor(script=script, **options)


def agent(policy: Any, model: Any = None, tools: Any = (find,), **options: Any) -> Any:
    middleware = [*options.pop("before", []), SecureMiddleware(policy, **options.pop("secure", {}))]
    return create_agent(model or actor(), list(tools), middleware=middleware, **options)
