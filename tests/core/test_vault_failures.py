"""A store that fails, fails closed: a `VaultError` that says what to do, quotes no value, and ends with the trouble."""

import asyncio
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from secure_core.vault import MemoryVault, PostgresVault, RedisVault, SQLiteVault, Vault, VaultError
from secure_core.vault.bound import BoundGuard
from secure_core.vault.scope import Original, Scope
from tests.core import redis_server
from tests.core.vaults import ANN, BOB, GUARD, KEY, Make, bind, hidden

EVE = "eve@example.com"
SHORT = 0.3  # seconds to wait for a store that does not answer


# -- troubles: each lends a vault, and what brings the trouble about -------------------------------


Trouble = tuple[Vault, Callable[[], AbstractContextManager[None]]]


@contextmanager
def silent_redis(folder: Path, postgres: str) -> Iterator[Trouble]:
    port = redis_server.free_port()
    server = redis_server.start(folder, port)

    @contextmanager
    def trouble() -> Iterator[None]:
        server.send_signal(signal.SIGSTOP)
        yield
        server.send_signal(signal.SIGCONT)

    try:
        yield RedisVault(f"redis://127.0.0.1:{port}/0", key=KEY, timeout=SHORT), trouble
    finally:
        server.kill()
        server.wait()


@contextmanager
def dead_redis(folder: Path, postgres: str) -> Iterator[Trouble]:
    port = redis_server.free_port()
    servers = [redis_server.start(folder, port)]

    @contextmanager
    def trouble() -> Iterator[None]:
        stop(servers.pop())
        yield
        servers.append(redis_server.start(folder, port))

    yield RedisVault(f"redis://127.0.0.1:{port}/0", key=KEY, timeout=SHORT), trouble
    stop(servers.pop())


def stop(server: "subprocess.Popen[bytes]") -> None:
    server.kill()
    server.wait()


@contextmanager
def redis_with(folder: Path, before: dict[str, str], after: dict[str, str]) -> Iterator[Trouble]:
    with redis_server.running(folder) as url:
        vault = RedisVault(url, key=KEY)

        @contextmanager
        def trouble() -> Iterator[None]:
            for name, value in before.items():
                vault._redis.config_set(name, value)
            yield
            for name, value in after.items():
                vault._redis.config_set(name, value)

        yield vault, trouble


@contextmanager
def full_redis(folder: Path, postgres: str) -> Iterator[Trouble]:
    with redis_with(folder, {"maxmemory": "1"}, {"maxmemory": "0"}) as lent:
        yield lent


@contextmanager
def redis_without_replicas(folder: Path, postgres: str) -> Iterator[Trouble]:
    with redis_with(folder, {"min-replicas-to-write": "1"}, {"min-replicas-to-write": "0"}) as lent:
        yield lent


