"""Master keys, what is derived of them, and authenticated encryption."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Callable, Sequence

from ..errors import VaultError

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF
except ImportError:
    raise VaultError("vaults need the package cryptography: pip install 'secure-core[vault]'") from None

__all__ = ["ENVIRONMENT", "Key", "Sealer", "derive", "master_keys", "new_key"]

ENVIRONMENT = "SECURE_CORE_VAULT_KEY"
"""Master keys in base64, the newest first, separated by commas; the others only open what they closed."""

Key = bytes | Sequence[bytes] | Callable[[], bytes | Sequence[bytes]]
"""A master key of at least 16 random bytes, several (the newest first), or a function that fetches them."""

_LENGTH = 32  # bytes: AES-256, and as many for every key that is derived
_LEAST = 16
_NONCE = 12  # bytes, drawn at random for each message (NIST SP 800-38D, 8.2.2)


def new_key() -> str:
    """Return a new master key, as it is written in the environment variable."""
    return base64.urlsafe_b64encode(os.urandom(_LENGTH)).decode()


def master_keys(source: Key | None) -> tuple[bytes, ...]:
    """Return the master keys, the newest first.

    Raises:
        VaultError: there is none, or one is too short; says what to do.
    """
    given = source() if callable(source) else _from_environment() if source is None else source
    keys = (bytes(given),) if isinstance(given, bytes | bytearray) else tuple(given)
    if not keys or any(not isinstance(key, bytes) or len(key) < _LEAST for key in keys):
        raise VaultError(f"a vault's master key must be bytes, at least {_LEAST} of them and random: os.urandom(32)")
    return keys


def _from_environment() -> tuple[bytes, ...]:
    written = os.environ.get(ENVIRONMENT, "")
    if not written:
        raise VaultError(f"no master key: pass key=..., or set {ENVIRONMENT} to what `secure-core vault key` prints")
    try:
        # Both alphabets are read: "+/" and "-_".
        return tuple(base64.b64decode(key.strip().translate(_STANDARD), validate=True) for key in written.split(","))
    except binascii.Error:
        raise VaultError(f"{ENVIRONMENT} is not base64: set it to what `secure-core vault key` prints") from None


_STANDARD = str.maketrans("-_", "+/")


def derive(secret: bytes, *purpose: str) -> bytes:
    """Return the 32-byte key for a purpose (HKDF with SHA-256, RFC 5869)."""
    info = json.dumps(purpose).encode()  # no two purposes are written the same
    return HKDF(algorithm=SHA256(), length=_LENGTH, salt=None, info=info).derive(secret)


class Sealer:
    """Encrypts and authenticates with one key (AES-256-GCM), bound to the place where the result is kept."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, place: bytes) -> bytes:
        """Return a random nonce and the encrypted bytes."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, place)

    def unseal(self, sealed: bytes, place: bytes) -> bytes | None:
        """Return what was sealed; ``None`` if not with this key, or for another place, or it was altered."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], place)
        except (InvalidTag, ValueError):
            return None
