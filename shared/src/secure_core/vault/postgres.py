"""A vault in PostgreSQL."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from queue import LifoQueue
from typing import TYPE_CHECKING, Any

from ..errors import VaultError
from .keys import Key
from .store import _ENTRIES, Kept, ScopeSize, Vault

if TYPE_CHECKING:
    import psycopg

__all__ = ["PostgresVault"]

# Names are bytes: a text of PostgreSQL cannot hold every character.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS {p}_keys (tenant bytea PRIMARY KEY, wrapped bytea NOT NULL);
CREATE TABLE IF NOT EXISTS {p}_scopes (
    tenant bytea, session bytea, entries bigint NOT NULL, PRIMARY KEY (tenant, session)
);
CREATE TABLE IF NOT EXISTS {p}_entries (
    tenant bytea, session bytea, id bytea, sealed bytea NOT NULL, expires double precision,
    PRIMARY KEY (tenant, session, id)
);
CREATE INDEX IF NOT EXISTS {p}_expire ON {p}_entries (tenant, session, expires) WHERE expires IS NOT NULL;
CREATE TABLE IF NOT EXISTS {p}_subjects (
    tenant bytea, session bytea, id bytea, subject bytea, PRIMARY KEY (tenant, subject, session, id),
    FOREIGN KEY (tenant, session, id) REFERENCES {p}_entries ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS {p}_about ON {p}_subjects (tenant, session, id);
"""
_NOW = "extract(epoch FROM clock_timestamp())"
_HERE = "tenant = %s AND session = %s"
_FRESH = (
    "SELECT id, sealed FROM {p}_entries e WHERE {here} AND id = ANY(%s) AND (expires IS NULL OR expires > {now} + %s) "
    "AND (%s::bytea IS NULL OR EXISTS (SELECT FROM {p}_subjects s "
    "WHERE s.tenant = e.tenant AND s.session = e.session AND s.id = e.id AND s.subject = %s))"
)
_HOLD = "INSERT INTO {p}_scopes AS s VALUES (%s, %s, 0) ON CONFLICT (tenant, session) DO UPDATE SET entries = s.entries"
_DROP = "DELETE FROM {p}_entries WHERE {here} AND expires <= {now}"
_PUT = (
    "INSERT INTO {p}_entries AS e VALUES (%s, %s, %s, %s, {now} + %s) "
    "ON CONFLICT (tenant, session, id) DO UPDATE SET expires = excluded.expires RETURNING e.sealed, xmax = 0"
)
_LINK = "INSERT INTO {p}_subjects VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
_RESIZE = "UPDATE {p}_scopes SET entries = entries + %s WHERE {here} RETURNING entries"
_ERASE = (
    "DELETE FROM {p}_entries WHERE {these} AND (%s::bytea IS NULL OR (tenant, session, id) IN "
    "(SELECT tenant, session, id FROM {p}_subjects WHERE tenant = %s AND subject = %s)) RETURNING session"
)
_THESE = "tenant = %s AND (%s::bytea IS NULL OR session = %s)"


