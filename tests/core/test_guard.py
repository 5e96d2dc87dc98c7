import asyncio
import copy
import pickle
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from secure_core import (
    Action,
    Blocked,
    Context,
    DetectorError,
    Finding,
    Guard,
    InputError,
    Policy,
    Stage,
    Status,
)
from secure_core.detectors import FunctionDetector
from secure_core.vault import MemoryVault, VaultError

RULES = [{"category": "pii.*", "action": "sanitize"}]


def find_badge(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in re.finditer(r"EB\d+", text)]


class Wrong:
    """A detector that answers whatever it is told to."""

    name = "wrong"
    categories = ("pii.*",)

    def __init__(self, answer: object) -> None:
        self._answer = answer

    def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer  # type: ignore[return-value]


class Slow:
    """A detector that is a coroutine."""

    name = "slow"
    categories = ("pii.badge",)
    scope = "segment"

    async def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
        await asyncio.sleep(0)
        return [[Finding(*span, "pii.badge", 1.0, self.name) for span in find_badge(text)] for text in texts]


def guard(*detectors: object, **policy: object) -> Guard:
    rules = {"detectors": [], "rules": RULES, **policy}
    return Guard(Policy.model_validate(rules), detectors=detectors)  # type: ignore[arg-type]


BADGE = FunctionDetector("badge", "pii.badge", find_badge, scope="segment")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "must be str, not NoneType: pass ''"),
        (b"bytes", "must be str, not bytes: decode"),
        (12, "must be str, not int"),
        ("lone \ud83d surrogate", "lone surrogates"),
        ("x" * 101, "limits.max_chars is 100: split it or raise the limit"),
    ],
)
def test_what_is_no_text_is_refused_with_advice(text: object, message: str) -> None:
    limited = guard(BADGE, limits={"max_chars": 100})
    with pytest.raises(InputError, match=re.escape(message)):
        limited.check(text, stage="output")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=re.escape(message)):
        limited.stream(stage="output").push(text)  # type: ignore[arg-type]


def test_ten_megabytes_are_refused_by_the_shipped_limit() -> None:
    with pytest.raises(InputError, match="10,000,000 characters"):
        guard(BADGE).check("x" * 10_000_000, stage="output")


@pytest.mark.parametrize("stage", ["outputs", "", None])
def test_a_wrong_stage_is_refused_with_those_there_are(stage: str | None) -> None:
    with pytest.raises(InputError, match="input, retrieval, tool_call"):
        guard(BADGE).check("x", stage=stage)


def test_texts_and_contexts_go_together() -> None:
    with pytest.raises(InputError, match="2 texts came with 1 contexts"):
        guard(BADGE).check_many(["a", "b"], contexts=[Context(Stage.INPUT)])
    with pytest.raises(InputError, match="for a single text there is check"):
        guard(BADGE).check_many("ab", stage="input")


@pytest.mark.parametrize("context", ["output", {"stage": "output"}, Stage.OUTPUT])
def test_what_is_no_context_is_refused_with_advice(context: object) -> None:
    with pytest.raises(InputError, match="a context must be a Context"):
        guard(BADGE).check("EB1", context=context)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="a context must be a Context"):
        guard(BADGE).check_many(["EB1"], contexts=[context])  # type: ignore[list-item]
    with pytest.raises(InputError, match="pass a list of contexts"):
        guard(BADGE).check_many(["EB1"], contexts=iter([Context(Stage.OUTPUT)]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (ValueError("secret text"), "ValueError"),
        ([[Finding(0, 99, "pii.x")]], "offsets outside"),
        ([[Finding(-1, 1, "pii.x")]], "offsets outside"),
        ([[Finding(2, 1, "pii.x")]], "offsets outside"),
        ([[Finding(0, 1, "pii.x", 1.5)]], "score outside"),
        ([[Finding(0.0, 1.0, "pii.x")]], "whole offsets"),  # type: ignore[arg-type]
        ([[(0, 1)]], "no Finding"),
        ([None], "one list of findings for each text"),
        ([[Finding(0, 1, "secret text")]], "a category that it does not declare"),
        ([[], []], "one list of findings for each text"),
        (None, "one list of findings for each text"),
    ],
)
def test_a_detector_that_fails_is_named_and_nothing_passes(answer: object, reason: str) -> None:
    with pytest.raises(DetectorError) as error:
        guard(Wrong(answer)).check("secret text", stage="output")
    assert reason in str(error.value)
    assert "'wrong'" in str(error.value)
    assert "secret text" not in str(error.value)
    assert error.value.__cause__ is None
    stream = guard(Wrong(answer)).stream(stage="output")
    stream.push("secret text")
    with pytest.raises(DetectorError):
        stream.flush()


