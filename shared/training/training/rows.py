"""One labelled text, and JSON lines of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .config import ENTITIES


@dataclass(slots=True)
class Row:
    """A text and what is known about it; ``None`` means "not labelled", not "nothing there"."""

    text: str
    surface: int
    source: str
    group: str
    #: 1 = attack on the application, 0 = benign.
    attack: int | None = None
    #: ``[start, end]`` string offsets of orders to the model.
    instructions: list[list[int]] | None = None
    #: ``[start, end, ENTITY]`` string offsets.
    entities: list[list[Any]] | None = None
    #: Entity types that the source labels; the loss lets "O" compete with these alone.
    types: list[str] = field(default_factory=lambda: list(ENTITIES))
    lang: str = "en"


def read_json(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a gzipped JSON-lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def read_rows(path: Path) -> list[Row]:
    """Read rows that :func:`write_rows` wrote."""
    return [Row(**item) for item in read_json(path)]


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write rows as gzipped JSON lines, byte for byte the same for the same rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as out:
        for row in rows:
            out.write((json.dumps(asdict(row), ensure_ascii=False) + "\n").encode())
