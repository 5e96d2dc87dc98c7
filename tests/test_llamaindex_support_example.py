"""The support example, run as a user runs it: offline, in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent.parent / "examples" / "llamaindex_support.py"
VALUES = ("Odile", "Marchetti", "odile.marchetti@example.org", "4111 1111 1111 1111")


@pytest.fixture(scope="module", params=["token", "surrogate"])
def shown(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Return what is shown without and with the vault."""
    command = [sys.executable, str(EXAMPLE), "--style", request.param]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    before, after = done.stdout.split("== with a vault")
    return before, after


def lines(output: str, label: str) -> list[str]:
    return re.findall(rf"^{label}: +(.+)$", output, re.MULTILINE)


def test_the_user_and_the_addressee_see_no_difference(shown: tuple[str, str]) -> None:
    before, after = shown
    for label in ("answer", "sent"):
        assert lines(before, label) == lines(after, label)
    [first, _], [sent] = lines(after, "answer"), lines(after, "sent")
    for value in VALUES:
        assert value in first
    assert sent.startswith("odile.marchetti@example.org: Dear Odile Marchetti,")


def test_model_memory_and_guests_see_stand_ins_only(shown: tuple[str, str]) -> None:
    before, after = shown
    assert "4111 1111 1111 1111" in lines(before, "model")[0]
    for label in ("model", "memory", "guest"):
        [line] = lines(after, label)
        assert [value for value in VALUES if value in line] == []
    assert lines(after, "memory") == lines(after, "guest")


def test_whoever_may_see_it_reads_the_memory_in_clear(shown: tuple[str, str]) -> None:
    assert lines(shown[1], "ann") == ["I have written to Odile Marchetti at odile.marchetti@example.org."]
