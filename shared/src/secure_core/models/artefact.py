"""The shipped files: signed, listed with their SHA-256, and read no other way than through here.

``manifest.json`` lists every file with its digest; ``manifest.sig`` is its Ed25519 signature (RFC 8032), in hex.
A file is read whole, its digest compared, and only then used: what was verified is what is loaded.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from ..errors import IntegrityError

__all__ = ["PUBLIC_KEY", "SHIPPED", "Artefact"]

PUBLIC_KEY = "ea4379d373f82392b6f2a62edd61427e1c1b8bc648e3d33617f2db19f4d08fdf"
"""Of the key pair that signs what we ship; the private half is in no repository."""

SHIPPED = Path(str(resources.files(__package__) / "weights"))


class Artefact:
    """A folder of weights that is what its signed manifest says.

    Args:
        folder: where the files are; the shipped ones by default.
        public_key: Ed25519 key, 64 hex digits, that verifies the manifest; ours by default.

    Raises:
        IntegrityError: the manifest is missing, or was not signed by the owner of that key.
    """

    def __init__(self, folder: str | Path | None = None, public_key: str = PUBLIC_KEY) -> None:
        self.folder = SHIPPED if folder is None else Path(folder)
        manifest = self._bytes("manifest.json")
        _check_signature(manifest, self._bytes("manifest.sig"), public_key, self.folder)
        self._files: dict[str, dict[str, Any]] = json.loads(manifest)["files"]
        self.version = hashlib.sha256(manifest).hexdigest()[:16]
        """Sixteen hex digits that name the content of all files."""

    def verify(self) -> None:
        """Read every file that serving needs once, to learn early what is wrong.

        Raises:
            IntegrityError: as `read`.
        """
        for name, entry in self._files.items():
            if entry["serving"]:
                self.read(name)

    def read(self, name: str) -> bytes:
        """Return the content of a file of the manifest.

        Raises:
            IntegrityError: it is missing, not in the manifest, or not what the manifest says.
        """
        if name not in self._files:
            raise IntegrityError(f"{self.folder}: the manifest lists no {name}; {_REMEDY}")
        content = self._bytes(name)
        if hashlib.sha256(content).hexdigest() != self._files[name]["sha256"]:
            raise IntegrityError(f"{self.folder / name}: SHA-256 differs from the signed manifest; {_REMEDY}")
        return content

    @cached_property
    def config(self) -> dict[str, Any]:
        """``config.json``: the model's shape and labels, and under ``secure`` how it is served."""
        return dict(json.loads(self.read("config.json")))

    @cached_property
    def thresholds(self) -> dict[str, Any]:
        """``thresholds.json``: where each head was set on the validation texts, and what decoding needs."""
        return dict(json.loads(self.read("thresholds.json")))

    def _bytes(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            raise IntegrityError(f"{self.folder / name} is missing or cannot be read; {_REMEDY}") from None


_REMEDY = "install secure-core again, or name a folder that was signed with the key that you pass"


def _check_signature(manifest: bytes, signature: bytes, public_key: str, folder: Path) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature.decode("ascii")), manifest)
    except (InvalidSignature, ValueError):
        raise IntegrityError(f"{folder / 'manifest.json'} does not bear the signature of that key; {_REMEDY}") from None
