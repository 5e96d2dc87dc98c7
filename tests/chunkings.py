"""Counts the random chunkings under which a stream differs from the whole: ``python -m tests.chunkings [N] [SEED]``.

The property tests draw a few hundred each time; this draws as many as one has patience for.
"""

import random
import sys

from secure_core import Guard
from tests import strategies as some

PER_TEXT = 50


def text(rng: random.Random) -> str:
    """Put prose and things that detectors know together, some of them in disguise."""
    pieces = []
    for _ in range(rng.randrange(1, 14)):
        plant = some.PLANTS[rng.choice(sorted(some.PLANTS))](rng)
        pieces.append(rng.choice([rng.choice(some.PROSE), some.disguised(plant, rng.randrange(12))]))
    return "".join(pieces)


def main(count: int = 100_000, seed: int = 1) -> int:
    """Stream ``count`` chunkings through the default policy's output stage and print how many differ."""
    rng = random.Random(seed)
    guard = Guard.from_policy("default")
    different = 0
    for number in range(0, count, PER_TEXT):
        whole = text(rng)
        expected = guard.check(whole, stage="output").text
        for _ in range(min(PER_TEXT, count - number)):
            most = rng.choice([1, 4, 16, len(whole)])
            stream = guard.stream(stage="output")
            chunks = some.chunks(whole, [rng.randrange(len(whole) + 1) for _ in range(most)])
            different += "".join(map(stream.push, chunks)) + stream.flush() != expected
    print(f"{count} chunkings, {different} differences")
    return different


if __name__ == "__main__":
    raise SystemExit(bool(main(*map(int, sys.argv[1:]))))
