"""What is loaded once in a process, for all its threads, and once more in each process that is forked off it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable
from typing import TypeVar

__all__ = ["once"]

T = TypeVar("T")

_loaded: dict[Hashable, object] = {}
_lock = threading.RLock()
_inherited: list[object] = []


def once(key: Hashable, load: Callable[[], T]) -> T:
    """Return what ``load`` returned when this process first asked for ``key``."""
    with _lock:
        if key not in _loaded:
            _loaded[key] = load()
        return _loaded[key]  # type: ignore[return-value]


def _after_fork() -> None:
    """Leave the parent's sessions alone (their threads are not here, their locks may be held) and begin anew."""
    global _loaded, _lock
    _inherited.append(_loaded)
    _loaded, _lock = {}, threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