def test_fail_open_passes_the_text_and_says_that_it_was_not_scanned() -> None:
    decision = guard(Wrong(ValueError()), BADGE, on_error="open").check("EB1 is in", stage="output")
    assert decision.status is Status.NOT_SCANNED
    assert decision.failed == ("wrong",)
    assert decision.text == "[BADGE] is in"


def test_a_stream_that_failed_stays_failed() -> None:
    failing = Wrong(ValueError())
    failing.scope = "segment"  # type: ignore[attr-defined]
    stream = guard(failing).stream(stage="output")
    with pytest.raises(DetectorError):
        stream.push("A sentence that is long enough to be judged by itself, is it not? It is.\n" * 3)
    with pytest.raises(DetectorError):
        stream.push("more")
    with pytest.raises(DetectorError):
        stream.flush()


def test_a_blocked_text_is_empty_and_its_error_names_stage_and_categories() -> None:
    decision = guard(BADGE, rules=[{"category": "pii.*", "action": "block"}]).check("I am EB12345", stage="input")
    assert (decision.action, decision.status, decision.text) == (Action.BLOCK, Status.BLOCKED, "")
    assert str(Blocked(decision)) == "blocked at stage input: pii.badge"
    assert "EB12345" not in repr(Blocked(decision)) + repr(decision)


def test_no_finding_leaves_the_text_itself() -> None:
    text = "nothing here"
    decision = guard(BADGE).check(text, stage="output")
    assert (decision.status, decision.text, decision.findings) == (Status.CLEAN, text, ())


def test_a_rule_that_allows_hides_the_finding() -> None:
    rules = [{"category": "pii.badge", "action": "allow"}, *RULES]
    assert guard(BADGE, rules=rules).check("EB1", stage="output").status is Status.CLEAN


def test_detectors_run_only_where_a_rule_speaks_of_them() -> None:
    rules = [{"category": "pii.*", "stages": ["output"], "action": "sanitize"}]
    quiet = guard(Wrong(ValueError()), rules=rules)
    assert quiet.check("EB1", stage="input").status is Status.CLEAN


class Panic(BaseException):
    """What a library written in Rust raises: no `Exception`."""


@pytest.mark.parametrize("kind", [ValueError, Panic])
def test_a_screen_that_fails_promises_nothing(kind: type[BaseException]) -> None:
    class Screened(Wrong):
        def screen(self, texts: Sequence[str]) -> list[bool]:
            raise kind(f"cannot read {texts}")

    with pytest.raises(DetectorError, match="ValueError"):
        guard(Screened(ValueError())).check("secret text", stage="output")
    assert guard(Screened([[]])).check("secret text", stage="output").status is Status.CLEAN


@pytest.mark.parametrize("kind", [KeyboardInterrupt, asyncio.CancelledError])
def test_an_interruption_is_no_failure_of_a_screen(kind: type[BaseException]) -> None:
    class Screened(Wrong):
        def screen(self, texts: Sequence[str]) -> list[bool]:
            raise kind

    with pytest.raises(kind):
        guard(Screened([[]])).check("text", stage="output")


def test_a_panic_is_a_failure_too() -> None:
    failing = Wrong(None)
    failing.detect = lambda texts, contexts: (_ for _ in ()).throw(Panic(texts[0]))  # type: ignore[method-assign]
    with pytest.raises(DetectorError, match="Panic"):
        guard(failing).check("secret text", stage="output")


def test_a_dataclass_is_a_detector() -> None:
    @dataclass
    class Plain:
        name: str = "plain"
        categories: tuple[str, ...] = ("pii.badge",)

        def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
            return [[Finding(*span, "pii.badge") for span in find_badge(text)] for text in texts]

    assert guard(Plain()).check("EB1", stage="output").text == "[BADGE]"


def test_a_held_stream_that_failed_at_its_end_stays_failed() -> None:
    stream = guard(Wrong(ValueError())).stream(stage="output")
    stream.push("secret text")
    for _ in range(2):
        with pytest.raises(DetectorError):
            stream.flush()


