"""A vault in Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import VaultError
from .keys import Key
from .store import _ENTRIES, Kept, ScopeSize, Vault

__all__ = ["RedisVault"]

_BATCH = 500  # keys of one command

# One step for everybody else. All keys of a tenant share a hash tag, and so a slot of a cluster.
_PUT = """
local entry, sessions, index = KEYS[1], KEYS[2], KEYS[3]
local sealed, id, session, ttl, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
redis.call('ZREMRANGEBYSCORE', index, '-inf', now)
local known = redis.call('GET', entry)
if not known and redis.call('ZCARD', index) >= most then return redis.error_reply('FULL') end
if ttl > 0 then
    redis.call('SET', entry, known or sealed, 'PX', ttl)
    redis.call('ZADD', index, now + ttl, id)
elseif not known then
    redis.call('SET', entry, sealed)
    redis.call('ZADD', index, '+inf', id)
end
redis.call('SADD', sessions, session)
if KEYS[4] then redis.call('SADD', KEYS[4], entry) end
return known or sealed
"""


class RedisVault(Vault):
    """Keeps stand-ins in Redis, for many machines.

    Args:
        url: ``redis://host:6379/0``, ``rediss://...``, as redis-py takes it.
        key: as for `Vault`.
        ttl: as for `Vault`.
        max_entries: as for `Vault`.
        prefix: what the names of all keys begin with.
        durable: refuse a server that may lose what it has confirmed; it must run with
            ``appendonly yes`` and ``appendfsync always``. With false, losing the last second of
            stand-ins in a crash is accepted: they stay in the texts, and are not restored.
    """

    def __init__(
        self,
        url: str,
        *,
        key: Key | None = None,
        ttl: float | None = None,
        max_entries: int = _ENTRIES,
        prefix: str = "secure-core:vault",
        durable: bool = True,
    ) -> None:
        super().__init__(key, ttl, max_entries)
        if set(prefix) & set("*?[]\\"):
            raise VaultError("a prefix must not hold any of * ? [ ] \\: Redis takes them for patterns")
        try:
            import redis
        except ImportError:
            raise VaultError("RedisVault needs redis-py: pip install 'secure-core[redis]'") from None
        self._errors = redis.RedisError
        self._rebuild = (url, ttl, max_entries, prefix, durable)
        self._prefix = prefix
        self._redis = redis.Redis.from_url(url)
        self._script = self._redis.register_script(_PUT)
        if durable:
            self._check_durable()

    def __reduce__(self) -> tuple[Callable[..., RedisVault], tuple[Any, ...]]:
        return _reconnect, (*self._rebuild, self._portable())

    def __deepcopy__(self, memo: object) -> RedisVault:
        return self

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
        self._redis.close()

    # -- the server ----------------------------------------------------------------------------

    def _check_durable(self) -> None:
        with self._refused():
            try:
                told: Any = self._redis.config_get("append*")
            except self._errors as error:
                if "CONFIG" not in str(error).upper():
                    raise
                told = {}  # a managed server does not tell
        if told.get("appendonly") != "yes" or told.get("appendfsync") != "always":
            raise VaultError(
                "this Redis may lose what it confirmed: set `appendonly yes` and `appendfsync always`, "
                "or accept that with RedisVault(..., durable=False)"
            )

    @contextmanager
    def _refused(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            if "FULL" in str(error):
                raise self._full() from None
            raise VaultError(f"Redis failed ({type(error).__name__}): is it up, and is the address right?") from None

    def _name(self, tenant: str, *parts: str) -> str:
        return ":".join((self._prefix, "{" + _hex(tenant) + "}", *parts))

    def _entry(self, place: Kept) -> str:
        return self._name(place.tenant, "entry", _hex(place.session), place.id.hex())

    def _index(self, tenant: str, session: str) -> str:
        return self._name(tenant, "index", _hex(session))

    def _sessions(self, tenant: str) -> list[str]:
        members: Any = self._redis.smembers(self._name(tenant, "sessions"))
        return sorted(_text(member) for member in members)

    # -- the bytes -----------------------------------------------------------------------------

    def _tenant(self, tenant: str, fresh: bytes) -> bytes:
        name = self._name(tenant, "key")
        with self._refused():
            self._redis.sadd(f"{self._prefix}:tenants", _bytes(tenant))
            self._redis.setnx(name, fresh)
            known: Any = self._redis.get(name)
        return bytes(known)

    def _tenants(self) -> Iterable[tuple[str, bytes]]:
        with self._refused():
            members: Any = self._redis.smembers(f"{self._prefix}:tenants")
            known = [(_text(member), self._redis.get(self._name(_text(member), "key"))) for member in members]
        return [(tenant, bytes(wrapped)) for tenant, wrapped in known if wrapped is not None]  # type: ignore[arg-type]

    def _rewrap(self, tenant: str, old: bytes, new: bytes) -> None:
        swap = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end"
        with self._refused():
            self._redis.eval(swap, 1, self._name(tenant, "key"), old, new)

    def _put(self, entries: Sequence[tuple[Kept, bytes]], subject: bytes | None) -> list[bytes]:
        lasts = 0 if self.ttl is None else max(1, round(self.ttl * 1000))
        with self._refused(), self._redis.pipeline(transaction=False) as pipe:
            for place, sealed in entries:
                names = [self._name(place.tenant, "sessions"), self._index(place.tenant, place.session)]
                if subject is not None:
                    names.append(self._name(place.tenant, "subject", subject.hex()))
                arguments: list[Any] = [sealed, place.id, _bytes(place.session), lasts, self.max_entries]
                self._script([self._entry(place), *names], arguments, client=pipe)
            return [bytes(stands) for stands in pipe.execute()]

    def _get(self, places: Sequence[Kept]) -> list[bytes | None]:
        with self._refused():
            found: Any = self._redis.mget([self._entry(place) for place in places])
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
                self._redis.srem(f"{self._prefix}:tenants", _bytes(tenant))
            return gone

    def _forget_session(self, tenant: str, session: str) -> int:
        index = self._index(tenant, session)
        ids: Any = self._redis.zrange(index, 0, -1)
        gone = self._delete([self._entry(Kept(tenant, session, member)) for member in ids])
        self._redis.delete(index)
        self._redis.srem(self._name(tenant, "sessions"), _bytes(session))
        return gone

    def _forget_subject(self, tenant: str, session: str | None, links: str) -> int:
        members: Any = self._redis.smembers(links)
        names = [member.decode() for member in members]
        if session is not None:
            names = [name for name in names if name.split(":")[-2] == _hex(session)]
        for name in names:
            *_, scope, identity = name.split(":")
            self._redis.zrem(self._index(tenant, _text(bytes.fromhex(scope))), bytes.fromhex(identity))
        gone = self._delete(names)
        if names:
            self._redis.srem(links, *names)
        return gone

    def _delete(self, names: Sequence[str]) -> int:
        return sum(int(self._redis.delete(*names[at : at + _BATCH])) for at in range(0, len(names), _BATCH))


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogatepass")


def _hex(name: str) -> str:
    return _bytes(name).hex()


def _reconnect(
    url: str, ttl: float | None, max_entries: int, prefix: str, durable: bool, key: Key | None
) -> RedisVault:
    return RedisVault(url, key=key, ttl=ttl, max_entries=max_entries, prefix=prefix, durable=durable)
