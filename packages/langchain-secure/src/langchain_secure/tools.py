"""Tools whose arguments and results are judged, and that stay what they are for the agent that holds them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.messages import ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, Tool, ToolException
from langchain_core.tools import tool as make_tool
from langchain_core.tools.base import _get_runnable_config_param, _handle_tool_error
from pydantic import PrivateAttr, model_validator

from secure_core import Blocked, Context, Guard, Stage

from ._arguments import areal_arguments, real_arguments
from ._content import aclean, clean
from ._context import context_for
from ._failures import DENIED, ToolDenied, safe_error
from ._guarded import Guarded, PolicyLike, guard_of
from ._writers import clean_deltas, config_with_clean_writer, with_clean_writer

__all__ = ["SecureTool", "ToolDenied", "secure_tools"]

_SETTINGS = (
    *("name", "description", "args_schema", "return_direct", "verbose", "callbacks", "tags", "metadata"),
    *("handle_tool_error", "handle_validation_error", "response_format", "extras"),
)
"""What `BaseTool` reads around a call; the inner tool is called inside of that."""


def secure_tools(
    tools: Sequence[BaseTool | Callable[..., Any] | dict[str, Any]],
    policy: PolicyLike = "default",
    *,
    descriptions: bool = False,
) -> list[Any]:
    """Return the tools, each with clean arguments and clean results.

    Args:
        tools: tools, or functions to make tools of; dictionaries, which speak of a provider's own tools, stay.
        policy: a shipped policy's name, a path, a `Policy` or a `Guard`.
        descriptions: whether to clean what the tools say of themselves, too. Set it for tools that somebody else
            describes (an MCP server): a model reads descriptions as it reads results, and obeys them.

    Raises:
        PolicyError: the policy is wrong.
        Blocked: a description was blocked.

    >>> agent = create_agent(model, secure_tools([search, send_mail]))  # doctest: +SKIP
    """
    guard = guard_of(policy)
    describe = _described if descriptions else _as_it_is
    return [tool if isinstance(tool, dict) else describe(SecureTool.wrap(tool, guard), guard) for tool in tools]


@dataclass(frozen=True, slots=True)
class _Call:
    """What is known of one call while it runs."""

    context: Context
    id: str | None = None
    real: Any = None
    """The arguments that the tool gets: what a vault's stand-ins stand for is in them, and in no callback."""
    denied: Blocked | None = None

    def at(self, stage: Stage) -> Context:
        return replace(self.context, stage=stage)


