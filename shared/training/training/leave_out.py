"""Leave one source out, as far as it can be afforded: linear heads on frozen encoders, retrained without each source.

Two encoders bracket the truth. The base encoder has seen none of our data, so its figures are honest about the
source, but of a weaker model; the trained encoder has seen the source, and only its head has not.
Training the whole model once per source would give the figure in between.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .calibrate import RATES, threshold_at
from .config import ARTEFACT, MATERIAL, PROMPT, RUNS, SEED, WINDOW
from .decode import document_score
from .encode import base_folder, load_tokenizer, segments
from .metrics import Share
from .model import SecureModel, from_base, load
from .rows import Row, read_rows
from .score import Scored

#: Rows of a source that are used, at most.
MOST = 120
#: A source with fewer rows of the training and validation split is not left out.
LEAST = 20


@dataclass(slots=True)
class Known:
    """A row and the encoder's states [T, H] for its first window."""

    row: Row
    offsets: list[tuple[int, int]]
    states: Tensor

    @property
    def pooled(self) -> Tensor:
        """Return the state of [CLS] beside the mean of all, [2H]."""
        return torch.cat([self.states[0], self.states.mean(dim=0)]).float()

    def marks(self) -> Tensor:
        """Return which of the text's tokens belong to an order, [T - 2]."""
        spans = self.row.instructions or []
        return torch.tensor([float(any(s < end and start < e for s, e in spans)) for start, end in self.offsets])


def encoded(model: SecureModel, rows: list[Row]) -> list[Known]:
    """Return the rows with their states, in half precision."""
    tokenizer, out = load_tokenizer(), []
    for row in rows:
        code = tokenizer.encode(row.text)
        ids, offsets = code.ids[:WINDOW], code.offsets[:WINDOW]
        kinds = segments(row.text, offsets, row.surface)
        with torch.no_grad():
            batch = torch.tensor([ids])
            states = model.bert(input_ids=batch, attention_mask=torch.ones_like(batch), token_type_ids=torch.tensor([kinds]))
        out.append(Known(row, offsets[1 : len(code.ids) - 1][: len(ids) - 2], states.last_hidden_state[0].half()))
    return out


def fit(inputs: Tensor, labels: Tensor, passes: int) -> tuple[Tensor, Tensor]:
    """Return weight and bias of a logistic regression by Adam, with weight decay, always the same."""
    torch.manual_seed(SEED)
    centre, spread = inputs.mean(dim=0), inputs.std(dim=0) + 1e-4
    layer = torch.nn.Linear(inputs.shape[1], 1)
    optimizer = torch.optim.AdamW(layer.parameters(), lr=5e-3, weight_decay=0.05)
    for _ in range(passes):
        for part in torch.split(torch.randperm(len(inputs)), 1024):
            loss = F.binary_cross_entropy_with_logits(layer((inputs[part].float() - centre) / spread).squeeze(1), labels[part])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    weight = layer.weight[0].detach() / spread
    return weight, layer.bias.detach() - (weight * centre).sum()


def attack_head(known: list[Known]) -> Callable[[Known], float]:
    """Return a scorer of prompts that was fitted on ``known``."""
    labels = torch.tensor([float(k.row.attack or 0) for k in known])
    weight, bias = fit(torch.stack([k.pooled for k in known]), labels, 30)
    return lambda one: float(one.pooled @ weight + bias)


def instruction_head(known: list[Known]) -> Callable[[Known], float]:
    """Return a scorer of material that was fitted on the tokens of ``known``."""
    states = torch.cat([k.states[1:-1] for k in known])
    centre = states.float().mean(dim=0)
    weight, bias = fit(states - centre.half(), torch.cat([k.marks() for k in known]), 3)

    def score(one: Known) -> float:
        logits = ((one.states[1:-1].float() - centre) @ weight + bias).numpy()
        return document_score(Scored(one.row.text, one.offsets, 0.0, logits, np.zeros((0, 0))))

    return score


def without(
    source: str, training: list[Known], held_out: list[Known], rate: float, make: Callable[[list[Known]], Callable[[Known], float]]
) -> dict[str, str]:
    """Return recall and false positives on a source that neither the head nor its threshold has seen."""
    score = make([k for k in training if family(k.row) != source])
    benign = [score(k) for k in held_out if family(k.row) != source and not bad(k.row)]
    limit = threshold_at(np.array(benign), rate)
    mine = [(bad(k.row), score(k) >= limit) for k in training + held_out if family(k.row) == source]
    out = {}
    for label, name in ((True, "recall"), (False, "false positives")):
        hits = [hit for flag, hit in mine if flag is label]
        if len(hits) >= LEAST:
            out[name] = str(Share(sum(hits), len(hits)))
    return out


def bad(row: Row) -> bool:
    """Say whether a row holds what its head looks for."""
    return bool(row.attack) if row.surface == PROMPT else bool(row.instructions)


def family(row: Row) -> str:
    """Return the source of a row; all that this recipe made up is one source, and so are a set and its cleaned texts."""
    return "made up" if row.source.startswith("synth") else row.source.removesuffix("_clean")


def chosen(name: str, surface: int) -> list[Row]:
    """Return rows of a built file with a label for the head of ``surface``, at most MOST a source."""
    counts: dict[tuple[str, bool], int] = {}
    out = []
    for row in read_rows(RUNS / "data" / name):
        labelled = row.attack is not None if surface == PROMPT else row.instructions is not None
        key = (row.source, bad(row))
        if row.surface == surface and labelled and counts.get(key, 0) < MOST:
            counts[key] = counts.get(key, 0) + 1
            out.append(row)
    return out


def leave_out() -> None:
    """Print and write ``runs/leave_out.json``: a line for each source, head and encoder."""
    torch.set_num_threads(1)
    table: dict[str, dict[str, str]] = {}
    for surface, head, make in ((PROMPT, "attack", attack_head), (MATERIAL, "instruction", instruction_head)):
        rows = [chosen("train.jsonl.gz", surface) + chosen("last.jsonl.gz", surface)[: 10 * MOST], chosen("val.jsonl.gz", surface)]
        for encoder, model in (("base", from_base(base_folder()).eval()), ("trained", load(ARTEFACT))):
            training, held_out = (encoded(model, part) for part in rows)
            for source in sorted({family(k.row) for k in training} - {"made up"}):
                for name, share in without(source, training, held_out, RATES[head], make).items():
                    table.setdefault(f"{head} {source} {name}", {})[encoder] = share
    for key, shares in table.items():
        print(f"{key:60s} base {shares['base']}  trained {shares['trained']}", flush=True)
    (RUNS / "leave_out.json").write_text(json.dumps(table, indent=1))
