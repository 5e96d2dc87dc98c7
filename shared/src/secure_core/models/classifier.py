"""What a model is to the rest of the core: texts in, scores with their places out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

__all__ = ["Classifier", "Reading", "Surface"]


class Surface(IntEnum):
    """What a text is to the model: the same order is a user's right, and an attack in a document."""

    PROMPT = 0
    """Said by a user."""
    MATERIAL = 1
    """Brought by a retriever, a tool or an importer."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model reads in one text of N tokens, as logits; ``None`` for what it does not judge."""

    text: str = field(repr=False)
    offsets: Sequence[tuple[int, int]] = field(repr=False)
    """Of each token: the range of the text, in Python string offsets."""
    attack: float | None = None
    """Of the whole text: it attacks the application that it is said to."""
    orders: Floats | None = field(default=None, repr=False)
    """[N] Of each token: part of an order to the model that reads it."""
    entities: Floats | None = field(default=None, repr=False)
    """[N, tags] Of each token: the classifier's `Classifier.tags`."""


class Classifier(Protocol):
    """Reads texts. Safe to share between threads, to pickle, and to use after a fork."""

    @property
    def version(self) -> str:
        """Names the weights: another version may read something else."""
        ...

    @property
    def tags(self) -> Sequence[str]:
        """The tags of `Reading.entities`: ``O``, then ``B-`` and ``I-`` for each entity in turn; may be empty."""
        ...

    def read(self, texts: Sequence[str], surface: Surface) -> list[Reading]:
        """Return a reading of each text, in order; it does not depend on the other texts."""
        ...
