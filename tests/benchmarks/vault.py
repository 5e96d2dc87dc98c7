"""What the vault shows: ``python -m tests.benchmarks.vault [--chunkings 100000] [--entries 100000] [--stores ...]``.

Prints one line for each claim of docs/how-to/pseudonyms.md: round trips, false and foreign restorations, cost.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests import strategies as some
from tests.core import postgres_server, redis_server

from secure_core import Guard, Policy
from secure_core.detectors import FunctionDetector
from secure_core.vault import MemoryVault, PostgresVault, RedisVault, SQLiteVault, Vault
from secure_core.vault.bound import BoundGuard

KEY = b"k" * 32
STYLES = ("token", "surrogate")
PEOPLE = FunctionDetector(
    "names",
    "pii.person",
    lambda text: [m.span() for m in re.finditer(r"\b(?:Ann|Zoë|Иван) (?:Lee|Müller|Петров)\b|\bLee\b", text)],
    scope="segment",
)
TEXT = (
    "Ann Lee <ann.lee@example.com> wrote to Zoë Müller, zoe@example.org: my card 4111 1111 1111 1111 10 times, "
    "IBAN DE89 3704 0044 0532 0130 00 5.\nCall +49 30 12345678, please. Regards, Lee. <b>PS</b>: 1 < 2 <3 "
    "call +49 30 12345678? <<x@example.com>> Ann Lee's Иван Петров."
)


def bind(vault: Vault, style: str = "token", tenant: str = "t", session: str = "s") -> BoundGuard:
    rule = {"category": "pii.*", "action": "sanitize", "operator": "pseudonymize", "options": {"style": style}}
    policy = Policy.model_validate({"detectors": [{"name": "pii"}], "rules": [rule]})
    return Guard(policy, detectors=[PEOPLE]).bind(vault, tenant=tenant, session=session)


def streamed(bound: BoundGuard, chunks: list[str]) -> str:
    stream = bound.restore_stream()
    return "".join([stream.push(chunk) for chunk in chunks]) + stream.flush()


@contextmanager
def opened(store: str) -> Iterator[Vault]:
    """Lend a vault in a store that is made for this."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        match store:
            case "memory":
                vault: Vault = MemoryVault(key=KEY)
            case "sqlite":
                vault = SQLiteVault(folder / "vault.db", key=KEY)
            case "redis":
                vault = RedisVault(stack.enter_context(redis_server.running(folder)), key=KEY)
            case _:
                vault = PostgresVault(stack.enter_context(postgres_server.running()), key=KEY)
        yield vault
        vault.close()


def round_trips(chunkings: int) -> None:
    """Restore one text in every split in two, and in random chunkings."""
    for style in STYLES:
        bound = bind(MemoryVault(key=KEY), style)
        safe = bound.check(TEXT, stage="input").text
        splits = [[safe[:at], safe[at:]] for at in range(len(safe) + 1)]
        rng = random.Random(6)
        drawn = (
            some.chunks(safe, [rng.randrange(len(safe)) for _ in range(rng.randrange(40))]) for _ in range(chunkings)
        )
        exact = sum(streamed(bound, split) == TEXT for split in splits)
        told = sum(streamed(bound, chunks) == TEXT for chunks in drawn)
        print(f"round trip, {style}: {exact}/{len(splits)} splits in two, {told}/{chunkings} random chunkings exact")


def made_up(genuine: str, rng: random.Random) -> Iterator[str]:
    """Yield look-alikes of a stand-in: cut, longer, one character off, of another scope's shape."""
    for at in range(1, len(genuine)):
        yield genuine[:at]
        other = rng.choice([c for c in "bcdfghjkmnpqrstvwxz0123456789" if c != genuine[at].casefold()])
        if genuine[at].isalnum():
            yield genuine[:at] + other + genuine[at + 1 :]
    core = genuine.strip("<>")
    yield from (core[::-1], core + core, f"{core[:-1]}\u200b{core[-1]}", core.replace("-", "").replace("_", ""))


