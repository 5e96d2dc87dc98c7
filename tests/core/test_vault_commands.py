import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from secure_core import Guard, Policy
from secure_core.cli import app
from secure_core.vault import SQLiteVault
from secure_core.vault.keys import new_key

RULE = {"category": "pii.*", "action": "sanitize", "operator": "pseudonymize"}
ANN = "ann@example.com"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["vault", *arguments])


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SECURE_CORE_VAULT_KEY", new_key())
    vault = SQLiteVault(tmp_path / "vault.db")
    for session in ("1", "2"):
        bound = Guard(Policy.model_validate({"rules": [RULE]})).bind(
            vault, tenant="acme", session=session, subject="c7"
        )
        bound.check(ANN, stage="input")
    return str(tmp_path / "vault.db")


def test_scopes_are_listed_and_values_are_not(file: str) -> None:
    assert json.loads(run("list", file, "--json").stdout) == [
        {"tenant": "acme", "session": "1", "entries": 1},
        {"tenant": "acme", "session": "2", "entries": 1},
    ]
    assert "acme" in run("list", file).stdout
    assert ANN not in run("list", file).output


def test_sessions_subjects_and_tenants_are_erased(file: str) -> None:
    assert run("erase", file, "--tenant", "acme", "--session", "1").stdout == "1 entries erased\n"
    assert run("erase", file, "--tenant", "acme", "--subject", "c7").stdout == "1 entries erased\n"
    assert run("erase", file, "--tenant", "acme").stdout == "0 entries erased\n"
    assert json.loads(run("list", file, "--json").stdout) == []


def test_a_key_is_rotated(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = os.environ["SECURE_CORE_VAULT_KEY"], run("key").stdout.strip()
    monkeypatch.setenv("SECURE_CORE_VAULT_KEY", f"{new},{old}")
    assert run("rotate", file).stdout == "1 tenants rotated\n"
    monkeypatch.setenv("SECURE_CORE_VAULT_KEY", new)
    assert run("rotate", file).exit_code == 0
    monkeypatch.setenv("SECURE_CORE_VAULT_KEY", old)
    assert run("rotate", file).exit_code == 2


def test_wrong_usage_says_what_to_do(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "neither a file" in run("list", file + "x").stderr
    assert not Path(file + "x").exists()
    monkeypatch.delenv("SECURE_CORE_VAULT_KEY")
    result = run("list", file)
    assert result.exit_code == 2
    assert "secure-core vault key" in result.stderr
