import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from secure_core.cli import app

KEY = "AKIA" + "Q3EGTZ7MVN4RWX2B"


def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


def test_scan_exits_with_0_if_nothing_is_found(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("All is well.")
    result = run("scan", str(file))
    assert result.exit_code == 0
    assert "clean" in result.stdout


def test_scan_exits_with_1_and_prints_where_and_never_what() -> None:
    result = run("scan", "-", "--stage", "output", stdin=f"key {KEY} here")
    assert result.exit_code == 1
    assert "secret.aws" in result.stdout
    assert "4-24" in result.stdout
    assert KEY not in result.output


def test_scan_prints_json() -> None:
    result = run("scan", "-", "--stage", "tool_result", "--policy", "default", "--json", stdin=f"key {KEY}")
    (decision,) = json.loads(result.stdout)
    assert decision["status"] == "sanitized"
    assert decision["findings"][0]["start"] == 4
    assert KEY not in result.stdout


def test_scan_prints_the_sanitised_text() -> None:
    assert run("scan", "-", "--text", stdin="to ann@example.com!").stdout == "to [EMAIL_ADDRESS]!"


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (["scan", "no-such-file"], None, "No such file"),
        (["scan", "-", "--policy", "defualt"], "x", "neither a text file nor one of observe, default, strict"),
        (["scan", "-"], b"\xff\xfe", "not UTF-8 text (byte 0); convert it first"),
        (["scan", "-", "--stage", "outputs"], "x", "outputs"),
        (["policy", "check", "missing.toml"], None, "no policy 'missing.toml'"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_what_is_wrong(
    arguments: list[str], stdin: bytes | None, message: str
) -> None:
    result = run(*arguments, stdin=stdin)
    assert result.exit_code == 2
    assert message in result.output


def test_policy_check_names_key_and_line(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text('name = "x"\n[[rules]]\ncategory = "pii.*"\naction = "flag"\nstage = "output"\n')
    result = run("policy", "check", str(file))
    assert result.exit_code == 2
    assert f"{file}:5: rules.0.stage: unknown key; did you mean 'stages'?" in result.output


def test_policy_check_and_list_speak_of_the_shipped_ones() -> None:
    assert "default: fine" in run("policy", "check", "default").stdout
    listed = run("policy", "list").stdout
    assert all(name in listed for name in ("observe", "default", "strict"))


def test_eval_prints_one_json_object(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "text": "Write to ann@example.com now.", "label": 1, "spans": [[9, 24, "EMAIL_ADDRESS"]]},
        {"id": "2", "text": "Nothing here.", "label": 0, "spans": []},
    ]
    file = tmp_path / "data.jsonl.gz"
    with gzip.open(file, "wt") as data:
        data.writelines(json.dumps(row) + "\n" for row in rows)
    result = run("eval", str(file), "--stage", "output", "--categories", "pii", "--json")
    assert result.exit_code == 0
    overall = json.loads(result.stdout)["overall"]
    assert (overall["n"], overall["positives"]) == (2, 1)
