"""The stand-ins of one session or tenant: made, kept, found again."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import NamedTuple

from ..errors import VaultError
from .keys import Sealer, derive
from .store import Kept, Vault, subject_id

__all__ = ["Original", "Scope"]


class Original(NamedTuple):
    """What a stand-in stands for."""

    category: str
    value: str

    def __repr__(self) -> str:  # tracebacks and error trackers print what a frame holds
        return f"Original({self.category!r})"


class Scope:
    """The keys and entries that one tenant's session shares with nobody. Immutable, for threads and tasks.

    Args:
        vault: where the entries are kept.
        tenant: whose they are.
        session: empty for stand-ins of the whole tenant.
        subject: whom the values are about.
    """

    def __init__(self, vault: Vault, tenant: str, session: str, subject: str | None = None) -> None:
        data_key = vault.data_key(tenant)
        secret = derive(data_key, "scope", session)
        self._vault = vault
        self._tenant = tenant
        self._session = session
        self._subject = None if subject is None else subject_id(data_key, subject)
        self._anchor = derive(secret, "anchor")
        self._index = derive(secret, "index")
        self._sealer = Sealer(derive(secret, "entry"))

    def anchor(self, *parts: str) -> bytes:
        """Return 32 bytes that only the scope's key makes of these parts: what a stand-in is built of."""
        written = json.dumps(parts).encode()  # no two lists of parts are written the same
        return hmac.digest(self._anchor, written, hashlib.sha256)

    def keep(self, stand_ins: Sequence[tuple[str, Original]]) -> list[Original]:
        """Keep what stand-ins stand for, in one step; return what each stands for, which may be something else."""
        entries = []
        for name, original in stand_ins:
            place = self._place(name)
            entries.append((place, self._sealer.seal(self._written(original), place.id)))
        stands = self._vault.put(entries, self._subject)
        known = [self._open(sealed, place) for sealed, (place, _) in zip(stands, entries, strict=True)]
        if None in known:
            raise VaultError("an entry of the vault was altered, or written with another key: erase its scope")
        return [original for original in known if original is not None]

    def agree(self, name: str, stand_in: str) -> str:
        """Return the stand-in that was first kept under a name, from now on this one if there was none."""
        (kept,) = self.keep([(f"name\0{name}", Original("", stand_in))])
        return kept.value

    def known(self, name: str) -> str | None:
        """Return the stand-in that is kept under a name."""
        (kept,) = self.originals([f"name\0{name}"])
        return None if kept is None else kept.value

    def originals(self, stand_ins: Sequence[str]) -> list[Original | None]:
        """Return what each stands for; ``None`` for what is none of the scope's stand-ins."""
        places = [self._place(stand_in) for stand_in in stand_ins]
        return self._opened(places, self._vault.get(places))

    async def aoriginals(self, stand_ins: Sequence[str]) -> list[Original | None]:
        """Return what `originals` does, without holding the event loop up."""
        places = [self._place(stand_in) for stand_in in stand_ins]
        return self._opened(places, await self._vault.aget(places))

    def _opened(self, places: Sequence[Kept], found: Sequence[bytes | None]) -> list[Original | None]:
        return [None if s is None else self._open(s, place) for s, place in zip(found, places, strict=True)]

    def _written(self, original: Original) -> bytes:
        if len(original.value) > self._vault.max_chars:
            raise VaultError(
                f"a value of {len(original.value):,} characters is longer than the vault's max_chars = "
                f"{self._vault.max_chars:,}: let the policy redact what can be so long"
            )
        return json.dumps(original).encode()

    def _place(self, name: str) -> Kept:
        return Kept(self._tenant, self._session, hmac.digest(self._index, name.encode(), hashlib.sha256)[:16])

    def _open(self, sealed: bytes, place: Kept) -> Original | None:
        plain = self._sealer.unseal(sealed, place.id)
        return None if plain is None else Original(*json.loads(plain))
