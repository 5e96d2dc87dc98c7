"""Which files the artefact has: size and SHA-256 of each, to be verified before any is read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

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
