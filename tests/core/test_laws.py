"""The laws that hold for every text, every policy and every chunking."""

import asyncio
from functools import lru_cache

import pytest
from hypothesis import HealthCheck, given, settings

from secure_core import Action, Context, Decision, Guard, Policy, Stage
from tests import strategies as some
from tests.shipped import without_models

pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
slow = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
few = settings(quick, max_examples=8)  # a model reads each text twice


@lru_cache
def guard(policy: str = "default") -> Guard:
    """What the laws are about is the same with a model and without, and a model takes its time."""
    return Guard(without_models(policy))


@lru_cache
def asking_models(policy: str = "default") -> Guard:
    return Guard.from_policy(policy)


def streamed(guard: Guard, chunks: list[str], stage: str) -> tuple[str, Decision]:
    stream = guard.stream(stage=stage)
    text = "".join(stream.push(chunk) for chunk in chunks) + stream.flush()
    assert stream.decision is not None
    return text, stream.decision


def assert_same(decision: Decision, other: Decision) -> None:
    assert (decision.action, decision.status, decision.findings, decision.edits) == (
        other.action,
        other.status,
        other.findings,
        other.edits,
    )


@slow
@given(some.texts, some.cuts)
def test_a_stream_is_as_the_whole_under_the_default_policy(text: str, cuts: list[int]) -> None:
    whole = guard().check(text, stage="output")
    out, decision = streamed(guard(), some.chunks(text, cuts), "output")
    assert out == whole.text
    assert_same(decision, whole)


@quick
@given(some.texts)
def test_a_stream_of_single_characters_is_as_the_whole(text: str) -> None:
    assert streamed(guard(), list(text), "output")[0] == guard().check(text, stage="output").text


@quick
@given(some.policies, some.texts, some.cuts)
def test_a_stream_is_as_the_whole_under_any_policy(policy: Policy, text: str, cuts: list[int]) -> None:
    anyhow = Guard(policy, key=b"k")
    for stage in ("output", "retrieval"):
        whole = anyhow.check(text, stage=stage)
        out, decision = streamed(anyhow, some.chunks(text, cuts), stage)
        assert out == whole.text
        assert_same(decision, whole)


@slow
@given(some.policies, some.texts)
def test_edits_are_disjoint_cover_what_was_found_and_leave_the_rest(policy: Policy, text: str) -> None:
    decision = Guard(policy, key=b"k").check(text, stage="retrieval")
    if decision.action is Action.BLOCK:
        assert (decision.text, decision.edits) == ("", ())
        return
    rebuilt, at = [], 0
    for edit in decision.edits:
        assert at <= edit.start < edit.end <= len(text)
        rebuilt += [text[at : edit.start], edit.replacement]
        at = edit.end
    assert "".join([*rebuilt, text[at:]]) == decision.text
    if decision.action is Action.SANITIZE and not any(rule.operator == "delimit" for rule in policy.rules):
        context = Context(Stage.RETRIEVAL)
        for finding in decision.findings:
            rule = policy.rule_for(finding, context)
            if rule is not None and rule.action is Action.SANITIZE and rule.operator not in ("escape", "mask"):
                assert any(e.start <= finding.start and finding.end <= e.end for e in decision.edits)
    if not decision.findings:
        assert decision.text == text


@slow
@given(some.policies, some.texts)
def test_the_action_is_the_strictest(policy: Policy, text: str) -> None:
    decision = Guard(policy, key=b"k").check(text, stage="retrieval")
    rules = [policy.rule_for(finding, decision.context) for finding in decision.findings]
    assert decision.action == max((rule.action for rule in rules if rule), default=Action.ALLOW)


@slow
@given(some.texts)
@pytest.mark.parametrize("policy", ["default", "strict"])
@pytest.mark.parametrize("stage", ["output", "retrieval", "input"])
def test_sanitising_twice_changes_nothing_more(stage: str, policy: str, text: str) -> None:
    once = guard(policy).check(text, stage=stage).text
    assert guard(policy).check(once, stage=stage).text == once


@few
@given(some.texts)
@pytest.mark.parametrize("policy", ["default", "strict"])
def test_sanitising_twice_with_models_changes_nothing_more(policy: str, text: str) -> None:
    once = asking_models(policy).check(text, stage="retrieval").text
    assert asking_models(policy).check(once, stage="retrieval").text == once


@quick
@given(some.texts, some.texts)
def test_many_are_as_one_by_one(one: str, other: str) -> None:
    together = guard().check_many([one, other, "", one], stage="retrieval")
    assert together == [guard().check(text, stage="retrieval") for text in (one, other, "", one)]


@few
@given(some.texts, some.texts)
def test_many_that_a_model_reads_are_as_one_by_one(one: str, other: str) -> None:
    together = asking_models().check_many([one, other, "", one], stage="retrieval")
    assert together == [asking_models().check(text, stage="retrieval") for text in (one, other, "", one)]


@quick
@given(some.texts)
def test_async_is_as_sync(text: str) -> None:
    assert asyncio.run(guard().acheck(text, stage="retrieval")) == guard().check(text, stage="retrieval")


@quick
@given(some.texts)
def test_observing_changes_nothing(text: str) -> None:
    decision = guard("observe").check(text, stage="retrieval")
    assert decision.text == text
    assert decision.action in (Action.ALLOW, Action.FLAG)
