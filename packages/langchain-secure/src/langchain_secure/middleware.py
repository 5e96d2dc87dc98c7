"""`SecureMiddleware`: an agent of `langchain.agents.create_agent` in which every text is clean where it arises."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from secrets import token_hex
from typing import Any, Literal, get_args

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse, ToolCallRequest, hook_config
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langgraph.types import Command, TracePolicy, omit_payload
from pydantic import Field

from secure_core import Blocked, Context, Stage

from ._content import Verdict, aclean, ajudge, clean, cleaned, judge
from ._context import context_for
from ._failures import DENIED
from ._guarded import PolicyLike, guard_of
from ._once import Once
from ._restoring import Restoring
from ._stream_transformer import MARK, SecureStreamTransformer
from .chat_models import SecureChatModel
from .tools import SecureTool

__all__ = ["ExitBehavior", "SecureMiddleware"]

ExitBehavior = Literal["end", "error"]

REMOVED = "[message removed]"
"""What stands in the conversation where a message was blocked."""


class SecureMiddleware(AgentMiddleware[Any, Any, Any]):
    """Secures an agent's model, its tools and its conversation.

    The model is a `SecureChatModel` while it is called and each tool a `SecureTool`, so that streams, callbacks,
    tracers and checkpoints see clean texts; the conversation is cleaned before the agent begins, each text once.
    Put it last in the list: what stands behind it could put another model or tool in the place of the secured one.
    What a run is called with is seen by the framework before any middleware; see `secure_agent`.

    Args:
        policy: a shipped policy's name, a path, a `Policy` or a `Guard`, which may be bound to a vault: tools then
            get the real values that the policy restores for them, and nobody else does.
        exit_behavior: what follows when the user's message, a prompt or an answer is blocked. ``"end"``: the agent
            ends with ``refusal``, and the blocked message is taken out of the conversation. ``"error"``: the run
            raises. A blocked tool call is always answered with an error message, and the agent goes on.
        refusal: the agent's last words, then.
        name: what the agent's graph calls this middleware; has to be unique in an agent.

    Raises:
        PolicyError: the policy is wrong.
        Blocked: from the agent's run, if ``exit_behavior="error"``.

    >>> agent = create_agent(model, tools, middleware=[SecureMiddleware("default")])  # doctest: +SKIP
    """

    trace_policy = TracePolicy(process_inputs=omit_payload, process_outputs=omit_payload)

    def __init__(
        self,
        policy: PolicyLike = "default",
        *,
        exit_behavior: ExitBehavior = "end",
        refusal: str = "I cannot help with that.",
        name: str | None = None,
    ) -> None:
        if exit_behavior not in get_args(ExitBehavior):
            raise ValueError(f"exit_behavior must be one of {', '.join(get_args(ExitBehavior))}")
        self._guard = guard_of(policy)
        self._once: Any = Once(self._guard)
        self._exit_behavior = exit_behavior
        self._refusal = refusal
        self._name = name or type(self).__name__
        self._mark = token_hex(8)
        self.transformers = (partial(SecureStreamTransformer, guard=self._once, mark=self._mark, source=self._name),)

    @property
    def name(self) -> str:
        """The name of this middleware in the agent's graph."""
        return self._name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._guard!r}, name={self.name!r})"

    # -- the conversation --------------------------------------------------------------------------

    @hook_config(can_jump_to=["end"])
    def before_agent(self, state: Any, runtime: Any) -> dict[str, Any] | None:
        """Clean the conversation so far, the user's new message with it."""
        return self._begun(state["messages"], judge(self._once, state["messages"], self._at(Stage.INPUT)))

    @hook_config(can_jump_to=["end"])
    async def abefore_agent(self, state: Any, runtime: Any) -> dict[str, Any] | None:
        """Clean the conversation so far, the user's new message with it."""
        return self._begun(state["messages"], await ajudge(self._once, state["messages"], self._at(Stage.INPUT)))

    def _begun(self, messages: list[BaseMessage], verdict: Verdict) -> dict[str, Any] | None:
        clean_ones = [self._allowed(message, verdict) for message in messages]
        changed: list[BaseMessage] = [new for new, old in zip(clean_ones, messages, strict=True) if new is not old]
        if messages and clean_ones[-1].content == REMOVED != messages[-1].content:
            return {"messages": [*changed, AIMessage(self._refusal)], "jump_to": "end"}
        return {"messages": changed} if changed else None

    def _allowed(self, message: BaseMessage, verdict: Verdict) -> BaseMessage:
        try:
            return cleaned(message, self._at(Stage.INPUT), verdict)
        except Blocked:
            if self._exit_behavior == "error":
                raise
            return _removed(message)

    # -- the model ---------------------------------------------------------------------------------

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Call the model secured."""
        try:
            answer = handler(request.override(model=self._secured(request.model)))
            return clean(self._once, answer, self._at(Stage.OUTPUT))
        except Blocked:
            if self._exit_behavior == "error":
                raise
            return ModelResponse(result=[AIMessage(self._refusal)])

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        """Call the model secured."""
        try:
            answer = await handler(request.override(model=self._secured(request.model)))
            return await aclean(self._once, answer, self._at(Stage.OUTPUT))
        except Blocked:
            if self._exit_behavior == "error":
                raise
            return ModelResponse(result=[AIMessage(self._refusal)])

    def _secured(self, model: BaseChatModel) -> SecureChatModel:
        inner = model.model if isinstance(model, SecureChatModel) else model
        return AgentChatModel(
            model=inner,
            policy=self._guard,
            once=self._once,
            conversation=self.name,
            restore=False,
            metadata={**(inner.metadata or {}), MARK: self._mark},
        )

    # -- tools ---------------------------------------------------------------------------------------

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]]
    ) -> ToolMessage | Command[Any]:
        """Call the tool secured."""
        try:
            return clean(self._once, handler(self._with_tool(request)), self._result(request))
        except Blocked:
            return _denied(request)

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]]
    ) -> ToolMessage | Command[Any]:
        """Call the tool secured."""
        try:
            return await aclean(self._once, await handler(self._with_tool(request)), self._result(request))
        except Blocked:
            return _denied(request)

    def _with_tool(self, request: ToolCallRequest) -> ToolCallRequest:
        return request if request.tool is None else request.override(tool=SecureTool.wrap(request.tool, self._guard))

    def _result(self, request: ToolCallRequest) -> Context:
        return context_for(Stage.TOOL_RESULT, request.runtime.config, source=request.tool_call["name"])

    def _at(self, stage: Stage) -> Context:
        return context_for(stage, source=self.name)


class AgentChatModel(SecureChatModel):
    """The model as an agent calls it: a conversation comes again with every call, and only what is new is judged."""

    once: Any = Field(exclude=True, repr=False)
    conversation: str
    """Where the texts of the conversation come from, for the policy; the same before the model and inside of it."""

    def model_post_init(self, context: Any, /) -> None:
        super().model_post_init(context)
        self._guard = self.once

    @property
    def _source(self) -> str:
        return self.conversation

    @property
    def _identifying_params(self) -> dict[str, Any]:
        scope = {"secure_scope": self.policy.scope_digest} if isinstance(self.policy, Restoring) else {}
        return {**super()._identifying_params, **scope}  # answers in a cache hold stand-ins of one scope


def _removed(message: BaseMessage) -> BaseMessage:
    """Return what stands in a blocked message's place; tool calls keep their ids, which their answers name."""
    changed: dict[str, Any] = {"content": REMOVED, "additional_kwargs": {}, "response_metadata": {}}
    match message:
        case HumanMessage():
            changed |= {"name": None}
        case AIMessage():
            changed |= {"tool_calls": [{**call, "args": {}} for call in message.tool_calls], "invalid_tool_calls": []}
        case ToolMessage():
            changed |= {"content": DENIED, "artifact": None, "status": "error"}
    return message.model_copy(update=changed)


def _denied(request: ToolCallRequest) -> ToolMessage:
    call = request.tool_call
    return ToolMessage(DENIED, name=call["name"], tool_call_id=call["id"], status="error")
