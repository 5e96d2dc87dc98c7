"""Mixes the collected and the made-up texts, splits them by group and drops copies of dev rows."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter

from .carriers import MAILS, feed, make
from .config import DATA, MATERIAL, PROMPT, RUNS, SEED
from .dedupe import drop_copies, held_out
from .goals import order
from .inject import crop, poison
from .obfuscate import disguise
from .people import People, personal
from .prompts_attack import attack
from .prompts_benign import harmless
from .prompts_framed import framed
from .rows import Row, write_rows
from .sources import COLLECTED, is_clear, poisoned_mails

#: How many texts of each made-up kind the first phase holds.
MADE = {"attacks": 6500, "disguised": 1500, "harmless": 11000, "poisoned": 11000, "material": 5000, "people": 10000}
#: The second phase: new made-up texts that are hard, and a share of the first phase's rows.
LATE = {"framed": 4500, "feed": 1800, "poisoned": 3600, "people": 3000}
LATE_SHARE = {
    "synth_harmless": 0.15,
    "synth_attack": 0.35,
    "synth_poisoned": 0.1,
    "synth_people": 0.0,
    "gpteacher": 0.35,
    "jackhhao_jailbreak_classification": 0.8,
    "btc_en": 0.2,
    "germeval14_de": 0.2,
    "wnut17": 1.0,
}
OTHERS = 0.3
#: The third phase: longer stagings, mails of all kinds, more people.
MORE = {"framed": 5500, "mails": 2200, "poisoned_mails": 3600, "poisoned": 1500, "feed": 400, "people": 4500}
MORE_SHARE = {
    "synth_harmless": 0.12,
    "synth_attack": 0.25,
    "synth_poisoned": 0.0,
    "synth_people": 0.0,
    "synth_material": 0.1,
    "gpteacher": 0.4,
    "jackhhao_jailbreak_classification": 1.0,
    "spamassassin_email": 0.8,
    "btc_en": 0.15,
    "wikigold_en": 0.6,
    "wnut17": 0.6,
}
MORE_OTHERS = 0.2
VALIDATION = 0.06


def made_attacks(rng: random.Random, hosts: list[Row], count: int) -> list[Row]:
    """Return made-up attacks; a third stands inside a harmless prompt, a quarter is disguised."""
    rows = []
    for _ in range(count):
        text, kind, lang = attack(rng)
        text = disguise(rng, text) if rng.random() < 0.22 else text
        if rng.random() < 0.3:
            text = _hosted(rng, rng.choice(hosts).text, text)
        rows.append(Row(text, PROMPT, "synth_attack", f"attack:{kind}:{text[:24]}", attack=1, lang=lang))
    return rows


def _hosted(rng: random.Random, host: str, text: str) -> str:
    host, glue = crop(rng, host, 300), rng.choice((" ", "\n", "\n\n", ". "))
    return rng.choice((host + glue + text, text + glue + host, host[: len(host) // 2] + glue + text + glue + host[len(host) // 2 :]))


def disguised(rng: random.Random, rows: list[Row], count: int, source: str) -> list[Row]:
    """Return rows again with their text in disguise, so that a disguise alone says nothing."""
    out = []
    for row in rng.choices(rows, k=count):
        out.append(Row(disguise(rng, row.text[:400]), row.surface, source, row.group, attack=row.attack, lang=row.lang))
    return out


def made_harmless(rng: random.Random, count: int) -> list[Row]:
    """Return made-up harmless prompts that look like attacks."""
    made = [harmless(rng) for _ in range(count)]
    return [Row(text, PROMPT, "synth_harmless", f"harmless:{kind}:{text[:24]}", attack=0) for text, kind in made]


def made_material(rng: random.Random, count: int) -> list[Row]:
    """Return made-up benign material."""
    made = [make(rng) for _ in range(count)]
    return [
        Row(crop(rng, text, rng.randint(120, 520)), MATERIAL, "synth_material", f"{kind}:{text[:24]}", instructions=[])
        for text, kind in made
    ]


def made_poisoned(rng: random.Random, hosts: list[Row], attacks: list[Row], count: int) -> list[Row]:
    """Return material with one order: a made-up one, or an attack string of the training sets."""
    rows = []
    for _ in range(count):
        host = rng.choice(hosts)
        text, lang = order(rng)
        if rng.random() < 0.15:
            text = crop(rng, rng.choice(attacks).text, 420)
        poisoned, spans = poison(rng, crop(rng, host.text, rng.randint(60, 400)), text)
        rows.append(Row(poisoned, MATERIAL, "synth_poisoned", host.group, instructions=spans, lang=lang))
    return rows


def in_validation(group: str) -> bool:
    """Say whether a group belongs to validation; all rows of a group fall on the same side."""
    digest = hashlib.sha256(f"{SEED}:{group}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < VALIDATION


def assemble(rng: random.Random) -> list[Row]:
    """Return all rows, collected and made up."""
    attacks, prompts, clean, poisoned, people = (collect(rng) for collect in COLLECTED)
    tricky = made_harmless(rng, MADE["harmless"])
    material = made_material(rng, MADE["material"])
    made = made_attacks(rng, prompts, MADE["attacks"])
    who = People(rng)
    rows = [*attacks, *prompts, *clean, *poisoned, *people, *tricky, *material, *made]
    # Weighted by source rather than by row, so that mail and tool output outweigh long manuals.
    hosts = clean + [row for row in material for _ in range(1)]
    rows += made_poisoned(rng, hosts, [row for row in attacks if row.lang == "en"], MADE["poisoned"])
    rows += disguised(rng, attacks + made, MADE["disguised"], "synth_disguised")
    rows += disguised(rng, prompts + tricky, MADE["disguised"], "synth_disguised_harmless")
    rows += [_personal(who) for _ in range(MADE["people"])]
    return [row for row in rows if row.text.strip()]


def _personal(who: People) -> Row:
    row = personal(who)
    row.group = f"people:{row.text[:24]}"
    if row.surface == PROMPT:
        row.attack = 0
    return row


def late(rng: random.Random, first: list[Row]) -> list[Row]:
    """Return the rows of the second phase: what the first one was seen to lack, and a sample of it."""
    rows = [
        Row(text, PROMPT, "synth_framed", f"framed:{text[:24]}", attack=label)
        for text, label in (framed(rng) for _ in range(LATE["framed"]))
    ]
    feeds = [crop(rng, feed(rng), rng.randint(120, 520)) for _ in range(LATE["feed"])]
    clean = [Row(text, MATERIAL, "synth_feed", f"feed:{text[:24]}", instructions=[]) for text in feeds]
    hosts = clean + [row for row in first if row.instructions == [] and row.entities is None]
    attacks = [row for row in first if row.attack == 1 and not row.source.startswith("synth") and row.lang == "en"]
    rows += clean + made_poisoned(rng, hosts, attacks, LATE["poisoned"])
    who = People(rng)
    rows += [_personal(who) for _ in range(LATE["people"])]
    return rows + [row for row in first if rng.random() < LATE_SHARE.get(row.source, OTHERS)]


def more(rng: random.Random, first: list[Row], dev: set[int]) -> list[Row]:
    """Return the rows of the third phase; crawled role-play counts as attack only on strong evidence."""
    stagings = (framed(rng, rng.random() < 0.7) for _ in range(MORE["framed"]))
    rows = [Row(text, PROMPT, "synth_framed", f"framed:{text[:24]}", attack=label) for text, label in stagings]
    mails = [crop(rng, rng.choice(MAILS)(rng), rng.randint(120, 560)) for _ in range(MORE["mails"])]
    clean = [Row(text, MATERIAL, "synth_mail", f"mail:{text[:24]}", instructions=[]) for text in mails]
    feeds = [crop(rng, feed(rng), rng.randint(120, 520)) for _ in range(MORE["feed"])]
    rows += clean + [Row(text, MATERIAL, "synth_feed", f"feed:{text[:24]}", instructions=[]) for text in feeds]
    attacks = [row for row in first if row.attack == 1 and not row.source.startswith("synth") and row.lang == "en"]
    spam = [row for row in first if row.source == "spamassassin_email"]
    rows += made_poisoned(rng, clean + spam, attacks, MORE["poisoned_mails"])
    rows += made_poisoned(rng, [row for row in first if row.instructions == [] and row.entities is None], attacks, MORE["poisoned"])
    rows += poisoned_mails(rng, dev)
    who = People(rng)
    rows += [_personal(who) for _ in range(MORE["people"])]
    kept = [row for row in first if rng.random() < MORE_SHARE.get(row.source, MORE_OTHERS)]
    return rows + [row for row in kept if is_clear(row)]


def build() -> None:
    """Write ``train.jsonl.gz``, ``val.jsonl.gz`` and a report of what is in them."""
    rng = random.Random(SEED)
    folders = [DATA / "injection/dev", DATA / "pii/dev", DATA / "pii/conformance"]
    dev = held_out(folders)
    rows, dropped = drop_copies(assemble(rng), dev)
    rng.shuffle(rows)
    validation = [row for row in rows if in_validation(row.group)]
    training = [row for row in rows if not in_validation(row.group)]
    write_rows(RUNS / "data" / "train.jsonl.gz", training)
    second, second_dropped = drop_copies(late(random.Random(SEED + 1), training), dev)
    rng.shuffle(second)
    write_rows(RUNS / "data" / "late.jsonl.gz", [row for row in second if not in_validation(row.group)])
    third, third_dropped = drop_copies(more(random.Random(SEED + 2), training, dev), dev)
    rng.shuffle(third)
    write_rows(RUNS / "data" / "more.jsonl.gz", [row for row in third if not in_validation(row.group)])
    # Rows of the first phase are training rows by their group, so these are all new.
    validation += [row for row in (*second, *third) if in_validation(row.group)]
    write_rows(RUNS / "data" / "val.jsonl.gz", validation)
    report = {
        "late": Counter(r.source for r in second),
        "more": Counter(r.source for r in third),
        "train": Counter(r.source for r in training),
        "val": Counter(r.source for r in validation),
        "dropped": dropped + second_dropped + third_dropped,
    }
    (RUNS / "data" / "report.json").write_text(json.dumps(report, indent=1))
    print(len(training), len(validation), report)
