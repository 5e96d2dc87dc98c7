"""The support conversation, run as a user runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent.parent / "examples" / "langchain_support.py"
VALUES = ("Odile", "Marchetti", "4111 1111 1111 1111", "020 7946 0853", "odile.marchetti@example.org")


@pytest.fixture(scope="module", params=["surrogate", "token"])
def lines(request: pytest.FixtureRequest) -> list[str]:
    command = [sys.executable, str(EXAMPLE), "--style", request.param]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def told(lines: list[str], who: str) -> str:
    return "\n".join(line for line in lines if line.startswith(who))


def test_the_user_reads_values_and_the_model_wrote_none(lines: list[str]) -> None:
    user, model = told(lines, "user "), told(lines, "model ")
    assert all(value in user for value in VALUES)
    assert not any(value in model for value in VALUES)


def test_a_streamed_answer_is_restored(lines: list[str]) -> None:
    assert "Odile Marchetti was." in told(lines, "streamed")
    assert "4111 1111 1111 1111." in told(lines, "streamed")


def test_the_mail_goes_to_the_real_address_and_name(lines: list[str]) -> None:
    mailed = told(lines, "mailed")
    assert "odile.marchetti@example.org: 'Dear Ms" in mailed
    assert "Marchetti,\\n" in mailed


def test_the_history_holds_no_value(lines: list[str]) -> None:
    assert lines[-1] == "the model and the history saw a value: False"
