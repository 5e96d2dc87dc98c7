"""Training on CPU cores: one process per core, same seed, same result.

``python -m training train`` starts ``WORKERS`` processes of one thread each.
Each trains a copy on its own share of the batches; every few steps they average their weights.
(Averaging gradients at every step makes all wait for the slowest, which is costly on a busy machine.)
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor
from torch.multiprocessing.spawn import spawn
from torch.nn import functional as F

from .config import RUNS, SEED, TAGS
from .encode import SKIP, Example, base_folder, encode_all, load_tokenizer
from .model import SecureModel, from_base
from .rows import read_rows

WORKERS = int(os.environ.get("SECURE_WORKERS", "2"))
#: Steps of each worker at which the learning rate has fallen to nothing; after each it rises again, to less.
ENDS = tuple(int(end) for end in os.environ.get("SECURE_ENDS", "770,1400").split(","))
STEPS = ENDS[-1]
#: Tokens in a batch of one worker, padding included.
TOKENS = 2048
RATE, HEAD_RATE, WARMUP = 3e-4, 1e-3, 100
#: The built files in the order of reading, and the steps spent on each.
PHASES = (
    ("train.jsonl.gz", 500),
    ("late.jsonl.gz", 450),
    ("more.jsonl.gz", 850),
    ("last.jsonl.gz", 850),
    ("guises.jsonl.gz", 570),
    ("gaps.jsonl.gz", 800),
    ("whole.jsonl.gz", 10**9),
)
#: The last part of a cycle, over which the rate falls to nothing; the height of later cycles.
DECAY, AGAIN = 0.35, 0.6
#: Steps between two averagings.
TOGETHER = 10
WEIGHTS = {"attack": 1.0, "instruction": 2.0, "pii": 1.0}
SAVE_EVERY, NOTE_EVERY = 50, 20


class Stopwatch:
    """Prints a line of named numbers now and then."""

    def __init__(self, log: Path) -> None:
        """Append to the file ``log``."""
        self.log, self.start = log, time.time()

    def note(self, **numbers: float) -> None:
        """Write the numbers and the seconds since the start."""
        line = json.dumps({"s": round(time.time() - self.start), **{k: round(v, 5) for k, v in numbers.items()}})
        with self.log.open("a") as out:
            out.write(line + "\n")
        print(line, flush=True)


def batches(examples: list[Example], rng: random.Random) -> list[list[int]]:
    """Return an epoch of index lists: shuffled, alike in length, at most TOKENS tokens each."""
    order = list(range(len(examples)))
    rng.shuffle(order)
    out: list[list[int]] = []
    for at in range(0, len(order), 2048):
        pool = sorted(order[at : at + 2048], key=lambda i: len(examples[i].ids))
        batch: list[int] = []
        for index in pool:
            if batch and (len(batch) + 1) * len(examples[index].ids) > TOKENS:
                out.append(batch)
                batch = []
            batch.append(index)
        out.append(batch)
    rng.shuffle(out)
    return out


def collate(examples: list[Example]) -> dict[str, Tensor]:
    """Pad examples to the longest and stack them."""
    width = max(len(e.ids) for e in examples)

    def stack(name: str, fill: int) -> Tensor:
        table = np.full((len(examples), width), fill, dtype=np.int64)
        for row, example in enumerate(examples):
            values = getattr(example, name)
            table[row, : len(values)] = values
        return torch.from_numpy(table)

    ids = stack("ids", 0)
    lengths = torch.tensor([len(e.ids) for e in examples])
    bits = torch.tensor([e.tags for e in examples])
    return {
        "input_ids": ids,
        "attention_mask": (torch.arange(width)[None, :] < lengths[:, None]).long(),
        "token_type_ids": stack("segments", 0),
        "attack": torch.tensor([float(e.attack) for e in examples]),
        "instruction": stack("instruction", SKIP),
        "pii": stack("pii", SKIP),
        "tags": (bits[:, None] >> torch.arange(len(TAGS))) & 1,
    }


def losses(model: SecureModel, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the mean loss of each head over what is labelled in the batch."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        attack, instruction, pii = model(batch["input_ids"], batch["attention_mask"], batch["token_type_ids"])
    attack, instruction, pii = attack.float(), instruction.float(), pii.float()
    known, told, named = batch["attack"] != SKIP, batch["instruction"] != SKIP, batch["pii"] != SKIP
    zero = attack.sum() * 0
    out = {"attack": zero, "instruction": zero, "pii": zero}
    if known.any():
        out["attack"] = F.binary_cross_entropy_with_logits(attack[known], batch["attack"][known])
    if told.any():
        out["instruction"] = F.binary_cross_entropy_with_logits(instruction[told], batch["instruction"][told].float())
    if named.any():
        # A tag that the source does not label cannot be wrong there, so it does not compete.
        pii = pii.masked_fill(batch["tags"][:, None, :] == 0, -1e4)
        out["pii"] = F.cross_entropy(pii[named], batch["pii"][named])
    return out


def rate_at(step: int) -> float:
    """Return the share of the full learning rate: in each cycle a ramp, a plateau, a fall."""
    start, end = 0, STEPS
    for start, end in pairwise((0, *ENDS)):  # noqa: B007
        if step < end:
            break
    height = AGAIN if start else 1.0
    return height * min(1.0, (step - start + 1) / WARMUP, (end - step) / (DECAY * (end - start)))


def make_optimizer(model: SecureModel) -> torch.optim.Optimizer:
    """Return AdamW; biases and norms do not decay, heads learn faster."""
    groups = []
    for part, rate in ((model.bert, RATE), (model.heads, HEAD_RATE)):
        wanted = [p for p in part.parameters() if p.requires_grad]
        groups.append({"params": [p for p in wanted if p.ndim > 1], "lr": rate, "weight_decay": 0.01})
        groups.append({"params": [p for p in wanted if p.ndim <= 1], "lr": rate, "weight_decay": 0.0})
    for group in groups:
        group["full"] = group["lr"]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True)


def share_weights(parameters: list[torch.nn.Parameter]) -> None:
    """Average the weights of all workers in one message."""
    if WORKERS == 1:
        return
    with torch.no_grad():
        flat = torch.nn.utils.parameters_to_vector(parameters)
        dist.all_reduce(flat)
        torch.nn.utils.vector_to_parameters(flat / WORKERS, parameters)


def read_examples(name: str) -> list[Example]:
    """Return the encoded rows of a built file."""
    return encode_all(read_rows(RUNS / "data" / name), load_tokenizer())


def all_batches(rank: int, done: int) -> Iterator[dict[str, Tensor]]:
    """Yield this worker's batches from step ``done`` on, through all phases."""
    for name, steps in PHASES:
        if done < steps:
            yield from islice(batch_stream(read_examples(name), rank, done), steps - done)
        done = max(0, done - steps)


