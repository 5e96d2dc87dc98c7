"""A text is judged alike whichever framework it goes through."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..strategies import texts
from .verdicts import HOOKS, verdicts


@pytest.mark.parametrize("policy", ["default", "strict"])
@pytest.mark.parametrize("stage", HOOKS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=texts.filter(bool) | st.text(st.characters(codec="utf-8"), min_size=1))
def test_both_frameworks_come_to_byte_equal_decisions(stage: str, policy: str, text: str) -> None:
    langchain, llamaindex = (verdicts(hook, policy, stage, [text]) for hook in HOOKS[stage])
    assert langchain == llamaindex
    assert langchain != [b""]
