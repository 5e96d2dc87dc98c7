from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from llama_index.core import PromptTemplate, VectorStoreIndex
from llama_index.core.agent.workflow import AgentWorkflow, CodeActAgent, FunctionAgent, ReActAgent
from llama_index.core.base.llms.types import ThinkingBlock, ToolCallBlock
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.instrumentation import get_dispatcher  # type: ignore[attr-defined]
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.llms import (
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    TextBlock,
)
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.schema import BaseNode
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel, Field

from llamaindex_secure import SecureLLM
from secure_core import Blocked, Guard, Stage

from .conftest import EMAIL, KEY, ORDER, Planted, ScriptedLLM, holds_planted, planted_node
from .speaker import Speaker

ANSWER = f"The owner is {EMAIL}. The key is {KEY}; keep it.\nWrite to {EMAIL}"
CLEAN_ANSWER = "The owner is [EMAIL_ADDRESS]. The key is [AWS_ACCESS_KEY]; keep it.\nWrite to [EMAIL_ADDRESS]"
THOUGHT = f"They mean {EMAIL}. I have {KEY}."
CLEAN_THOUGHT = "They mean [EMAIL_ADDRESS]. I have [AWS_ACCESS_KEY]."
SCRIPT = [[TextBlock(text=ANSWER)]]

WAYS = ["chat", "achat", "stream_chat", "astream_chat", "complete", "acomplete", "stream_complete", "astream_complete"]


async def ask(llm: Any, way: str, prompt: str = "Who?") -> list[Any]:
    """Return all responses that a call gives."""
    argument = prompt if "complete" in way else [ChatMessage(prompt)]
    answer = getattr(llm, way)(argument)
    answer = await answer if inspect.iscoroutine(answer) else answer
    if hasattr(answer, "__anext__"):
        return [response async for response in answer]
    return list(answer) if hasattr(answer, "__next__") else [answer]


def said(response: Any) -> str:
    return response.text if isinstance(response, CompletionResponse) else str(response.message.content)


@pytest.mark.parametrize("way", WAYS)
async def test_every_way_to_ask_answers_clean(guard: Guard, way: str) -> None:
    llm = Speaker(script=SCRIPT)
    responses = await ask(SecureLLM(llm=llm, policy=guard), way, f"Who is {EMAIL}?")
    assert said(responses[-1]) == CLEAN_ANSWER
    assert "Who is [EMAIL_ADDRESS]?" in str(llm.asked[0])
    assert not holds_planted([responses, llm.asked])
    assert {(response.raw, response.logprobs) for response in responses} == {(None, None)}
    if "stream" in way:
        assert "".join(response.delta for response in responses) == CLEAN_ANSWER


@pytest.mark.parametrize("way", WAYS)
async def test_a_blocked_prompt_never_reaches_the_model(guard: Guard, way: str) -> None:
    llm = Speaker(script=SCRIPT)
    with pytest.raises(Blocked) as caught:
        await ask(SecureLLM(llm=llm, policy=guard), way, ORDER)
    assert llm.asked == []
    assert caught.value.decision.context.stage is Stage.INPUT


@pytest.mark.parametrize("way", WAYS)
async def test_a_blocked_answer_is_never_handed_out(guard: Guard, way: str) -> None:
    with pytest.raises(Blocked) as caught:
        await ask(SecureLLM(llm=Speaker(script=[[TextBlock(text=ORDER)]]), policy=guard), way)
    assert caught.value.decision.context.stage is Stage.OUTPUT


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(1, 80))
def test_however_a_stream_is_cut_it_says_what_the_whole_says(guard: Guard, flowing: Guard, size: int) -> None:
    for either in (guard, flowing):
        llm = SecureLLM(llm=Speaker(script=SCRIPT, size=size), policy=either)
        responses = list(llm.stream_chat([ChatMessage("Who?")]))
        assert "".join(response.delta or "" for response in responses) == CLEAN_ANSWER
        texts = [said(response) for response in responses]
        assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
        assert texts[-1] == llm.chat([ChatMessage("Who?")]).message.content