def batch_stream(examples: list[Example], rank: int, skip: int) -> Iterator[dict[str, Tensor]]:
    """Yield this worker's batches for ever, epoch after epoch, after ``skip`` of them."""
    epoch, seen = 0, 0
    while True:
        for batch in batches(examples, random.Random(SEED + epoch))[rank::WORKERS]:
            seen += 1
            if seen > skip:
                yield collate([examples[i] for i in batch])
        epoch += 1


def checkpoint(rank: int) -> Path:
    """Return where worker ``rank`` keeps its state; the weights of all are the same there."""
    return RUNS / f"checkpoint.{rank}.pt"


def save(rank: int, model: SecureModel, optimizer: torch.optim.Optimizer, step: int) -> None:
    """Write a checkpoint; a crash while writing leaves the old one."""
    path = checkpoint(rank)
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


def resume(rank: int, model: SecureModel, optimizer: torch.optim.Optimizer) -> int:
    """Load the last checkpoint, if any, and return the number of steps done."""
    if not checkpoint(rank).exists():
        return 0
    state = torch.load(checkpoint(rank))
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])


def update(model: SecureModel, optimizer: torch.optim.Optimizer, batch: dict[str, Tensor], step: int) -> dict[str, float]:
    """Take one step and return the loss of each head."""
    parts = losses(model, batch)
    optimizer.zero_grad()
    torch.autograd.backward(torch.stack([WEIGHTS[name] * part for name, part in parts.items()]).sum())
    torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
    for group in optimizer.param_groups:
        group["lr"] = group["full"] * rate_at(step)
    optimizer.step()
    return {name: part.item() for name, part in parts.items()}


def work(rank: int) -> None:
    """Train as worker ``rank``; worker 0 logs."""
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    if WORKERS > 1:
        dist.init_process_group("gloo", init_method=f"file://{RUNS}/rendezvous", rank=rank, world_size=WORKERS, timeout=timedelta(hours=2))
    model = from_base(base_folder())
    optimizer = make_optimizer(model)
    start = resume(rank, model, optimizer)
    parameters = [p for p in model.parameters() if p.requires_grad]
    watch, sums, tokens = Stopwatch(RUNS / "train.log"), dict.fromkeys(WEIGHTS, 0.0), 0
    model.train()
    for step, batch in zip(range(start + 1, STEPS + 1), all_batches(rank, start), strict=False):
        tokens += batch["input_ids"].numel()
        for name, loss in update(model, optimizer, batch, step - 1).items():
            sums[name] += loss / NOTE_EVERY
        if step % TOGETHER == 0 or step == STEPS:
            share_weights(parameters)
        if step % NOTE_EVERY == 0:
            if rank == 0:
                watch.note(step=step, tokens=WORKERS * tokens, rate=rate_at(step), **sums)
            sums = dict.fromkeys(WEIGHTS, 0.0)
        if step % SAVE_EVERY == 0 or step == STEPS:
            save(rank, model, optimizer, step)


def train() -> None:
    """Train from the last checkpoint, or from the base model, to ``runs/checkpoint.0.pt``."""
    with contextlib.suppress(FileNotFoundError):
        (RUNS / "rendezvous").unlink()
    if WORKERS == 1:
        work(0)
    else:
        spawn(work, nprocs=WORKERS)  # type: ignore[no-untyped-call]
