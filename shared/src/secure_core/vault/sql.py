"""What vaults in SQL databases share: the tables, and how entries are written, counted and erased."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from ..errors import VaultError
from .store import Kept, ScopeSize, Vault, encoded

__all__ = ["SCHEMA", "TABLES", "Run", "SQLVault", "queries"]

_BATCH = 200  # ids of one query

Run = Callable[..., Any]
"""``run(sql, *values)``: runs a statement in the dialect of the database; what comes back is a DB-API cursor."""

# Names are bytes: a text of PostgreSQL cannot hold every character.
SCHEMA = """
CREATE TABLE IF NOT EXISTS {keys} (tenant {bytes} PRIMARY KEY, wrapped {bytes} NOT NULL);
CREATE TABLE IF NOT EXISTS {scopes} (
    tenant {bytes}, session {bytes}, entries bigint NOT NULL, PRIMARY KEY (tenant, session)
);
CREATE TABLE IF NOT EXISTS {entries} (
    tenant {bytes}, session {bytes}, id {bytes}, sealed {bytes} NOT NULL, expires double precision,
    PRIMARY KEY (tenant, session, id)
);
CREATE INDEX IF NOT EXISTS {expire} ON {entries} (tenant, session, expires) WHERE expires IS NOT NULL;
CREATE TABLE IF NOT EXISTS {subjects} (
    tenant {bytes}, session {bytes}, id {bytes}, subject {bytes}, PRIMARY KEY (tenant, subject, session, id),
    FOREIGN KEY (tenant, session, id) REFERENCES {entries} ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS {about} ON {subjects} (tenant, session, id);
"""
TABLES = ("keys", "scopes", "entries", "subjects", "expire", "about")

_FIND_KEY = "SELECT wrapped FROM {keys} WHERE tenant = ?"
_KNOWN = (
    "SELECT id, sealed FROM {entries} e WHERE tenant = ? AND session = ? AND (expires IS NULL OR expires > {now} + ?) "
    "AND (? OR EXISTS (SELECT 1 FROM {subjects} s "
    "WHERE s.tenant = e.tenant AND s.session = e.session AND s.id = e.id AND s.subject = ?)) "
)
_HOLD = "INSERT INTO {scopes} AS s VALUES (?, ?, 0) ON CONFLICT (tenant, session) DO UPDATE SET entries = s.entries"
_EXPIRED = "DELETE FROM {entries} WHERE tenant = ? AND session = ? AND expires <= {now}"
_WRITE = (
    "INSERT INTO {entries} VALUES (?, ?, ?, ?, {now} + ?) "
    "ON CONFLICT (tenant, session, id) DO UPDATE SET expires = excluded.expires RETURNING sealed"
)
_LINK = "INSERT INTO {subjects} VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_RESIZE = "UPDATE {scopes} SET entries = entries + ? WHERE tenant = ? AND session = ? RETURNING entries"
_LOCK = "SELECT session FROM {scopes} WHERE tenant = ? AND (? OR session = ?) ORDER BY session {lock}"
_ERASE = (
    "DELETE FROM {entries} WHERE tenant = ? AND (? OR session = ?) AND (? OR (tenant, session, id) IN "
    "(SELECT tenant, session, id FROM {subjects} WHERE tenant = ? AND subject = ?)) RETURNING session"
)
_EMPTY = "DELETE FROM {scopes} WHERE tenant = ? AND (? OR session = ?) AND entries = 0"


class SQLVault(Vault):
    """Keeps bytes in four tables. Whoever writes into a scope holds its row: so its size is right."""

    @abstractmethod
    def _transaction(self, *, write: bool = False) -> AbstractContextManager[Run]:
        """Lend a connection: one statement at a time, or all or none of them if something is written."""

    def scopes(self) -> list[ScopeSize]:
        """Return the scopes that hold something, in order of their names."""
        with self._transaction() as run:
            rows = run("SELECT tenant, session, entries FROM {scopes} WHERE entries > 0").fetchall()
        return sorted(ScopeSize(_text(tenant), _text(session), entries) for tenant, session, entries in rows)

    # -- keys of tenants -----------------------------------------------------------------------

    def _tenant(self, tenant: str, fresh: bytes) -> bytes:
        name = encoded(tenant)
        with self._transaction() as run:
            known = run(_FIND_KEY, name).fetchone()
        if known is None:
            with self._transaction(write=True) as run:
                run("INSERT INTO {keys} VALUES (?, ?) ON CONFLICT DO NOTHING", name, fresh)
                known = run(_FIND_KEY, name).fetchone()
        if known is None:
            raise VaultError("the tenant was erased in this very moment: bind the guard again")
        return bytes(known[0])

    def _tenants(self) -> Iterable[tuple[str, bytes]]:
        with self._transaction() as run:
            rows = run("SELECT tenant, wrapped FROM {keys}").fetchall()
        return [(_text(tenant), bytes(wrapped)) for tenant, wrapped in rows]

    def _rewrap(self, tenant: str, old: bytes, new: bytes) -> None:
        with self._transaction(write=True) as run:
            run("UPDATE {keys} SET wrapped = ? WHERE tenant = ? AND wrapped = ?", new, encoded(tenant), old)

    # -- entries -------------------------------------------------------------------------------

    def _put(self, entries: Sequence[tuple[Kept, bytes]], subject: bytes | None) -> list[bytes]:
        known = self._known([place for place, _ in entries], (self.ttl or 0) / 2, subject)
        if all(place.id in known for place, _ in entries):  # need not be written, nor lasted longer
            return [known[place.id] for place, _ in entries]
        scope = _scope(entries[0][0])
        with self._transaction(write=True) as run:
            gone = self._expired(run, scope)
            stands = [self._write(run, place, sealed, subject) for place, sealed in entries]
            # Each was sealed with a nonce of its own: the same bytes stand there only if they are new.
            new = sum(stood == sealed for stood, (_, sealed) in zip(stands, entries, strict=True))
            ((size,),) = run(_RESIZE, new - gone, *scope).fetchall()
            if new and size > self.max_entries:
                raise self._full()
        return stands

    def _write(self, run: Run, place: Kept, sealed: bytes, subject: bytes | None) -> bytes:
        """Write an entry unless there is one; return the one that stands."""
        names = *_scope(place), place.id
        ((stands,),) = run(_WRITE, *names, sealed, self.ttl).fetchall()
        if subject is not None:
            run(_LINK, *names, subject)
        return bytes(stands)

    def _expired(self, run: Run, scope: tuple[bytes, bytes]) -> int:
        """Hold a scope's row, and delete what has expired; return how many that were."""
        run(_HOLD, *scope)
        return int(run(_EXPIRED, *scope).rowcount)

    def _get(self, places: Sequence[Kept]) -> list[bytes | None]:
        found = self._known(places, 0, None)
        return [found.get(place.id) for place in places]

    def _known(self, places: Sequence[Kept], lasting: float, subject: bytes | None) -> dict[bytes, bytes]:
        """Return the entries that last so many seconds yet, and are known to be about the subject."""
        with self._transaction() as run:
            rows = [row for query in queries(places, lasting, subject) for row in run(*query).fetchall()]
        return {bytes(id): bytes(sealed) for id, sealed in rows}

    # -- forgetting ----------------------------------------------------------------------------

    def _erase(self, tenant: str, session: str | None, subject: bytes | None) -> int:
        name = encoded(tenant)
        these = name, session is None, encoded(session or "")
        with self._transaction(write=True) as run:
            run(_LOCK, *these).fetchall()
            gone = run(_ERASE, *these, subject is None, name, subject or b"").fetchall()
            for held, count in Counter(bytes(row[0]) for row in gone).items():
                run(_RESIZE, -count, name, held).fetchall()
            run(_EMPTY, *these)
            if session is None and subject is None:
                run("DELETE FROM {keys} WHERE tenant = ?", name)
        return len(gone)

    def _purge(self) -> int:
        with self._transaction() as run:
            rows = run("SELECT DISTINCT tenant, session FROM {entries} WHERE expires <= {now}").fetchall()
        return sum(self._purge_scope((bytes(tenant), bytes(session))) for tenant, session in rows)

    def _purge_scope(self, scope: tuple[bytes, bytes]) -> int:
        with self._transaction(write=True) as run:
            gone = self._expired(run, scope)
            run(_RESIZE, -gone, *scope).fetchall()
            run(_EMPTY, scope[0], False, scope[1])
        return gone


def queries(places: Sequence[Kept], lasting: float, subject: bytes | None) -> Iterable[tuple[Any, ...]]:
    """Return statements, each with its values, that look for the entries of one scope."""
    values = *_scope(places[0]), lasting, subject is None, subject or b""
    for at in range(0, len(places), _BATCH):
        ids = [place.id for place in places[at : at + _BATCH]]
        yield f"{_KNOWN} AND id IN ({','.join('?' * len(ids))})", *values, *ids


def _scope(place: Kept) -> tuple[bytes, bytes]:
    return encoded(place.tenant), encoded(place.session)


def _text(name: bytes) -> str:
    return bytes(name).decode("utf-8", "surrogatepass")
