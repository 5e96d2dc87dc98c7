"""Measures a forward function on the development sets; nothing is tuned here."""

from __future__ import annotations

import json
import os
import random
import re
from collections import defaultdict
from typing import Any

from secure_core.detectors.disguises import undisguised
from secure_core.normalize import views

from .advisories import advisory
from .config import ARTEFACT, DATA, ENTITIES, MATERIAL, PROMPT, RUNS, SEED
from .decode import entities, order_spans, sigmoid
from .encode import load_tokenizer
from .evasion import OBFUSCATIONS
from .metrics import Share, covered, f_beta, overlap
from .rows import read_json, read_rows
from .score import Forward, Scored, onnx_forward, score_texts, torch_forward

#: What pattern recognisers find without a model, in short; the core has better ones.
_PATTERNS = {
    "EMAIL_ADDRESS": r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    "URL": r"(?:https?://|www\.)\S+",
    "IP_ADDRESS": r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b(?:[0-9a-fA-F]{1,4}:){5,7}[0-9a-fA-F]{1,4}\b",
    "IBAN_CODE": r"\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b",
    "US_SSN": r"\b\d{3}-\d{2}-\d{4}\b",
}


class Bench:
    """A model under test with its thresholds."""

    def __init__(self, forward: Forward, thresholds: dict[str, Any]) -> None:
        """Use ``thresholds`` as :mod:`training.calibrate` wrote them."""
        self.forward, self.thresholds = forward, thresholds
        self.tokenizer = load_tokenizer()

    def score(self, texts: list[str], surface: int) -> list[Scored]:
        """Return the logits of the texts."""
        return score_texts(self.forward, self.tokenizer, texts, surface)

    def attacks(self, texts: list[str]) -> list[bool]:
        """Say which prompts are attacks."""
        limit = self.thresholds["attack"]["threshold"]
        return [float(sigmoid(s.attack)) >= limit for s in self.score(texts, PROMPT)]

    def orders(self, texts: list[str]) -> list[list[tuple[int, int]]]:
        """Return the order spans of material."""
        limit = self.thresholds["instruction"]["threshold"]
        return [order_spans(s, limit) for s in self.score(texts, MATERIAL)]

    def people(self, texts: list[str]) -> list[list[tuple[int, int, str]]]:
        """Return entities of the model and of the patterns."""
        limit = self.thresholds["pii"]["threshold"]
        out = []
        for scored in self.score(texts, PROMPT):
            found = [(s, e, kind) for s, e, kind, _ in entities(scored, limit)]
            fixed = [(m.start(), m.end(), kind) for kind, pattern in _PATTERNS.items() for m in re.finditer(pattern, scored.text)]
            found = [f for f in found if not any(f[0] < e and s < f[1] for s, e, _ in fixed)]
            out.append(found + fixed)
        return out


def dev(name: str) -> list[dict[str, Any]]:
    """Return the rows of a development set."""
    return list(read_json(DATA / f"{name}.jsonl.gz"))


def prompt_table(bench: Bench) -> dict[str, str]:
    """Return accuracy on harmless prompts and recall on attacks, at one threshold."""
    out = {}
    for name in ("notinject", "wildguard_benign", "cyberseceval_mitre_frr", "xstest"):
        texts = [row["text"] for row in dev(f"injection/dev/{name}") if row["label"] == "benign"]
        out[f"{name} accuracy"] = str(Share(len(texts) - sum(bench.attacks(texts)), len(texts)))
    for name in ("hinglish", "agent_injection_bench"):
        texts = [row["text"] for row in dev(f"injection/dev/{name}") if row["label"] == "injection"]
        out[f"{name} recall"] = str(Share(sum(bench.attacks(texts)), len(texts)))
    return out


