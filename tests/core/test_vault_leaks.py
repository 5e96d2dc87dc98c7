"""No value is where it does not belong: in dumps and logs of stores, in spans, logs, errors, pickles and reprs."""

import asyncio
import base64
import copy
import logging
import pickle
import shutil
import socket
import subprocess
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from secure_core import Guard, InputError, Policy
from secure_core.detectors import FunctionDetector
from secure_core.telemetry import Telemetry
from secure_core.vault import MemoryVault, PostgresVault, RedisVault, SQLiteVault, Vault, VaultError
from secure_core.vault.bound import BoundGuard
from secure_core.vault.keys import new_key
from secure_core.vault.scope import Original
from tests.core import postgres_server, redis_server
from tests.core.vaults import KEY, Make

NAME = "Ottoline Farrowdene"
VALUES = [
    NAME,
    "ottoline.farrowdene@example.com",
    "4111 1111 1111 1111",
    "+1 212-555-0143",
    "DE89 3704 0044 0532 0130 00",
]
PARTS = ["Ottoline", "Farrowdene", "ottoline", "4111 1111", "212-555", "3704 0044", "41111111"]
SUBJECT = "subject-4711"
TEXT = f"{NAME} wrote: " + ", ".join(VALUES[1:]) + "."


def named(text: str) -> list[tuple[int, int]]:
    at = text.find(NAME)
    return [(at, at + len(NAME))] if at >= 0 else []


NAMES = FunctionDetector("names", "pii.person", named, scope="segment")


def guard(style: str, telemetry: Telemetry | None = None) -> Guard:
    rule = {"category": "pii.*", "action": "sanitize", "operator": "pseudonymize", "options": {"style": style}}
    policy = Policy.model_validate({"detectors": [{"name": "pii"}], "rules": [rule]})
    return Guard(policy, detectors=[NAMES], telemetry=telemetry)


def used(vault: Vault, telemetry: Telemetry | None = None) -> BoundGuard:
    """Do everything that a vault is for, in both styles."""
    for style in ("token", "surrogate"):
        bound = guard(style, telemetry).bind(vault, tenant="t", session=style, subject=SUBJECT)
        safe = bound.check(TEXT, stage="input").text
        assert bound.restore(safe) == TEXT == asyncio.run(bound.arestore(safe))
        assert bound.restore_arguments({"to": [safe]}, tool="mail") == {"to": [TEXT]}
        stream = bound.restore_stream()
        assert "".join(stream.push(character) for character in safe) + stream.flush() == TEXT
    vault.scopes(), vault.rotate(), vault.purge()
    return bound


def written(value: str) -> Iterator[bytes]:
    """Yield a value in the ways in which it might be stored."""
    for coding in ("utf-8", "utf-16-le"):
        yield value.encode(coding)
        yield value.encode(coding).hex().encode()
        yield value.encode(coding).hex().upper().encode()
    yield base64.b64encode(value.encode())[:-4]


def assert_says_nothing(stored: bytes) -> None:
    assert len(stored) > 500
    for value in [*VALUES, *PARTS, SUBJECT, KEY.decode(), KEY.hex()]:
        assert not any(form in stored for form in written(value)), value


# -- stores ----------------------------------------------------------------------------------------


def test_a_file_its_log_and_its_dump_say_nothing(tmp_path: Path) -> None:
    vault = SQLiteVault(tmp_path / "vault.db", key=KEY)
    used(vault)
    assert {file.name for file in tmp_path.iterdir()} == {"vault.db", "vault.db-wal", "vault.db-shm"}
    assert_says_nothing(contents(tmp_path))
    assert_says_nothing("\n".join(vault._db.iterdump()).encode())


def test_what_is_erased_from_a_file_is_overwritten(tmp_path: Path) -> None:
    vault = SQLiteVault(tmp_path / "vault.db", key=KEY)
    used(vault)
    with vault._transaction() as run:
        sealed = [bytes(row[0]) for row in run("SELECT sealed FROM {entries}").fetchall()]
    assert len(sealed) > 10
    assert all(each in contents(tmp_path) for each in sealed)
    assert vault.erase("t", subject=SUBJECT) == len(sealed)
    assert not any(each in contents(tmp_path) for each in sealed)