@pytest.mark.parametrize("way", WAYS[:4])
async def test_thoughts_and_tool_calls_are_clean(guard: Guard, way: str) -> None:
    call = ToolCallBlock(tool_call_id="c1", tool_name="mail", tool_kwargs={"to": [EMAIL], "n": 2, "body": {"key": KEY}})
    script = [[ThinkingBlock(content=THOUGHT), TextBlock(text=ANSWER), call]]
    responses = await ask(SecureLLM(llm=Speaker(script=script), policy=guard), way)
    assert responses[-1].message.blocks == [
        ThinkingBlock(content=CLEAN_THOUGHT),
        TextBlock(text=CLEAN_ANSWER),
        call.model_copy(
            update={"tool_kwargs": {"to": ["[EMAIL_ADDRESS]"], "n": 2, "body": {"key": "[AWS_ACCESS_KEY]"}}}
        ),
    ]
    assert not holds_planted(responses)
    if "stream" in way:
        thoughts = [response.additional_kwargs.get("thinking_delta", "") for response in responses]
        assert "".join(thoughts) == CLEAN_THOUGHT
        assert responses[-1].additional_kwargs["tokens"] == 7


async def test_arguments_that_are_json_text_stay_json(guard: Guard) -> None:
    text = json.dumps({"to": EMAIL, "note": 'She said "hello"', "n": 1})
    call = ToolCallBlock(tool_call_id="c1", tool_name="mail", tool_kwargs=text)
    [response] = await ask(SecureLLM(llm=Speaker(script=[[call]]), policy=guard), "achat")
    cleaned = response.message.blocks[0].tool_kwargs
    assert json.loads(cleaned) == {"to": "[EMAIL_ADDRESS]", "note": 'She said "hello"', "n": 1}


class ProviderFunction(BaseModel):
    name: str
    arguments: str


class ProviderCall(BaseModel):
    id: str
    function: ProviderFunction
    type: str = "function"


async def test_tool_calls_in_a_providers_own_form_are_clean(guard: Guard) -> None:
    call = ProviderCall(id="c1", function=ProviderFunction(name="mail", arguments=json.dumps({"name": EMAIL})))
    message = ChatMessage("", role="assistant", additional_kwargs={"tool_calls": [call, call.model_dump()]})

    class Legacy(Speaker):
        def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
            return ChatResponse(message=message)

    response = SecureLLM(llm=Legacy(), policy=guard).chat([ChatMessage("Write.")])
    cleaned, as_dict = response.message.additional_kwargs["tool_calls"]
    assert cleaned == ProviderCall(
        id="c1", function=ProviderFunction(name="mail", arguments='{"name": "[EMAIL_ADDRESS]"}')
    )
    assert as_dict == cleaned.model_dump()
    assert message.additional_kwargs["tool_calls"][0] is call


def test_an_answer_is_judged_whatever_role_it_claims(guard: Guard) -> None:
    class Imposter(Speaker):
        def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
            return ChatResponse(message=ChatMessage(EMAIL, role="system"))

    response = SecureLLM(llm=Imposter(), policy=guard).chat([ChatMessage("Who?")])
    assert response.message.content == "[EMAIL_ADDRESS]"


def test_a_thoughts_signature_is_kept_and_its_summary_judged(guard: Guard) -> None:
    thought = ThinkingBlock(content="I think.", additional_information={"signature": KEY, "summary": EMAIL})
    response = SecureLLM(llm=Speaker(script=[[thought]]), policy=guard).chat([ChatMessage("Who?")])
    [block] = response.message.blocks
    assert block == ThinkingBlock(
        content="I think.", additional_information={"signature": KEY, "summary": "[EMAIL_ADDRESS]"}
    )