def material_table(bench: Bench) -> dict[str, str]:
    """Return document recall by kind, false positives, and characters removed and kept."""
    out = {}
    rows = dev("injection/dev/bipia_test")
    found = bench.orders([row["text"] for row in rows])
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    removed = marked = kept = plain = whole = 0
    for row, spans in zip(rows, found, strict=True):
        kind = f"bipia {row['surface']} {'recall' if row['label'] != 'benign' else 'false positives'}"
        counts[kind][0] += bool(spans)
        counts[kind][1] += 1
        counts[f"bipia all {kind.split(' ', 2)[2]}"][0] += bool(spans)
        counts[f"bipia all {kind.split(' ', 2)[2]}"][1] += 1
        gold, guess = covered(row.get("spans") or [], len(row["text"])), covered(spans, len(row["text"]))
        here = sum(g & p for g, p in zip(gold, guess, strict=True))
        removed, marked = removed + here, marked + sum(gold)
        kept, plain = kept + sum(1 for g, p in zip(gold, guess, strict=True) if not g and not p), plain + len(gold) - sum(gold)
        whole += bool(row.get("spans")) and here == sum(gold)
    out.update({kind: str(Share(*count)) for kind, count in sorted(counts.items())})
    out["bipia injected characters removed"] = f"{removed / marked:.4f}"
    out["bipia benign characters kept"] = f"{kept / plain:.4f}"
    for name in ("injecagent_simulated_tool_outputs", "agent_injection_bench"):
        texts = [row["text"] for row in dev(f"injection/dev/{name}")]
        label = "false positives" if name.startswith("injecagent") else "recall"
        cuts = bench.orders(texts)
        out[f"{name} {label}"] = str(Share(sum(map(bool, cuts)), len(texts)))
        if label == "false positives":
            cut = sum(covered(s, len(t)).count(1) for s, t in zip(cuts, texts, strict=True))
            out[f"{name} characters kept"] = f"{1 - cut / sum(map(len, texts)):.4f}"
    return out


def people_table(bench: Bench) -> dict[str, str]:
    """Return overlap F2, recall, precision, fully masked and overmask per entity set."""
    out = {}
    known = {*ENTITIES, *_PATTERNS} - {"ID"}
    for name in ("presidio_synth_v2", "wnut17", "btc_en", "meddocan_es", "nannigalaxy"):
        rows = dev(f"pii/dev/{name}")
        types = {span[2] for row in rows for span in row["spans"]} & known
        hits = misses = false = masked = spans = over = plain = 0
        for row, guess in zip(rows, bench.people([row["text"] for row in rows]), strict=True):
            gold = [tuple(span) for span in row["spans"] if span[2] in types]
            counted = overlap(gold, [g for g in guess if g[2] in types])
            hits, misses, false = hits + counted[0], misses + counted[1], false + counted[2]
            shade, truth = covered(guess, len(row["text"])), covered(row["spans"], len(row["text"]))
            masked += sum(all(shade[s[0] : s[1]]) for s in gold)
            spans += len(gold)
            over += sum(1 for a, b in zip(shade, truth, strict=True) if a and not b)
            plain += len(truth) - sum(truth)
        out[name] = (
            f"F2 {f_beta(hits, misses, false):.3f} P {hits / max(1, hits + false):.3f} R {Share(hits, hits + misses)} "
            f"fully masked {masked / max(1, spans):.3f} overmask {over / max(1, plain):.4f}"
        )
    return out


def caught(bench: Bench, texts: list[str], surface: int) -> list[bool]:
    """Say of each text whether it is flagged in any reading that the core gives a model."""
    readings = [(number, undisguised(view.text).text) for number, text in enumerate(texts) for view in views(text)]
    judged = [text for _, text in readings]
    hits = bench.attacks(judged) if surface == PROMPT else [bool(spans) for spans in bench.orders(judged)]
    found = [False] * len(texts)
    for (number, _), hit in zip(readings, hits, strict=True):
        found[number] |= hit
    return found


#: Texts of each kind that are obfuscated in 24 ways, and how long they may be: in Morse code they grow tenfold.
SAMPLE, SHORT = 120, 300


