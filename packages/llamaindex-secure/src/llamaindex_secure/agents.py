"""Agents and workflows: model, tools and memory secured in one call."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import copy
from functools import cache, wraps
from pathlib import Path
from typing import Any, TypeVar

from llama_index.core.agent.workflow import AgentWorkflow, BaseWorkflowAgent
from llama_index.core.memory import BaseMemory
from llama_index.core.objects import ObjectRetriever
from llama_index.core.workflow import Context as WorkflowContext
from llama_index.core.workflow import Event, JsonSerializer, StartEvent

from secure_core import Context, Guard, Policy, Stage

from ._content import aclean, clean
from ._run import restoring
from .llm import SecureLLM
from .memory import SecureMemory
from .tools import secure_tools

__all__ = ["secure_agent", "secure_step"]

A = TypeVar("A", bound=BaseWorkflowAgent | AgentWorkflow)
Step = TypeVar("Step", bound=Callable[..., Any])

_PROMPT = Context(Stage.INPUT)
_ANSWER = Context(Stage.OUTPUT)


def secure_agent(agent: A, policy: str | Path | Policy | Guard = "default") -> A:
    """Return a copy of an agent, or of a workflow of agents, in which every text is judged where it arises.

    Its model becomes a `SecureLLM`, its tools (those that a tool retriever brings too) become `secure_tools`, the
    memory of each run a `SecureMemory`; what `run` is called with is judged at stage ``input``, what a
    ``structured_output_fn`` returns at ``output``. System prompts, tool descriptions and the initial state are the
    application's own words and stay as they are.

    With a guard that is bound to a vault the answer, and the `AgentStream` and `AgentOutput` events of the run, are
    restored when they leave it, and what a tool is called with when it gets there. Model, memory, the state of the run
    and its other events keep the stand-ins.

    Args:
        agent: A FunctionAgent, ReActAgent, CodeActAgent, another workflow agent, or an AgentWorkflow.
        policy: A shipped policy's name, a path to TOML, a `Policy` or a `Guard`.

    Raises:
        PolicyError: The policy cannot be turned into a guard.
        TypeError: It is no workflow agent.
        Blocked: From the copy's `run`, if the message is blocked; from its result, if an answer is.

    >>> agent = secure_agent(FunctionAgent(tools=[search, send_mail], llm=llm), policy="default")
    """
    guard = Guard.from_policy(policy)
    if not isinstance(agent, BaseWorkflowAgent | AgentWorkflow):
        raise TypeError(f"{type(agent).__name__} is no workflow agent; secure its llm, tools and memory one by one")
    secured: Any = _wired(agent, guard)
    if isinstance(agent, AgentWorkflow):
        secured.agents = {name: secure_agent(each, guard) for name, each in agent.agents.items()}
        return secured  # type: ignore[no-any-return]
    secured.llm = _secured_llm(agent.llm, guard)
    secured.tools = secure_tools(agent.tools or [], guard)
    if agent.tool_retriever is not None:
        secured.tool_retriever = _SecureToolRetriever(agent.tool_retriever, guard)
    return secured  # type: ignore[no-any-return]


def secure_step(
    policy: str | Path | Policy | Guard = "default",
    *,
    reads: Stage | str = Stage.INPUT,
    writes: Stage | str = Stage.OUTPUT,
) -> Callable[[Step], Step]:
    """Return a decorator that sanitises the events which a workflow's step is given and returns.

    What the step sends by `Context.send_event` or writes to the stream by itself is not seen: return it.

    Args:
        policy: A shipped policy's name, a path to TOML, a `Policy` or a `Guard`.
        reads: Where the texts of the event stand that the step is given.
        writes: Where those stand that it returns.

    Raises:
        PolicyError: The policy cannot be turned into a guard.
        Blocked: From the step, if an event is blocked.

    >>> class Flow(Workflow):
    ...     @step
    ...     @secure_step("default")
    ...     async def answer(self, ev: StartEvent) -> StopEvent: ...
    """
    guard = Guard.from_policy(policy)
    read, written = Context(Stage(reads)), Context(Stage(writes))

    def decorate(step: Step) -> Step:
        async def secured(*args: Any, **kwargs: Any) -> Any:
            args = tuple([await _clean_event(guard, value, read) for value in args])
            kwargs = {name: await _clean_event(guard, value, read) for name, value in kwargs.items()}
            result = step(*args, **kwargs)
            return await _clean_event(guard, await result if inspect.isawaitable(result) else result, written)

        return wraps(step)(secured)  # type: ignore[return-value]

    return decorate


async def _clean_event(guard: Guard, value: Any, context: Context) -> Any:
    return await aclean(guard, value, context) if isinstance(value, Event) else value


def _secured_llm(llm: Any, guard: Guard) -> SecureLLM:
    """Return the agent's model, secured; it restores nothing, since what it says is remembered."""
    if isinstance(llm, SecureLLM):
        return llm.model_copy(update={"restore": False}) if llm.restore else llm
    return SecureLLM(llm=llm, policy=guard, restore=False)