def false_restorations(entries: int) -> None:
    """Restore what nobody was given; parts of a stand-in that are stand-ins themselves are not in there."""
    rng = random.Random(1)
    for style in STYLES:
        vault = MemoryVault(key=KEY)
        bound, foreign = bind(vault, style), bind(vault, style, session="another")
        pseudonyms, others = bound._means.pseudonyms, foreign._means.pseudonyms
        assert pseudonyms is not None
        assert others is not None
        tried = wrong = 0
        for number in range(entries):
            options = {"style": style}
            stand_in = pseudonyms.stand_in(f"Name{number}", "pii.person", options)
            theirs = others.stand_in(f"Name{number}", "pii.person", options)
            for look_alike in (theirs, *made_up(stand_in, rng)):
                tried += 1
                wrong += bound.restore(f"to {look_alike}.") != f"to {look_alike}."
        print(f"false restorations, {style}: {wrong} of {tried:,} look-alikes")


def tenants(store: str) -> None:
    """Let 64 sessions of eight tenants work at once, and restore their own and everybody's stand-ins."""
    with opened(store) as vault:
        bounds = [bind(vault, tenant=f"t{n // 8}", session=f"s{n % 8}") for n in range(64)]
        values = [[f"user{n}.{turn}@example.com" for turn in range(8)] + ["ann@example.com"] for n in range(64)]
        safe: dict[int, list[str]] = {}
        own: list[bool] = []
        foreign: list[int] = []
        ready = threading.Barrier(64)

        def work(n: int) -> None:
            safe[n] = [bounds[n].check(value, stage="input").text for value in values[n]]
            ready.wait()
            own.append([bounds[n].restore(text) for text in safe[n]] == values[n])
            others = [text for m in range(64) if m != n for text in safe[m]]
            foreign.append(sum(a != b for a, b in zip(bounds[n].restore_many(others), others, strict=True)))

        threads = [threading.Thread(target=work, args=(n,)) for n in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(f"64 sessions at once, {store}: {sum(own)}/64 got their own back, {sum(foreign)} foreign restorations")


def cost(entries: int) -> None:
    """Time a delta of four characters, in a vault of many entries."""
    for style in STYLES:
        bound = bind(MemoryVault(key=KEY), style)
        pseudonyms = bound._means.pseudonyms
        assert pseudonyms is not None
        values = [
            f"user{number}@example{number}.com" for number in range(entries // (2 if style == "surrogate" else 1))
        ]
        stand_in = [pseudonyms.stand_in(value, "pii.email_address", {"style": style}) for value in values][-1]
        text = f"Dear {stand_in}, thank you for your message about the order of last week; we answer soon. " * 200
        deltas = [text[at : at + 4] for at in range(0, len(text), 4)]
        size = sum(each.entries for each in bound._binding[1].scopes())
        print(f"restore cost, {style}, {size:,} entries: {_fastest(bound, deltas) * 1e6:.1f} µs a delta")


def _fastest(bound: BoundGuard, deltas: list[str]) -> float:
    costs = []
    for _ in range(5):
        stream = bound.restore_stream()
        started = time.process_time()
        for delta in deltas:
            stream.push(delta)
        costs.append((time.process_time() - started) / len(deltas))
    return min(costs)


def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunkings", type=int, default=100_000)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--look-alikes", type=int, default=500, help="stand-ins that are imitated")
    parser.add_argument("--stores", nargs="*", default=["memory", "sqlite", "redis", "postgres"])
    given = parser.parse_args()
    steps: list[Callable[[], None]] = [
        lambda: round_trips(given.chunkings),
        lambda: false_restorations(given.look_alikes),
        *(lambda store=store: tenants(store) for store in given.stores),
        lambda: cost(given.entries),
    ]
    for step in steps:
        step()


if __name__ == "__main__":
    main()
