"""Tools whose arguments and results are judged, and that stay what they are for the agent that holds them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from functools import cache
from pathlib import Path
from typing import Any

from llama_index.core.tools import AsyncBaseTool, BaseTool, FunctionTool, ToolOutput, adapt_to_async_tool

from secure_core import Blocked, Context, Guard, Policy, Stage

from ._content import aclean, clean
from ._restoring import atool_arguments, tool_arguments

__all__ = ["secure_tools"]

DENIED = "This tool cannot be used for that."
"""All that a model learns of a call that was blocked, before or after the tool ran."""


def secure_tools(
    tools: Sequence[BaseTool | Callable[..., Any]], policy: str | Path | Policy | Guard = "default"
) -> list[Any]:
    """Return copies of the tools that judge what they are called with and what they answer.

    Arguments are judged value by value at stage ``tool_call``, a `Context` and partial parameters excepted; content,
    ``raw_input``, ``raw_output`` and the messages of errors at ``tool_result``, with the tool's name as the context's
    source. A blocked call is answered with an error that tells the model nothing. Each copy is an instance of a
    subclass of its tool's class, so that agents still inject what they inject into it.

    With a guard that is bound to a vault the tool gets the values for stand-ins that the policy restores for it (stage
    ``tool_call``, the tool's name as source); ``raw_input`` keeps the stand-ins.

    Args:
        tools: Tools, or functions to make tools of.
        policy: A shipped policy's name, a path to TOML, a `Policy` or a `Guard`.

    Raises:
        PolicyError: The policy cannot be turned into a guard.

    >>> agent = FunctionAgent(tools=secure_tools([search, send_mail]), llm=llm)
    """
    guard = Guard.from_policy(policy)
    return [_secured(tool if isinstance(tool, BaseTool) else FunctionTool.from_defaults(tool), guard) for tool in tools]


def _secured(tool: BaseTool, guard: Guard) -> Any:
    secured: Any = copy(adapt_to_async_tool(tool))
    if not isinstance(secured, _Secured):
        secured.__class__ = _secured_class(secured.__class__)
    secured._guard = guard
    return secured


@cache
def _secured_class(kind: Any) -> Any:
    return type(f"Secure{kind.__name__}", (_Secured, kind), {"__module__": __name__})


class _Secured(AsyncBaseTool):
    """Stands before a tool's class in the order of its methods."""

    _guard: Guard

    def __call__(self, *args: Any, **kwargs: Any) -> ToolOutput:
        return self.call(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> ToolOutput:
        """Run the tool with sanitised arguments; return its sanitised result."""
        injected = self._injected(kwargs)
        try:
            given = clean(self._guard, (args, kwargs), self._at(Stage.TOOL_CALL))
            args, kwargs = real = tool_arguments(self._guard, given, self.metadata.get_name())
            output = _as_given(self._run(args, {**kwargs, **injected}), given, real)
            return clean(self._guard, output, self._at(Stage.TOOL_RESULT))
        except Blocked:
            return self._failed(DENIED)

    async def acall(self, *args: Any, **kwargs: Any) -> ToolOutput:
        """Async twin of `call`."""
        injected = self._injected(kwargs)
        try:
            given = await aclean(self._guard, (args, kwargs), self._at(Stage.TOOL_CALL))
            args, kwargs = real = await atool_arguments(self._guard, given, self.metadata.get_name())
            output = _as_given(await self._arun(args, {**kwargs, **injected}), given, real)
            return await aclean(self._guard, output, self._at(Stage.TOOL_RESULT))
        except Blocked:
            return self._failed(DENIED)

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> ToolOutput:
        try:
            return _bare(super().call(*args, **kwargs))  # type: ignore[safe-super]
        except Blocked:
            raise
        except Exception as error:
            if clean(self._guard, str(error), self._at(Stage.TOOL_RESULT)) == str(error):
                raise  # it tells nothing, and may be a workflow's own signal
            return self._failed(str(error))

    async def _arun(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> ToolOutput:
        try:
            return _bare(await super().acall(*args, **kwargs))  # type: ignore[safe-super]
        except Blocked:
            raise
        except Exception as error:
            if await aclean(self._guard, str(error), self._at(Stage.TOOL_RESULT)) == str(error):
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

    def _at(self, stage: Stage) -> Context:
        return Context(stage, source=self.metadata.get_name())


def _bare(output: ToolOutput) -> ToolOutput:
    """Return an output without its exception, which may quote data, and with no bytes, which cannot be judged."""
    return ToolOutput(
        tool_name=output.tool_name,
        blocks=output.blocks,
        raw_input=output.raw_input,
        raw_output=output.content if isinstance(output.raw_output, bytes) else output.raw_output,
        is_error=output.is_error,
    )


def _as_given(output: ToolOutput, given: tuple[Any, Any], real: tuple[Any, Any]) -> ToolOutput:
    """Return an output that says what the model called the tool with, not what the tool was told."""
    if given == real:
        return output
    args, kwargs = given
    return output.model_copy(update={"raw_input": {"args": args, "kwargs": kwargs}})
