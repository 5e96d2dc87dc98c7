"""What was handed out survives kill -9, and what is stored says nothing."""

import base64
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from secure_core import Guard, Policy
from secure_core.vault import MemoryVault, PostgresVault, RedisVault, SQLiteVault, Vault, VaultError
from tests.core import postgres_server, redis_server

KEY = b"k" * 32
RULE = {"category": "pii.*", "action": "sanitize", "operator": "pseudonymize"}
GUARD = Guard(Policy.model_validate({"rules": [RULE]}))
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


VALUES = ["ann.lee@example.com", "4111 1111 1111 1111", "+1 212-555-0143", "DE89 3704 0044 0532 0130 00"]
SUBJECT = "subject-4711"


def encodings(value: str) -> Iterator[bytes]:
    yield value.encode()
    yield value.encode("utf-16-le")
    yield value.encode().hex().encode()
    yield base64.b64encode(value.encode())[:-4]


def assert_says_nothing(stored: bytes) -> None:
    assert len(stored) > 500
    for value in [*VALUES, SUBJECT, KEY.decode()]:
        assert not any(written in stored for written in encodings(value))


def fill(vault: Vault) -> str:
    bound = GUARD.bind(vault, tenant="t", session="s", subject=SUBJECT)
    return bound.check(", ".join(VALUES), stage="input").text


def test_the_bytes_of_a_file_say_nothing_and_what_is_erased_is_gone(tmp_path: Path) -> None:
    vault = SQLiteVault(tmp_path / "vault.db", key=KEY)
    fill(vault)
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert_says_nothing(stored)
    with vault._connection() as db:
        sealed = [bytes(row[0]) for row in db.execute("SELECT sealed FROM entries")]
    assert len(sealed) == len(VALUES)
    assert all(each in stored for each in sealed)
    vault.erase("t", subject=SUBJECT)
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert not any(each in stored for each in sealed)


def test_the_bytes_of_redis_say_nothing(tmp_path: Path) -> None:
    with redis_server.running(tmp_path) as url:
        fill(RedisVault(url, key=KEY))
    assert_says_nothing(b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()))


def test_the_bytes_of_postgres_say_nothing(postgres_folder: Path) -> None:
    port = redis_server.free_port()
    server = postgres_server.start(postgres_folder, port)
    try:
        vault = PostgresVault(postgres_server.address(port), key=KEY)
        fill(vault)
        with vault._transaction() as db:
            db.execute("SELECT pg_switch_wal()")
    finally:
        server.send_signal(signal.SIGINT)  # a checkpoint, whoever is still connected
        server.wait()
    files = [*postgres_folder.rglob("base/**/*"), *postgres_folder.rglob("pg_wal/*")]
    assert_says_nothing(b"".join(file.read_bytes() for file in files if file.is_file()))


def test_the_memory_of_a_vault_says_nothing() -> None:
    vault = MemoryVault(key=KEY)
    fill(vault)
    assert_says_nothing(repr((vault._entries, vault._keys)).encode())


def test_an_entry_that_is_moved_or_altered_is_not_restored(tmp_path: Path) -> None:
    vault = SQLiteVault(tmp_path / "vault.db", key=KEY)
    one, other = (GUARD.bind(vault, tenant=tenant, session="s") for tenant in ("1", "2"))
    stand_in = one.check(VALUES[0], stage="input").text
    foreign = other.check("eve@example.com", stage="input").text
    with vault._connection(write=True) as db:  # the other tenant's entry in the place of this one
        db.execute("UPDATE entries SET sealed = (SELECT sealed FROM entries WHERE tenant = '2') WHERE tenant = '1'")
    assert one.restore(stand_in + foreign) == stand_in + foreign
    with pytest.raises(VaultError, match="was altered"):
        one.check(VALUES[0], stage="input")
