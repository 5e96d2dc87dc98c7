"""A vault in a file."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import time
from typing import Any

from ..errors import VaultError
from .keys import Key
from .store import _ENTRIES, Kept, ScopeSize, Vault

__all__ = ["SQLiteVault"]

_WAIT = 30.0  # seconds to wait for another process that writes
_BATCH = 200  # ids of one query

_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (tenant TEXT PRIMARY KEY, wrapped BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
    tenant TEXT, session TEXT, id BLOB, sealed BLOB NOT NULL, expires REAL, PRIMARY KEY (tenant, session, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entries_expire ON entries (expires) WHERE expires IS NOT NULL;
CREATE TABLE IF NOT EXISTS subjects (
    tenant TEXT, session TEXT, id BLOB, subject BLOB, PRIMARY KEY (tenant, session, id, subject)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS subjects_find ON subjects (tenant, subject);
CREATE TABLE IF NOT EXISTS scopes (
    tenant TEXT, session TEXT, entries INTEGER NOT NULL, PRIMARY KEY (tenant, session)
) WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS entry_comes AFTER INSERT ON entries BEGIN
    INSERT INTO scopes VALUES (new.tenant, new.session, 1)
        ON CONFLICT (tenant, session) DO UPDATE SET entries = entries + 1;
END;
CREATE TRIGGER IF NOT EXISTS entry_goes AFTER DELETE ON entries BEGIN
    UPDATE scopes SET entries = entries - 1 WHERE tenant = old.tenant AND session = old.session;
    DELETE FROM scopes WHERE tenant = old.tenant AND session = old.session AND entries = 0;
    DELETE FROM subjects WHERE tenant = old.tenant AND session = old.session AND id = old.id;
END;
"""


