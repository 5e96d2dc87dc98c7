"""What a cache of answers holds: clean answers under clean prompts, told apart by policy."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.globals import set_llm_cache

from langchain_secure import SecureCallbackHandler, secure_model
from secure_core import Blocked, Guard

from .conftest import CLEAN, EDITING, EMAIL, MASK, ORDER, holds_planted


class Shelf(InMemoryCache):
    """As a cache in another process: what was stored is not changed by who holds the answer."""

    def update(self, prompt: str, llm_string: str, return_val: Any) -> None:
        super().update(prompt, llm_string, copy.deepcopy(return_val))

    def lookup(self, prompt: str, llm_string: str) -> Any:
        return copy.deepcopy(super().lookup(prompt, llm_string))

    @property
    def held(self) -> str:
        return str(self._cache)


@pytest.fixture
def cache() -> Shelf:
    return Shelf()


@pytest.fixture
def everywhere(cache: Shelf) -> Iterator[Shelf]:
    set_llm_cache(cache)
    yield cache
    set_llm_cache(None)


ASK = pytest.mark.parametrize(
    "ask",
    [lambda m, t, c=None: m.invoke(t, c), lambda m, t, c=None: asyncio.run(m.ainvoke(t, c))],
    ids=["invoke", "ainvoke"],
)


@ASK
def test_answers_and_prompts_in_the_models_own_cache_are_clean(
    talker: Any, guard: Guard, cache: Shelf, ask: Callable[..., Any]
) -> None:
    inner = talker(cache=cache)
    model = secure_model(inner, guard)
    assert [ask(model, f"I am {EMAIL}").content for _ in range(2)] == [CLEAN, CLEAN]
    assert len(inner.heard) == 1
    assert MASK in cache.held
    assert not holds_planted(cache.held)


@ASK
def test_answers_and_prompts_in_the_cache_of_all_models_are_clean(
    talker: Any, guard: Guard, everywhere: Shelf, ask: Callable[..., Any]
) -> None:
    assert [ask(secure_model(talker(), guard), f"I am {EMAIL}").content for _ in range(2)] == [CLEAN, CLEAN]
    assert not holds_planted(everywhere.held)


def test_what_one_policy_lets_pass_is_no_answer_under_another(talker: Any, guard: Guard, cache: Shelf) -> None:
    for policy in (guard, EDITING):
        inner = talker(cache=cache)
        secure_model(inner, policy).invoke("hi")
        assert len(inner.heard) == 1
    assert len(cache._cache) == 2


def test_nobody_asks_the_cache_what_is_blocked(talker: Any, guard: Guard, cache: Shelf) -> None:
    model = secure_model(talker(cache=cache), guard)
    secure_model(talker(cache=cache), EDITING).invoke(ORDER)
    with pytest.raises(Blocked):
        model.invoke(ORDER)


@ASK
def test_with_the_handler_alone_the_cache_is_raw_and_its_answers_are_cleaned_each_time(
    talker: Any, guard: Guard, cache: Shelf, ask: Callable[..., Any]
) -> None:
    """LangChain writes to the cache before it tells the handlers; prompts that would have to change are not asked."""
    model, config = talker(cache=cache), {"callbacks": [SecureCallbackHandler(guard)]}
    assert [ask(model, "hi", config).content for _ in range(2)] == [CLEAN, CLEAN]
    assert len(model.heard) == 1
    assert EMAIL in cache.held
    with pytest.raises(Blocked):
        ask(model, f"I am {EMAIL}", config)