@contextmanager
def locked_file(folder: Path, postgres: str) -> Iterator[Trouble]:
    vault = SQLiteVault(folder / "vault.db", key=KEY, timeout=SHORT)

    @contextmanager
    def trouble() -> Iterator[None]:
        other = sqlite3.connect(vault.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        yield
        other.close()

    yield vault, trouble


@contextmanager
def full_disk(folder: Path, postgres: str) -> Iterator[Trouble]:
    vault = SQLiteVault(folder / "vault.db", key=KEY)

    @contextmanager
    def trouble() -> Iterator[None]:
        with vault._transaction() as run:
            run("PRAGMA max_page_count = 1").fetchall()  # no page more than there are
        yield
        with vault._transaction() as run:
            run("PRAGMA max_page_count = 1000000").fetchall()

    yield vault, trouble


@contextmanager
def closed_file(folder: Path, postgres: str) -> Iterator[Trouble]:
    vault = SQLiteVault(folder / "vault.db", key=KEY)

    @contextmanager
    def trouble() -> Iterator[None]:
        vault.close()
        yield
        vault._open()

    yield vault, trouble


@contextmanager
def busy_postgres(folder: Path, postgres: str) -> Iterator[Trouble]:
    vault = PostgresVault(postgres, key=KEY, prefix="busy", timeout=SHORT)
    vault.erase("t")

    @contextmanager
    def trouble() -> Iterator[None]:
        other = vault._psycopg.connect(postgres)
        other.execute("LOCK TABLE busy_keys, busy_entries IN ACCESS EXCLUSIVE MODE")
        yield
        other.close()

    yield vault, trouble


@contextmanager
def postgres_that_may_only_be_read(folder: Path, postgres: str) -> Iterator[Trouble]:
    vault = PostgresVault(postgres, key=KEY, prefix="read_only", connections=1)
    vault.erase("t")

    @contextmanager
    def trouble() -> Iterator[None]:
        with vault._transaction() as run:
            run("SET default_transaction_read_only TO on")
        yield
        with vault._transaction() as run:
            run("SET default_transaction_read_only TO off")

    yield vault, trouble


READS_FAIL = [silent_redis, dead_redis, closed_file, busy_postgres]
ONLY_WRITES_FAIL = [full_redis, redis_without_replicas, locked_file, full_disk, postgres_that_may_only_be_read]


@pytest.mark.parametrize("troubled", [*READS_FAIL, *ONLY_WRITES_FAIL])
def test_a_store_that_fails_passes_nothing_on(
    troubled: Callable[..., AbstractContextManager[Trouble]], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with troubled(tmp_path, postgres_for(troubled, request)) as (vault, trouble):
        bound = bind(vault)
        safe = hidden(bound)
        with trouble():
            fills = " ".join(f"user{number}@example.com" for number in range(400))
            refused(lambda: bound.check(f"{EVE} {fills}", stage="input"))
            refused(lambda: asyncio.run(bound.acheck(f"{EVE} {fills}", stage="input")))
            if troubled in READS_FAIL:
                refused(lambda: bound.restore(safe))
                refused(lambda: bound.restore_arguments({"to": safe}, tool="mail"))
                refused(lambda: bound.restore_stream().push(safe))
                refused(lambda: asyncio.run(bound.arestore(safe)))
            else:
                assert bound.restore(safe) == ANN
        assert bound.restore(safe) == ANN
        assert bound.restore(hidden(bound, EVE)) == EVE
        vault.close()


def postgres_for(troubled: Callable[..., object], request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("postgres_url")) if "postgres" in troubled.__name__ else ""


def refused(work: Callable[[], object]) -> None:
    with pytest.raises(VaultError) as raised:
        work()
    error: BaseException | None = raised.value
    while error is not None:  # what a driver said, too
        assert not any(value in f"{error!r} {error}" for value in (ANN, EVE, "user1@"))
        error = error.__cause__ or error.__context__


# -- records that are not what was written ---------------------------------------------------------


def altered(vault: Vault, change: Callable[[bytes], bytes]) -> None:
    """Change every entry in the store itself."""
    if isinstance(vault, MemoryVault):
        for entry in vault._entries.values():
            entry.sealed = change(entry.sealed)
    elif isinstance(vault, RedisVault):
        for name in vault._redis.scan_iter(match=f"{vault._prefix}:*:entry:*"):
            vault._redis.set(name, change(bytes(vault._redis.get(name))))  # type: ignore[arg-type]
    else:
        assert isinstance(vault, SQLiteVault | PostgresVault)
        with vault._transaction(write=True) as run:
            for tenant, id, sealed in run("SELECT tenant, id, sealed FROM {entries}").fetchall():
                run("UPDATE {entries} SET sealed = ? WHERE tenant = ? AND id = ?", change(bytes(sealed)), tenant, id)


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "one bit": lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]),
    "the nonce": lambda sealed: bytes(12) + sealed[12:],
    "cut short": lambda sealed: sealed[:20],
    "cut to nothing": lambda sealed: b"",
    "longer": lambda sealed: sealed + b"\0",
    "noise": lambda sealed: os.urandom(len(sealed)),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_record_that_was_altered_is_neither_restored_nor_written_over(vault: Vault, change: str) -> None:
    bound = bind(vault)
    safe = hidden(bound)
    altered(vault, CHANGES[change])
    assert bound.restore(safe) == safe == await bound.arestore(safe)
    with pytest.raises(VaultError, match="was altered"):
        bound.check(ANN, stage="input")
    assert bound.restore(safe) == safe
    assert bound.restore(hidden(bound, BOB)) == BOB


def test_a_tenants_key_that_was_altered_is_refused(make: Make) -> None:
    vault = make()
    hidden(bind(vault))
    ((tenant, wrapped),) = vault._tenants()
    vault._rewrap(tenant, wrapped, os.urandom(len(wrapped)))
    for work in (lambda: bind(vault), vault.rotate):
        with pytest.raises(VaultError, match="another master key"):
            work()


def test_an_entry_of_another_tenant_is_not_opened(vault: Vault) -> None:
    one, other = bind(vault, tenant="1"), bind(vault, tenant="2")
    safe, foreign = hidden(one), hidden(other, EVE)
    place = other._scope._place(foreign)
    (sealed,) = vault.get([place])
    assert sealed is not None
    altered(vault, lambda mine: sealed)
    assert one.restore(safe + foreign) == safe + foreign


# -- stores that cannot be used at all -------------------------------------------------------------


@pytest.mark.parametrize("url", ["http://user:hunter2@127.0.0.1", "127.0.0.1", "redis://:hunter2@127.0.0.1:1/0"])
def test_an_address_is_not_repeated_for_it_may_hold_a_password(url: str) -> None:
    with pytest.raises(VaultError, match="address") as error:
        RedisVault(url, key=KEY, timeout=SHORT)
    assert "hunter2" not in repr(error.value)
    pytest.importorskip("psycopg")
    with pytest.raises(VaultError, match="address") as error:
        PostgresVault(url.replace("redis", "postgresql"), key=KEY)
    assert "hunter2" not in repr(error.value)