class SQLiteVault(Vault):
    """Keeps stand-ins in a SQLite file that threads and processes share.

    An entry is on the disk before its stand-in is handed out (write-ahead log, ``synchronous=FULL``);
    what is erased is overwritten (``secure_delete``).

    Args:
        path: the file; it is made, for its owner only, if it does not exist.
        key: as for `Vault`.
        ttl: as for `Vault`.
        max_entries: as for `Vault`.
    """

    def __init__(
        self, path: str | Path, *, key: Key | None = None, ttl: float | None = None, max_entries: int = _ENTRIES
    ) -> None:
        super().__init__(key, ttl, max_entries)
        self.path = Path(path)
        self._open()

    def __reduce__(self) -> tuple[Callable[..., SQLiteVault], tuple[Any, ...]]:
        return _reopen, (self.path, self._portable(), self.ttl, self.max_entries)

    def __deepcopy__(self, memo: object) -> SQLiteVault:
        return self

    def scopes(self) -> list[ScopeSize]:
        """Return the scopes that hold something, in order of their names."""
        with self._connection() as db:
            rows = db.execute("SELECT tenant, session, entries FROM scopes ORDER BY tenant, session").fetchall()
        return [ScopeSize(*row) for row in rows]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    # -- the file ------------------------------------------------------------------------------

    def _open(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(self.path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
                self._db.execute(f"PRAGMA {pragma}")
            self._db.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise VaultError(f"the vault's file cannot be opened ({type(error).__name__}): {self.path}") from None

    @contextmanager
    def _connection(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        """Lend the connection, in a transaction if something is to be written."""
        if self._pid != os.getpid():  # a connection must not be used across a fork
            self._open()
        with self._lock:
            try:
                if write:
                    self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                if write:
                    self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise VaultError(f"the vault's file failed ({type(error).__name__}): {self.path}") from None
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    # -- the bytes -----------------------------------------------------------------------------

    def _tenant(self, tenant: str, fresh: bytes) -> bytes:
        find = "SELECT wrapped FROM keys WHERE tenant = ?"
        with self._connection() as db:
            known = db.execute(find, (tenant,)).fetchone()
        if known is None:
            with self._connection(write=True) as db:
                db.execute("INSERT INTO keys VALUES (?, ?) ON CONFLICT DO NOTHING", (tenant, fresh))
                known = db.execute(find, (tenant,)).fetchone()
        return bytes(known[0])

    def _tenants(self) -> Iterable[tuple[str, bytes]]:
        with self._connection() as db:
            return db.execute("SELECT tenant, wrapped FROM keys").fetchall()

    def _rewrap(self, tenant: str, old: bytes, new: bytes) -> None:
        with self._connection(write=True) as db:
            db.execute("UPDATE keys SET wrapped = ? WHERE tenant = ? AND wrapped = ?", (new, tenant, old))

    def _put(self, entries: Sequence[tuple[Kept, bytes]], subject: bytes | None) -> list[bytes]:
        now = time()
        with self._connection() as db:
            stands = [self._lasting(db, place, subject, now) for place, _ in entries]
        if None in stands:
            with self._connection(write=True) as db:
                db.execute("DELETE FROM entries WHERE expires <= ?", (now,))
                stands = [
                    known or self._write(db, place, sealed, subject, now)
                    for known, (place, sealed) in zip(stands, entries, strict=True)
                ]
                self._check_size(db, entries[0][0])
        return [known for known in stands if known is not None]

    def _write(self, db: sqlite3.Connection, place: Kept, sealed: bytes, subject: bytes | None, now: float) -> bytes:
        (stands,) = db.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (tenant, session, id) DO UPDATE SET expires = excluded.expires RETURNING sealed",
            (*place, sealed, None if self.ttl is None else now + self.ttl),
        ).fetchone()
        if subject is not None:
            db.execute("INSERT INTO subjects VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", (*place, subject))
        return bytes(stands)

    def _check_size(self, db: sqlite3.Connection, place: Kept) -> None:
        (size,) = db.execute(
            "SELECT entries FROM scopes WHERE tenant = ? AND session = ?", (place.tenant, place.session)
        ).fetchone()
        if size > self.max_entries:
            raise self._full()

    def _lasting(self, db: sqlite3.Connection, place: Kept, subject: bytes | None, now: float) -> bytes | None:
        """Return the entry if it need not be written: it lasts for half its time yet, and its subject is known."""
        row = db.execute(
            "SELECT sealed, expires, ? IS NULL OR EXISTS (SELECT 1 FROM subjects s WHERE s.tenant = e.tenant "
            "AND s.session = e.session AND s.id = e.id AND s.subject = ?) "
            "FROM entries e WHERE tenant = ? AND session = ? AND id = ?",
            (subject, subject, *place),
        ).fetchone()
        if row is None or not row[2] or (self.ttl is not None and (row[1] or now) < now + self.ttl / 2):
            return None
        return bytes(row[0])

    def _get(self, places: Sequence[Kept]) -> list[bytes | None]:
        tenant, session, now = places[0].tenant, places[0].session, time()
        found: dict[bytes, bytes] = {}
        with self._connection() as db:
            for at in range(0, len(places), _BATCH):
                ids = [place.id for place in places[at : at + _BATCH]]
                marks = ",".join("?" * len(ids))
                found.update(
                    db.execute(
                        "SELECT id, sealed FROM entries WHERE tenant = ? AND session = ? "  # noqa: S608  # marks only
                        f"AND (expires IS NULL OR expires > ?) AND id IN ({marks})",
                        (tenant, session, now, *ids),
                    )
                )
        return [found.get(place.id) for place in places]

    def _erase(self, tenant: str, session: str | None, subject: bytes | None) -> int:
        where, values = "tenant = ?", [tenant]
        if session is not None:
            where += " AND session = ?"
            values.append(session)
        with self._connection(write=True) as db:
            if subject is not None:
                where += " AND (session, id) IN (SELECT session, id FROM subjects WHERE tenant = ? AND subject = ?)"
                values += [tenant, subject]  # type: ignore[list-item]
            gone = db.execute(f"DELETE FROM entries WHERE {where}", values).rowcount  # noqa: S608  # no word of a user
            if session is None and subject is None:
                db.execute("DELETE FROM keys WHERE tenant = ?", (tenant,))
        with self._connection() as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # nor shall the log keep it
        return gone


def _reopen(path: Path, key: Key | None, ttl: float | None, max_entries: int) -> SQLiteVault:
    return SQLiteVault(path, key=key, ttl=ttl, max_entries=max_entries)
