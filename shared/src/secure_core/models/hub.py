"""Any sequence or token classifier of ``transformers``, from a folder or a hub: Prompt Guard 2, ProtectAI, any NER."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
)

from .classifier import Reading, Surface
from .process import once
from .torch import best_device
from .windows import buckets, windows

__all__ = ["HubClassifier"]

ATTACK, ORDER = "attack", "order"
_BEGINS = frozenset("BSU")
"""Prefixes of labels that begin an entity (BIO, BILOU and BIOES)."""
_LEAST = 1e-9


class HubClassifier:
    """Reads texts with somebody else's classifier, and calls its labels by our names.

    Args:
        model: a folder, or the id of a model on the hub, which is then fetched by ``transformers`` as it is set up to.
        labels: what the model's labels mean, without their ``B-`` or ``I-``; those left out mean nothing. Of a sequence
            classifier: ``{"MALICIOUS": "attack"}``. Of a token classifier: ``{"PER": "PERSON"}`` under Presidio's
            names, or ``{"INSTRUCTION": "order"}``.
        device: as torch names it; a GPU if there is one.
        revision: of a model on the hub: pin the commit that you have looked at.
        overlap: tokens that two windows of a long text share.
        batch_tokens: the most tokens of one forward pass; this bounds the memory.

    Raises:
        ValueError: the model is not there or is no classifier, or a label is none of its own.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        labels: Mapping[str, str],
        device: str | None = None,
        revision: str = "main",
        overlap: int = 48,
        batch_tokens: int = 8192,
    ) -> None:
        self._options: dict[str, Any] = {
            "model": str(model),
            "labels": dict(labels),
            "device": device or best_device(),
            "revision": revision,
            "overlap": overlap,
            "batch_tokens": batch_tokens,
        }
        self._name, self._revision = str(model), revision
        config = _config(self._name, revision)
        own = [config.id2label[number] for number in range(len(config.id2label))]
        _check_labels(own, labels)
        self._tokenwise = any("TokenClassification" in each for each in config.architectures or ())
        self._meaning = [labels.get(label, labels.get(_plain(label))) for label in own]
        self._begins = [label[:1] in _BEGINS and label[1:2] in "-_" for label in own]
        kinds = dict.fromkeys(kind for kind in self._meaning if kind not in (None, ATTACK, ORDER))
        self.tags: Sequence[str] = ("O", *(f"{prefix}-{kind}" for kind in kinds for prefix in "BI")) if kinds else ()
        self._config = config

    def __reduce__(self) -> tuple[Callable[..., HubClassifier], tuple[Any, ...]]:
        return _rebuilt, (self._options,)

    @property
    def version(self) -> str:
        """The model's name, its commit if it came from a hub, and what its labels were taken to mean."""
        meaning = ",".join(f"{label}={kind}" for label, kind in sorted(self._options["labels"].items()))
        return f"{self._name}@{self._revision}:{meaning}"

    def read(self, texts: Sequence[str], surface: Surface) -> list[Reading]:
        """Return a reading of each text; the model knows of no surfaces."""
        tokenizer = once(("hub tokenizer", self._name, self._revision), self._tokenizer)
        encoded = [tokenizer(text, add_special_tokens=False, return_offsets_mapping=True) for text in texts]
        ids = [each["input_ids"] for each in encoded]
        around = _around(tokenizer)
        room = _room(self._config, tokenizer) - sum(map(len, around))
        jobs = [(n, w) for n, own in enumerate(ids) for w in windows(len(own), room, self._options["overlap"])]
        answers: list[list[tuple[Any, NDArray[np.float32]]]] = [[] for _ in texts]
        for batch in buckets([w.end - w.start for _, w in jobs], self._options["batch_tokens"]):
            rows = [[*around[0], *ids[n][w.start : w.end], *around[1]] for n, w in (jobs[job] for job in batch)]
            for job, answer in zip(batch, self._probabilities(rows, tokenizer.pad_token_id or 0), strict=True):
                answers[jobs[job][0]].append((jobs[job][1], answer))
        return [
            self._reading(text, [(a, b) for a, b in each["offset_mapping"]], answer, len(around[0]))
            for text, each, answer in zip(texts, encoded, answers, strict=True)
        ]

    def _reading(
        self, text: str, offsets: list[tuple[int, int]], answers: Iterable[tuple[Any, NDArray[np.float32]]], before: int
    ) -> Reading:
        if not self._tokenwise:
            wanted = [number for number, kind in enumerate(self._meaning) if kind == ATTACK]
            return Reading(text, offsets, attack=_logit(max(float(each[wanted].sum()) for _, each in answers)))
        labels = np.zeros((len(offsets), len(self._meaning)), np.float32)
        for window, each in answers:
            own = slice(window.first - window.start + before, window.last - window.start + before)
            labels[window.first : window.last] = each[own]
        return Reading(text, offsets, orders=self._orders(labels), entities=self._entities(labels))

    def _orders(self, labels: NDArray[np.float32]) -> NDArray[np.float32] | None:
        wanted = [number for number, kind in enumerate(self._meaning) if kind == ORDER]
        if not wanted:
            return None
        probability = np.clip(labels[:, wanted].sum(axis=1), _LEAST, 1 - 1e-6)
        return np.asarray(np.log(probability / (1 - probability)), np.float32)

    def _entities(self, labels: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """Return log probabilities in the order of `tags`; what means nothing is ``O``."""
        if not self.tags:
            return None
        tags = np.zeros((len(labels), len(self.tags)), np.float32)
        for number, kind in enumerate(self._meaning):
            tag = "O" if kind in (None, ATTACK, ORDER) else f"{'B' if self._begins[number] else 'I'}-{kind}"
            tags[:, self.tags.index(tag)] += labels[:, number]
        return np.log(np.maximum(tags, _LEAST))

    def _probabilities(self, rows: Sequence[Sequence[int]], pad: int) -> NDArray[np.float32]:
        """Return [B, labels] of a sequence classifier, [B, T, labels] of a token classifier."""
        width = max(map(len, rows))
        device = self._options["device"]
        ids = torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows], device=device)
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=device)
        with torch.inference_mode():
            logits = once(("hub", self._name, self._revision, device), self._model)(input_ids=ids, attention_mask=mask)
        probabilities: NDArray[np.float32] = logits.logits.float().softmax(-1).cpu().numpy()
        return probabilities

    def _model(self) -> Any:
        kind = AutoModelForTokenClassification if self._tokenwise else AutoModelForSequenceClassification
        return kind.from_pretrained(self._name, revision=self._revision).eval().to(self._options["device"])

    def _tokenizer(self) -> Any:
        return AutoTokenizer.from_pretrained(self._name, revision=self._revision, use_fast=True)


