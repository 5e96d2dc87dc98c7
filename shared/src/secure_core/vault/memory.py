"""A vault that lives as long as its process."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from time import monotonic
from typing import NoReturn

from .keys import Key, new_key
from .store import CHARS, ENTRIES, Kept, ScopeSize, Vault

__all__ = ["MemoryVault"]


@dataclass(slots=True)
class _Entry:
    sealed: bytes
    expires: float
    subjects: frozenset[bytes]


class MemoryVault(Vault):
    """Keeps stand-ins in memory, encrypted: for one process, for tests, for the length of a conversation.

    Its key is drawn at random unless one is given.
    """

    blocking = False

    def __init__(
        self,
        *,
        key: Key | None = None,
        ttl: float | None = None,
        max_entries: int = ENTRIES,
        max_chars: int = CHARS,
    ) -> None:
        super().__init__(new_key().encode() if key is None else key, ttl, max_entries, max_chars, {})
        self._lock = threading.Lock()
        self._keys: dict[str, bytes] = {}
        self._entries: dict[Kept, _Entry] = {}  # in the order in which they expire
        self._sizes: Counter[tuple[str, str]] = Counter()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a MemoryVault cannot leave its process: use a SQLiteVault or a RedisVault to share one")

    def scopes(self) -> list[ScopeSize]:
        """Return the scopes that hold something, in order of their names."""
        with self._lock:
            self._drop_expired()
            return sorted(ScopeSize(*scope, size) for scope, size in self._sizes.items() if size)

    def _tenant(self, tenant: str, fresh: bytes) -> bytes:
        with self._lock:
            return self._keys.setdefault(tenant, fresh)

    def _tenants(self) -> Iterable[tuple[str, bytes]]:
        with self._lock:
            return list(self._keys.items())

    def _rewrap(self, tenant: str, old: bytes, new: bytes) -> None:
        with self._lock:
            if self._keys.get(tenant) == old:
                self._keys[tenant] = new

    def _put(self, entries: Sequence[tuple[Kept, bytes]], subject: bytes | None) -> list[bytes]:
        expires = float("inf") if self.ttl is None else monotonic() + self.ttl
        about = frozenset() if subject is None else frozenset((subject,))
        with self._lock:
            self._drop_expired()
            new = {place for place, _ in entries if place not in self._entries}
            if new and self._sizes[_scope(entries[0][0])] + len(new) > self.max_entries:
                raise self._full()
            return [self._put_one(_Entry(sealed, expires, about), place) for place, sealed in entries]

    def _put_one(self, entry: _Entry, place: Kept) -> bytes:
        known = self._entries.pop(place, None)
        if known is None:
            self._sizes[_scope(place)] += 1
            known = entry
        self._entries[place] = _Entry(known.sealed, entry.expires, known.subjects | entry.subjects)
        return known.sealed

    def _get(self, places: Sequence[Kept]) -> list[bytes | None]:
        now = monotonic()
        with self._lock:
            found = [self._entries.get(place) for place in places]
        return [entry.sealed if entry is not None and entry.expires > now else None for entry in found]

    async def _aget(self, places: Sequence[Kept]) -> list[bytes | None]:
        return self._get(places)

    def _erase(self, tenant: str, session: str | None, subject: bytes | None) -> int:
        with self._lock:
            gone = [
                place
                for place, entry in self._entries.items()
                if place.tenant == tenant
                and (session is None or place.session == session)
                and (subject is None or subject in entry.subjects)
            ]
            for place in gone:
                self._drop(place)
            if session is None and subject is None:
                self._keys.pop(tenant, None)
            return len(gone)

    def _purge(self) -> int:
        with self._lock:
            return self._drop_expired()

    def _drop_expired(self) -> int:
        now = monotonic()
        expired = list(takewhile(lambda place: self._entries[place].expires <= now, self._entries))
        for place in expired:
            self._drop(place)
        return len(expired)

    def _drop(self, place: Kept) -> None:
        del self._entries[place]
        self._sizes[_scope(place)] -= 1
        if not self._sizes[_scope(place)]:
            del self._sizes[_scope(place)]


def _scope(place: Kept) -> tuple[str, str]:
    return place.tenant, place.session
