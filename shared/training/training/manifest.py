"""Which files the artefact has: size and SHA-256 of each, to be verified before any is read, and whose word that is.

``python -m training.manifest keygen KEY`` draws an Ed25519 key pair, writes the private half to a file and prints the
public half, which stands in ``secure_core.models.artefact``. `training.install` signs with it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from .config import VERSION

#: What serving needs, and what others may want beside it.
SERVING = ("config.json", "model.onnx", "thresholds.json", "tokenizer.json")
FURTHER = ("model.safetensors", "tokenizer_config.json", "vocab.txt")


def write_manifest(folder: Path) -> None:
    """Write ``manifest.json`` over the artefact's files in ``folder``."""
    files = {}
    for name in sorted((*SERVING, *FURTHER)):
        content = (folder / name).read_bytes()
        files[name] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "serving": name in SERVING}
    (folder / "manifest.json").write_text(json.dumps({"version": VERSION, "files": files}, indent=1) + "\n")


def sign(folder: Path, key: Ed25519PrivateKey) -> None:
    """Write ``manifest.sig``: the signature of the bytes of ``manifest.json``, in hex (Ed25519, RFC 8032)."""
    (folder / "manifest.sig").write_text(key.sign((folder / "manifest.json").read_bytes()).hex() + "\n")


def signing_key(path: Path) -> Ed25519PrivateKey:
    """Read the private key from a PEM file, which must not lie in the repository."""
    if path.resolve().is_relative_to(Path(__file__).resolve().parents[3]):
        raise SystemExit(f"{path} lies in the repository; keep the signing key outside of it")
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise SystemExit(f"{path} holds no Ed25519 key; draw one with: python -m training.manifest keygen {path}")
    return key


def public_half(key: Ed25519PrivateKey) -> str:
    """Return the public key as 64 hex digits."""
    return key.public_key().public_bytes_raw().hex()


def keygen(path: Path) -> str:
    """Draw a key pair, write the private half for the owner's eyes only, and return the public half."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return public_half(key)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] != "keygen":
        raise SystemExit("usage: python -m training.manifest keygen KEY")
    print(keygen(Path(sys.argv[2])))
