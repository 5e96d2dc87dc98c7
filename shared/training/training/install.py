"""``python -m training.install ARTEFACT --key KEY``: sign an artefact and put it where it is served from.

What serving needs goes into the package (and so into the wheel); the whole of it, in Hugging Face layout, beside it.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from .config import ROOT
from .manifest import FURTHER, SERVING, public_half, sign, signing_key, write_manifest

PACKAGE = ROOT.parent / "src" / "secure_core" / "models" / "weights"
WHOLE = ROOT / "weights"
SIGNED = ("manifest.json", "manifest.sig")


def install(artefact: Path, key: Path) -> None:
    """Copy the artefact's files to both places, under a manifest that is signed with ``key``."""
    private = signing_key(key)
    for folder, names in ((WHOLE, (*SERVING, *FURTHER)), (PACKAGE, SERVING)):
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copyfile(artefact / name, folder / name)
    write_manifest(WHOLE)
    sign(WHOLE, private)
    (WHOLE / "model.onnx").unlink()  # once is enough in a repository
    for name in SIGNED:
        shutil.copyfile(WHOLE / name, PACKAGE / name)
    size = sum(file.stat().st_size for file in PACKAGE.iterdir())
    print(json.dumps({"installed": str(PACKAGE), "bytes": size, "public_key": public_half(private)}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("artefact", type=Path)
    parser.add_argument("--key", type=Path, required=True, help="the private key, outside of the repository")
    given = parser.parse_args()
    install(given.artefact, given.key)
