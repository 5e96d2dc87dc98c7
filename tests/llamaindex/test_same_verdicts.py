"""A text is judged alike whichever framework it goes through."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secure_core import Policy

from ..strategies import texts
from .verdicts import HOOKS, verdicts


def without_model(name: str) -> Policy:
    """Return a shipped policy with its rules alone: the hooks are compared, and a model takes its time."""
    shipped = Policy.load(name)
    kept = [spec for spec in shipped.detectors if spec.name != "injection_model"]
    return shipped.model_copy(update={"detectors": tuple(kept)})


POLICIES = {name: without_model(name) for name in ("default", "strict")}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("stage", HOOKS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=texts.filter(bool) | st.text(st.characters(codec="utf-8"), min_size=1))
def test_both_frameworks_come_to_byte_equal_decisions(stage: str, policy: str, text: str) -> None:
    langchain, llamaindex = (verdicts(hook, POLICIES[policy], stage, [text]) for hook in HOOKS[stage])
    assert langchain == llamaindex
    assert langchain != [b""]