class SecureTool(Guarded, BaseTool):
    """A tool around another one; wherever that one can stand, this one can.

    Arguments are cleaned value by value (`Stage.TOOL_CALL`, with the tool's name as the source) before callbacks,
    tracers and the tool see them; what the framework injects is left alone. Results are cleaned (`Stage.TOOL_RESULT`):
    text, content blocks, artifacts, `ToolMessage`, `Command`, errors, and what is written to the graph's stream. The
    policy may be a guard that is bound to a vault: the tool then gets the real values that the policy restores for
    it, while callbacks and the model keep the stand-ins.

    An agent's call that is blocked is answered with an error message that tells the model nothing.

    Raises:
        ToolDenied: a call that is no agent's was blocked.
        ToolException: in place of an error of the tool whose message had to be cleaned.
    """

    name: str = ""
    description: str = ""
    tool: BaseTool
    _call: _Call = PrivateAttr(default=_Call(Context(Stage.TOOL_CALL)))

    @model_validator(mode="before")
    @classmethod
    def _settings_of_inner(cls, values: Any) -> Any:
        inner = values.get("tool")
        return {**_settings(inner), **values} if isinstance(inner, BaseTool) else values

    @classmethod
    def wrap(cls, tool: BaseTool | Callable[..., Any], policy: PolicyLike = "default") -> SecureTool:
        """Return the tool secured; one that is secured already is secured by this policy only."""
        inner = tool if isinstance(tool, BaseTool) else make_tool(tool)
        return cls(tool=inner.tool if isinstance(inner, SecureTool) else inner, policy=policy)

    # -- around the run: what callbacks see ----------------------------------------------------------

    def run(self, tool_input: str | dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Run the tool; return its result."""
        called, given, injected = self._called(tool_input, kwargs)
        try:
            given = clean(self._guard, given, called._call.context)
            called._call = replace(
                called._call, real=_joined(real_arguments(self._guard, given, called._call.context), injected)
            )
        except Blocked as blocked:
            given, called._call = {}, replace(called._call, denied=blocked)
        return super(SecureTool, called).run(_joined(given, injected), *args, **kwargs)

    async def arun(self, tool_input: str | dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Run the tool; return its result."""
        called, given, injected = self._called(tool_input, kwargs)
        try:
            given = await aclean(self._guard, given, called._call.context)
            called._call = replace(
                called._call, real=_joined(await areal_arguments(self._guard, given, called._call.context), injected)
            )
        except Blocked as blocked:
            given, called._call = {}, replace(called._call, denied=blocked)
        return await super(SecureTool, called).arun(_joined(given, injected), *args, **kwargs)

    def _called(self, tool_input: Any, known: dict[str, Any]) -> tuple[SecureTool, Any, dict[str, Any]]:
        """Return this tool as it is called once, what the model gave it, and what the framework put beside that."""
        called = self.model_copy()
        context = context_for(Stage.TOOL_CALL, known.get("config"), metadata=known.get("metadata"), source=self.name)
        called._call = _Call(context, known.get("tool_call_id"))
        if known.get("config"):
            known["config"] = config_with_clean_writer(self._guard, called._call.at(Stage.TOOL_RESULT), known["config"])
        if not isinstance(tool_input, dict):
            return called, tool_input, {}
        given = self.tool._filter_injected_args(tool_input)
        return called, given, {name: value for name, value in tool_input.items() if name not in given}

    # -- inside the run: what the tool sees, and what it brings ---------------------------------------

    def _to_args_and_kwargs(
        self, tool_input: str | dict[str, Any], tool_call_id: str | None
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if self._call.denied:
            return (), {}
        try:
            return self.tool._to_args_and_kwargs(self._call.real, tool_call_id)
        except Exception as error:
            failure = self._failure(error)
        raise failure

    def _run(self, *args: Any, given_config: RunnableConfig, run_manager: Any = None, **kwargs: Any) -> Any:
        try:
            self._admit()
            with clean_deltas(self._guard, self._call.at(Stage.TOOL_RESULT)):
                result = self.tool._run(*args, **self._passed(self.tool._run, kwargs, given_config, run_manager))
            return self._shown(clean(self._guard, self._told(result), self._call.at(Stage.TOOL_RESULT)))
        except Exception as error:
            raised = error
        return self._answer(raised)

    async def _arun(self, *args: Any, given_config: RunnableConfig, run_manager: Any = None, **kwargs: Any) -> Any:
        does = self.tool._run if type(self.tool)._arun is BaseTool._arun else self.tool._arun
        try:
            self._admit()
            with clean_deltas(self._guard, self._call.at(Stage.TOOL_RESULT)):
                result = await self.tool._arun(*args, **self._passed(does, kwargs, given_config, run_manager))
            return self._shown(await aclean(self._guard, self._told(result), self._call.at(Stage.TOOL_RESULT)))
        except Exception as error:
            raised = error
        return self._answer(raised)

    def _admit(self) -> None:
        if self._call.denied:
            raise self._call.denied

    def _passed(self, method: Any, kwargs: dict[str, Any], config: RunnableConfig, run_manager: Any) -> dict[str, Any]:
        """Return keyword arguments as `BaseTool.run` would pass them to the inner tool, its writers cleaned."""
        written = self._call.at(Stage.TOOL_RESULT)
        passed = {name: with_clean_writer(self._guard, written, value) for name, value in kwargs.items()}
        if "run_manager" in inspect.signature(method).parameters:
            passed["run_manager"] = run_manager
        if name := _get_runnable_config_param(method):
            passed[name] = config
        return passed

    def _told(self, result: Any) -> Any:
        """Return a result so that content blocks stand in a message, where it is known what in them is text."""
        if self.response_format == "content_and_artifact" and isinstance(result, tuple) and len(result) == 2:
            return (_in_message(result[0]), result[1])
        return _in_message(result)

    def _shown(self, told: Any) -> Any:
        """Return the result of which `_told` made this."""
        if isinstance(told, tuple) and self.response_format == "content_and_artifact":
            return tuple(part.content if isinstance(part, _Blocks) else part for part in told)
        return told.content if isinstance(told, _Blocks) else told

    def _answer(self, error: Exception) -> Any:
        """Answer an error as the inner tool would have it answered, and a blocked call; raise any other, cleaned."""
        if isinstance(error, ToolException) and not isinstance(error, Blocked) and self.tool.handle_tool_error:
            try:
                content = _handle_tool_error(error, flag=self.tool.handle_tool_error)
                told = clean(self._guard, _in_message(content), self._call.at(Stage.TOOL_RESULT))
                return self._error(told.content if isinstance(told, _Blocks) else told)
            except Exception as failed:
                error = failed
        return self._denied(self._failure(error))

    def _denied(self, failure: Exception) -> Any:
        if isinstance(failure, Blocked) and self._call.id is not None:
            return self._error(DENIED)
        raise failure

    def _error(self, content: Any) -> Any:
        """Return a failed call's answer: for an agent a message that says so."""
        if self._call.id is not None:
            content = ToolMessage(content, tool_call_id=self._call.id, name=self.name, status="error")
        return (content, None) if self.response_format == "content_and_artifact" else content

    def _failure(self, error: Exception) -> Exception:
        failure = safe_error(self._guard, error, self._call.at(Stage.TOOL_RESULT), otherwise=ToolException)
        return ToolDenied(failure.decision) if isinstance(failure, Blocked) else failure

    # -- what others ask a tool about itself ----------------------------------------------------------

    def get_input_schema(self, config: RunnableConfig | None = None) -> Any:
        """Return the schema of the inner tool's arguments."""
        return (
            super().get_input_schema(config)
            if self.tool.args_schema is not None
            else self.tool.get_input_schema(config)
        )

    @property
    def args(self) -> dict[str, Any]:
        """The arguments as the inner tool describes them."""
        return super().args if self.tool.args_schema is not None else self.tool.args

    @property
    def _injected_args_keys(self) -> frozenset[str]:
        return self.tool._injected_args_keys

    @property
    def func(self) -> Any:
        """The inner tool's function, of which LangGraph asks what it has to inject."""
        return getattr(self.tool, "func", None)

    @property
    def coroutine(self) -> Any:
        """The inner tool's coroutine function."""
        return getattr(self.tool, "coroutine", None)


_ONE_TEXT = {
    "type": "object",
    "properties": {"__arg1": {"title": "__arg1", "type": "string"}},
    "required": ["__arg1"],
}
"""How LangChain describes a `Tool` without a schema to models, which it knows by its class."""


class _Blocks(ToolMessage):
    """Content blocks on their way through the guard."""


def _settings(inner: BaseTool) -> dict[str, Any]:
    settings = {name: getattr(inner, name) for name in _SETTINGS}
    if inner.args_schema is None and isinstance(inner, Tool):
        settings["args_schema"] = _ONE_TEXT
    return settings


def _joined(given: Any, injected: dict[str, Any]) -> Any:
    return {**given, **injected} if isinstance(given, dict) else given


def _in_message(content: Any) -> Any:
    blocks = isinstance(content, list) and all(isinstance(part, str) or _is_block(part) for part in content)
    return _Blocks(content=content, tool_call_id="") if blocks and content else content


def _is_block(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("type"), str)


def _as_it_is(tool: SecureTool, guard: Guard) -> SecureTool:
    return tool


def _described(tool: SecureTool, guard: Guard) -> SecureTool:
    """Return the tool with clean descriptions, its own and those of its parameters."""
    context = Context(Stage.TOOL_RESULT, source=tool.name)
    changed: dict[str, Any] = {"description": clean(guard, tool.description, context)}
    if isinstance(tool.args_schema, dict):
        changed["args_schema"] = _clean_schema(tool.args_schema, guard, context)
    return tool.model_copy(update=changed)


def _clean_schema(schema: Any, guard: Guard, context: Context) -> Any:
    """Return a JSON schema whose titles and descriptions are clean; what names and restricts values stays."""
    if isinstance(schema, list):
        return [_clean_schema(item, guard, context) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: clean(guard, value, context)
        if key in ("description", "title") and isinstance(value, str)
        else _clean_schema(value, guard, context)
        for key, value in schema.items()
    }
