"""Long texts in windows that overlap: which tokens a window sees, and which of them it decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Window", "buckets", "windows"]


@dataclass(frozen=True, slots=True)
class Window:
    """Tokens ``start:end`` of a text, of which it decides ``first:last``."""

    start: int
    end: int
    first: int
    last: int


def windows(count: int, room: int, overlap: int) -> Iterator[Window]:
    """Give the windows over ``count`` tokens, ``room`` tokens wide; the last one ends with the text.

    A token is decided by the window in whose middle it lies: two that overlap share in equal parts.

    >>> [(w.start, w.end, w.first, w.last) for w in windows(20, room=10, overlap=4)]
    [(0, 10, 0, 8), (6, 16, 8, 13), (10, 20, 13, 20)]
    """
    starts = [0] if count <= room else [*range(0, count - room, room - overlap), count - room]
    for number, start in enumerate(starts):
        first = 0 if number == 0 else (starts[number - 1] + room + start) // 2
        last = count if number + 1 == len(starts) else (start + room + starts[number + 1]) // 2
        yield Window(start, min(start + room, count), first, last)


def buckets(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Give the indices of ``lengths`` in batches of like length, so that little is padding.

    A batch times its longest is at most ``most``, unless it is a batch of one.
    """
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[index] > most:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
