"""The cycles of training, one after another, each from the weights that those before it have left.

A mean of two cycles' weights keeps what each has learnt (model soups, arXiv 2203.05482), and is what later ones start from.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import torch

from .config import RUNS
from .soup import mix
from .train import checkpoint


class Cycle(NamedTuple):
    """A run of `train` from where the last one ended, or from a mean."""

    name: str
    end: int
    """Steps of each worker after which the rate has fallen to nothing."""
    start: tuple[str, ...] = ()
    """The cycles whose mean it starts from, if not the last one."""


CYCLES = (
    Cycle("first", 770),
    Cycle("second", 1400),
    Cycle("third", 3220),
    Cycle("gaps", 4020, start=("second", "third")),
    Cycle("whole", 6420, start=("second", "gaps")),
)
SHIPPED = ("second", "whole")
"""The cycles whose mean is exported."""


def kept(name: str) -> Path:
    """Return where the checkpoint at the end of a cycle is kept."""
    return RUNS / f"{name}.pt"


def cycles() -> None:
    """Train every cycle that has not ended; ``runs/checkpoint.0.pt`` is the mean that is to be exported."""
    for number, cycle in enumerate(CYCLES):
        if kept(cycle.name).exists():
            continue
        begin = CYCLES[number - 1].end if number else 0
        if cycle.start and torch.load(checkpoint(0))["step"] == begin:  # else it was stopped on its way
            mix([kept(name) for name in cycle.start], step=begin)
        ends = ",".join(str(each.end) for each in CYCLES[: number + 1])
        subprocess.run(  # the workers read their plan when they start
            [sys.executable, "-m", "training", "train"], env={**os.environ, "SECURE_ENDS": ends}, check=True
        )
        shutil.copy(checkpoint(0), kept(cycle.name))
    mix([kept(name) for name in SHIPPED], step=CYCLES[-1].end)
