"""A vault in PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from queue import LifoQueue
from typing import TYPE_CHECKING, Any

from ..errors import VaultError
from .keys import Key
from .loops import PerLoop
from .sql import SCHEMA, TABLES, Run, SQLVault, queries
from .store import CHARS, ENTRIES, Kept

if TYPE_CHECKING:
    import psycopg

__all__ = ["PostgresVault"]

_DIALECT = {"bytes": "bytea", "now": "extract(epoch FROM clock_timestamp())", "lock": "FOR UPDATE"}


class PostgresVault(SQLVault):
    """Keeps stand-ins in PostgreSQL, for many machines.

    An entry is committed (``synchronous_commit``) before its stand-in is handed out. What is erased stays in
    the files of the server, encrypted, until ``VACUUM``.

    Args:
        url: ``postgresql://user@host/database``, as psycopg takes it.
        key: as for `Vault`.
        ttl: as for `Vault`.
        max_entries: as for `Vault`.
        max_chars: as for `Vault`.
        prefix: what the names of the four tables begin with; they are made if they do not exist.
        connections: how many are opened at most, for threads and again in each event loop; when they are needed.
        durable: refuse a server that runs with ``fsync`` off, and may lose what it has confirmed.
        timeout: seconds to wait for a connection, and for a statement, unless the address says otherwise.
    """

    def __init__(
        self,
        url: str,
        *,
        key: Key | None = None,
        ttl: float | None = None,
        max_entries: int = ENTRIES,
        max_chars: int = CHARS,
        prefix: str = "secure_core_vault",
        connections: int = 4,
        durable: bool = True,
        timeout: float = 10.0,
    ) -> None:
        place = {"url": url, "prefix": prefix, "connections": connections, "durable": durable, "timeout": timeout}
        super().__init__(key, ttl, max_entries, max_chars, place)
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,40}", prefix):
            raise VaultError(
                "a prefix is made of at most 41 of the characters a-z, 0-9 and _, and begins with no digit"
            )
        try:
            import psycopg
        except ImportError:
            raise VaultError("PostgresVault needs psycopg: pip install 'secure-core[postgres]'") from None
        self._psycopg = psycopg
        self._url = url
        self._prefix = prefix
        self._words = {name: f"{prefix}_{name}" for name in TABLES} | _DIALECT
        self._connections = max(1, connections)
        self._timeout = timeout
        self._pools = PerLoop(lambda: _Pool(self._aconnect, self._connections))
        self._open(durable)

    def close(self) -> None:
        """Close the connections."""
        self._pools.clear()
        for _ in range(self._connections):
            if (connection := self._idle.get()) is not None:
                connection.close()
            self._idle.put(None)

    # -- the server ----------------------------------------------------------------------------

    def _open(self, durable: bool = False) -> None:
        self._pid = os.getpid()
        self._idle: LifoQueue[psycopg.Connection | None] = LifoQueue()
        for _ in range(self._connections):
            self._idle.put(None)
        with self._transaction(write=True) as run:
            run("SELECT pg_advisory_xact_lock(hashtext(?))", self._prefix)  # tables are made by one at a time
            run(SCHEMA)
            fsync = run("SHOW fsync").fetchone()
        if durable and fsync != ("on",):
            raise VaultError(
                "this PostgreSQL may lose what it confirmed: set `fsync = on`, or accept that with "
                "PostgresVault(..., durable=False)"
            )

    @contextmanager
    def _transaction(self, *, write: bool = False) -> Iterator[Run]:
        if self._pid != os.getpid():  # a connection must not be used across a fork
            self._open()
        connection = self._idle.get()  # waits if all are lent
        try:
            with self._failing():
                if connection is None or connection.closed:
                    connection = self._psycopg.Connection.connect(**self._address(), autocommit=True)
                    connection.execute(self._setup())
                if write:
                    with connection.transaction():
                        yield self._runner(connection)
                else:
                    yield self._runner(connection)
        finally:
            self._idle.put(connection)

    def _runner(self, connection: psycopg.Connection) -> Run:
        return lambda sql, *values: connection.execute(self._sql(sql), values or None)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Name the failure, and nothing that the driver says of it."""
        try:
            yield
        except (self._psycopg.Error, TimeoutError) as error:
            name = type(error).__name__
            raise VaultError(f"PostgreSQL failed ({name}): is it up, and is the address right?") from None

    def _address(self) -> dict[str, Any]:
        timeouts = {"connect_timeout": max(2, round(self._timeout)), "tcp_user_timeout": round(self._timeout * 1000)}
        return timeouts | self._psycopg.conninfo.conninfo_to_dict(self._url)

    def _setup(self) -> Any:
        return f"SET synchronous_commit TO on; SET statement_timeout TO {round(self._timeout * 1000)}"

    def _sql(self, sql: str) -> Any:
        """Return a statement in PostgreSQL's words; the names of the tables were checked when the vault was made."""
        return sql.format_map(self._words).replace("?", "%s")

    # -- without threads -----------------------------------------------------------------------

    async def _aget(self, places: Sequence[Kept]) -> list[bytes | None]:
        if type(asyncio.get_running_loop()).__name__ == "ProactorEventLoop":  # Windows; psycopg cannot work with it
            return await super()._aget(places)
        found: dict[bytes, bytes] = {}
        with self._failing():
            async with asyncio.timeout(self._timeout), (await self._pools.get()).lend() as connection:
                for sql, *values in queries(places, 0, None):
                    found.update(await (await connection.execute(self._sql(sql), values)).fetchall())
        return [found.get(place.id) for place in places]

    async def _aconnect(self) -> psycopg.AsyncConnection:
        connection = await self._psycopg.AsyncConnection.connect(**self._address(), autocommit=True)
        await connection.execute(self._setup())
        return connection


class _Pool:
    """A few connections of one event loop, opened when they are needed."""

    def __init__(self, connect: Callable[[], Awaitable[psycopg.AsyncConnection]], size: int) -> None:
        self._connect = connect
        self._size = size
        self._idle: asyncio.LifoQueue[psycopg.AsyncConnection | None] = asyncio.LifoQueue()
        for _ in range(size):
            self._idle.put_nowait(None)

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[psycopg.AsyncConnection]:
        """Lend a connection; wait for one if all are lent. One that failed, or was left waiting, is not lent again."""
        connection = await self._idle.get()
        try:
            if connection is None:
                connection = await self._connect()
            yield connection
        except BaseException:
            if connection is not None:
                await connection.close()
            connection = None
            raise
        finally:
            self._idle.put_nowait(connection)

    async def aclose(self) -> None:
        """Close the connections."""
        while not self._idle.empty():
            if (connection := self._idle.get_nowait()) is not None:
                await connection.close()
