"""Thresholds from the validation split alone: the same false-positive rate for every head."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from .config import ARTEFACT, ENTITIES, RUNS, VERSION
from .decode import CLIP, COST, LEAST, NEAR, STRETCH, document_score, entities, sigmoid
from .encode import load_tokenizer
from .manifest import write_manifest
from .metrics import Share, f_beta, overlap
from .rows import Row, read_rows
from .score import Forward, Scored, onnx_forward, score_rows

#: Share of benign validation texts that may be flagged.
#: Prompts in the wild are further from validation than material is, so that head is set more strictly.
RATES = {"attack": 0.001, "instruction": 0.01}
POINTS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)


def threshold_at(scores: np.ndarray, rate: float) -> float:
    """Return the lowest threshold that flags at most ``rate`` of the benign ``scores``."""
    ordered = np.sort(scores)[::-1]
    return float(np.nextafter(ordered[int(rate * len(ordered))], 2.0))


def head(benign: np.ndarray, attacks: np.ndarray, rate: float) -> dict[str, Any]:
    """Return the threshold at ``rate``, its recall, and both at other rates."""
    limit = threshold_at(benign, rate)
    curve = {str(r): [round(threshold_at(benign, r), 5), round(float((attacks >= threshold_at(benign, r)).mean()), 4)] for r in POINTS}
    return {
        "threshold": round(limit, 5),
        "false_positive_rate": rate,
        "validation": {
            "false_positives": str(Share(int((benign >= limit).sum()), len(benign))),
            "recall": str(Share(int((attacks >= limit).sum()), len(attacks))),
            "threshold_and_recall_at_rate": curve,
        },
    }


def people_threshold(rows: list[Row], scored: list[Scored]) -> dict[str, Any]:
    """Return the entity threshold with the best F2, and F2 over thresholds."""
    known = [(r, s) for r, s in zip(rows, scored, strict=True) if r.entities is not None]
    curve = {}
    for limit in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7):
        counts = np.zeros(3, int)
        for row, one in known:
            gold = [tuple(e) for e in row.entities or [] if e[2] in ENTITIES]
            guess = [e[:3] for e in entities(one, limit) if e[2] in row.types]
            counts += overlap(gold, guess)
        curve[limit] = round(f_beta(*counts), 4)
    best = max(curve, key=lambda limit: curve[limit])
    return {"threshold": best, "validation": {"overlap_f2": {str(k): v for k, v in curve.items()}}}


def thresholds(forward: Forward, rows: list[Row]) -> dict[str, Any]:
    """Return the content of ``thresholds.json``."""
    scored = score_rows(forward, load_tokenizer(), rows)
    pairs = list(zip(rows, scored, strict=True))
    prompts = [(r.attack == 1, float(sigmoid(s.attack))) for r, s in pairs if r.attack is not None]
    material = [(bool(r.instructions), document_score(s)) for r, s in pairs if r.instructions is not None]
    table: dict[str, Any] = {"version": VERSION}
    for name, values in (("attack", prompts), ("instruction", material)):
        flags, scores = np.array([f for f, _ in values]), np.array([s for _, s in values])
        table[name] = head(scores[~flags], scores[flags], RATES[name])
    table["instruction"] |= {"clip": CLIP, "cost": COST, "least": LEAST, "stretch": STRETCH, "near": NEAR}
    table["pii"] = people_threshold(rows, scored)
    return table


def calibrate() -> None:
    """Write ``thresholds.json`` for the int8 model, which is the one that serves, and the manifest."""
    forward = onnx_forward(str(ARTEFACT / "model.onnx"))
    table = thresholds(forward, read_rows(RUNS / "data" / "val.jsonl.gz"))
    (ARTEFACT / "thresholds.json").write_text(json.dumps(table, indent=1) + "\n")
    write_manifest(ARTEFACT)
    print(json.dumps(table, indent=1))