class PostgresVault(Vault):
    """Keeps stand-ins in PostgreSQL, for many machines.

    An entry is committed (``synchronous_commit``) before its stand-in is handed out. What is erased stays in
    the files of the server until ``VACUUM``; a tenant's entries cannot be read without the key that goes with them.

    Args:
        url: ``postgresql://user@host/database``, as psycopg takes it.
        key: as for `Vault`.
        ttl: as for `Vault`.
        max_entries: as for `Vault`.
        prefix: what the names of the four tables begin with; they are made if they do not exist.
        connections: how many are opened at most; they are opened when they are needed.
        durable: refuse a server that runs with ``fsync`` off, and may lose what it has confirmed.
    """

    def __init__(
        self,
        url: str,
        *,
        key: Key | None = None,
        ttl: float | None = None,
        max_entries: int = _ENTRIES,
        prefix: str = "secure_core_vault",
        connections: int = 4,
        durable: bool = True,
    ) -> None:
        super().__init__(key, ttl, max_entries)
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,40}", prefix):
            raise VaultError(
                "a prefix is made of at most 41 of the characters a-z, 0-9 and _, and begins with no digit"
            )
        try:
            import psycopg
        except ImportError:
            raise VaultError("PostgresVault needs psycopg: pip install 'secure-core[postgres]'") from None
        self._connect: Callable[..., psycopg.Connection] = psycopg.Connection.connect
        self._errors = psycopg.Error
        self._rebuild = (url, ttl, max_entries, prefix, connections, durable)
        self._url = url
        self._prefix = prefix
        self._connections = max(1, connections)
        self._open(durable)

    def __reduce__(self) -> tuple[Callable[..., PostgresVault], tuple[Any, ...]]:
        return _reconnect, (*self._rebuild, self._portable())

    def __deepcopy__(self, memo: object) -> PostgresVault:
        return self

    def scopes(self) -> list[ScopeSize]:
        """Return the scopes that hold something, in order of their names."""
        with self._transaction() as db:
            rows = db.execute(self._sql("SELECT tenant, session, entries FROM {p}_scopes WHERE entries > 0")).fetchall()
        return sorted(ScopeSize(_text(tenant), _text(session), entries) for tenant, session, entries in rows)

    def close(self) -> None:
        """Close the connections."""
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
        with self._transaction() as db:
            db.execute(
                "SELECT pg_advisory_xact_lock(hashtext(%s))", (self._prefix,)
            )  # tables are made by one at a time
            db.execute(self._sql(_SCHEMA))
            fsync = db.execute("SHOW fsync").fetchone()
        if durable and fsync != ("on",):
            raise VaultError(
                "this PostgreSQL may lose what it confirmed: set `fsync = on`, or accept that with "
                "PostgresVault(..., durable=False)"
            )

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection]:
        """Lend a connection for one transaction; wait for one if all are lent."""
        if self._pid != os.getpid():  # a connection must not be used across a fork
            self._open()
        connection = self._idle.get()
        try:
            if connection is None or connection.closed:
                connection = self._connect(self._url)
                connection.execute("SET synchronous_commit TO on")
                connection.commit()
            with connection.transaction():
                yield connection
        except self._errors as error:
            name = type(error).__name__
            raise VaultError(f"PostgreSQL failed ({name}): is it up, and is the address right?") from None
        finally:
            self._idle.put(connection)

    def _sql(self, query: str) -> Any:
        """Return a query with its parts put in, and the names of the tables, which the constructor has checked."""
        parts = {"{these}": _THESE, "{here}": _HERE, "{now}": _NOW, "{p}": self._prefix}
        for mark, part in parts.items():
            query = query.replace(mark, part)
        return query

    # -- the bytes -----------------------------------------------------------------------------

    def _tenant(self, tenant: str, fresh: bytes) -> bytes:
        name = _bytes(tenant)
        with self._transaction() as db:
            db.execute(self._sql("INSERT INTO {p}_keys VALUES (%s, %s) ON CONFLICT DO NOTHING"), (name, fresh))
            known = db.execute(self._sql("SELECT wrapped FROM {p}_keys WHERE tenant = %s"), (name,)).fetchone()
        if known is None:
            raise VaultError("the tenant was erased in this very moment: bind the guard again")
        return bytes(known[0])

    def _tenants(self) -> Iterable[tuple[str, bytes]]:
        with self._transaction() as db:
            rows = db.execute(self._sql("SELECT tenant, wrapped FROM {p}_keys")).fetchall()
        return [(_text(tenant), bytes(wrapped)) for tenant, wrapped in rows]

    def _rewrap(self, tenant: str, old: bytes, new: bytes) -> None:
        swap = "UPDATE {p}_keys SET wrapped = %s WHERE tenant = %s AND wrapped = %s"
        with self._transaction() as db:
            db.execute(self._sql(swap), (new, _bytes(tenant), old))

    def _put(self, entries: Sequence[tuple[Kept, bytes]], subject: bytes | None) -> list[bytes]:
        known = self._fresh([place for place, _ in entries], (self.ttl or 0) / 2, subject)
        if all(place.id in known for place, _ in entries):  # need not be written, nor lasted longer
            return [known[place.id] for place, _ in entries]
        scope = _names(entries[0][0])
        # Whoever writes into a scope holds its row: the size is right, and nobody waits for another in a circle.
        with self._transaction() as db:
            db.execute(self._sql(_HOLD), scope)
            gone = db.execute(self._sql(_DROP), scope).rowcount
            written = [self._write(db, place, sealed, subject) for place, sealed in entries]
            self._resize(db, scope, sum(new for _, new in written) - gone)
        return [stands for stands, _ in written]

    def _write(self, db: psycopg.Connection, place: Kept, sealed: bytes, subject: bytes | None) -> tuple[bytes, bool]:
        """Return the entry that stands, and whether it is a new one."""
        names = *_names(place), place.id
        rows = db.execute(self._sql(_PUT), (*names, sealed, self.ttl)).fetchall()
        if subject is not None:
            db.execute(self._sql(_LINK), (*names, subject))
        ((stands, new),) = rows
        return bytes(stands), bool(new)

    def _resize(self, db: psycopg.Connection, scope: tuple[bytes, bytes], by: int) -> None:
        ((size,),) = db.execute(self._sql(_RESIZE), (by, *scope)).fetchall()
        if size > self.max_entries:
            raise self._full()

    def _get(self, places: Sequence[Kept]) -> list[bytes | None]:
        found = self._fresh(places, 0, None)
        return [found.get(place.id) for place in places]

    def _fresh(self, places: Sequence[Kept], lasting: float, subject: bytes | None) -> dict[bytes, bytes]:
        """Return the entries that last so many seconds yet, and are known to be about the subject."""
        ids = [place.id for place in places]
        with self._transaction() as db:
            rows = db.execute(self._sql(_FRESH), (*_names(places[0]), ids, lasting, subject, subject)).fetchall()
        return {bytes(id): bytes(sealed) for id, sealed in rows}

    def _erase(self, tenant: str, session: str | None, subject: bytes | None) -> int:
        name = _bytes(tenant)
        named = None if session is None else _bytes(session)
        these: tuple[Any, ...] = (name, named, named)
        with self._transaction() as db:
            db.execute(self._sql("SELECT FROM {p}_scopes WHERE {these} ORDER BY session FOR UPDATE"), these)
            gone = db.execute(self._sql(_ERASE), (*these, subject, name, subject)).fetchall()
            for held, count in Counter(bytes(row[0]) for row in gone).items():
                db.execute(self._sql(_RESIZE), (-count, name, held))
            db.execute(self._sql("DELETE FROM {p}_scopes WHERE {these} AND entries = 0"), these)
            if session is None and subject is None:
                db.execute(self._sql("DELETE FROM {p}_keys WHERE tenant = %s"), (name,))
        return len(gone)


def _names(place: Kept) -> tuple[bytes, bytes]:
    return _bytes(place.tenant), _bytes(place.session)


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")


def _text(name: bytes) -> str:
    return bytes(name).decode("utf-8", "surrogatepass")


def _reconnect(
    url: str, ttl: float | None, max_entries: int, prefix: str, connections: int, durable: bool, key: Key | None
) -> PostgresVault:
    return PostgresVault(
        url, key=key, ttl=ttl, max_entries=max_entries, prefix=prefix, connections=connections, durable=durable
    )
