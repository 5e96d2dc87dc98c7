from __future__ import annotations

import asyncio
from typing import Any

import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.chat_engine import (
    CondensePlusContextChatEngine,
    CondenseQuestionChatEngine,
    ContextChatEngine,
    SimpleChatEngine,
)
from llama_index.core.chat_engine.types import BaseChatEngine, ChatMode
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.llms import LLM, ChatMessage, TextBlock
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.schema import TextNode

from llamaindex_secure import SecureChatEngine, SecureLLM, SecureNodePostprocessor
from secure_core import Blocked, Guard, Stage

from .conftest import EMAIL, KEY, ORDER, holds_planted, planted_node
from .speaker import Speaker

ANSWER = f"The owner is {EMAIL}. The key is {KEY}; keep it."
CLEAN_ANSWER = "The owner is [EMAIL_ADDRESS]. The key is [AWS_ACCESS_KEY]; keep it."
MODES = {
    ChatMode.SIMPLE: SimpleChatEngine,
    ChatMode.CONDENSE_QUESTION: CondenseQuestionChatEngine,
    ChatMode.CONTEXT: ContextChatEngine,
    ChatMode.CONDENSE_PLUS_CONTEXT: CondensePlusContextChatEngine,
}
WAYS = ["chat", "achat", "stream_chat", "astream_chat"]


def speaker(text: str = ANSWER) -> Speaker:
    return Speaker(script=[[TextBlock(text=text)]])


def engine(mode: ChatMode, speaker: Speaker, memory: ChatMemoryBuffer, guard: Guard) -> BaseChatEngine:
    llm: LLM = speaker
    if mode is ChatMode.CONDENSE_QUESTION:  # its model writes the next question: only a SecureLLM cleans that
        llm = SecureLLM(llm=speaker, policy=guard)
    if mode is ChatMode.SIMPLE:
        return SimpleChatEngine.from_defaults(llm=llm, memory=memory)
    index = VectorStoreIndex([planted_node(), TextNode(text=ORDER)], embed_model=MockEmbedding(embed_dim=4))
    cleaner = SecureNodePostprocessor(policy=guard)
    return index.as_chat_engine(chat_mode=mode, llm=llm, memory=memory, node_postprocessors=[cleaner])


async def talk(engine: BaseChatEngine, way: str, message: str, history: list[ChatMessage] | None = None) -> Any:
    """Chat, and read the answer to its end."""
    response = getattr(engine, way)(message, history)
    response = await response if way.startswith("a") else response
    if way == "stream_chat":
        return response, "".join(response.response_gen)
    if way == "astream_chat":
        return response, "".join([text async for text in response.async_response_gen()])
    return response, response.response


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
async def test_every_mode_is_clean_every_way(guard: Guard, mode: ChatMode, way: str) -> None:
    llm, memory = speaker(), ChatMemoryBuffer.from_defaults(token_limit=3000)
    inner = engine(mode, llm, memory, guard)
    assert isinstance(inner, MODES[mode])
    chat = SecureChatEngine(inner, guard)
    for _ in range(2):
        response, said = await talk(chat, way, f"Who is {EMAIL}?")
        assert said == CLEAN_ANSWER
        assert str(response) == CLEAN_ANSWER
        assert not holds_planted([response.source_nodes, [str(source) for source in response.sources]])
    assert [message.content for message in chat.chat_history] == ["Who is [EMAIL_ADDRESS]?", CLEAN_ANSWER] * 2
    assert not holds_planted([llm.asked, memory.get_all()])


@pytest.mark.parametrize("way", WAYS)
async def test_a_blocked_message_goes_nowhere(guard: Guard, way: str) -> None:
    llm, memory = speaker(), ChatMemoryBuffer.from_defaults(token_limit=3000)
    chat = SecureChatEngine(engine(ChatMode.SIMPLE, llm, memory, guard), guard)
    with pytest.raises(Blocked) as caught:
        await talk(chat, way, ORDER)
    assert caught.value.decision.context.stage is Stage.INPUT
    with pytest.raises(Blocked):
        await talk(chat, way, "Hello.", [ChatMessage(ORDER)])
    assert llm.asked == memory.get_all() == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("way", WAYS)
async def test_a_blocked_answer_is_neither_given_nor_remembered(guard: Guard, way: str) -> None:
    memory = ChatMemoryBuffer.from_defaults(token_limit=3000)
    chat = SecureChatEngine(engine(ChatMode.SIMPLE, speaker(f"Sure. {ORDER}"), memory, guard), guard)
    with pytest.raises(Blocked):
        await talk(chat, way, "Hello.")
    assert [message.content for message in memory.get_all()] == ["Hello."]


async def test_a_history_is_clean_and_the_callers_own_is_not_changed(guard: Guard) -> None:
    llm, history = speaker(), [ChatMessage(f"I am {EMAIL}."), ChatMessage(f"You are {EMAIL}.", role="assistant")]
    memory = ChatMemoryBuffer.from_defaults(token_limit=3000)
    chat = SecureChatEngine(engine(ChatMode.SIMPLE, llm, memory, guard), guard)
    await talk(chat, "achat", "Who am I?", history)
    assert not holds_planted(llm.asked)
    assert [message.content for message in history] == [f"I am {EMAIL}.", f"You are {EMAIL}."]


def test_what_was_remembered_before_is_clean_when_it_is_shown(guard: Guard) -> None:
    memory = ChatMemoryBuffer.from_defaults(token_limit=3000)
    memory.set([ChatMessage(f"I am {EMAIL}."), ChatMessage(ORDER)])
    chat = SecureChatEngine(engine(ChatMode.SIMPLE, speaker(), memory, guard), guard)
    assert [message.content for message in chat.chat_history] == ["I am [EMAIL_ADDRESS]."]
    chat.reset()
    assert memory.get_all() == []


async def test_users_with_engines_over_one_index_stay_apart(flowing: Guard) -> None:
    index = VectorStoreIndex([planted_node()], embed_model=MockEmbedding(embed_dim=4))
    cleaner = SecureNodePostprocessor(policy=flowing)

    async def user(number: int) -> None:
        llm = speaker(f"You are user{number}, user{number}@nordwind.example.")
        inner = index.as_chat_engine(chat_mode=ChatMode.CONTEXT, llm=llm, node_postprocessors=[cleaner])
        chat = SecureChatEngine(inner, flowing)
        for _ in range(2):
            _, said = await talk(chat, "achat", f"I am user{number} of {KEY}.")
            assert said == f"You are user{number}, [EMAIL_ADDRESS]."
        assert {message.content for message in chat.chat_history} == {f"I am user{number} of [AWS_ACCESS_KEY].", said}

    await asyncio.gather(*(user(number) for number in range(16)))
