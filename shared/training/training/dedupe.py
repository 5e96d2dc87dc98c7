"""Keeps texts out of training that a development set also holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from .rows import Row, read_json

_WORD = re.compile(r"\w+")
SIZE = 8


def shingles(text: str) -> set[int]:
    """Return hashes of all runs of eight words; a shorter text is one run."""
    words = _WORD.findall(text.lower())
    if len(words) < SIZE:
        return {hash(tuple(words))} if len(words) > 2 else set()
    return {hash(tuple(words[at : at + SIZE])) for at in range(len(words) - SIZE + 1)}


def held_out(folders: Iterable[Path]) -> set[int]:
    """Return the shingles of every text in the given folders."""
    found: set[int] = set()
    for folder in folders:
        for path in sorted(folder.glob("*.jsonl.gz")):
            for item in read_json(path):
                found |= shingles(item["text"])
    return found


def drop_copies(rows: Iterable[Row], dev: set[int]) -> tuple[list[Row], Counter[str]]:
    """Return the rows that share no shingle with ``dev``, and the number dropped per source."""
    kept: list[Row] = []
    dropped: Counter[str] = Counter()
    for row in rows:
        if shingles(row.text) & dev:
            dropped[row.source] += 1
        else:
            kept.append(row)
    return kept, dropped
