"""A vault in Redis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import VaultError
from .keys import Key
from .loops import PerLoop
from .redis_scripts import PURGE, PUT, REWRAP, UNLINK
from .store import CHARS, ENTRIES, Kept, ScopeSize, Vault, encoded

__all__ = ["RedisVault"]

_BATCH = 500  # keys of one command


class RedisVault(Vault):
    """Keeps stand-ins in Redis, for many machines.

    Args:
        url: ``redis://host:6379/0``, ``rediss://...``, as redis-py takes it.
        key: as for `Vault`.
        ttl: as for `Vault`.
        max_entries: as for `Vault`.
        max_chars: as for `Vault`.
        prefix: what the names of all keys begin with.
        durable: refuse a server that may lose what it has confirmed; it must run with
            ``appendonly yes`` and ``appendfsync always``, and must not evict keys. With false, losing the
            last second of stand-ins in a crash is accepted: they stay in the texts, and are not restored.
        timeout: seconds to wait for a connection, and for each answer, unless the address says otherwise.
    """

    def __init__(
        self,
        url: str,
        *,
        key: Key | None = None,
        ttl: float | None = None,
        max_entries: int = ENTRIES,
        max_chars: int = CHARS,
        prefix: str = "secure-core:vault",
        durable: bool = True,
        timeout: float = 10.0,
    ) -> None:
        place = {"url": url, "prefix": prefix, "durable": durable, "timeout": timeout}
        super().__init__(key, ttl, max_entries, max_chars, place)
        if set(prefix) & set("*?[]\\"):
            raise VaultError("a prefix must not hold any of * ? [ ] \\: Redis takes them for patterns")
        try:
            import redis
            import redis.asyncio
        except ImportError:
            raise VaultError("RedisVault needs redis-py: pip install 'secure-core[redis]'") from None
        self._errors = redis.RedisError
        self._prefix = prefix
        waiting: dict[str, Any] = {"socket_timeout": timeout, "socket_connect_timeout": timeout}
        try:
            self._redis = redis.Redis.from_url(url, **waiting)
        except ValueError:
            raise VaultError("this is no address of a Redis: write redis://host:6379/0, or rediss://...") from None
        self._clients = PerLoop(lambda: redis.asyncio.Redis.from_url(url, **waiting))
        self._put_all = self._redis.register_script(PUT)
        if durable:
            self._check_durable()

    def scopes(self) -> list[ScopeSize]:
        """Return the scopes that hold something, in order of their names."""
        with self._refused():
            sizes = [
                ScopeSize(tenant, session, int(self._redis.zcard(self._index(tenant, session))))
                for tenant, _ in self._tenants()
                for session in self._sessions(tenant)
            ]
        return sorted(size for size in sizes if size.entries)

    def close(self) -> None:
        """Close the connections."""
        self._clients.clear()
        self._redis.close()

    # -- the server ----------------------------------------------------------------------------

    def _check_durable(self) -> None:
        with self._refused():
            told = {**self._told("append*"), **self._told("maxmemory*")}
        if told.get("appendonly") != "yes" or told.get("appendfsync") != "always":
            raise VaultError(
                "this Redis may lose what it confirmed: set `appendonly yes` and `appendfsync always`, "
                "or accept that with RedisVault(..., durable=False)"
            )
        if told.get("maxmemory") != "0" and told.get("maxmemory-policy") != "noeviction":
            raise VaultError(
                "this Redis evicts keys when its memory is full: set `maxmemory-policy noeviction`, "
                "or accept that with RedisVault(..., durable=False)"
            )

    def _told(self, pattern: str) -> dict[str, str]:
        try:
            told: Any = self._redis.config_get(pattern)
        except self._errors as error:
            if "CONFIG" not in str(error).upper():
                raise
            told = {}  # a managed server does not tell
        return dict(told)

    @contextmanager
    def _refused(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            if "FULL" in str(error):
                raise self._full() from None
            raise VaultError(f"Redis failed ({type(error).__name__}): is it up, and is the address right?") from None

    def _name(self, tenant: str, *parts: str) -> str:
        return ":".join((self._prefix, "{" + encoded(tenant).hex() + "}", *parts))

    def _entry(self, place: Kept) -> str:
        return self._name(place.tenant, "entry", encoded(place.session).hex(), place.id.hex())

    def _index(self, tenant: str, session: str) -> str:
        return self._name(tenant, "index", encoded(session).hex())

    def _sessions(self, tenant: str) -> list[str]:
        members: Any = self._redis.smembers(self._name(tenant, "sessions"))
        return sorted(_text(member) for member in members)

    # -- the bytes -----------------------------------------------------------------------------

    def _tenant(self, tenant: str, fresh: bytes) -> bytes | None:
        name = self._name(tenant, "key")
        with self._refused():
            self._redis.sadd(f"{self._prefix}:tenants", encoded(tenant))
            self._redis.setnx(name, fresh)
            known: Any = self._redis.get(name)
        return None if known is None else bytes(known)

    def _tenants(self) -> Iterable[tuple[str, bytes]]:
        with self._refused():
            members: Any = self._redis.smembers(f"{self._prefix}:tenants")
            tenants = [_text(member) for member in members]
            known: Any = [self._redis.get(self._name(tenant, "key")) for tenant in tenants]
        return [(tenant, wrapped) for tenant, wrapped in zip(tenants, known, strict=True) if wrapped is not None]

    def _rewrap(self, tenant: str, old: bytes, new: bytes) -> None:
        with self._refused():
            self._redis.eval(REWRAP, 1, self._name(tenant, "key"), old, new)

    def _put(self, entries: Sequence[tuple[Kept, bytes]], subject: bytes | None) -> list[bytes]:
        place = entries[0][0]
        lasts = 0 if self.ttl is None else max(1, round(self.ttl * 1000))
        names = [self._name(place.tenant, "sessions"), self._index(place.tenant, place.session)]
        if subject is not None:
            names.append(self._name(place.tenant, "subject", subject.hex()))
        bounds: list[Any] = [encoded(place.session), lasts, self.max_entries, len(names) + 1]
        stands: list[bytes] = []
        with self._refused():
            for at in range(0, len(entries), _BATCH):
                some = entries[at : at + _BATCH]
                values = [part for place, sealed in some for part in (place.id, sealed)]
                told: Any = self._put_all([*names, *(self._entry(place) for place, _ in some)], [*bounds, *values])
                stands += told
        return stands

    def _get(self, places: Sequence[Kept]) -> list[bytes | None]:
        with self._refused():
            found: Any = self._redis.mget([self._entry(place) for place in places])
        return list(found)

    async def _aget(self, places: Sequence[Kept]) -> list[bytes | None]:
        client = await self._clients.get()
        with self._refused():
            found: Any = await client.mget([self._entry(place) for place in places])
        return list(found)

    def _erase(self, tenant: str, session: str | None, subject: bytes | None) -> int:
        with self._refused():
            if subject is not None:
                return self._forget_subject(tenant, session, self._name(tenant, "subject", subject.hex()))
            sessions = self._sessions(tenant) if session is None else [session]
            gone = sum(self._forget_session(tenant, each) for each in sessions)
            if session is None:
                left = self._redis.scan_iter(match=self._name(tenant, "*"), count=_BATCH)
                self._redis.delete(self._name(tenant, "key"), *left)
                self._redis.srem(f"{self._prefix}:tenants", encoded(tenant))
            return gone

    def _forget_session(self, tenant: str, session: str) -> int:
        index = self._index(tenant, session)
        ids: Any = self._redis.zrange(index, 0, -1)
        gone = self._delete([self._entry(Kept(tenant, session, member)) for member in ids])
        self._redis.delete(index)
        self._redis.srem(self._name(tenant, "sessions"), encoded(session))
        return gone

    def _forget_subject(self, tenant: str, session: str | None, links: str) -> int:
        members: Any = self._redis.smembers(links)
        names = [member.decode() for member in members]
        if session is not None:
            names = [name for name in names if name.split(":")[-2] == encoded(session).hex()]
        for name in names:
            *_, scope, identity = name.split(":")
            self._redis.zrem(self._index(tenant, _text(bytes.fromhex(scope))), bytes.fromhex(identity))
        gone = self._delete(names)
        if names:
            self._redis.srem(links, *names)
        return gone

    def _purge(self) -> int:
        with self._refused():
            return sum(self._purge_tenant(tenant) for tenant, _ in self._tenants())

    def _purge_tenant(self, tenant: str) -> int:
        """Forget the places of entries that Redis has let expire."""
        for links in self._redis.scan_iter(match=self._name(tenant, "subject", "*"), count=_BATCH):
            members = list(self._redis.sscan_iter(links, count=_BATCH))
            for at in range(0, len(members), _BATCH):
                some = members[at : at + _BATCH]
                self._redis.eval(UNLINK, 1 + len(some), links, *some)
        sessions, gone = self._name(tenant, "sessions"), 0
        for session in self._sessions(tenant):
            told: Any = self._redis.eval(PURGE, 2, self._index(tenant, session), sessions, encoded(session))
            gone += told
        return gone

    def _delete(self, names: Sequence[str]) -> int:
        return sum(int(self._redis.delete(*names[at : at + _BATCH])) for at in range(0, len(names), _BATCH))


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogatepass")
