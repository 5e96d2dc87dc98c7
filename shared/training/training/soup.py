"""The mean of the weights of several checkpoints, to go on from."""

from __future__ import annotations

from pathlib import Path

import torch

from .train import WORKERS, checkpoint

__all__ = ["mix"]


def mix(paths: list[Path], step: int) -> None:
    """Write ``runs/checkpoint.*.pt`` for every worker, at ``step``; the optimizer's state is that of the last path."""
    states = [torch.load(path) for path in paths]
    weights = {name: sum(state["model"][name] for state in states) / len(states) for name in states[0]["model"]}
    for worker in range(WORKERS):
        torch.save({**states[-1], "model": weights, "step": step}, checkpoint(worker))
