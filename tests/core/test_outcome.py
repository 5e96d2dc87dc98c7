"""What was rewritten is looked at again, and that is where the road bends: cheaply, and with the same rules."""

import re
from collections.abc import Sequence

import pytest

from secure_core import Action, Context, DetectorError, Finding, Guard, Policy, Status
from secure_core.detectors import FunctionDetector

BADGE = FunctionDetector("badge", "x.badge", lambda text: [found.span() for found in re.finditer(r"EB\d+", text)])
HIDE = {"category": "x.badge", "action": "sanitize"}
LINE = "This is a sentence that is long enough to stand as a segment for itself, and it goes on until it surely is.\n"


class Noting:
    """Finds badges, and notes what it is shown."""

    name = "noting"
    categories = ("x.badge",)
    views = frozenset[str]()

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self.shown: list[list[str]] = []

    def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
        self.shown.append(list(texts))
        return [[Finding(*m.span(), "x.badge") for m in re.finditer(r"EB\d+", text)] for text in texts]


class AfterEdits:
    """Finds something, or fails, in texts that were rewritten only."""

    name = "after"
    categories = ("x.after",)

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    def detect(self, texts: Sequence[str], contexts: Sequence[Context]) -> list[list[Finding]]:
        if self._error is not None and any("[BADGE]" in text for text in texts):
            raise self._error
        return [[Finding(0, 1, "x.after")] if "[BADGE]" in text else [] for text in texts]


def guard(*detectors: object, rules: Sequence[object] = (HIDE,), **policy: object) -> Guard:
    return Guard(
        Policy.model_validate({"detectors": [], "rules": rules, **policy}),
        detectors=detectors,  # type: ignore[arg-type]
    )


def test_what_only_the_rewritten_text_shows_is_blocked_if_the_policy_says_so() -> None:
    strict = guard(BADGE, AfterEdits(), rules=[HIDE, {"category": "x.after", "action": "block"}])
    decision = strict.check("EB1 was here", stage="retrieval")
    assert (decision.action, decision.status, decision.text, decision.edits) == (Action.BLOCK, Status.BLOCKED, "", ())
    assert decision.categories == ("x.after", "x.badge")
    assert strict.check("[BADGE] was here", stage="retrieval").action is Action.BLOCK


def test_a_detector_that_fails_on_the_rewritten_text_has_failed() -> None:
    rules = [HIDE, {"category": "x.after", "action": "sanitize"}]
    failing = AfterEdits(ValueError("quotes the text"))
    decision = guard(BADGE, failing, rules=rules, on_error="open").check("EB1 was here", stage="retrieval")
    assert (decision.status, decision.failed, decision.text) == (Status.NOT_SCANNED, ("after",), "[BADGE] was here")
    with pytest.raises(DetectorError, match="'after' failed"):
        guard(BADGE, failing, rules=rules).check("EB1 was here", stage="retrieval")


def test_the_rewritten_texts_of_a_batch_are_one_batch() -> None:
    noting = Noting("text")
    guard(noting).check_many(["EB1", "nothing", "EB2"], stage="retrieval")
    assert noting.shown == [["EB1", "nothing", "EB2"], ["[BADGE]", "[BADGE]"]]


def test_a_segment_that_no_edit_has_changed_is_not_shown_again() -> None:
    noting, whole = Noting("segment"), FunctionDetector("whole", "x.whole", lambda text: [])
    rules = [HIDE, {"category": "x.whole", "action": "flag"}]
    text = LINE * 2 + "Then EB12 came.\n" + LINE * 2
    guard(noting, whole, rules=rules).check(text, stage="retrieval")
    first, again = noting.shown
    assert (len(first), len(again)) == (4, 1)
    assert "[BADGE]" in again[0]


def test_what_changes_nothing_is_not_looked_at_again() -> None:
    noting = Noting("text")
    kept = {**HIDE, "operator": "redact", "options": {"text": "EB1"}}
    assert guard(noting, rules=[kept]).check("EB1", stage="retrieval").text == "EB1"
    assert noting.shown == [["EB1"]]
