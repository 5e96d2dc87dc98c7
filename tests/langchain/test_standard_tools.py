"""LangChain's own suites for tools, run on a secured one."""

from __future__ import annotations

from typing import Any

from langchain_core.tools import BaseTool, tool
from langchain_tests.integration_tests import ToolsIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests

from langchain_secure import SecureTool


@tool
def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


class SecureAdd(SecureTool):
    """A tool that the suites can build by its class."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"tool": add, **kwargs})


class _Suite:
    @property
    def tool_constructor(self) -> type[BaseTool]:
        return SecureAdd

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return {"a": 2, "b": 3}


class TestToolUnit(_Suite, ToolsUnitTests):
    """The unit suite."""


class TestTool(_Suite, ToolsIntegrationTests):
    """The integration suite, which needs no network here."""
