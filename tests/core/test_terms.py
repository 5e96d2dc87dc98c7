"""Words and expressions of the user's own."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from secure_core import Guard, Policy, PolicyError
from secure_core.detectors.terms import Terms
from secure_core.testing import DetectorContract

WORDS = {"terms.code_name": ["Project Heron", "Project", "Kestrel", "Über"]}
PATTERNS = {"pii.employee_id": [r"\bEB[0-9]{5}\b"]}


def guard(options: dict[str, Any]) -> Guard:
    rules = [{"category": ["terms.*", "pii.*"], "action": "sanitize"}]
    return Guard(Policy.model_validate({"detectors": [{"name": "terms", "options": options}], "rules": rules}))


class TestTerms(DetectorContract):
    detector = Terms(words=WORDS, patterns=PATTERNS)
    positives = ("about Kestrel, again", "badge EB12345 was used")
    negatives = ("two kestrels", "badge EB123456 was used")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("PROJECT  heron is late", "[CODE_NAME] is late"),
        ("Kestrel Kestrel, kestrel.", "[CODE_NAME] [CODE_NAME], [CODE_NAME]."),
        ("the über-plan", "the [CODE_NAME]-plan"),
        ("a project\nheron in wrapped prose", "a [CODE_NAME] in wrapped prose"),
        ("in full width: Ｋｅｓｔｒｅｌ", "in full width: [CODE_NAME]"),
        ("EB12345 EB54321", "[EMPLOYEE_ID] [EMPLOYEE_ID]"),
        ("kestrels and überholt stay", "kestrels and überholt stay"),
    ],
)
def test_words_are_found_whole_in_either_case_and_disguise(text: str, clean: str) -> None:
    assert guard({"words": WORDS, "patterns": PATTERNS}).check(text, stage="output").text == clean


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "nothing to look for"),
        ({"words": ["a"]}, "wants a table"),
        ({"words": {"codename": ["a"]}}, "a category is dotted"),
        ({"words": {"terms.a": "word"}}, "wants a list"),
        ({"words": {"terms.a": [""]}}, "wants a list"),
        ({"patterns": {"terms.a": ["("]}}, "no RE2 expression"),
        ({"patterns": {"terms.a": [r"(a)\1"]}}, "no RE2 expression"),
        ({"patterns": {"terms.a": ["a*"]}}, "matches the empty text"),
        ({"words": WORDS, "score": 2}, "score wants"),
    ],
)
def test_wrong_options_are_refused_with_what_would_do(options: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        guard(options)


def test_it_survives_pickling() -> None:
    again = pickle.loads(pickle.dumps(Terms(words=WORDS)))
    assert again.categories == ("terms.code_name",)
