"""Runs a model over whole texts: windows in, logits per text out.

This is the reference for serving: windows, merge and decoding must match it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from .config import MATERIAL, OVERLAP, PROMPT, TAGS, WINDOW
from .encode import segments
from .rows import Row

#: (input_ids, attention_mask, token_type_ids), each [B, T] int64, to attack [B], instruction [B, T], pii [B, T, tags].
Forward = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
CLS, SEP = 101, 102
#: Tokens of text in one window, and from one window's start to the next.
ROOM = WINDOW - 2
STRIDE = ROOM - OVERLAP


@dataclass(slots=True)
class Scored:
    """The logits of one text with N tokens."""

    text: str
    offsets: list[tuple[int, int]]  # [N] string offsets
    attack: float  # the highest logit of any window
    instruction: np.ndarray  # [N]
    pii: np.ndarray  # [N, tags]


def window_starts(count: int) -> list[int]:
    """Return where windows over ``count`` tokens start; the last one ends with the text."""
    if count <= ROOM:
        return [0]
    starts = list(range(0, count - ROOM, STRIDE))
    return [*starts, count - ROOM]


def owned(starts: Sequence[int], number: int, count: int) -> tuple[int, int]:
    """Return the tokens that window ``number`` decides: overlaps are shared in the middle."""
    start = starts[number]
    left = 0 if number == 0 else (starts[number - 1] + ROOM + start) // 2
    right = count if number + 1 == len(starts) else (start + ROOM + starts[number + 1]) // 2
    return left, right


def score_texts(forward: Forward, tokenizer: Tokenizer, texts: Sequence[str], surface: int, batch_tokens: int = 4096) -> list[Scored]:
    """Return the logits of every text, in order."""
    encodings = [tokenizer.encode(text, add_special_tokens=False) for text in texts]
    kinds = [segments(text, e.offsets, surface) for text, e in zip(texts, encodings, strict=True)]
    out = [
        Scored(t, e.offsets, -np.inf, np.zeros(len(e.ids), np.float32), np.zeros((len(e.ids), len(TAGS)), np.float32))
        for t, e in zip(texts, encodings, strict=True)
    ]
    jobs = [(text, number) for text, e in enumerate(encodings) for number in range(len(window_starts(len(e.ids))))]
    jobs.sort(key=lambda job: min(ROOM, len(encodings[job[0]].ids)))
    for batch in _chunks(jobs, [min(ROOM, len(encodings[text].ids)) + 2 for text, _ in jobs], batch_tokens):
        windows = [_window(encodings[text].ids, kinds[text], surface, number) for text, number in batch]
        attack, instruction, pii = forward(*_pad(windows))
        for row, (text, number) in enumerate(batch):
            count = len(encodings[text].ids)
            starts = window_starts(count)
            left, right = owned(starts, number, count)
            here = slice(left - starts[number] + 1, right - starts[number] + 1)
            out[text].attack = max(out[text].attack, float(attack[row]))
            out[text].instruction[left:right] = instruction[row, here]
            out[text].pii[left:right] = pii[row, here]
    return out


def score_rows(forward: Forward, tokenizer: Tokenizer, rows: Sequence[Row]) -> list[Scored]:
    """Return the logits of rows, each on its own surface, in order."""
    out: dict[int, Scored] = {}
    for surface in (PROMPT, MATERIAL):
        wanted = [n for n, row in enumerate(rows) if row.surface == surface]
        out.update(zip(wanted, score_texts(forward, tokenizer, [rows[n].text for n in wanted], surface), strict=True))
    return [out[n] for n in range(len(rows))]


def _chunks(jobs: list[tuple[int, int]], lengths: list[int], most: int) -> Iterator[list[tuple[int, int]]]:
    batch: list[tuple[int, int]] = []
    for job, length in zip(jobs, lengths, strict=True):
        if batch and (len(batch) + 1) * length > most:
            yield batch
            batch = []
        batch.append(job)
    if batch:
        yield batch


def _window(ids: list[int], kinds: list[int], surface: int, number: int) -> tuple[list[int], list[int]]:
    start = window_starts(len(ids))[number]
    edge = segments("", [(0, 0)], surface)
    return [CLS, *ids[start : start + ROOM], SEP], [*edge, *kinds[start : start + ROOM], *edge]


def _pad(windows: list[tuple[list[int], list[int]]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    width = max(len(ids) for ids, _ in windows)
    ids, mask, kinds = (np.zeros((len(windows), width), np.int64) for _ in range(3))
    for row, (tokens, segment) in enumerate(windows):
        ids[row, : len(tokens)], kinds[row, : len(tokens)], mask[row, : len(tokens)] = tokens, segment, 1
    return ids, mask, kinds


def torch_forward(model: object) -> Forward:
    """Return a forward function over a torch model in evaluation mode."""
    import torch

    def forward(*arrays: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        with torch.inference_mode():
            return tuple(out.float().numpy() for out in model(*map(torch.from_numpy, arrays)))  # type: ignore[operator]

    return forward


def onnx_forward(path: str) -> Forward:
    """Return a forward function over an ONNX file, one thread."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def forward(ids: np.ndarray, mask: np.ndarray, kinds: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return tuple(session.run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": kinds}))

    return forward