def test_a_file_of_another_kind_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Ann, " * 100)
    with pytest.raises(VaultError, match="cannot be opened"):
        SQLiteVault(file, key=KEY)
    assert file.read_text() == "Dear Ann, " * 100


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl", "allkeys-random"])
def test_a_redis_that_evicts_keys_is_refused_unless_that_is_accepted(tmp_path: Path, policy: str) -> None:
    with redis_server.running(tmp_path) as url:
        server = RedisVault(url, key=KEY)._redis
        server.config_set("maxmemory", "100mb")
        RedisVault(url, key=KEY)
        server.config_set("maxmemory-policy", policy)
        with pytest.raises(VaultError, match="noeviction"):
            RedisVault(url, key=KEY)
        RedisVault(url, key=KEY, durable=False)


# -- the event loop --------------------------------------------------------------------------------


@contextmanager
def waiting_file(folder: Path, postgres: str) -> Iterator[Trouble]:
    with locked_file(folder, postgres) as (_, trouble):
        yield SQLiteVault(folder / "vault.db", key=KEY), trouble


@contextmanager
def waiting_redis(folder: Path, postgres: str) -> Iterator[Trouble]:
    with silent_redis(folder, postgres) as (vault, trouble):
        assert isinstance(vault, RedisVault)
        yield RedisVault(str(vault._place["url"]), key=KEY), trouble


@contextmanager
def waiting_postgres(folder: Path, postgres: str) -> Iterator[Trouble]:
    with busy_postgres(folder, postgres) as (_, trouble):
        yield PostgresVault(postgres, key=KEY, prefix="busy"), trouble


@pytest.mark.parametrize("waiting", [waiting_file, waiting_redis, waiting_postgres])
async def test_the_event_loop_turns_while_a_store_keeps_others_waiting(
    waiting: Callable[..., AbstractContextManager[Trouble]], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with waiting(tmp_path, postgres_for(waiting, request)) as (vault, trouble):
        bound = bind(vault)
        safe = hidden(bound)
        with trouble():
            writing = asyncio.gather(bound.acheck(EVE, stage="input"), GUARD.abind(vault, tenant="new", session="s"))
            reading = asyncio.gather(bound.arestore(safe), bound.restore_stream().apush(safe + " "))
            for _ in range(2_000):
                await asyncio.sleep(0)
            assert not writing.done()
            assert not reading.done() or waiting is waiting_file  # who reads a file waits for no writer
        decision, new = await writing
        assert bound.restore(decision.text) == EVE
        assert await new.arestore(safe) == safe
        assert list(await reading) == [ANN, f"{ANN} "]


class NoThreads(ThreadPoolExecutor):
    """What a loop has for work that blocks; here there must be none."""

    def submit(self, *arguments: object, **named: object) -> object:  # type: ignore[override]
        raise AssertionError("work was given to a thread")


@pytest.mark.parametrize("make", ["memory", "redis", "postgres"], indirect=True)
async def test_restoring_from_a_server_takes_no_thread(vault: Vault) -> None:
    bound = bind(vault)
    safe = hidden(bound)
    asyncio.get_running_loop().set_default_executor(NoThreads())
    assert await bound.arestore(safe) == ANN
    assert await asyncio.gather(*(bound.arestore(f"{safe} {number}") for number in range(64))) == [
        f"{ANN} {number}" for number in range(64)
    ]


async def test_the_answer_to_a_cancelled_task_goes_to_nobody_else(vault: Vault) -> None:
    scope: Scope = bind(vault)._scope
    names = [f"name{number}" for number in range(40)]
    scope.keep([(name, Original("pii.x", f"value of {name}")) for name in names])
    for turn in range(8):
        tasks = [asyncio.create_task(scope.aoriginals([name])) for name in names]
        for _ in range(turn):
            await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        for name, found in zip(names, await asyncio.gather(*tasks, return_exceptions=True), strict=True):
            assert isinstance(found, asyncio.CancelledError) or found == [Original("pii.x", f"value of {name}")]


def test_each_event_loop_has_connections_of_its_own_and_ends_them(make: Make) -> None:
    vault = make()
    bound: BoundGuard = bind(vault)
    safe = hidden(bound)
    for _ in range(3):
        assert asyncio.run(bound.arestore(safe)) == ANN
    kept = getattr(vault, "_clients", None) or getattr(vault, "_pools", None)
    assert kept is None or not kept._kept
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(lambda _: asyncio.run(bound.arestore(safe)), range(16))) == {ANN}
    vault.close()
