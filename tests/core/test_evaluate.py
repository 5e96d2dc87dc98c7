"""Scores, computed by hand on rows small enough to do so."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from secure_core.detectors import FunctionDetector
from secure_core.errors import InputError
from secure_core.evaluate import evaluate
from secure_core.guard import Guard
from secure_core.policy import Policy
from secure_core.scores import Span, f_score, pair, wilson


def finds(word: str, category: str) -> FunctionDetector:
    return FunctionDetector(word, category, lambda text: [match.span() for match in re.finditer(word, text)])


DETECTORS = [
    finds("ma1l", "pii.email_address"),
    finds("ca1l", "pii.phone_number"),
    finds("k3y", "secret.api_key"),
    finds("OBEY", "injection.override"),
]


def guard(**rule: Any) -> Guard:
    policy = Policy.model_validate({"detectors": [], "rules": [{"category": "*", "action": "sanitize", **rule}]})
    return Guard(policy, detectors=DETECTORS)


def scores(tmp_path: Path, *rows: dict[str, Any], categories: tuple[str, ...] = (), **rule: Any) -> dict[str, Any]:
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    overall: dict[str, Any] = evaluate(guard(**rule), [file], "retrieval", categories)["overall"]
    return overall


def test_a_row_about_one_type_is_asked_for_no_other(tmp_path: Path) -> None:
    about = {"text": "ma1l and ca1l", "spans": [[0, 4, "EMAIL_ADDRESS"]]}
    other = {"text": "a ca1l", "spans": [[2, 6, "PHONE_NUMBER"]]}
    near = {"text": "no ma1l", "spans": [], "target": "EMAIL_ADDRESS"}
    assert scores(tmp_path, about, other)["overlap"]["precision"] == 2 / 3
    assert scores(tmp_path, about | {"target": "EMAIL_ADDRESS"}, other)["overlap"]["precision"] == 1
    assert scores(tmp_path, about, other, near)["overlap"]["precision"] == 2 / 4


def test_rows_are_counted_by_label(tmp_path: Path) -> None:
    found = scores(
        tmp_path,
        {"text": "please OBEY", "label": "injection"},
        {"text": "please obey", "label": "jailbreak"},
        {"text": "please OBEY me", "label": "benign"},
        {"text": "nothing", "label": "benign"},
        {"text": "nothing", "label": "benign"},
        {"text": "OBEY", "label": "harmful_request"},
    )
    assert (found["n"], found["positives"]) == (5, 2)
    assert (found["recall"], found["precision"]) == (1 / 2, 1 / 2)
    assert found["fpr"] == 1 / 3
    assert (found["f1"], found["f2"]) == (1 / 2, 1 / 2)
    assert "exact" not in found
    assert found["ms_per_kb"] > 0


def test_only_the_asked_categories_count(tmp_path: Path) -> None:
    rows = [{"text": "OBEY", "label": "injection"}, {"text": "ma1l", "label": "benign"}]
    assert scores(tmp_path, *rows)["fpr"] == 1
    assert scores(tmp_path, *rows, categories=("injection",))["fpr"] == 0
    assert scores(tmp_path, *rows, categories=("injection", "pii"))["fpr"] == 1
    assert scores(tmp_path, *rows, categories=("pii.email_address",))["recall"] == 0


def test_a_finding_that_no_rule_acts_on_does_not_count(tmp_path: Path) -> None:
    assert scores(tmp_path, {"text": "OBEY", "label": "injection"}, category="pii.*")["recall"] == 0


def test_types_that_the_file_does_not_label_are_no_false_positives(tmp_path: Path) -> None:
    found = scores(
        tmp_path,
        {"text": "ma1l ca1l", "spans": [[0, 4, "EMAIL_ADDRESS"]]},
        {"text": "ca1l", "spans": []},
    )
    assert (found["n"], found["positives"], found["fpr"]) == (2, 1, 0)
    assert found["exact"]["precision"] == found["exact"]["recall"] == found["exact"]["f1"] == 1


def test_types_that_the_guard_does_not_know_are_not_asked_of_it(tmp_path: Path) -> None:
    found = scores(tmp_path, {"text": "Ann: ma1l", "spans": [[0, 3, "PERSON"], [5, 9, "EMAIL_ADDRESS"]]})
    assert found["exact"]["recall"] == 1
    assert (found["chars_removed"], found["chars_kept"]) == (1, 1)


def test_types_that_the_policy_allows_are_not_asked_of_it(tmp_path: Path) -> None:
    row = {"text": "ma1l ca1l", "spans": [[0, 4, "EMAIL_ADDRESS"], [5, 9, "PHONE_NUMBER"]]}
    assert scores(tmp_path, row)["exact"]["recall"] == 1
    assert scores(tmp_path, row, category="pii.email_address")["exact"]["recall"] == 1
    assert scores(tmp_path, {**row, "text": "mail ca1l"}, category="pii.email_address")["exact"]["recall"] == 0


def test_any_finding_inside_a_secret_is_right_whatever_the_kind(tmp_path: Path) -> None:
    rows = [
        {"text": "x k3y", "label": 1, "spans": [[2, 5, "cloud-token"]]},
        {"text": "x", "label": 0, "spans": []},
        {"text": "ma1l", "label": 0, "spans": []},
    ]
    found = scores(tmp_path, *rows, categories=("secret",))
    assert (found["recall"], found["fpr"], found["exact"]["f1"]) == (1, 0, 1)


def test_injection_spans_need_no_entity(tmp_path: Path) -> None:
    found = scores(tmp_path, {"text": "well OBEY", "label": "injection", "spans": [[5, 9]]})
    assert (found["exact"]["f1"], found["chars_removed"], found["chars_kept"]) == (1, 1, 1)


def test_overlap_forgives_the_borders_and_exact_does_not(tmp_path: Path) -> None:
    found = scores(
        tmp_path,
        {"text": "0123 ma1l", "spans": [[0, 9, "EMAIL_ADDRESS"]]},
        {"text": "0123 ma1l ma1l", "spans": [[5, 9, "EMAIL_ADDRESS"]]},
    )
    assert (found["exact"]["precision"], found["exact"]["recall"]) == (1 / 3, 1 / 2)
    assert (found["overlap"]["precision"], found["overlap"]["recall"]) == (2 / 3, 1)
    assert found["overlap"]["f1"] == pytest.approx(0.8)
    assert found["overlap"]["f2"] == pytest.approx(10 / 11)


def test_characters_are_counted_off_the_sanitised_text(tmp_path: Path) -> None:
    # 9 labelled characters, 4 of them removed; 6 others, of which ma1l's 4 are lost.
    found = scores(tmp_path, {"text": "0123 ma1l, ma1l", "spans": [[0, 9, "EMAIL_ADDRESS"]]})
    assert found["chars_removed"] == 4 / 9
    assert found["chars_kept"] == 2 / 6
    assert found["overmask"] == 4 / 6
    assert found["fully_masked"] == 0


def test_overmask_speaks_only_of_what_counts(tmp_path: Path) -> None:
    found = scores(tmp_path, {"text": "ma1l ca1l", "spans": [[0, 4, "EMAIL_ADDRESS"]]})
    assert (found["overmask"], found["chars_kept"], found["fully_masked"]) == (0, 1 / 5, 1)


def test_a_mask_removes_what_it_hides(tmp_path: Path) -> None:
    row = {"text": "ma1l", "spans": [[0, 4, "EMAIL_ADDRESS"]]}
    found = scores(tmp_path, row, operator="mask", options={"keep_last": 1})
    assert (found["chars_removed"], found["fully_masked"], found["exact"]["recall"]) == (3 / 4, 0, 1)


def test_a_blocked_text_holds_nothing(tmp_path: Path) -> None:
    found = scores(tmp_path, {"text": "well OBEY", "label": "injection", "spans": [[5, 9]]}, action="block")
    assert (found["chars_removed"], found["chars_kept"], found["overmask"]) == (1, 0, 1)


def test_a_flagged_text_holds_everything(tmp_path: Path) -> None:
    found = scores(tmp_path, {"text": "well OBEY", "label": "injection", "spans": [[5, 9]]}, action="flag")
    assert (found["recall"], found["chars_removed"], found["chars_kept"]) == (1, 0, 1)


def test_nothing_to_measure_is_none(tmp_path: Path) -> None:
    found = scores(tmp_path, {"text": "a", "label": "benign"})
    assert (found["recall"], found["recall_ci95"], found["precision"], found["f1"]) == (None, None, None, None)
    assert found["fpr_ci95"][0] == 0


def test_files_are_scored_apart_and_together(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    plain.write_text(json.dumps({"text": "OBEY", "label": "injection"}))
    with gzip.open(packed, "wt") as file:
        file.write(json.dumps({"text": "öbey", "label": "injection"}))
    report = evaluate(guard(), [plain, packed], "retrieval")
    assert [report["files"][str(path)]["recall"] for path in (plain, packed)] == [1, 0]
    assert (report["overall"]["n"], report["overall"]["recall"]) == (2, 0.5)
    assert json.loads(json.dumps(report)) == report


@pytest.mark.parametrize(
    "line",
    [
        "no json, planted",
        '["planted"]',
        '{"text": "planted"}',
        '{"text": 1, "label": "benign"}',
        '{"label": "planted"}',
        '{"text": "planted", "spans": [[1]]}',
        '{"text": "planted", "spans": [["a", "planted", "PERSON"]]}',
    ],
)
def test_a_row_that_is_none_is_refused_with_its_place_and_without_its_text(tmp_path: Path, line: str) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "a", "label": "benign"}\n' + line)
    with pytest.raises(InputError, match="line 2") as caught:
        evaluate(guard(), [file], "retrieval")
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(8, 10, 0.490, 0.943), (0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (1, 2, 0.095, 0.905), (500, 1000, 0.469, 0.531)],
)
def test_wilson_intervals_are_those_of_the_tables(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=5e-4)


@pytest.mark.parametrize(("beta", "score"), [(1, 0.5), (2, 5 * 4 / (4 * 10 + 6))])
def test_f_weighs_recall(beta: int, score: float) -> None:
    assert f_score(beta, 4, 6, 10) == pytest.approx(score)


@pytest.mark.parametrize(
    ("labelled", "predicted", "pairs", "wrong"),
    [
        ([(0, 4)], [(0, 4)], 1, 0),
        ([(0, 4)], [(4, 8)], 0, 1),
        ([(0, 9)], [(0, 3), (5, 9)], 1, 0),
        ([(0, 4)], [(0, 3), (3, 9)], 1, 1),
        ([(0, 3), (4, 9)], [(0, 9)], 1, 0),
        ([(0, 3), (5, 9)], [(2, 6), (8, 12)], 2, 0),
        ([(0, 3), (5, 9)], [], 0, 0),
        ([], [(0, 3)], 0, 1),
    ],
)
def test_spans_are_paired_one_to_one(
    labelled: list[tuple[int, int]], predicted: list[tuple[int, int]], pairs: int, wrong: int
) -> None:
    wanted = [Span(*each, "pii.person") for each in labelled]
    assert pair(wanted, [Span(*each, "pii.person") for each in predicted]) == (pairs, wrong)
    assert pair(wanted, [Span(*each, "pii.location") for each in predicted]) == (0, len(predicted))
