from __future__ import annotations

import asyncio
from typing import Any

import pytest
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ToolCallBlock
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import ChatMessage, TextBlock
from llama_index.core.memory import (
    BaseMemoryBlock,
    ChatMemoryBuffer,
    FactExtractionMemoryBlock,
    InsertMethod,
    Memory,
    StaticMemoryBlock,
)

from llamaindex_secure import SecureLLM, SecureMemory, SecureMemoryBlock, secure_tools
from secure_core import Blocked, Guard, Stage

from .conftest import EMAIL, KEY, ORDER, holds_planted
from .speaker import Speaker


def buffer() -> ChatMemoryBuffer:
    return ChatMemoryBuffer.from_defaults(token_limit=3000)


def memory(guard: Guard) -> SecureMemory:
    return SecureMemory(memory=buffer(), policy=guard)


CALL = ToolCallBlock(tool_call_id="c1", tool_name="find", tool_kwargs=f'{{"who": "{EMAIL}"}}')
MESSAGES = [
    ChatMessage(f"You work for {EMAIL}.", role="system"),
    ChatMessage(f"I am {EMAIL}."),
    ChatMessage([TextBlock(text="I look."), CALL], role="assistant"),
    ChatMessage(f"Found {KEY}.", role="tool", additional_kwargs={"tool_call_id": "c1"}),
]


@pytest.mark.parametrize("write", ["put", "aput", "put_messages", "aput_messages", "set", "aset"])
@pytest.mark.parametrize("read", ["get", "aget", "get_all", "aget_all"])
async def test_what_is_written_is_clean(guard: Guard, write: str, read: str) -> None:
    remembered = memory(guard)
    for messages in [MESSAGES] if "put" not in write or "messages" in write else MESSAGES:
        written = getattr(remembered, write)(messages)
        if write.startswith("a"):
            await written
    found = getattr(remembered, read)()
    found = await found if read.startswith("a") else found
    assert [message.role for message in found] == [message.role for message in MESSAGES]
    assert [message.content for message in found[1:]] == ["I am [EMAIL_ADDRESS].", "I look.", "Found [AWS_ACCESS_KEY]."]
    assert found[2].blocks[1].tool_kwargs == '{"who": "[EMAIL_ADDRESS]"}'
    assert found[3].additional_kwargs == {"tool_call_id": "c1"}
    assert found[0].content == f"You work for {EMAIL}."  # the application's own words
    assert not holds_planted(remembered.memory.get_all()[1:])


async def test_a_blocked_message_is_not_written(guard: Guard) -> None:
    remembered = memory(guard)
    with pytest.raises(Blocked) as caught:
        remembered.put(ChatMessage(ORDER))
    with pytest.raises(Blocked):
        await remembered.aput_messages([ChatMessage("Hello."), ChatMessage(ORDER)])
    assert caught.value.decision.context.stage is Stage.MEMORY
    assert remembered.get_all() == []


@pytest.mark.parametrize("read", ["get", "aget", "get_all", "aget_all"])
async def test_what_another_writer_left_is_clean_when_it_is_read(guard: Guard, read: str) -> None:
    remembered = memory(guard)
    remembered.memory.set([ChatMessage(ORDER), ChatMessage(f"I am {EMAIL}.")])
    found = getattr(remembered, read)()
    found = await found if read.startswith("a") else found
    assert [message.content for message in found] == ["I am [EMAIL_ADDRESS]."]


async def test_it_forgets(guard: Guard) -> None:
    remembered = memory(guard)
    for forget in (remembered.reset, remembered.areset):
        remembered.put(ChatMessage("Hello."))
        result: Any = forget()
        if result is not None:
            await result
        assert remembered.get_all() == []