def _wired(agent: Any, guard: Guard) -> Any:
    """Return a copy of the agent whose runs are secured; it is an instance of a subclass of the agent's class."""
    secured = copy(agent)
    if not isinstance(secured, _Secured):
        kind: Any = type(agent)
        object.__setattr__(secured, "__class__", _secured_class(kind))
    object.__setattr__(secured, "_guard", guard)
    if secured.structured_output_fn is not None:
        secured.structured_output_fn = _clean_output(secured.structured_output_fn, guard)
    return secured


@cache
def _secured_class(kind: Any) -> Any:
    return type(kind)(f"Secure{kind.__name__}", (_Secured, kind), {"__module__": __name__, "_guard": None})


class _Secured:
    """Stands before an agent's class in the order of its methods."""

    _guard: Guard

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run with a sanitised message and history."""
        args = tuple(_clean_input(self._guard, value) for value in args)
        kwargs = {name: _clean_input(self._guard, value) for name, value in kwargs.items()}
        return restoring(super().run(*args, **kwargs), self._guard)  # type: ignore[misc]

    async def _init_context(self, ctx: Any, ev: Any) -> None:
        await super()._init_context(ctx, ev)  # type: ignore[misc]
        memory = await ctx.store.get("memory")
        if not isinstance(memory, SecureMemory):
            await ctx.store.set("memory", _RunMemory(memory=memory, policy=self._guard))


class _RunMemory(SecureMemory):
    """The memory of a run. Where its context is saved, the inner memory is, and the next run secures that anew.

    LlamaIndex saves a context from one run of a conversation to the next, and a guard is no data.
    """

    def to_dict(self, **kwargs: Any) -> dict[str, Any]:
        return JsonSerializer().serialize_value(self.memory)  # type: ignore[no-any-return]

    @classmethod
    def from_dict(cls, data: dict[str, Any], **kwargs: Any) -> Any:
        return JsonSerializer().deserialize_value(data)


def _clean_input(guard: Guard, value: Any) -> Any:
    """Return what a run is called with, sanitised; the memory and the context are the caller's, and no copies."""
    if isinstance(value, StartEvent):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        return type(value)(**{name: _clean_input(guard, item) for name, item in {**fields, **value}.items()})
    return value if isinstance(value, BaseMemory | WorkflowContext) else clean(guard, value, _PROMPT)


def _clean_output(make: Callable[..., Any], guard: Guard) -> Callable[..., Any]:
    """Return the function that makes a structured answer, with its answer sanitised."""
    if inspect.iscoroutinefunction(make):

        async def amade(messages: Any) -> Any:
            return await aclean(guard, await make(messages), _ANSWER)

        return amade
    return lambda messages: clean(guard, make(messages), _ANSWER)


class _SecureToolRetriever(ObjectRetriever[Any]):
    """Brings the tools that another retriever brings, secured."""

    def __init__(self, inner: ObjectRetriever[Any], guard: Guard) -> None:
        super().__init__(inner.retriever, inner.object_node_mapping, inner.node_postprocessors)
        self._inner = inner
        self._guard = guard

    def retrieve(self, str_or_query_bundle: Any) -> list[Any]:
        return secure_tools(self._inner.retrieve(str_or_query_bundle), self._guard)

    async def aretrieve(self, str_or_query_bundle: Any) -> list[Any]:
        return secure_tools(await self._inner.aretrieve(str_or_query_bundle), self._guard)
