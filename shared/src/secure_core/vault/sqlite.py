"""A vault in a file."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time
from typing import Any

from ..errors import VaultError
from .keys import Key
from .sql import SCHEMA, TABLES, Run, SQLVault
from .store import CHARS, ENTRIES

__all__ = ["SQLiteVault"]

_WORDS = {name: name for name in TABLES} | {"bytes": "BLOB", "now": "now()", "lock": ""}
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON")


class SQLiteVault(SQLVault):
    """Keeps stand-ins in a SQLite file that threads and processes share.

    An entry is on the disk before its stand-in is handed out (write-ahead log, ``synchronous=FULL``);
    what is erased is overwritten (``secure_delete``).

    Args:
        path: the file; it is made, for its owner only, if it does not exist.
        key: as for `Vault`.
        ttl: as for `Vault`.
        max_entries: as for `Vault`.
        max_chars: as for `Vault`.
        timeout: seconds to wait for another process that writes.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        key: Key | None = None,
        ttl: float | None = None,
        max_entries: int = ENTRIES,
        max_chars: int = CHARS,
        timeout: float = 30.0,
    ) -> None:
        super().__init__(key, ttl, max_entries, max_chars, {"path": path, "timeout": timeout})
        self.path = Path(path)
        self._timeout = timeout
        self._open()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _open(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(self.path, self._timeout, isolation_level=None, check_same_thread=False)
            self._db.create_function("now", 0, time)
            for pragma in _PRAGMAS:
                self._db.execute(f"PRAGMA {pragma}")
            self._db.executescript(SCHEMA.format_map(_WORDS))
        except (OSError, sqlite3.Error) as error:
            raise VaultError(f"the vault's file cannot be opened ({type(error).__name__}): {self.path}") from None

    @contextmanager
    def _transaction(self, *, write: bool = False) -> Iterator[Run]:
        if self._pid != os.getpid():  # a connection must not be used across a fork
            self._open()
        with self._lock, self._failing():
            try:
                if write:
                    self._db.execute("BEGIN IMMEDIATE")
                yield self._run
                if write:
                    self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Name the failure, and nothing that SQLite says of it."""
        try:
            yield
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", type(error).__name__)  # SQLITE_BUSY, SQLITE_FULL
            raise VaultError(f"the vault's file failed ({name}): {self.path}") from None

    def _run(self, sql: str, *values: Any) -> sqlite3.Cursor:
        return self._db.execute(sql.format_map(_WORDS), values)

    def _erase(self, tenant: str, session: str | None, subject: bytes | None) -> int:
        gone = super()._erase(tenant, session, subject)
        self._empty_log()
        return gone

    def _purge(self) -> int:
        gone = super()._purge()
        self._empty_log()
        return gone

    def _empty_log(self) -> None:
        """Let the write-ahead log not keep what was deleted."""
        with self._transaction() as run:
            run("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
