"""Agents wired in one call: the three kinds, workflows of them, and steps of one's own."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.agent.workflow import AgentWorkflow, BaseWorkflowAgent, CodeActAgent, FunctionAgent, ReActAgent
from llama_index.core.agent.workflow.workflow_events import AgentWorkflowStartEvent
from llama_index.core.base.llms.types import ToolCallBlock
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.llms import ChatMessage, TextBlock
from llama_index.core.memory import BaseMemory, ChatMemoryBuffer, Memory
from llama_index.core.objects import ObjectIndex
from llama_index.core.tools import FunctionTool
from llama_index.core.workflow import Context, JsonSerializer, StartEvent, StopEvent, Workflow, step
from pydantic import BaseModel
from pydantic_core import to_json

from llamaindex_secure import SecureLLM, SecureMemory, secure_agent, secure_step
from secure_core import Blocked, Guard, Policy, Stage

from .conftest import EMAIL, KEY, ORDER, Planted, holds_planted
from .speaker import Speaker

QUESTION = f"I am {EMAIL}."


class Desk:
    """A tool that remembers what it was called with."""

    def __init__(self) -> None:
        self.called: list[str] = []

    def find(self, who: str) -> str:
        """Find someone."""
        self.called.append(who)
        return f"{who} has {KEY}"


def call(name: str = "find", **arguments: Any) -> list[Any]:
    return [
        TextBlock(text=f"I look for {EMAIL}."),
        ToolCallBlock(tool_call_id="c1", tool_name=name, tool_kwargs=arguments),
    ]


DONE = [TextBlock(text=f"It is {KEY}.")]


def function_agent(llm: Speaker, desk: Desk, **options: Any) -> FunctionAgent:
    return FunctionAgent(name="one", description="Finds.", tools=[desk.find], llm=llm, **options)


def react_agent(llm: Speaker, desk: Desk, **options: Any) -> ReActAgent:
    return ReActAgent(name="one", description="Finds.", tools=[desk.find], llm=llm, **options)


def code_agent(llm: Speaker, desk: Desk, **options: Any) -> CodeActAgent:
    def execute(code: str) -> str:
        return desk.find(code)

    return CodeActAgent(execute, llm=llm, **options)


def workflow(llm: Speaker, desk: Desk, **options: Any) -> AgentWorkflow:
    return AgentWorkflow([function_agent(llm, desk, **options)])


AGENTS: dict[str, tuple[Any, list[list[Any]]]] = {
    "function": (function_agent, [call(who=EMAIL), DONE]),
    "react": (
        react_agent,
        [
            [TextBlock(text=f'Thought: I look.\nAction: find\nAction Input: {{"who": "{EMAIL}"}}\n')],
            [TextBlock(text=f"Thought: I can answer.\nAnswer: It is {KEY}.")],
        ],
    ),
    "code": (code_agent, [[TextBlock(text=f"I look.\n<execute>\nfind('{EMAIL}')\n</execute>")], DONE]),
    "workflow": (workflow, [call(who=EMAIL), DONE]),
}


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("kind", AGENTS)
async def test_one_call_leaves_nothing_planted_anywhere(flowing: Guard, kind: str, streaming: bool) -> None:
    make, script = AGENTS[kind]
    llm, desk, memory = Speaker(script=script), Desk(), ChatMemoryBuffer.from_defaults(token_limit=3000)
    agent = secure_agent(make(llm, desk, streaming=streaming), flowing)
    handler = agent.run(QUESTION, memory=memory)
    events = [event async for event in handler.stream_events()]
    assert str(await handler).endswith("It is [AWS_ACCESS_KEY].")
    assert len(desk.called) == 1
    assert not holds_planted([events, llm.asked, memory.get_all(), desk.called])
    assert {"AgentInput", "ToolCallResult", "AgentOutput"} <= {type(event).__name__ for event in events}


async def test_the_agent_that_was_given_is_not_changed(guard: Guard) -> None:
    llm, desk = Speaker(script=[call(who=EMAIL), DONE]), Desk()
    agent = function_agent(llm, desk)
    secured = secure_agent(agent, guard)
    assert type(agent) is FunctionAgent
    assert agent.llm is llm
    assert isinstance(secured, FunctionAgent)
    assert secured.name == "one"
    assert isinstance(secured.llm, SecureLLM)
    await agent.run(QUESTION)
    assert desk.called == [EMAIL]


async def test_securing_twice_is_securing_once(guard: Guard) -> None:
    llm, desk = Speaker(script=[call(who=EMAIL), DONE]), Desk()
    once = secure_agent(function_agent(llm, desk), guard)
    twice = secure_agent(once, guard)
    assert type(twice) is type(once)
    assert twice.llm is once.llm
    assert str(await twice.run(QUESTION)) == "It is [AWS_ACCESS_KEY]."


async def test_agents_that_hand_over_to_each_other_are_clean(guard: Guard) -> None:
    llm, desk = Speaker(script=[call("handoff", to_agent="two", reason=EMAIL), call(who=EMAIL), DONE]), Desk()
    agents: list[BaseWorkflowAgent] = [
        FunctionAgent(name=name, description=f"Agent {name}.", tools=[desk.find], llm=llm) for name in ("one", "two")
    ]
    secured = secure_agent(AgentWorkflow(agents, root_agent="one"), guard)
    handler = secured.run(QUESTION)
    events = [event async for event in handler.stream_events()]
    assert str(await handler) == "It is [AWS_ACCESS_KEY]."
    assert not holds_planted([events, llm.asked, desk.called])
    assert [type(agent) for agent in agents] == [FunctionAgent, FunctionAgent]


def test_a_blocked_message_never_starts_a_run(guard: Guard) -> None:
    llm = Speaker(script=[DONE])
    agent = secure_agent(function_agent(llm, Desk()), guard)
    for arguments in ({"user_msg": ORDER}, {"chat_history": [ChatMessage(ORDER)]}):
        with pytest.raises(Blocked) as caught:
            agent.run(**arguments)
        assert caught.value.decision.context.stage is Stage.INPUT
    assert llm.asked == []


@pytest.mark.parametrize("way", ["positional", "named", "message", "history", "event"])
async def test_however_a_run_is_called_it_is_clean(guard: Guard, way: str) -> None:
    llm, memory = Speaker(script=[DONE]), ChatMemoryBuffer.from_defaults(token_limit=3000)
    agent, message = secure_agent(function_agent(llm, Desk()), guard), ChatMessage(QUESTION)
    calls: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
        "positional": ((QUESTION, None, memory), {}),
        "named": ((), {"user_msg": QUESTION, "memory": memory}),
        "message": ((message,), {"memory": memory}),
        "history": ((), {"chat_history": [message], "memory": memory}),
        "event": ((), {"start_event": AgentWorkflowStartEvent(user_msg=QUESTION, memory=memory)}),
    }
    args, kwargs = calls[way]
    assert str(await agent.run(*args, **kwargs)) == "It is [AWS_ACCESS_KEY]."
    assert [each.content for each in memory.get_all()] == ["I am [EMAIL_ADDRESS].", "It is [AWS_ACCESS_KEY]."]
    assert not holds_planted(llm.asked)
    assert message.content == QUESTION


MEMORIES: dict[str, Callable[[], BaseMemory | None]] = {
    "none": lambda: None,
    "buffer": lambda: ChatMemoryBuffer.from_defaults(token_limit=3000),
    "memory": Memory.from_defaults,
}


@pytest.mark.filterwarnings("ignore:Skipping serialization")
@pytest.mark.parametrize("kind", MEMORIES)
async def test_a_conversation_goes_on_in_its_context_as_it_does_unsecured(guard: Guard, kind: str) -> None:
    """What LlamaIndex can save of a context between runs depends on its version and on the memory."""
    llm = Speaker(script=[DONE])
    plain = function_agent(llm, Desk())
    remembered: list[Any] = []
    for agent in (plain, secure_agent(plain, guard)):
        llm.asked.clear()
        ctx, memory = Context(agent), MEMORIES[kind]()
        for _ in range(2):
            await agent.run(QUESTION, ctx=ctx, memory=memory)
        remembered.append(await ctx.store.get("memory"))
    assert isinstance(remembered[1], SecureMemory)
    assert len(remembered[1].get_all()) == len(remembered[0].get_all())
    assert not holds_planted([llm.asked, remembered[1].memory.get_all(), await ctx.store.get("user_msg_str")])


@pytest.mark.parametrize("kind", ["function", "workflow"])
async def test_a_context_that_is_saved_is_clean(guard: Guard, kind: str) -> None:
    make, script = AGENTS[kind]
    agent = secure_agent(make(Speaker(script=script), Desk()), guard)
    ctx = Context(agent)
    handler = agent.run(QUESTION, ctx=ctx, memory=Memory.from_defaults())
    await handler
    saved = [each.to_dict(serializer=JsonSerializer()) for each in (ctx, handler.ctx)]
    assert "[EMAIL_ADDRESS]" in str(saved)
    assert not holds_planted(saved)


async def test_a_tool_that_returns_directly_answers_as_a_model_does(detector: Planted) -> None:
    rule = {"category": "pii.*", "stages": ["output"], "action": "sanitize"}
    guard = Guard(Policy.model_validate({"detectors": [], "rules": [rule]}), detectors=[detector])
    find = FunctionTool.from_defaults(lambda who: f"{who} is {EMAIL}", name="find", return_direct=True)
    agent = secure_agent(FunctionAgent(tools=[find], llm=Speaker(script=[call(who="Maria")])), guard)
    result: Any = await agent.run("Who?")
    assert str(result) == "Maria is [EMAIL_ADDRESS]"
    assert result.raw == "Maria is [EMAIL_ADDRESS]"


async def test_tools_that_a_retriever_brings_are_secured(guard: Guard) -> None:
    llm, desk = Speaker(script=[call(who=EMAIL), DONE]), Desk()
    index = ObjectIndex.from_objects(
        [FunctionTool.from_defaults(desk.find)], index_cls=VectorStoreIndex, embed_model=MockEmbedding(embed_dim=4)
    )
    agent = FunctionAgent(tool_retriever=index.as_retriever(), llm=llm)
    await secure_agent(agent, guard).run(QUESTION)
    assert desk.called == ["[EMAIL_ADDRESS]"]
    assert not holds_planted(llm.asked)


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_structured_output_is_clean(guard: Guard, asynchronous: bool) -> None:
    async def amake(messages: list[ChatMessage]) -> dict[str, Any]:
        return {"owner": EMAIL}

    def make(messages: list[ChatMessage]) -> dict[str, Any]:
        return {"owner": EMAIL}

    llm = Speaker(script=[DONE])
    agent = secure_agent(function_agent(llm, Desk(), structured_output_fn=amake if asynchronous else make), guard)
    handler = agent.run(QUESTION)
    events = [event async for event in handler.stream_events()]
    result: Any = await handler
    assert result.structured_response == {"owner": "[EMAIL_ADDRESS]"}
    assert not holds_planted(events)


class Owner(BaseModel):
    owner: str


async def test_structured_output_of_the_model_is_clean(guard: Guard) -> None:
    llm = Speaker(script=[DONE, call("Owner", owner=EMAIL)])
    agent = secure_agent(function_agent(llm, Desk(), output_cls=Owner), guard)
    handler = agent.run(QUESTION)
    events = [event async for event in handler.stream_events()]
    result: Any = await handler
    assert result.structured_response == {"owner": "[EMAIL_ADDRESS]"}
    assert not holds_planted([events, llm.asked])


def test_what_is_no_agent_is_refused(guard: Guard) -> None:
    with pytest.raises(TypeError, match="no workflow agent"):
        secure_agent("agent", guard)  # type: ignore[type-var]


async def test_a_step_reads_and_returns_clean_events(guard: Guard) -> None:
    seen: list[Any] = []

    class Flow(Workflow):
        @step
        @secure_step(guard, reads="tool_result")
        async def answer(self, ctx: Context, ev: StartEvent) -> StopEvent:
            """Answer."""
            seen.append(ev.question)
            return StopEvent(result={"answer": f"It is {KEY}."})

    assert await Flow().run(question=QUESTION) == {"answer": "It is [AWS_ACCESS_KEY]."}
    assert seen == ["I am [EMAIL_ADDRESS]."]
    assert inspect.getdoc(Flow.answer) == "Answer."
    with pytest.raises(Blocked) as caught:
        await Flow().run(question=ORDER)
    assert caught.value.decision.context.stage is Stage.TOOL_RESULT


async def test_a_step_need_not_be_a_coroutine(guard: Guard) -> None:
    class Flow(Workflow):
        @step
        @secure_step(guard)
        def answer(self, ev: StartEvent) -> StopEvent:
            return StopEvent(result=f"{ev.question} It is {KEY}.")

    assert await Flow().run(question=QUESTION) == "I am [EMAIL_ADDRESS]. It is [AWS_ACCESS_KEY]."


async def test_users_who_share_one_agent_share_nothing_else(guard: Guard) -> None:
    def mirror(who: str) -> str:
        """Say it again."""
        return f"{who} of {KEY}"

    class Mirror(Speaker):
        """Calls the tool with the user's words, and answers with what it said."""

        def _next(self, asked: Any, **options: Any) -> list[Any]:
            last = asked[-1].content
            if asked[-1].role == "tool":
                return [TextBlock(text=last)]
            return [ToolCallBlock(tool_call_id="c1", tool_name="mirror", tool_kwargs={"who": last})]

    agent = secure_agent(FunctionAgent(tools=[mirror], llm=Mirror()), guard)

    async def user(number: int) -> None:
        memory = ChatMemoryBuffer.from_defaults(token_limit=3000)
        handler = agent.run(f"user{number} is user{number}@nordwind.example", memory=memory)
        seen = to_json([event async for event in handler.stream_events()], fallback=str).decode()
        assert str(await handler) == f"user{number} is [EMAIL_ADDRESS] of [AWS_ACCESS_KEY]"
        seen += to_json(memory.get_all()).decode()
        assert set(re.findall(r"user\d+", seen)) == {f"user{number}"}
        assert "nordwind" not in seen

    await asyncio.gather(*(user(number) for number in range(64)))