def test_a_reading_of_a_segment_counts_even_if_the_whole_has_none() -> None:
    text = (
        "This is the first sentence, long enough to stand alone as a segment, so that it is judged by itself; it names "
        "the address ann\u200e@example.com. שלום עולם וכולם."
    )
    default = Guard.from_policy("default")
    stream = default.stream(stage="output")
    out = "".join(stream.push(text[at : at + 7]) for at in range(0, len(text), 7)) + stream.flush()
    assert out == default.check(text, stage="output").text
    assert "example.com" not in out


def test_a_finding_without_a_range_in_a_later_segment_speaks_of_that_segment() -> None:
    class Budget:
        name = "budget"
        categories = ("pii.budget",)
        scope = "segment"

        def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
            return [[Finding(0, 0, "pii.budget")] if "over" in text[-40:] else [] for text in texts]

    long = (
        "This is a sentence that is long enough to stand as a segment for itself, with nothing else to say than that. "
    )
    assert guard(Budget()).check(long * 2 + "It is over.", stage="output").text == long * 2 + "[BUDGET]"


def test_a_finding_without_a_range_speaks_of_the_whole_text() -> None:
    decision = guard(Wrong([[Finding(0, 0, "pii.budget")]])).check("all of this", stage="output")
    assert decision.text == "[BUDGET]"


def test_a_coroutine_is_a_detector_with_and_without_a_loop() -> None:
    slow = guard(Slow())
    assert slow.check("EB1!", stage="output").text == "[BADGE]!"
    stream = slow.stream(stage="output")
    assert stream.push("EB1!") + stream.flush() == "[BADGE]!"

    async def inside() -> tuple[str, str]:
        return (await slow.acheck("EB1!", stage="output")).text, slow.check("EB1!", stage="output").text

    assert asyncio.run(inside()) == ("[BADGE]!", "[BADGE]!")


def test_guards_travel_and_are_shared() -> None:
    one = guard(Slow())
    again = pickle.loads(pickle.dumps(one))
    assert again.check("EB1", stage="output").text == "[BADGE]"
    assert copy.deepcopy(one) is one
    assert Guard.from_policy(one) is one


def test_sixty_four_threads_share_a_guard() -> None:
    shared = Guard.from_policy("default")
    text = "Write to ann@example.com. "
    expected = shared.check(text, stage="output").text
    results: list[str] = []

    def work() -> None:
        results.extend(shared.check(text, stage="output").text for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 320
    assert "ann@" not in expected


def test_a_held_stream_gives_up_at_the_limit() -> None:
    stream = guard(BADGE, limits={"max_hold": 1000}).stream(stage="output")
    stream.push("x" * 500)
    with pytest.raises(Blocked, match=re.escape("limit.stream_hold")) as error:
        stream.push("x" * 600)
    assert stream.decision is error.value.decision
    with pytest.raises(Blocked):
        stream.push("x")
    with pytest.raises(Blocked):
        stream.flush()


def test_a_stream_whose_vault_fails_stays_failed() -> None:
    rules = [{"category": "pii.badge", "action": "sanitize", "operator": "pseudonymize"}]
    full = guard(BADGE, rules=rules).bind(MemoryVault(max_entries=1), tenant="acme", session="1")
    stream = full.stream(stage="output")
    with pytest.raises(VaultError):
        stream.push("EB1 and EB2 are named in this line.\n" * 4 + "And so on")
    with pytest.raises(VaultError):
        stream.push("more")
    with pytest.raises(VaultError):
        stream.flush()


def test_a_stream_ends_once() -> None:
    stream = guard(BADGE).stream(stage="output")
    assert stream.push("EB1") == ""
    assert stream.flush() == "[BADGE]"
    assert stream.flush() == ""
    with pytest.raises(InputError, match="make a new one"):
        stream.push("more")


def test_a_stream_flows_sentence_by_sentence() -> None:
    stream = guard(BADGE).stream(stage="output")
    first = "This is the first sentence of a longer answer, long enough to stand for itself, and {} is named in it. "
    assert stream.push(first.format("EB12") + "The second one is not over") == first.format("[BADGE]")
    assert stream.push(" yet.") + stream.flush() == "The second one is not over yet."


def test_a_stream_is_held_where_the_policy_may_block() -> None:
    blocking = guard(BADGE, rules=[{"category": "pii.*", "action": "block"}])
    assert blocking.holds("output")
    stream = blocking.stream(stage="output")
    assert stream.push("A sentence that is long enough to be judged by itself, is it not? It is.\n" * 3) == ""
    assert stream.push("EB1") + stream.flush() == ""
    assert stream.decision is not None
    assert stream.decision.status is Status.BLOCKED
