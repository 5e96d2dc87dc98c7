"""From a run's configuration to the context of a decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.prompts import ChatPromptTemplate

from langchain_secure import SecureCallbackHandler, SecureInput, SecureRetriever, secure_model
from langchain_secure._context import context_for
from secure_core import Context, Guard, Stage

WHO = {"principal": "ann", "session": "s1", "tenant": "acme"}


@pytest.mark.parametrize(
    ("configurable", "metadata", "expected"),
    [
        ({}, {}, {}),
        (WHO, {}, WHO),
        ({}, WHO, WHO),
        ({"user_id": "ann", "thread_id": "s1", "tenant_id": "acme"}, {}, WHO),
        ({"session_id": "s1"}, {}, {"session": "s1"}),
        ({"user_id": 7}, {}, {"principal": "7"}),
        ({"user_id": "ann"}, {"principal": "mallory", "user_id": "mallory"}, {"principal": "ann"}),
        ({"langgraph_auth_user_id": "ann", "user_id": "mallory"}, {}, {"principal": "ann"}),
        ({"user_id": None, "tenant": ""}, {"user_id": "ann"}, {"principal": "ann", "tenant": ""}),
    ],
)
def test_configurable_speaks_before_metadata(configurable: Any, metadata: Any, expected: Any) -> None:
    config: Any = {"configurable": configurable, "metadata": metadata}
    assert context_for(Stage.INPUT, config, source="x") == Context(Stage.INPUT, source="x", **expected)


CHAINS: dict[str, Callable[..., Any]] = {
    "runnable": lambda guard, talker, store: (SecureInput(guard), None),
    "model": lambda guard, talker, store: (secure_model(talker(), guard), None),
    "chain": lambda guard, talker, store: (
        ChatPromptTemplate.from_template("{q}") | secure_model(talker(), guard),
        None,
    ),
    "retriever": lambda guard, talker, store: (SecureRetriever(retriever=store.as_retriever(), policy=guard), None),
    "handler": lambda guard, talker, store: (talker(), [SecureCallbackHandler(guard)]),
}


@pytest.mark.parametrize("where", ["configurable", "metadata"])
@pytest.mark.parametrize("build", CHAINS.values(), ids=CHAINS.keys())
def test_every_hook_tells_who_asks(
    guard: Guard, planted: Any, talker: Any, store: Any, run: Callable[..., Any], build: Any, where: str
) -> None:
    if build is CHAINS["handler"] and where == "configurable":
        pytest.skip("LangChain tells handlers the metadata of a run only")
    runnable, callbacks = build(guard, talker, store)
    run(runnable, {"q": "hi"} if "ChatPromptTemplate" in repr(runnable) else "hi", {where: WHO, "callbacks": callbacks})
    told = {(context.principal, context.session, context.tenant) for context in planted.contexts}
    assert told == {tuple(WHO.values())}
