"""Texts to what the small model reads: token ids, segment ids, and where each token stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tokenizers import Tokenizer

from .classifier import Surface

__all__ = ["CLS", "SEP", "Tokens", "load_tokenizer", "tokenize"]

CLS, SEP = 101, 102

_SHAPES = 4
"""Letter cases that a segment id tells apart; the vocabulary knows none."""


class Tokens(NamedTuple):
    """The N tokens of a text, without those that stand around a window."""

    ids: list[int]
    segments: list[int]
    """``4 * surface + case``: 0 no capital, 1 capitalised, 2 all capitals, 3 mixed."""
    offsets: list[tuple[int, int]]


def load_tokenizer(content: bytes) -> Tokenizer:
    """Return the tokenizer of a ``tokenizer.json``, which neither pads nor cuts."""
    tokenizer = Tokenizer.from_str(content.decode("utf-8"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def tokenize(tokenizer: Tokenizer, text: str, surface: Surface) -> Tokens:
    """Return the tokens of a whole text."""
    encoding = tokenizer.encode(text, add_special_tokens=False)
    return Tokens(encoding.ids, _segments(text, encoding.offsets, surface), encoding.offsets)


def _segments(text: str, offsets: Sequence[tuple[int, int]], surface: Surface) -> list[int]:
    base = surface * _SHAPES
    if text == text.lower():
        return [base] * len(offsets)
    return [base + _case(text[start:end]) for start, end in offsets]


def _case(piece: str) -> int:
    if piece == piece.lower():
        return 0
    if len(piece) > 1 and piece == piece.upper():
        return 2
    return 1 if piece[1:] == piece[1:].lower() else 3
