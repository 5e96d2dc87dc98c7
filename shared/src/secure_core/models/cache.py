"""Verdicts of texts that came before, found again without keeping any text."""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections import OrderedDict
from typing import Generic, TypeVar

__all__ = ["Cache"]

T = TypeVar("T")


class Cache(Generic[T]):
    """The latest ``size`` values by text, under a BLAKE2 digest that is keyed at random in each cache.

    Neither a text nor anything from which one could be guessed is kept. Safe between threads, and after a fork.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[bytes, T] = OrderedDict()
        self._secret = secrets.token_bytes(32)
        self._lock, self._process = threading.Lock(), os.getpid()

    def key(self, *parts: str) -> bytes:
        """Return the digest under which a value of ``parts`` is kept."""
        digest = hashlib.blake2b(key=self._secret, digest_size=16)
        for part in parts:
            data = part.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "little"))
            digest.update(data)
        return digest.digest()

    def get(self, key: bytes) -> T | None:
        """Return the value, if it is still there."""
        with self._mutex():
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: bytes, value: T) -> None:
        """Keep a value; the one that was not asked for the longest goes if there are too many."""
        with self._mutex():
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._size:
                self._values.popitem(last=False)

    def _mutex(self) -> threading.Lock:
        if self._process != os.getpid():  # a thread of the parent may have held it
            self._lock, self._process = threading.Lock(), os.getpid()
        return self._lock
