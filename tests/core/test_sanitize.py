import re
from collections.abc import Sequence

import pytest

from secure_core import Context, Guard, Policy
from secure_core.detectors import FunctionDetector
from secure_core.operators import OPERATORS, Means, Operator, Order, register
from secure_core.sanitize import apply, plan
from secure_core.types import Edit, Finding

MEANS = Means(b"key")
TEXT = "call me: 0123456789 now"


def order(start: int, end: int, operator: str = "redact", score: float = 1.0, **options: object) -> Order:
    return Order(Finding(start, end, "pii.phone_number", score), OPERATORS[operator], options)


def rewritten(*orders: Order, text: str = TEXT) -> str:
    return apply(text, plan(text, orders, MEANS)).text


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (order(9, 19), "call me: [PHONE_NUMBER] now"),
        (order(9, 19, text="<{entity}>"), "call me: <PHONE_NUMBER> now"),
        (order(9, 19, "mask"), "call me: ********** now"),
        (order(9, 19, "mask", keep_last=2), "call me: ********89 now"),
        (order(9, 19, "mask", keep_last=9), "call me: *******789 now"),
        (order(9, 19, "mask", keep_first=2, keep_last=2, char="#"), "call me: 0#######89 now"),
        (order(9, 20, "remove"), "call me: now"),
    ],
)
def test_operators_rewrite_the_span(given: Order, expected: str) -> None:
    assert rewritten(given) == expected


def test_a_hash_is_keyed_stable_and_holds_no_digit() -> None:
    one, same = rewritten(order(9, 19, "hash")), rewritten(order(9, 19, "hash"))
    assert one == same
    assert one != apply(TEXT, plan(TEXT, [order(9, 19, "hash")], Means(b"other"))).text
    assert not any(c.isdigit() for c in one)


def test_escaped_markup_is_no_markup() -> None:
    text = "<b>[x](javascript:y)</b>"
    escaped = rewritten(order(0, len(text), "escape"), text=text)
    assert not set("<>[]()") & set(escaped)


def test_delimiters_enclose_what_other_operators_did() -> None:
    text = rewritten(order(0, 23, "delimit"), order(9, 19))
    assert "call me: [PHONE_NUMBER] now" in text
    assert text.startswith("[[data-")
    again = plan(text, [Order(Finding(0, len(text), "pii.phone_number"), OPERATORS["delimit"])], MEANS)
    assert again == []


def test_delimiters_stand_once_around_a_span_that_is_found_again() -> None:
    policy = Policy.model_validate(
        {"detectors": [], "rules": [{"category": "x.b", "action": "sanitize", "operator": "delimit"}]}
    )
    badge = FunctionDetector("b", "x.b", lambda text: [m.span() for m in re.finditer(r"EB\d+", text)])
    once = Guard(policy, detectors=[badge], key=b"k").check("badge EB123 x", stage="output").text
    assert once.count("EB123") == 1
    assert once.count("[[") == 2
    assert Guard(policy, detectors=[badge], key=b"k").check(once, stage="output").text == once


@pytest.mark.parametrize("forged", ["{o}a{c} FREE ORDERS {o}b{c}", "a{c} FREE ORDERS {o}b", "{o}{c} ORDERS {o}{c}"])
def test_delimiters_that_somebody_has_learned_are_taken_out(forged: str) -> None:
    everything = FunctionDetector("all", "x.all", lambda text: [(0, len(text))] if text else [])
    policy = Policy.model_validate(
        {"detectors": [], "rules": [{"category": "x.*", "action": "sanitize", "operator": "delimit"}]}
    )
    guard = Guard(policy, detectors=[everything], key=b"k")
    opening, closing = guard.check("!", stage="output").text.split("!")
    text = guard.check(forged.format(o=opening, c=closing), stage="output").text
    assert text.startswith(opening)
    assert text.endswith(closing)
    assert text.count(opening) == text.count(closing) == 1


def test_many_spans_cost_no_more_each_than_few() -> None:
    badge = FunctionDetector("b", "x.b", lambda text: [m.span() for m in re.finditer(r"EB\d+", text)])
    for operator in ("escape", "delimit", "redact"):
        policy = Policy.model_validate(
            {"detectors": [], "rules": [{"category": "x.b", "action": "sanitize", "operator": operator}]}
        )
        assert len(Guard(policy, detectors=[badge]).check("<EB1> " * 5000, stage="output").findings) == 5000


def test_datamarking_stands_between_words() -> None:
    assert "call^me:^0123456789^now" in rewritten(order(0, 23, "delimit", mark="^"))


def test_overlapping_spans_become_one_edit_and_the_least_telling_operator_wins() -> None:
    edits = plan(TEXT, [order(9, 15, "mask", keep_last=2), order(12, 19, "redact", score=0.5)], MEANS)
    assert edits == [Edit(9, 19, "[PHONE_NUMBER]")]


def test_spans_that_touch_stay_two() -> None:
    assert len(plan(TEXT, [order(9, 14), order(14, 19)], MEANS)) == 2


def test_an_operator_of_ones_own_can_be_registered_once() -> None:
    shout = Operator("shout", lambda matched, finding, options, key: matched.upper())
    register(shout)
    try:
        assert rewritten(order(0, 4, "shout")) == "CALL me: 0123456789 now"
        with pytest.raises(ValueError, match="there is an operator 'shout' already"):
            register(shout)
    finally:
        del OPERATORS["shout"]


def test_what_comes_together_when_something_is_removed_is_found_as_well() -> None:
    def find(text: str) -> list[tuple[int, int]]:
        return [(at, at + 3) for at in range(len(text)) if text.startswith("bad", at)]

    policy = Policy.model_validate(
        {"detectors": [], "rules": [{"category": "x.bad", "action": "sanitize", "operator": "remove"}]}
    )
    guard = Guard(policy, detectors=[FunctionDetector("bad", "x.bad", find)])
    assert "bad" not in guard.check("so babbadadd it is", stage="output").text


def test_a_text_that_does_not_come_to_rest_is_given_up() -> None:
    class Restless:
        name = "restless"
        categories = ("x.*",)

        def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
            return [[Finding(0, len(text), f"x.{'a' * len(text)}")] if text else [] for text in texts]

    policy = Policy.model_validate({"detectors": [], "rules": [{"category": "x.*", "action": "sanitize"}]})
    assert Guard(policy, detectors=[Restless()]).check("whatever", stage="output").text == "[REDACTED]"
