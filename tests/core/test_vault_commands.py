import json
import os
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from secure_core import Guard, Policy
from secure_core.cli import app
from secure_core.vault import SQLiteVault
from secure_core.vault.bound import BoundGuard
from secure_core.vault.keys import new_key

RULE = {"category": "pii.*", "action": "sanitize", "operator": "pseudonymize"}
ANN = "ann@example.com"


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(app, ["vault", *arguments], input=text)


def bind(file: str, **options: str) -> BoundGuard:
    return Guard(Policy.model_validate({"rules": [RULE]})).bind(SQLiteVault(file), tenant="acme", **options)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SECURE_CORE_VAULT_KEY", new_key())
    file = str(tmp_path / "vault.db")
    for session in ("1", "2"):
        bind(file, session=session, subject="c7").check(ANN, stage="input")
    return file


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


def test_a_text_is_restored_and_printed_only_if_that_is_asked_for(file: str) -> None:
    text = bind(file, session="1").check(f"from {ANN}\n", stage="input").text
    asked = ("restore", file, "--tenant", "acme", "--session")
    assert ANN not in (told := run(*asked, "1", text=text).output)
    assert "--reveal" in told
    assert run(*asked, "1", "--reveal", text=text).stdout == f"from {ANN}\n"
    assert run(*asked, "2", "--reveal", text=text).stdout == text
    assert run(*asked, "2", text=text).stdout == "nothing to restore\n"
    assert run("restore", file, "--tenant", "acme", "--reveal", text=text).stdout == text


def test_the_policy_of_a_restored_text_counts(file: str, tmp_path: Path) -> None:
    policy = tmp_path / "p.toml"
    policy.write_text(
        'name = "p"\n[[rules]]\ncategory = "pii.*"\naction = "sanitize"\noperator = "pseudonymize"\n'
        '[[restore]]\ncategory = "pii.*"\nprincipals = ["auditor"]\n'
    )
    text = bind(file, session="1").check(ANN, stage="input").text
    asked = ("restore", file, "--tenant", "acme", "--session", "1", "--policy", str(policy), "--reveal")
    assert run(*asked, text=text).stdout == text
    assert run(*asked, "--principal", "auditor", text=text).stdout == ANN


def test_what_has_expired_is_purged(file: str) -> None:
    assert run("purge", file).stdout == "0 expired entries deleted\n"
    expiring = SQLiteVault(file, ttl=0.01)
    Guard(Policy.model_validate({"rules": [RULE]})).bind(expiring, tenant="b", session="1").check(ANN, stage="input")
    time.sleep(0.05)
    assert run("purge", file).stdout == "1 expired entries deleted\n"


def test_an_address_may_stand_in_the_environment_and_is_not_repeated(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECURE_CORE_VAULT", file)
    assert "acme" in run("list", "--json").stdout
    for address in ("mysql://user:hunter2@127.0.0.1/db", "postgresql://u:hunter2@127.0.0.1:1/db?connect_timeout=2"):
        told = run("list", address)
        assert told.exit_code == 2
        assert "address" in told.stderr
        assert "hunter2" not in told.output
