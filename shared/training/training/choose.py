"""``python -m training.choose ARTEFACT...``: which of several artefacts serves best, by the validation split alone.

The rule: each head's figure is the mean over the sources of validation, so that no source outweighs another, of recall
and of the share of benign texts left alone, at the thresholds that `training.calibrate` gives; for `pii` it is the
best overlap F2. The artefact with the highest mean of the three figures is the choice.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from .calibrate import RATES, people_threshold, threshold_at
from .config import PROMPT, RUNS
from .decode import document_score, sigmoid
from .encode import load_tokenizer
from .rows import Row, read_rows
from .score import Scored, onnx_forward, score_rows

#: Sources with fewer rows of one label say too little.
LEAST = 20


def labelled(rows: list[Row], scored: list[Scored], head: str) -> list[tuple[str, bool, float]]:
    """Return source, label and score of the rows that the head is judged by."""
    pairs = zip(rows, scored, strict=True)
    if head == "attack":
        return [(r.source, r.attack == 1, float(sigmoid(s.attack))) for r, s in pairs if r.attack is not None and r.surface == PROMPT]
    return [(r.source, bool(r.instructions), document_score(s)) for r, s in pairs if r.instructions is not None]


def by_source(judged: list[tuple[str, bool, float]], rate: float) -> dict[tuple[str, bool], float]:
    """Return the share judged rightly, for each source and label, at the threshold of a false-positive ``rate``."""
    limit = threshold_at(np.array([score for _, bad, score in judged if not bad]), rate)
    right = defaultdict(list)
    for source, bad, score in judged:
        right[source, bad].append((score >= limit) == bad)
    return {key: float(np.mean(hits)) for key, hits in right.items() if len(hits) >= LEAST}


def figures(artefact: Path, rows: list[Row]) -> dict[str, float]:
    """Return the figure of each head, and their mean."""
    scored = score_rows(onnx_forward(str(artefact / "model.onnx")), load_tokenizer(), rows)
    out = {}
    for head, rate in RATES.items():
        shares = by_source(labelled(rows, scored, head), rate)
        for label, name in ((True, "recall"), (False, "left alone")):
            out[f"{head} {name}"] = float(np.mean([share for (_, bad), share in shares.items() if bad is label]))
        out[head] = (out[f"{head} recall"] + out[f"{head} left alone"]) / 2
    out["pii"] = max(people_threshold(rows, scored)["validation"]["overlap_f2"].values())
    return out | {"mean": (out["attack"] + out["instruction"] + out["pii"]) / 3}


def main(artefacts: list[str]) -> None:
    """Print the figures of every artefact, the best one last."""
    rows = read_rows(RUNS / "data" / "val.jsonl.gz")
    tables = {name: figures(Path(name), rows) for name in artefacts}
    for name, table in sorted(tables.items(), key=lambda item: item[1]["mean"]):
        print(name, {key: round(value, 4) for key, value in table.items()}, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