def test_a_prompt_is_judged_role_by_role(guard: Guard) -> None:
    llm = Speaker(script=SCRIPT)
    messages = [
        ChatMessage(f"You work for {EMAIL}.", role="system"),
        ChatMessage(f"I am {EMAIL}.", role="user"),
        ChatMessage([ToolCallBlock(tool_name="find", tool_kwargs={"who": EMAIL})], role="assistant"),
        ChatMessage(f"Found {KEY}.", role="tool", additional_kwargs={"tool_call_id": "c1"}),
    ]
    before = [message.model_dump_json() for message in messages]
    SecureLLM(llm=llm, policy=guard).chat(messages)
    assert [message.content for message in llm.asked[0]] == [
        f"You work for {EMAIL}.",
        "I am [EMAIL_ADDRESS].",
        None,
        "Found [AWS_ACCESS_KEY].",
    ]
    assert llm.asked[0][2].blocks[0].tool_kwargs == {"who": "[EMAIL_ADDRESS]"}
    assert llm.asked[0][3].additional_kwargs == {"tool_call_id": "c1"}
    assert [message.model_dump_json() for message in messages] == before


def test_what_a_prompt_is_asked_with_reaches_the_model(guard: Guard) -> None:
    llm = Speaker(script=SCRIPT)
    SecureLLM(llm=llm, policy=guard).chat_with_tools([tool_named("find")], "Who?", tool_required=True, top_p=1)
    assert llm.options == [{"tools": ["find"], "tool_required": True}]


def test_the_settings_of_the_inner_model_hold(guard: Guard) -> None:
    llm = Speaker(script=SCRIPT, system_prompt="Be brief.")
    secured = SecureLLM(llm=llm, policy=guard)
    assert secured.metadata == llm.metadata
    assert secured.predict(PromptTemplate("Who is {name}?"), name=EMAIL) == CLEAN_ANSWER
    assert [message.content for message in llm.asked[0]] == ["Be brief.", "Who is [EMAIL_ADDRESS]?"]


class Owner(BaseModel):
    name: str
    mail: str


def test_a_structured_answer_is_clean(guard: Guard) -> None:
    call = ToolCallBlock(tool_call_id="c1", tool_name="Owner", tool_kwargs={"name": "Maria", "mail": EMAIL})
    llm = SecureLLM(llm=Speaker(script=[[call]]), policy=guard)
    assert llm.structured_predict(Owner, PromptTemplate("Who?")) == Owner(name="Maria", mail="[EMAIL_ADDRESS]")


def test_a_model_that_calls_no_tools_says_so(guard: Guard) -> None:
    with pytest.raises(NotImplementedError, match="ScriptedLLM calls no tools"):
        SecureLLM(llm=ScriptedLLM(), policy=guard).chat_with_tools([], "Who?")


def test_neither_the_model_nor_its_key_is_saved(guard: Guard) -> None:
    assert SecureLLM(llm=Speaker(script=SCRIPT), policy=guard).to_dict().keys().isdisjoint({"llm", "api_key"})


class Events(BaseEventHandler):
    seen: list[Any] = Field(default_factory=list)

    def handle(self, event: Any, **kwargs: Any) -> None:
        self.seen.append(event)


@pytest.mark.parametrize("way", WAYS)
async def test_its_own_events_are_clean(guard: Guard, way: str) -> None:
    handler = Events()
    dispatcher = get_dispatcher()
    dispatcher.add_event_handler(handler)
    try:
        await ask(SecureLLM(llm=Speaker(script=SCRIPT), policy=guard), way, f"Who is {EMAIL}?")
    finally:
        dispatcher.event_handlers.remove(handler)
    assert {type(event).__name__.removeprefix("LLM")[:4] for event in handler.seen} <= {"Chat", "Comp"}
    assert handler.seen
    assert not holds_planted(handler.seen)


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_an_index_answers_with_it(
    guard: Guard, indexed: Callable[[Sequence[BaseNode]], VectorStoreIndex], asynchronous: bool
) -> None:
    llm = Speaker(script=SCRIPT)
    engine = indexed([planted_node()]).as_query_engine(llm=SecureLLM(llm=llm, policy=guard), streaming=True)
    response: Any = await engine.aquery("crane?") if asynchronous else engine.query("crane?")
    assert str(await response.get_response() if asynchronous else response) == CLEAN_ANSWER
    assert not holds_planted(llm.asked)