def _rebuilt(options: dict[str, Any]) -> HubClassifier:
    return HubClassifier(**options)


def _config(model: str, revision: str) -> Any:
    try:
        config = AutoConfig.from_pretrained(model, revision=revision)
    except (OSError, ValueError):
        raise ValueError(f"no model {model!r}, neither here nor on the hub; name a folder that holds one") from None
    heads = config.architectures or ()
    if not any(name.endswith("Classification") for name in heads):
        raise ValueError(f"{model!r} is no sequence or token classifier: {', '.join(heads) or 'it has no head'}")
    return config


def _check_labels(own: Sequence[str], labels: Mapping[str, str]) -> None:
    known = {*own, *map(_plain, own)}
    if not labels or set(labels) - known:
        raise ValueError(f"labels: say what these mean to you: {', '.join(sorted(known))}")


def _plain(label: str) -> str:
    return label[2:] if label[1:2] in ("-", "_") and label[:1] in "BILOESU" else label


def _room(config: Any, tokenizer: Any) -> int:
    """Return the most tokens of a window, those around it included, up to 512."""
    return int(min(512, config.max_position_embeddings, tokenizer.model_max_length))


def _around(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Return the special tokens that the tokenizer puts before and behind a text."""
    marked, bare = tokenizer("a").input_ids, tokenizer("a", add_special_tokens=False).input_ids
    before = marked.index(bare[0])
    return marked[:before], marked[before + len(bare) :]


def _logit(probability: float) -> float:
    clipped = min(max(probability, _LEAST), 1 - 1e-6)
    return float(np.log(clipped / (1 - clipped)))
