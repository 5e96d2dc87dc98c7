"""``python -m training STEP...``: build, train, export, calibrate, evaluate, leave_out, or all."""

from __future__ import annotations

import os
import sys
from importlib import import_module

STEPS = ("build", "cycles", "export", "calibrate", "evaluate", "leave_out")
ONE_CYCLE = ("train",)


def main(arguments: list[str]) -> None:
    """Run the named steps in order."""
    steps = STEPS if arguments == ["all"] else tuple(arguments)
    if not steps or set(steps) - {*STEPS, *ONE_CYCLE}:
        raise SystemExit(f"usage: python -m training [all | {' | '.join((*STEPS, *ONE_CYCLE))}]...")
    for step in steps:
        getattr(import_module(f".{step}", __package__), step)()


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # Faker draws some cities from sets, whose order depends on it
        os.execve(sys.executable, [sys.executable, "-m", "training", *sys.argv[1:]], {**os.environ, "PYTHONHASHSEED": "0"})  # noqa: S606
    main(sys.argv[1:])
