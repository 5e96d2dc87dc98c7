from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from llama_index.core import Settings, VectorStoreIndex
from llama_index.core.callbacks import CallbackManager
from llama_index.core.llms import ChatMessage
from llama_index.core.schema import BaseNode, TextNode

from llamaindex_secure import SecureCallbackHandler
from secure_core import Action, Blocked, Guard, Stage

from .conftest import EMAIL, ScriptedLLM, holds_planted, planted_node

Indexed = Callable[[Sequence[BaseNode]], VectorStoreIndex]
HARMLESS = [TextNode(text="The crane is blue.")]


@pytest.fixture(autouse=True)
def manager(guard: Guard) -> Iterator[CallbackManager]:
    before = Settings._callback_manager
    Settings.callback_manager = CallbackManager([SecureCallbackHandler(guard)])
    yield Settings.callback_manager
    Settings._callback_manager = before


CALLS: dict[str, tuple[Callable[[Indexed, ScriptedLLM], Any], Stage]] = {
    "question": (lambda index, llm: index(HARMLESS).as_query_engine(llm=llm).query(EMAIL), Stage.INPUT),
    "node": (lambda index, llm: index([planted_node()]).as_query_engine(llm=llm).query("Who?"), Stage.RETRIEVAL),
    "prompt": (lambda index, llm: llm.complete(EMAIL), Stage.INPUT),
    "message": (lambda index, llm: llm.chat([ChatMessage(EMAIL)]), Stage.INPUT),
}


@pytest.mark.parametrize("where", CALLS)
def test_what_a_rule_would_change_stops_the_call_before_the_model_is_asked(indexed: Indexed, where: str) -> None:
    make, stage = CALLS[where]
    llm = ScriptedLLM(callback_manager=Settings.callback_manager)
    with pytest.raises(Blocked) as caught:
        make(indexed, llm)
    assert caught.value.decision.context.stage is stage
    assert caught.value.decision.action is Action.BLOCK
    assert llm.prompts == []
    assert not holds_planted([str(caught.value), repr(caught.value.decision)])


def test_an_answer_is_stopped_after_the_model_was_asked(indexed: Indexed) -> None:
    llm = ScriptedLLM(answer=EMAIL, callback_manager=Settings.callback_manager)
    with pytest.raises(Blocked) as caught:
        indexed(HARMLESS).as_query_engine(llm=llm).query("Who?")
    assert caught.value.decision.context.stage is Stage.OUTPUT
    assert len(llm.prompts) == 1


def test_what_no_rule_would_change_goes_on(indexed: Indexed) -> None:
    llm = ScriptedLLM(callback_manager=Settings.callback_manager)
    assert str(indexed(HARMLESS).as_query_engine(llm=llm).query("Who?")) == "All is well."