@pytest.mark.parametrize("way", ["chat", "achat", "stream_chat", "astream_chat"])
async def test_a_chat_engine_remembers_only_clean_answers(guard: Guard, way: str) -> None:
    memory = ChatMemoryBuffer.from_defaults(token_limit=2000)
    engine = SimpleChatEngine.from_defaults(llm=SecureLLM(llm=Speaker(script=SCRIPT), policy=guard), memory=memory)
    answer = getattr(engine, way)("Who?")
    answer = await answer if inspect.iscoroutine(answer) else answer
    if way == "stream_chat":
        assert "".join(answer.response_gen) == CLEAN_ANSWER
    if way == "astream_chat":
        assert "".join([token async for token in answer.async_response_gen()]) == CLEAN_ANSWER
    assert [message.content for message in memory.get_all()] == ["Who?", CLEAN_ANSWER]


def tool_named(name: str) -> FunctionTool:
    def run(who: str) -> str:
        """Find someone."""
        return f"{who} was found"

    return FunctionTool.from_defaults(run, name=name)


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("within_workflow", [False, True])
async def test_a_function_agent_is_clean(guard: Guard, streaming: bool, within_workflow: bool) -> None:
    call = ToolCallBlock(tool_call_id="c1", tool_name="find", tool_kwargs={"who": EMAIL})
    llm = Speaker(script=[[TextBlock(text=f"I ask for {EMAIL}."), call], [TextBlock(text=ANSWER)]])
    memory = ChatMemoryBuffer.from_defaults(token_limit=2000)
    agent = FunctionAgent(
        name="a", tools=[tool_named("find")], llm=SecureLLM(llm=llm, policy=guard), streaming=streaming
    )
    runner: Any = AgentWorkflow(agents=[agent]) if within_workflow else agent
    handler = runner.run("Who?", memory=memory)
    events = [event async for event in handler.stream_events()]
    assert str(await handler) == CLEAN_ANSWER
    assert len(llm.asked) == 2
    assert not holds_planted([events, llm.asked, memory.get_all()])
    assert "[EMAIL_ADDRESS] was found" in str(llm.asked[1])


async def test_a_react_agent_is_clean(guard: Guard) -> None:
    step = f'Thought: I look for {EMAIL}.\nAction: find\nAction Input: {{"who": "{EMAIL}"}}'
    llm = Speaker(script=[[TextBlock(text=step)], [TextBlock(text=f"Thought: Done.\nAnswer: It is {EMAIL}.")]])
    agent = ReActAgent(tools=[tool_named("find")], llm=SecureLLM(llm=llm, policy=guard))
    handler = agent.run("Who?", memory=ChatMemoryBuffer.from_defaults(token_limit=4000))
    events = [event async for event in handler.stream_events()]
    assert str(await handler) == "It is [EMAIL_ADDRESS]."
    assert not holds_planted([events, llm.asked])


async def test_a_code_act_agent_is_clean(guard: Guard) -> None:
    code = f"<execute>\nprint('{EMAIL}')\n</execute>"
    ran: list[str] = []

    def execute(code: str) -> str:
        ran.append(code)
        return "done"

    llm = Speaker(script=[[TextBlock(text=code)], [TextBlock(text=ANSWER)]])
    agent = CodeActAgent(code_execute_fn=execute, llm=SecureLLM(llm=llm, policy=guard))
    handler = agent.run("Who?", memory=ChatMemoryBuffer.from_defaults(token_limit=4000))
    events = [event async for event in handler.stream_events()]
    assert str(await handler) == CLEAN_ANSWER
    assert ran == ["print('[EMAIL_ADDRESS]')"]
    assert not holds_planted([events, llm.asked])


async def test_users_who_share_one_model_share_nothing_else(detector: Planted, guard: Guard) -> None:
    class Echo(Speaker):
        def _next(self, asked: Any, **options: Any) -> list[Any]:
            return [TextBlock(text=asked[-1].content)]

    shared = SecureLLM(llm=Echo(size=1), policy=guard)

    async def user(number: int) -> None:
        stream = await shared.astream_chat([ChatMessage(f"I am user {number}, user{number}@nordwind.example.")])
        assert "".join([chunk.delta or "" async for chunk in stream]) == f"I am user {number}, [EMAIL_ADDRESS]."

    await asyncio.gather(*(user(number) for number in range(64)))