@pytest.mark.parametrize("way", ["chat", "achat"])
async def test_a_chat_engine_keeps_the_users_words_clean(guard: Guard, way: str) -> None:
    remembered, llm = memory(guard), Speaker(script=[[TextBlock(text=f"You are {EMAIL}.")]])
    engine = SimpleChatEngine.from_defaults(llm=SecureLLM(llm=llm, policy=guard), memory=remembered)
    answer = getattr(engine, way)(f"I am {EMAIL}.")
    answer = await answer if way == "achat" else answer
    assert answer.response == "You are [EMAIL_ADDRESS]."
    assert not holds_planted([llm.asked, remembered.memory.get_all()])


@pytest.mark.parametrize("streaming", [False, True])
async def test_an_agent_with_model_tools_and_memory_secured_holds_nothing(guard: Guard, streaming: bool) -> None:
    def find(who: str) -> str:
        """Find someone."""
        return f"{who} has {KEY}"

    llm = Speaker(
        script=[
            [TextBlock(text="I look."), CALL.model_copy(update={"tool_kwargs": {"who": EMAIL}})],
            [TextBlock(text=f"It is {KEY}.")],
        ]
    )
    remembered = memory(guard)
    agent = FunctionAgent(tools=secure_tools([find], guard), llm=SecureLLM(llm=llm, policy=guard), streaming=streaming)
    handler = agent.run(f"I am {EMAIL}.", memory=remembered)
    events = [event async for event in handler.stream_events() if type(event).__name__ != "AgentInput"]
    assert str(await handler) == "It is [AWS_ACCESS_KEY]."
    assert not holds_planted([events, llm.asked, remembered.memory.get_all()])


async def test_conversations_of_users_stay_apart(guard: Guard) -> None:
    llm = SecureLLM(llm=Speaker(script=[[TextBlock(text="Yes.")]]), policy=guard)

    async def user(number: int) -> None:
        remembered = memory(guard)
        engine = SimpleChatEngine.from_defaults(llm=llm, memory=remembered)
        for turn in range(2):
            await engine.achat(f"User {number} says {turn} from user{number}@nordwind.example")
        assert [message.content for message in remembered.get_all() if message.role == "user"] == [
            f"User {number} says {turn} from [EMAIL_ADDRESS]" for turn in range(2)
        ]

    await asyncio.gather(*(user(number) for number in range(64)))


async def test_a_block_that_asks_a_model_is_clean_both_ways(guard: Guard) -> None:
    llm = Speaker(script=[[TextBlock(text=f"<facts><fact>It is {KEY}.</fact><fact>{ORDER}</fact></facts>")]])
    inner = FactExtractionMemoryBlock(llm=llm, name="facts", priority=2)
    block = SecureMemoryBlock(block=inner, policy=guard)
    assert (block.name, block.priority) == ("facts", 2)
    await block.aput([ChatMessage(f"I am {EMAIL}.")])
    assert not holds_planted(llm.asked)
    assert await block.aget() == ""  # one fact is an order, and the block is one text
    inner.facts = inner.facts[:1]
    assert await block.aget() == "<fact>It is [AWS_ACCESS_KEY].</fact>"
    with pytest.raises(Blocked):
        await block.aput([ChatMessage(ORDER)])


class Messages(BaseMemoryBlock[list[ChatMessage]]):
    async def _aget(self, messages: Any = None, **block_kwargs: Any) -> list[ChatMessage]:
        return [ChatMessage(ORDER), ChatMessage(f"I am {EMAIL}.")]

    async def _aput(self, messages: Any) -> None: ...


async def test_a_memory_brings_its_blocks_clean(guard: Guard) -> None:
    blocks: list[Any] = [
        StaticMemoryBlock(name="core", static_content=[TextBlock(text=f"Write to {EMAIL}."), TextBlock(text=ORDER)]),
        Messages(name="past"),
    ]
    secured: list[Any] = [SecureMemoryBlock(block=block, policy=guard) for block in blocks]
    remembered = Memory.from_defaults(memory_blocks=secured, insert_method=InsertMethod.USER)
    await remembered.aput(ChatMessage("Hello."))
    found = await remembered.aget()
    assert not holds_planted(found)
    assert found[0].content == "I am [EMAIL_ADDRESS]."
    assert "Write to [EMAIL_ADDRESS]." in (found[-1].content or "")
