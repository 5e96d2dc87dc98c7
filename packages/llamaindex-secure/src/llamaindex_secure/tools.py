"""Tools whose arguments and results are judged, and that stay what they are for the agent that holds them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from functools import cache
from pathlib import Path
from typing import Any

from llama_index.core.tools import (
    AsyncBaseTool,
    BaseTool,
    FunctionTool,
    ToolMetadata,
    ToolOutput,
    adapt_to_async_tool,
)

from secure_core import Blocked, Context, Guard, Policy, Stage

from ._content import aclean, clean
from ._descriptions import described
from ._failures import safe_error
from ._restoring import atool_arguments, tool_arguments

__all__ = ["secure_tools"]

DENIED = "This tool cannot be used for that."
"""All that a model learns of a call that was blocked, before or after the tool ran."""


def secure_tools(
    tools: Sequence[BaseTool | Callable[..., Any]],
    policy: str | Path | Policy | Guard = "default",
    *,
    descriptions: bool = False,
) -> list[Any]:
    """Return copies of the tools that judge what they are called with and what they answer.

    Arguments are judged value by value at stage ``tool_call``, a `Context` and partial parameters excepted; content,
    ``raw_input``, ``raw_output`` and the messages of errors at ``tool_result``, with the tool's name as the context's
    source, and those of a tool that returns directly at ``output`` as well. A blocked call is answered with an error
    that tells the model nothing. Each copy is an instance of a subclass of its tool's class, so that agents still
    inject what they inject into it.

    With a guard that is bound to a vault the tool gets the values for stand-ins that the policy restores for it (stage
    ``tool_call``, the tool's name as source); ``raw_input`` keeps the stand-ins.

    Args:
        tools: Tools, or functions to make tools of.
        policy: A shipped policy's name, a path to TOML, a `Policy` or a `Guard`.
        descriptions: Whether to judge what the tools say of themselves, too, at stage ``tool_result``. Set it for tools
            that somebody else describes (an MCP server's).

    Raises:
        PolicyError: The policy cannot be turned into a guard.
        Blocked: A description was blocked.

    >>> agent = FunctionAgent(tools=secure_tools([search, send_mail]), llm=llm)
    """
    guard = Guard.from_policy(policy)
    made = [tool if isinstance(tool, BaseTool) else FunctionTool.from_defaults(tool) for tool in tools]
    return [_secured(tool, guard, described(guard, tool.metadata) if descriptions else None) for tool in made]


def _secured(tool: BaseTool, guard: Guard, described: ToolMetadata | None) -> Any:
    secured: Any = copy(adapt_to_async_tool(tool))
    if not isinstance(secured, _Secured):
        secured.__class__ = _secured_class(secured.__class__)
    secured._guard = guard
    secured._described = described or secured._described
    return secured


@cache
def _secured_class(kind: Any) -> Any:
    return type(f"Secure{kind.__name__}", (_Secured, kind), {"__module__": __name__})


class _Secured(AsyncBaseTool):
    """Stands before a tool's class in the order of its methods."""

    _guard: Guard
    _described: ToolMetadata | None = None

    @property
    def metadata(self) -> ToolMetadata:
        """What the tool says of itself."""
        return self._described or super().metadata  # type: ignore[safe-super]

    def __call__(self, *args: Any, **kwargs: Any) -> ToolOutput:
        return self.call(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> ToolOutput:
        """Run the tool with sanitised arguments; return its sanitised result."""
        injected = self._injected(kwargs)
        try:
            given = clean(self._guard, (args, kwargs), self._at(Stage.TOOL_CALL))
            args, kwargs = real = tool_arguments(self._guard, given, self.metadata.get_name())
            output = _as_given(self._run(args, {**kwargs, **injected}), given, real)
            for stage in self._stages:
                output = clean(self._guard, output, self._at(stage))
            return output
        except Blocked:
            return self._failed(DENIED)

    async def acall(self, *args: Any, **kwargs: Any) -> ToolOutput:
        """Async twin of `call`."""
        injected = self._injected(kwargs)
        try:
            given = await aclean(self._guard, (args, kwargs), self._at(Stage.TOOL_CALL))
            args, kwargs = real = await atool_arguments(self._guard, given, self.metadata.get_name())
            output = _as_given(await self._arun(args, {**kwargs, **injected}), given, real)
            for stage in self._stages:
                output = await aclean(self._guard, output, self._at(stage))
            return output
        except Blocked:
            return self._failed(DENIED)

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> ToolOutput:
        try:
            return _bare(super().call(*args, **kwargs))  # type: ignore[safe-super]
        except Exception as error:
            if safe_error(self._guard, error, self._at(Stage.TOOL_RESULT)) is error:
                raise  # it tells nothing, and may be a workflow's own signal
            return self._failed(str(error))

    async def _arun(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> ToolOutput:
        try:
            return _bare(await super().acall(*args, **kwargs))  # type: ignore[safe-super]
        except Exception as error:
            if safe_error(self._guard, error, self._at(Stage.TOOL_RESULT)) is error:
                raise  # it tells nothing, and may be a workflow's own signal
            return self._failed(str(error))

    def _injected(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Take what an agent puts beside the model's arguments out of them."""
        name = getattr(self, "ctx_param_name", None)
        return {name: kwargs.pop(name)} if name in kwargs else {}

    def _failed(self, message: str) -> ToolOutput:
        return ToolOutput(
            tool_name=self.metadata.get_name(), content=message, raw_input={}, raw_output=message, is_error=True
        )

    @property
    def _stages(self) -> tuple[Stage, ...]:
        """Where a result stands: one that goes to the user as it is, and past the model, is an answer too."""
        return (Stage.TOOL_RESULT, Stage.OUTPUT) if self.metadata.return_direct else (Stage.TOOL_RESULT,)

    def _at(self, stage: Stage) -> Context:
        return Context(stage, source=self.metadata.get_name())


def _bare(output: ToolOutput) -> ToolOutput:
    """Return an output with no bytes, which cannot be judged."""
    return output.model_copy(update={"raw_output": output.content}) if isinstance(output.raw_output, bytes) else output


def _as_given(output: ToolOutput, given: tuple[Any, Any], real: tuple[Any, Any]) -> ToolOutput:
    """Return an output that says what the model called the tool with, not what the tool was told."""
    if given == real:
        return output
    args, kwargs = given
    return output.model_copy(update={"raw_input": {"args": args, "kwargs": kwargs}})
