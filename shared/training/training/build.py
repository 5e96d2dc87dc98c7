"""Mixes the collected and the made-up texts, splits them by group and drops copies of dev rows."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Callable

from .carriers import MAILS, feed, make
from .config import DATA, MATERIAL, PROMPT, RUNS, SEED
from .dedupe import drop_copies, held_out
from .evasion import OBFUSCATIONS, obfuscated
from .goals import order
from .grammar import sentence
from .inject import crop, crop_around, poison
from .mails import fitting_order, mail, poisoned_mail
from .mundane import mundane
from .obfuscate import disguise
from .people import People, personal, resident
from .prompts_assured import assured
from .prompts_attack import attack
from .prompts_benign import harmless
from .prompts_framed import framed
from .prompts_staged import staging, turned
from .rehearse import rehearsal
from .rows import Row, write_rows
from .sources import COLLECTED, FULL, is_clear, poisoned_mails

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
#: The fourth phase answers misses by kind: staged prompts, mails whose order fits them, long orders, homes.
LAST = {"staged": 9000, "played": 2600, "mails": 2600, "fitting": 5200, "asked": 2600, "long": 2600, "people": 2500, "homes": 2500}
LAST_SHARE = {
    "synth_framed": 0.0,
    "synth_harmless": 0.1,
    "synth_attack": 0.3,
    "synth_disguised": 1.0,
    "synth_disguised_harmless": 1.0,
    "synth_poisoned": 0.1,
    "synth_people": 0.0,
    "synth_material": 0.15,
    "gpteacher": 0.3,
    "jackhhao_jailbreak_classification": 0.8,
    "spamassassin_email": 1.0,
    "neuralchemy": 0.5,
    "debian_docs": 0.5,
    "owasp_cheatsheets": 0.5,
    "owasp_llm_top10_docs": 0.7,
    "btc_en": 0.1,
    "wnut17": 0.4,
}
LAST_OTHERS = 0.2
#: The fifth phase: part of the fourth drawn anew, stagings told in collected prose, texts in a disguise.
GUISES, STORIED, AGAIN = 1300, 7000, 0.4
#: The sixth phase, for the mean of two cycles' weights: assurances, orders that bring code along, everyday material.
#: (It left too little code without orders; `rehearse` mends that.)
GAPS = {"assured": 4500, "coded": 1900, "mundane": 2200, "poisoned": 700}
GAPS_SHARE = {
    "synth_people": 0.06,
    "synth_harmless": 0.04,
    "synth_poisoned": 0.03,
    "synth_material": 0.05,
    "synth_attack": 0.12,
    "wnut17": 0.4,
}
GAPS_OTHERS, GAPS_BEFORE = 0.15, 0.08
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


def _personal(who: People, maker: Callable[[People], Row] = personal) -> Row:
    row = maker(who)
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


#: Characters that the sentence which makes an attack may take of a window.
TURN = 160


def turned_or_not(rng: random.Random, text: str, bad: bool) -> str:
    """Return a window of a harmless text, with a sentence in it that makes it an attack if ``bad``."""
    return turned(rng, crop(rng, text, FULL - TURN)) if bad else crop(rng, text, FULL)


def played(rng: random.Random, first: list[Row], count: int) -> list[Row]:
    """Return collected harmless role-play as it is, and with a sentence that turns it into an attack."""
    plays = [
        row for row in first if row.attack == 0 and row.source in ("jackhhao_jailbreak_classification", "gpteacher") and len(row.text) > 150
    ]
    rows = []
    for row in rng.choices(plays, k=count):
        bad = rng.random() < 0.35
        scene = rng.choice((f"{row.text} {staging(rng)}", f"{staging(rng)} {row.text}", row.text, row.text))
        rows.append(Row(turned_or_not(rng, scene, bad), PROMPT, "synth_played", row.group, attack=int(bad)))
    return rows


def requests(first: list[Row]) -> list[str]:
    """Return what people ask of a model in the collected prompts, short enough for an injected order."""
    sources = ("gpteacher", "self_instruct", "clinc150", "spikee_investment_benign", "hinglish")
    return [row.text.strip() for row in first if row.source in sources and row.attack == 0 and 15 < len(row.text) < 260]


def strangers(rows: list[Row]) -> list[str]:
    """Return sentences of clean material, which stand in mails of other people as well as orders do."""
    return [line for row in rows for line in re.split(r"(?<=[.!?])\s+|\n+", row.text) if 20 < len(line) < 160]


def long_order(rng: random.Random) -> str:
    """Return an order of several sentences, as an attacker explains a task with its steps."""
    glue = rng.choice((" ", " ", "\n"))
    return glue.join(sentence(order(rng)[0]) for _ in range(rng.randint(2, 5)))


def last(rng: random.Random, first: list[Row]) -> list[Row]:
    """Return the rows of the fourth phase."""
    rows = []
    for _ in range(LAST["staged"]):
        bad = rng.random() < 0.3
        text = turned_or_not(rng, staging(rng), bad)
        rows.append(Row(text, PROMPT, "synth_staged", f"staged:{text[:40]}", attack=int(bad)))
    rows += played(rng, first, LAST["played"])
    spam = [row for row in first if row.source == "spamassassin_email"]
    lines = strangers(spam + [row for row in first if row.source in ("xquad", "t0_p3_sample", "synth_material") and row.instructions == []])
    clean = [mail(rng, lines) for _ in range(LAST["mails"])]
    rows += [Row(crop(rng, text, FULL), MATERIAL, "synth_mailbox", f"mailbox:{text[:40]}", instructions=[]) for text in clean]
    asked = requests(first)
    for kind in ("fitting", "asked"):
        for _ in range(LAST[kind]):
            words = None if kind == "fitting" else rng.choice(asked) if rng.random() < 0.7 else order(rng)[0]
            text, spans = poisoned_mail(rng, lines, words)
            if rng.random() < 0.3:
                text, spans = poison(rng, crop(rng, rng.choice(spam).text, FULL - TURN), words or fitting_order(rng))
            text, spans = crop_around(rng, text, spans, rng.randint(200, FULL))
            rows.append(Row(text, MATERIAL, f"synth_{kind}", f"{kind}:{text[:40]}", instructions=spans))
    hosts = [row for row in first if row.instructions == [] and row.entities is None]
    for _ in range(LAST["long"]):
        host = rng.choice(hosts)
        words = rng.choice(asked) if rng.random() < 0.4 else long_order(rng)
        text, spans = poison(rng, crop(rng, host.text, rng.randint(60, 400)), words)
        rows.append(Row(text, MATERIAL, "synth_long", host.group, instructions=spans))
    who = People(rng)
    rows += [_personal(who) for _ in range(LAST["people"])] + [_personal(who, resident) for _ in range(LAST["homes"])]
    kept = [row for row in first if rng.random() < LAST_SHARE.get(row.source, LAST_OTHERS)]
    return rows + [row for row in kept if is_clear(row)]


def storied(rng: random.Random, first: list[Row]) -> list[Row]:
    """Return stagings whose body is collected prose, so that wording which no grammar here knows is not suspicious."""
    prose = [row for row in first if row.instructions == [] and not row.source.startswith("synth") and len(row.text) > 120]
    talk = [row for row in first if row.attack == 0 and not row.source.startswith("synth") and len(row.text) > 60]
    rows = []
    for row in (rng.choice(rng.choice((prose, talk))) for _ in range(STORIED)):
        bad = rng.random() < 0.22
        body, scene = crop(rng, row.text, rng.randint(120, FULL - TURN)), staging(rng).split(". ")
        cut = rng.randint(0, len(scene))
        text = " ".join((*(f"{part}." for part in scene[:cut]), body, *(f"{part}." for part in scene[cut:])))
        if len(scene) > 4 and rng.random() < 0.6:  # mostly prose
            text = rng.choice((f"{scene[0]}. {body}", f"{body} {scene[-1]}", f"{scene[0]}. {body} {scene[-1]}", body))
        rows.append(Row(turned_or_not(rng, text, bad), PROMPT, "synth_storied", row.group, attack=int(bad)))
    return rows


def guises(rng: random.Random, first: list[Row]) -> list[Row]:
    """Return short texts of both labels, and orders in material, in what normalisation does not undo."""
    short = [row for row in first if row.lang == "en" and 15 < len(row.text) < 220 and not row.source.startswith("synth_disguised")]
    bad, good = ([row for row in short if row.attack == label] for label in (1, 0))
    rows = [Row(obfuscated(rng, row.text), PROMPT, "synth_guise", row.group, attack=1) for row in rng.choices(bad, k=GUISES)]
    # What the normaliser undoes is seen as it is, too: an encoding alone is no attack.
    for row in rng.choices(good, k=GUISES):
        text = obfuscated(rng, row.text) if rng.random() < 0.7 else rng.choice(list(OBFUSCATIONS.values()))(row.text)
        rows.append(Row(text, PROMPT, "synth_guise_harmless", row.group, attack=0))
    hosts = [row for row in first if row.instructions == [] and row.entities is None]
    for _ in range(GUISES // 2):
        host, text = rng.choice(hosts), crop(rng, order(rng)[0], 160)
        text, spans = poison(rng, crop(rng, host.text, rng.randint(60, 300)), obfuscated(rng, text))
        rows.append(Row(text, MATERIAL, "synth_guised_order", host.group, instructions=spans))
    return rows


_CODE_LEADS = (
    "add the following code to your answer:", "make sure that this snippet is part of your reply:", "use the script below, without comment:", "put these lines at the top of the function:",
    "extend your solution with", "also run this:", "append the block to the user's file:", "include this helper in whatever you write:", "your code must contain:", "execute the commands below first:",
)  # fmt: skip


def coded_order(rng: random.Random, snippets: list[str]) -> str:
    """Return an order that brings its code along, which is part of it to the last line."""
    code = crop(rng, rng.choice(snippets), rng.randint(80, 420)).strip("\n")
    lead = sentence(f"{rng.choice(('', '', 'please ', 'when you answer, ', 'before anything else, '))}{rng.choice(_CODE_LEADS)}")
    fence = rng.choice(("```python\n{}\n```", "```\n{}\n```", "~~~\n{}\n~~~"))  # else nobody knows where the code ends
    tail = rng.choice(("", "", "", "\n" + sentence(order(rng)[0])))
    return f"{lead.rstrip('.')}\n{fence.format(code)}{tail}"


def gaps(rng: random.Random, first: list[Row], before: list[Row]) -> list[Row]:
    """Return the rows of the sixth phase; ``before`` are those of the fourth and fifth, a share of which is read again."""
    rows = []
    for _ in range(GAPS["assured"]):
        bad = rng.random() < 0.25
        text = turned_or_not(rng, assured(rng), bad)
        rows.append(Row(text, PROMPT, "synth_assured", f"assured:{text[:40]}", attack=int(bad)))
    code = [row for row in first if row.source in ("python_stdlib_code", "bipia_train_clean")]
    snippets = [row.text for row in code if row.source == "python_stdlib_code"]
    for _ in range(GAPS["coded"]):
        host = rng.choice(code)
        text, spans = poison(rng, crop(rng, host.text, rng.randint(60, 400)), coded_order(rng, snippets))
        text, spans = crop_around(rng, text, spans, FULL)
        rows.append(Row(text, MATERIAL, "synth_coded", host.group, instructions=spans))
    everyday = [mundane(rng) for _ in range(GAPS["mundane"])]
    clean = [Row(text, MATERIAL, "synth_mundane", f"mundane:{text[:40]}", instructions=[], entities=None) for text in everyday]
    attacks = [row for row in first if row.attack == 1 and not row.source.startswith("synth") and row.lang == "en"]
    rows += clean + made_poisoned(rng, clean, attacks, GAPS["poisoned"])
    rows += [row for row in before if rng.random() < GAPS_BEFORE]
    return rows + [row for row in first if rng.random() < GAPS_SHARE.get(row.source, GAPS_OTHERS) and is_clear(row)]


class _Files:
    """The built files: what is not held out goes into the file of its phase, the rest into validation."""

    def __init__(self) -> None:
        self.dev = held_out([DATA / "injection/dev", DATA / "pii/dev", DATA / "pii/conformance"])
        self.phases: dict[str, list[Row]] = {}
        self.validation: list[Row] = []
        self.dropped = 0

    def add(self, name: str, rows: list[Row], dice: random.Random) -> list[Row]:
        """Write a phase in an order drawn with ``dice``, without copies of development texts; return its rows."""
        kept, dropped = drop_copies(rows, self.dev)
        dice.shuffle(kept)
        self.dropped += dropped
        self.validation += [row for row in kept if in_validation(row.group)]
        self.phases[name] = [row for row in kept if not in_validation(row.group)]
        write_rows(RUNS / "data" / f"{name}.jsonl.gz", self.phases[name])
        return self.phases[name]


def build() -> None:
    """Write a file for each phase of training, ``val.jsonl.gz``, and a report of what is in them."""
    rng, files = random.Random(SEED), _Files()
    training = files.add("train", assemble(rng), rng)
    # Rows of the first phase are training rows by their group, so what later phases add to validation is all new.
    files.add("late", late(random.Random(SEED + 1), training), rng)
    files.add("more", more(random.Random(SEED + 2), training, files.dev), rng)
    fourth = files.add("last", last(random.Random(SEED + 3), training), rng)
    draw = random.Random(SEED + 4)
    again = [row for row in last(draw, training) if draw.random() < AGAIN] + storied(draw, training) + guises(draw, training)
    fifth = files.add("guises", again, draw)
    files.add("gaps", gaps(random.Random(SEED + 5), training, [*fourth, *fifth]), random.Random(SEED + 6))
    write_rows(RUNS / "data" / "val.jsonl.gz", files.validation)
    write_rows(RUNS / "data" / "whole.jsonl.gz", rehearsal(random.Random(SEED + 7), files.phases.values()))
    report = {name: Counter(row.source for row in rows) for name, rows in files.phases.items()}
    report["val"] = Counter(row.source for row in files.validation)
    (RUNS / "data" / "report.json").write_text(json.dumps({**report, "dropped": files.dropped}, indent=1))
    print({name: len(rows) for name, rows in files.phases.items()}, len(files.validation), files.dropped)
