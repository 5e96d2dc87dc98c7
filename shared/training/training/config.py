"""What every step of the recipe agrees on: places, labels, surfaces and sizes."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Gzipped JSON lines, one folder per task; see the README of the data folder.
DATA = Path(os.environ.get("SECURE_DATA", ROOT / "data"))
#: Built data, logs and checkpoints; never committed.
RUNS = Path(os.environ.get("SECURE_RUNS", ROOT / "runs"))
#: What is shipped.
ARTEFACT = Path(os.environ.get("SECURE_ARTEFACT", ROOT / "artefact"))

SEED = 20261123
VERSION = "1"

#: Tokens in one window, [CLS] and [SEP] included, and the tokens two windows share.
WINDOW = 192
OVERLAP = 48

#: Segment ids: ``surface * SHAPES + shape``.
#: The vocabulary is uncased, so the letter case of a token travels in its segment id.
PROMPT, MATERIAL = 0, 1
SHAPES = 4

ENTITIES = (
    "PERSON",
    "LOCATION",
    "ORGANIZATION",
    "DATE_TIME",
    "PHONE_NUMBER",
    "CREDIT_CARD",
    "TITLE",
    "AGE",
    "NRP",
    "ZIP_CODE",
    "ID",
)
#: BIO tags in the order of the last axis of the ``pii`` output.
TAGS = ("O", *(f"{prefix}-{entity}" for entity in ENTITIES for prefix in "BI"))
