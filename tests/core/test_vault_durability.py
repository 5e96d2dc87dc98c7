"""What was handed out survives kill -9."""

import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from secure_core.vault import PostgresVault, RedisVault, SQLiteVault, Vault, VaultError
from tests.core import postgres_server, redis_server
from tests.core.vaults import GUARD, KEY

WRITER = """
import sys
from secure_core import Guard, Policy
from secure_core.detectors import FunctionDetector
from secure_core.vault import PostgresVault, RedisVault, SQLiteVault
rule = {"category": "pii.*", "action": "sanitize", "operator": "pseudonymize"}
mail = FunctionDetector("mail", "pii.email_address", lambda text: [(0, len(text))])
kinds = {"redis": RedisVault, "postgresql": PostgresVault}
vault = kinds.get(sys.argv[1].partition(":")[0], SQLiteVault)(sys.argv[1], key=b"k" * 32)
guard = Guard(Policy.model_validate({"detectors": [], "rules": [rule]}), detectors=[mail])
bound = guard.bind(vault, tenant="t", session="s", subject="x")
number = int(sys.argv[2])
while True:
    value = f"user{number}@example.com"
    print(value, bound.check(value, stage="input").text, flush=True)
    number += 1
"""


def killed(store: str, start: int, lines: int) -> list[list[str]]:
    """Let a process write until it has handed out so many stand-ins, and kill it in the middle of the next."""
    command = [sys.executable, "-c", WRITER, store, str(start)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        handed = [writer.stdout.readline() for _ in range(lines)]
        writer.send_signal(signal.SIGKILL)
        handed += writer.stdout.readlines()
    return [line.split() for line in handed if line.endswith("\n")]


def assert_all_known(vault: Vault, handed: list[list[str]]) -> None:
    bound = GUARD.bind(vault, tenant="t", session="s")
    assert [bound.restore(stand_in) for _, stand_in in handed] == [value for value, _ in handed]
    assert [bound.check(value, stage="input").text for value, _ in handed] == [stand_in for _, stand_in in handed]


@pytest.mark.parametrize("lines", [1, 40, 130])
def test_a_writer_that_is_killed_loses_nothing_that_it_handed_out(lines: int, tmp_path: Path) -> None:
    file = str(tmp_path / "vault.db")
    handed = killed(file, 0, lines) + killed(file, 10_000, 3)
    assert len(handed) >= lines + 3
    assert_all_known(SQLiteVault(file, key=KEY), handed)


@pytest.fixture
def postgres_folder() -> Iterator[Path]:
    folder = postgres_server.made()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_a_redis_that_is_killed_loses_nothing_that_was_handed_out(tmp_path: Path) -> None:
    port = redis_server.free_port()
    url = f"redis://127.0.0.1:{port}/0"
    assert_survives(lambda: redis_server.start(tmp_path, port), url, lambda: RedisVault(url, key=KEY))


def test_a_postgres_that_is_killed_loses_nothing_that_was_handed_out(postgres_folder: Path) -> None:
    port = redis_server.free_port()
    url = postgres_server.address(port)
    assert_survives(lambda: postgres_server.start(postgres_folder, port), url, lambda: PostgresVault(url, key=KEY))


def assert_survives(start: Callable[[], "subprocess.Popen[bytes]"], url: str, connect: Callable[[], Vault]) -> None:
    """Kill a writer, then the server while another one writes; what was handed out has to be there afterwards."""
    server = start()
    handed = killed(url, 0, 20)
    bound = GUARD.bind(connect(), tenant="t", session="s")
    enough = threading.Event()

    def write() -> None:
        number = 5_000
        while True:
            value = f"user{number}@example.com"
            try:
                handed.append([value, bound.check(value, stage="input").text])
            except VaultError:
                return
            number += 1
            if number == 5_100:
                enough.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        enough.wait(30)
        server.kill()
        server.wait()
        writer.join(30)
        assert len(handed) >= 120
        server = start()
        assert_all_known(connect(), handed)
    finally:
        server.kill()
        server.wait()
