"""Many users on one engine over one index: nothing of one appears with another."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from llama_index.core.base.response.schema import RESPONSE_TYPE
from llama_index.core.llms import TextBlock
from llama_index.core.schema import TextNode

from llamaindex_secure import SecureLLM, SecureNodePostprocessor, SecureQueryEngine
from secure_core import Guard

from .conftest import said
from .mailbox import index
from .speaker import Speaker
from .spies import shown

USERS = 64
MATTERS = [f"matter{number:02}" for number in range(USERS)]


class Reader(Speaker):
    """Answers with all that it was told."""

    def _next(self, asked: Any, **options: Any) -> list[Any]:
        return [TextBlock(text="\n".join(str(message.content) for message in asked))]


def address(number: int) -> str:
    return f"user{number:02}@example.org"


def note(number: int) -> TextNode:
    text = f"{MATTERS[number]}: write to {address(number)} about it."
    return TextNode(text=text, metadata={"owner": address(number), "matter": MATTERS[number]})


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def engine(request: pytest.FixtureRequest, flowing: Guard) -> SecureQueryEngine:
    inner = index([note(number) for number in range(USERS)]).as_query_engine(
        llm=SecureLLM(llm=Reader(), policy=flowing),
        node_postprocessors=[SecureNodePostprocessor(policy=flowing)],
        similarity_top_k=1,
        streaming=request.param,
    )
    return SecureQueryEngine(inner, flowing)


def question(number: int) -> str:
    return f"I am {address(number)}. {MATTERS[number]}?"


def check(number: int, answer: str, response: RESPONSE_TYPE) -> None:
    """Everybody is told of their own matter, and of nobody's address, their own included."""
    seen = f"{answer} {shown([response.source_nodes, response.metadata])}"
    assert set(re.findall(r"matter\d\d", seen)) == {MATTERS[number]}
    assert not re.search(r"user\d\d|example\.org", seen)
    assert "[EMAIL_ADDRESS]" in answer


async def test_sixty_four_tasks_ask_one_engine(engine: SecureQueryEngine) -> None:
    async def ask(number: int) -> None:
        response = await engine.aquery(question(number))
        check(number, await said(response), response)

    await asyncio.gather(*(ask(number) for number in range(USERS)))


def test_sixty_four_threads_ask_one_engine(engine: SecureQueryEngine) -> None:
    def ask(number: int) -> None:
        response = engine.query(question(number))
        check(number, str(response), response)

    with ThreadPoolExecutor(USERS) as pool:
        list(pool.map(ask, range(USERS)))
