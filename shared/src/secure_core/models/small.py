"""The small model over whole texts, whatever runs it: tokens, windows, forward passes, logits put together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .artefact import Artefact
from .classifier import Reading, Surface
from .process import once
from .tokens import CLS, SEP, Tokens, load_tokenizer, tokenize
from .windows import Window, buckets, windows

__all__ = ["Batch", "Logits", "SmallClassifier"]

Batch = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Token ids, attention mask and segment ids, [B, T] each."""
Logits = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
"""``attack`` [B], ``orders`` [B, T] and ``entities`` [B, T, tags]."""


class SmallClassifier(ABC):
    """One encoder, three heads, one pass. What a window sees does not depend on the texts beside it.

    Args:
        artefact: the verified files.
        batch_tokens: the most tokens of one forward pass; this bounds the memory. 0: one window at a time.
    """

    def __init__(self, artefact: Artefact, batch_tokens: int) -> None:
        self.artefact = artefact
        self.tags = tuple(tag for _, tag in sorted((int(n), tag) for n, tag in artefact.config["id2label"].items()))
        self._batch_tokens = batch_tokens
        served = artefact.config["secure"]
        self._room, self._overlap = served["window"] - 2, served["overlap"]

    @property
    def version(self) -> str:
        """The artefact's: it changes with any of its files."""
        return self.artefact.version

    def read(self, texts: Sequence[str], surface: Surface) -> list[Reading]:
        """Return the logits of each text, in order."""
        tokenizer = self._tokenizer()
        tokens = [tokenize(tokenizer, text, surface) for text in texts]
        jobs = [(n, w) for n, each in enumerate(tokens) for w in windows(len(each.ids), self._room, self._overlap)]
        answers = [_Answer(len(each.ids), len(self.tags)) for each in tokens]
        for batch in buckets([window.end - window.start for _, window in jobs], self._batch_tokens):
            logits = self._forward(_padded([(tokens[n], w) for n, w in (jobs[job] for job in batch)], surface))
            for row, (n, window) in enumerate(jobs[job] for job in batch):
                answers[n].take(window, row, logits)
        return [
            Reading(text, each.offsets, answer.attack, answer.orders, answer.entities)
            for text, each, answer in zip(texts, tokens, answers, strict=True)
        ]

    @abstractmethod
    def _forward(self, batch: Batch) -> Logits:
        """Run the encoder and its heads."""

    def _tokenizer(self) -> Any:
        return once(("tokenizer", self.version), lambda: load_tokenizer(self.artefact.read("tokenizer.json")))


class _Answer:
    """The logits of one text while its windows come in."""

    __slots__ = ("attack", "entities", "orders")

    def __init__(self, count: int, tags: int) -> None:
        self.attack = -np.inf
        self.orders = np.zeros(count, np.float32)
        self.entities = np.zeros((count, tags), np.float32)

    def take(self, window: Window, row: int, logits: Logits) -> None:
        """Keep what a window decides; an attack anywhere is an attack."""
        own = slice(window.first - window.start + 1, window.last - window.start + 1)
        self.attack = max(self.attack, float(logits[0][row]))
        self.orders[window.first : window.last] = logits[1][row, own]
        self.entities[window.first : window.last] = logits[2][row, own]


def _padded(jobs: Sequence[tuple[Tokens, Window]], surface: Surface) -> Batch:
    rows = list(_rows(jobs, surface))
    width = max(len(ids) for ids, _ in rows)
    ids, mask, segments = (np.zeros((len(rows), width), np.int64) for _ in range(3))
    for row, (own, kinds) in enumerate(rows):
        ids[row, : len(own)], mask[row, : len(own)], segments[row, : len(own)] = own, 1, kinds
    return ids, mask, segments


def _rows(jobs: Sequence[tuple[Tokens, Window]], surface: Surface) -> Iterator[tuple[list[int], list[int]]]:
    edge = [4 * surface]
    for tokens, window in jobs:
        seen = slice(window.start, window.end)
        yield [CLS, *tokens.ids[seen], SEP], [*edge, *tokens.segments[seen], *edge]