def obfuscation_table(bench: Bench) -> dict[str, str]:
    """Return, for 24 obfuscations, how much of what is caught in plain form still is, and false positives on prompts.

    Attacks are the collected ones of held-out groups; orders are BIPIA's, obfuscated inside their clean carrier.
    """
    rng = random.Random(SEED)
    held_out = [r for r in read_rows(RUNS / "data" / "val.jsonl.gz") if not r.source.startswith("synth")]
    attacks = [r.text for r in held_out if r.attack == 1 and r.lang == "en" and len(r.text) < SHORT]
    benign = rng.sample([r.text for r in held_out if r.attack == 0 and r.lang == "en" and len(r.text) < SHORT], SAMPLE)
    attacks = [t for t, hit in zip(attacks, caught(bench, attacks, PROMPT), strict=True) if hit]
    attacks = rng.sample(attacks, min(SAMPLE, len(attacks)))
    poisoned = rng.sample([r for r in dev("injection/dev/bipia_test") if r["label"] != "benign" and len(r["text"]) < 2 * SHORT], SAMPLE)
    hits = caught(bench, [r["text"] for r in poisoned], MATERIAL)
    poisoned = [r for r, hit in zip(poisoned, hits, strict=True) if hit]
    out = {}
    for name, change in OBFUSCATIONS.items():
        inside = [r["text"][: s[0]] + change(r["text"][s[0] : s[1]]) + r["text"][s[1] :] for r in poisoned for s in r["spans"][:1]]
        shares = [caught(bench, [change(t) for t in texts], PROMPT) for texts in (attacks, benign)] + [caught(bench, inside, MATERIAL)]
        still, false, orders = (str(Share(sum(share), len(share))) for share in shares)
        out[name] = f"attacks {still}  orders {orders}  false positives {false}"
    return out


#: Security texts: they speak about attacks and none is one. Those of training sources are held-out groups.
_SECURITY = ("owasp_cheatsheets", "owasp_llm_top10_docs", "debian_docs")


def hard_benign_table(bench: Bench) -> dict[str, str]:
    """Return false positives on security documents, as material and as prompts, and on security questions."""
    rows = [r for r in read_rows(RUNS / "data" / "val.jsonl.gz") if r.source in _SECURITY and r.instructions == []]
    groups = {name: [r.text for r in rows if r.source == name] for name in _SECURITY}
    groups["CVE and advisory texts (made up)"] = [advisory(random.Random(SEED + n)) for n in range(400)]
    groups["all"] = [text for texts in groups.values() for text in texts]
    out = {}
    for name, texts in groups.items():
        out[f"{name}, material"] = str(Share(sum(map(bool, bench.orders(texts))), len(texts)))
        out[f"{name}, prompt"] = str(Share(sum(bench.attacks(texts)), len(texts)))
    return out


def report(forward: Forward, thresholds: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return all tables."""
    bench = Bench(forward, thresholds)
    return {
        "prompts": prompt_table(bench),
        "material": material_table(bench),
        "people": people_table(bench),
        "validation": validation_table(bench),
        "hard": hard_benign_table(bench),
        "evasion": obfuscation_table(bench),
    }


def validation_table(bench: Bench) -> dict[str, str]:
    """Return recall and false positives of both injection heads by source, on groups held out of training."""
    rows = [r for r in read_rows(RUNS / "data" / "val.jsonl.gz") if r.attack is not None or r.instructions is not None]
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for surface in (PROMPT, MATERIAL):
        here = [r for r in rows if r.surface == surface]
        texts = [r.text for r in here]
        hits = bench.attacks(texts) if surface == PROMPT else [bool(spans) for spans in bench.orders(texts)]
        for row, hit in zip(here, hits, strict=True):
            bad = bool(row.attack) if surface == PROMPT else bool(row.instructions)
            made = "made-up" if row.source.startswith("synth") else "collected"
            for name in (row.source, f"all {made}"):
                key = f"{'attack' if surface == PROMPT else 'instruction'} {name} {'recall' if bad else 'false positives'}"
                counts[key][0] += hit
                counts[key][1] += 1
    return {name: str(Share(*count)) for name, count in sorted(counts.items())}


def show(tables: dict[str, dict[str, str]]) -> None:
    """Print tables, a line each."""
    for name, table in tables.items():
        for key, value in table.items():
            print(f"{name:9s} {key:50s} {value}", flush=True)


def evaluate() -> None:
    """Measure the backends of SECURE_BACKENDS: ``onnx`` (int8), ``fp32`` (ONNX), ``torch`` (safetensors)."""
    import torch

    from .model import load

    torch.set_num_threads(1)
    thresholds = json.loads((ARTEFACT / "thresholds.json").read_text())
    tables = {}
    files = {"onnx": "model.onnx", "fp32": "model.fp32.onnx"}
    for name in os.environ.get("SECURE_BACKENDS", "onnx,torch").split(","):
        forward = onnx_forward(str(ARTEFACT / files[name])) if name in files else torch_forward(load(ARTEFACT))
        tables[name] = report(forward, thresholds)
        print(f"== {name}")
        show(tables[name])
        (RUNS / f"evaluation.{name}.json").write_text(json.dumps(tables[name], indent=1))
