"""The last phase: a share of all phases before it, so that what each has taught is kept, and more clean code."""

from __future__ import annotations

import random
from collections.abc import Iterable

from .rows import Row

#: Rows of each source and label ("attack", "order" or "clean") that are read at most; the others are read whole.
MOST = {
    ("synth_attack", "attack"): 3000,
    ("synth_harmless", "clean"): 3500,
    ("synth_framed", "clean"): 2200,
    ("synth_staged", "clean"): 2800,
    ("synth_staged", "attack"): 1300,
    ("synth_storied", "clean"): 2400,
    ("synth_storied", "attack"): 800,
    ("synth_played", "clean"): 900,
    ("synth_played", "attack"): 500,
    ("synth_guise", "attack"): 700,
    ("synth_guise_harmless", "clean"): 700,
    ("synth_poisoned", "order"): 4500,
    ("synth_fitting", "order"): 2600,
    ("synth_asked", "order"): 1400,
    ("synth_long", "order"): 1600,
    ("synth_coded", "order"): 800,
    ("synth_material", "clean"): 2600,
    ("synth_mailbox", "clean"): 1700,
    ("synth_mail", "clean"): 1200,
    ("synth_feed", "clean"): 1300,
    ("synth_people", "clean"): 6500,
    ("btc_en", "clean"): 2200,
    ("germeval14_de", "clean"): 1100,
    ("gpteacher", "clean"): 1500,
    ("t0_p3_sample", "clean"): 1400,
    ("tau_bench", "clean"): 1400,
    ("xquad", "clean"): 1200,
}
#: Sources that are read twice: code without an order in it is rare, and so are names in short messages.
TWICE = ("python_stdlib_code", "bipia_train_clean", "wnut17")


def label(row: Row) -> str:
    """Return what the row is to the injection heads."""
    if row.attack:
        return "attack"
    return "order" if row.instructions else "clean"


def rehearsal(rng: random.Random, phases: Iterable[list[Row]]) -> list[Row]:
    """Return the rows of the last phase out of those of ``phases``, each text once."""
    groups: dict[tuple[str, str], dict[str, Row]] = {}
    for rows in phases:
        for row in rows:
            groups.setdefault((row.source, label(row)), {})[row.text] = row
    chosen = []
    for key, unique in sorted(groups.items()):
        rows = list(unique.values())
        rng.shuffle(rows)
        rows = rows[: MOST.get(key, len(rows))]
        chosen += rows * (2 if key[0] in TWICE else 1)
    rng.shuffle(chosen)
    return chosen