def contents(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_the_snapshot_the_log_and_the_wire_of_redis_say_nothing(tmp_path: Path) -> None:
    wire: list[bytes] = []
    with redis_server.running(tmp_path) as url:
        vault = RedisVault(url, key=KEY)
        vault._redis.config_set("slowlog-log-slower-than", "0")
        watcher = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2].partition("/")[0])))
        watcher.sendall(b"MONITOR\r\n")
        listening = threading.Thread(target=lambda: wire.extend(iter(lambda: watcher.recv(65_536), b"")))
        listening.start()
        used(vault)
        vault._redis.save()
        wire.append(repr(vault._redis.slowlog_get(1_000)).encode())
    listening.join()
    watcher.close()
    assert (tmp_path / "dump.rdb").exists()
    assert [*tmp_path.rglob("*.aof")]
    for stored in (contents(tmp_path), b"".join(wire)):
        assert_says_nothing(stored)


def test_the_files_the_dump_and_the_statements_of_postgres_say_nothing() -> None:
    folder, port = postgres_server.made(), redis_server.free_port()
    try:
        server = postgres_server.start(folder, port, "log_statement=all", "log_min_duration_statement=0")
        vault = PostgresVault(postgres_server.address(port), key=KEY)
        used(vault)
        dump = [str(postgres_server.binaries() / "pg_dump"), postgres_server.address(port)]
        dumped = subprocess.run(dump, check=True, capture_output=True).stdout
        vault.close()
        postgres_server.stop(server)
        assert b"INSERT INTO" in (folder / "log").read_bytes()
        for stored in (dumped, contents(folder)):
            assert_says_nothing(stored)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_the_memory_of_a_vault_says_nothing() -> None:
    vault = MemoryVault(key=b"another key of 32 bytes, as it is")
    used(vault)
    assert_says_nothing(repr((vault._entries, vault._keys, vault._sizes)).encode())


# -- what the process tells ------------------------------------------------------------------------


def test_spans_and_logs_say_nothing(vault: Vault, caplog: pytest.LogCaptureFixture) -> None:
    exporter = InMemorySpanExporter()
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    caplog.set_level(logging.DEBUG)
    bound = used(vault, Telemetry(tracers))
    vault.max_entries = 1
    with pytest.raises(VaultError):
        bound.check("lysander.quill@example.com", stage="input")
    told = "\n".join(span.to_json() for span in exporter.get_finished_spans()) + caplog.text
    assert_says_nothing(told.encode())
    assert "lysander" not in told


def test_errors_say_nothing_even_with_the_variables_of_every_frame() -> None:
    vault = MemoryVault(max_chars=20)
    bound = guard("token").bind(vault, tenant="t", session="s")
    with pytest.raises(VaultError, match="max_chars = 20") as raised:
        bound.check(VALUES[1], stage="input")
    assert VALUES[1] not in "".join(traceback.format_exception(raised.value))
    assert VALUES[1] not in repr(Original("pii.email_address", VALUES[1]))


@pytest.mark.parametrize("style", ["token", "surrogate"])
def test_a_stream_holds_stand_ins_only_and_does_not_travel(
    style: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECURE_CORE_VAULT_KEY", new_key())
    bound = guard(style).bind(SQLiteVault(tmp_path / "vault.db"), tenant="t", session="s")
    safe = bound.check(TEXT, stage="input").text
    stream = bound.restore_stream()
    for character in safe * 2:
        stream.push(character)
        state = repr([(name, getattr(stream, name)) for name in vars(stream)])
        assert not any(part in state for part in [*VALUES, *PARTS])
    for travel in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            travel(stream)


def test_a_pickled_guard_holds_neither_values_nor_keys(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    if isinstance(make(), MemoryVault):
        pytest.skip("does not leave its process")
    key = new_key()
    monkeypatch.setenv("SECURE_CORE_VAULT_KEY", key)
    policy = Policy.model_validate({"rules": [{"category": "pii.*", "action": "sanitize", "operator": "pseudonymize"}]})
    bound = Guard(policy).bind(make(key=None), tenant="travels", session="s")
    bound.check(VALUES[1], stage="input")
    pickled = pickle.dumps(bound)
    assert_says_nothing(pickled)
    for part in (key, base64.urlsafe_b64decode(key), bound._scope._anchor, bound._scope._index):
        assert (part.encode() if isinstance(part, str) else part) not in pickled


def test_what_is_not_text_is_refused_without_being_quoted() -> None:
    bound = guard("token").bind(MemoryVault(), tenant="t", session="s")
    for wrong in (VALUES[1].encode(), [VALUES[1]], VALUES[1] + "\ud800"):
        for work in (bound.restore, bound.restore_stream().push):
            with pytest.raises(InputError) as raised:
                work(wrong)  # type: ignore[arg-type]
            assert VALUES[1] not in str(raised.value)
