"""What every vault does: keys of tenants, scopes, erasure, rotation. Subclasses only keep bytes."""

from __future__ import annotations

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Self

from ..errors import VaultError
from .keys import Key, Sealer, derive, master_keys

__all__ = ["CHARS", "ENTRIES", "Kept", "ScopeSize", "Vault", "encoded", "subject_id"]

ENTRIES = 250_000
CHARS = 65_536


class ScopeSize(NamedTuple):
    """A scope and how many stand-ins it holds, those that have expired perhaps included."""

    tenant: str
    session: str
    """Empty if the stand-ins are the whole tenant's."""
    entries: int


class Kept(NamedTuple):
    """Where an entry is kept; all but the names of tenant and session is keyed or encrypted."""

    tenant: str
    session: str
    id: bytes


class Vault(ABC):
    """Keeps what stand-ins stand for: encrypted, for a time, for one tenant and session each.

    Each tenant has a random data key, wrapped with a key that HKDF derives of the master key and the
    tenant's name. Whoever lacks it can neither read nor find the tenant's entries, whatever the
    store hands out. Rotation wraps the data keys anew; entries and stand-ins stay as they are.

    Args:
        key: the master key; left out, it is read from the environment variable ``SECURE_CORE_VAULT_KEY``.
        ttl: seconds after which a value that was not seen again is forgotten; ``None``: never.
        max_entries: most stand-ins of one scope; a further value is refused, never an old one dropped.
        max_chars: longest value, in characters.
        place: the arguments of a subclass that say where its store is, for pickling.
    """

    blocking = True
    """Its calls may wait for a disk or a network: `Guard.acheck` leaves the event loop for them."""

    def __init__(
        self, key: Key | None, ttl: float | None, max_entries: int, max_chars: int, place: Mapping[str, Any]
    ) -> None:
        if ttl is not None and ttl <= 0:
            raise VaultError("ttl is a number of seconds greater than 0, or None for values that never expire")
        self._key = key
        self.ttl = ttl
        self.max_entries = max_entries
        self.max_chars = max_chars
        self._place = dict(place)
        self._masters = master_keys(key)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def __reduce__(self) -> tuple[Callable[..., Vault], tuple[Any, ...]]:
        bounds = {"ttl": self.ttl, "max_entries": self.max_entries, "max_chars": self.max_chars}
        return _rebuilt, (type(self), self._portable(), {**self._place, **bounds})

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def data_key(self, tenant: str) -> bytes:
        """Return the tenant's data key; it is drawn when it is first asked for.

        Raises:
            VaultError: it was wrapped with a master key that is not among those given.
        """
        fresh = Sealer(self._wrapping(self._masters[0], tenant)).seal(os.urandom(32), b"data key")
        wrapped = self._tenant(tenant, fresh)
        if wrapped is None:
            raise VaultError("the tenant was erased in this very moment: bind the guard again")
        return self._unwrap(tenant, wrapped)

    def _wrapping(self, master: bytes, tenant: str) -> bytes:
        return derive(master, "secure-core vault", "tenant", tenant)

    def _unwrap(self, tenant: str, wrapped: bytes) -> bytes:
        for master in self._masters:
            key = Sealer(self._wrapping(master, tenant)).unseal(wrapped, b"data key")
            if key is not None:
                return key
        raise VaultError("this vault was written with another master key: give that one as well, behind the new one")

    def put(self, entries: Sequence[tuple[Kept, bytes]], subject: bytes | None = None) -> list[bytes]:
        """Keep entries of one scope where there is none already; return those that are there, durably.

        Raises:
            VaultError: the scope is full, and nothing was kept; or the store failed.
        """
        return self._put(entries, subject) if entries else []

    def get(self, places: Sequence[Kept]) -> list[bytes | None]:
        """Return the entries, ``None`` where there is none or it has expired."""
        return self._get(places) if places else []

    async def aget(self, places: Sequence[Kept]) -> list[bytes | None]:
        """As `get`, without holding the event loop up."""
        return await self._aget(places) if places else []

    async def aerase(self, tenant: str, *, session: str | None = None, subject: str | None = None) -> int:
        """As `erase`, without holding the event loop up."""
        return await asyncio.to_thread(self.erase, tenant, session=session, subject=subject)

    def erase(self, tenant: str, *, session: str | None = None, subject: str | None = None) -> int:
        """Forget a tenant, one of its sessions, or everything about a subject; return the number of entries.

        A tenant's data key is erased with it, and guards that are still bound to the tenant must be bound again.
        Copies of the store made before hold both: they cannot be read any more once the master key is gone
        that was the newest when they were made (`rotate`).
        """
        return self._erase(tenant, session, None if subject is None else subject_id(self.data_key(tenant), subject))

    def rotate(self) -> int:
        """Wrap every tenant's data key with the newest master key; return how many there are.

        Raises:
            VaultError: one was wrapped with a master key that is not among those given.
        """
        tenants = list(self._tenants())
        for tenant, wrapped in tenants:
            plain = self._unwrap(tenant, wrapped)
            again = Sealer(self._wrapping(self._masters[0], tenant)).seal(plain, b"data key")
            self._rewrap(tenant, wrapped, again)
        return len(tenants)

    def purge(self) -> int:
        """Delete what has expired, in scopes that nobody writes to any more as well; return the number of entries.

        What has expired is never restored. This is for a cron job, so that it is not kept either.
        """
        return self._purge()

    @abstractmethod
    def scopes(self) -> list[ScopeSize]:
        """Return the scopes that hold something, in order of their names."""

    def close(self) -> None:  # noqa: B027  # a store in memory has nothing to close
        """Let go of files and connections."""

    # -- the bytes -----------------------------------------------------------------------------

    @abstractmethod
    def _tenant(self, tenant: str, fresh: bytes) -> bytes | None:
        """Keep a wrapped key unless there is one already; return the one that is there, ``None`` if it went at once."""

    @abstractmethod
    def _tenants(self) -> Iterable[tuple[str, bytes]]:
        """Return the tenants and their wrapped keys."""

    @abstractmethod
    def _rewrap(self, tenant: str, old: bytes, new: bytes) -> None:
        """Put a wrapped key in the place of another, unless that has changed."""

    @abstractmethod
    def _put(self, entries: Sequence[tuple[Kept, bytes]], subject: bytes | None) -> list[bytes]: ...

    @abstractmethod
    def _get(self, places: Sequence[Kept]) -> list[bytes | None]: ...

    async def _aget(self, places: Sequence[Kept]) -> list[bytes | None]:
        """As `_get`: in a worker thread, where a store has no asynchronous driver."""
        return await asyncio.to_thread(self._get, places)

    @abstractmethod
    def _erase(self, tenant: str, session: str | None, subject: bytes | None) -> int: ...

    @abstractmethod
    def _purge(self) -> int: ...

    def _full(self) -> VaultError:
        return VaultError(
            f"the scope holds max_entries = {self.max_entries:,} stand-ins: erase sessions, set a ttl, or raise it"
        )

    def _portable(self) -> Key | None:
        """Return what may travel in a pickle in place of the key.

        Raises:
            TypeError: the key itself was handed in, and would travel in clear.
        """
        if self._key is None or callable(self._key):
            return self._key
        raise TypeError("a vault's key must not be pickled: pass a function that fetches it, or use the environment")


def subject_id(data_key: bytes, subject: str) -> bytes:
    """Return the sixteen bytes by which a tenant's store knows a subject."""
    return derive(data_key, "subject", subject)[:16]


def encoded(name: str) -> bytes:
    """Return a tenant's or session's name as stores keep it."""
    return name.encode("utf-8", "surrogatepass")


def _rebuilt(kind: Callable[..., Vault], key: Key | None, arguments: Mapping[str, Any]) -> Vault:
    return kind(**arguments, key=key)
