"""Local models: what they read in a text, and what is made of it.

A `Classifier` gives scores for a text and for its tokens; there are three: `OnnxClassifier` (the shipped model,
the default), `TorchClassifier` (the same weights in torch) and `HubClassifier` (any sequence or token classifier
of ``transformers``). A `Judge` turns scores into verdicts, and remembers them. `SmallModelRecognizer` is the shipped
model's personal entities for those who use Presidio by itself.

Importing this package loads none of the libraries behind it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .classifier import Classifier, Reading, Surface
    from .hub import HubClassifier
    from .judge import Judge, Thresholds, Verdict, shipped
    from .onnx import OnnxClassifier
    from .recognizer import SmallModelRecognizer
    from .torch import TorchClassifier

__all__ = [
    "Classifier",
    "HubClassifier",
    "Judge",
    "OnnxClassifier",
    "Reading",
    "SmallModelRecognizer",
    "Surface",
    "Thresholds",
    "TorchClassifier",
    "Verdict",
    "shipped",
]

_HOMES = {
    "classifier": ("Classifier", "Reading", "Surface"),
    "hub": ("HubClassifier",),
    "judge": ("Judge", "Thresholds", "Verdict", "shipped"),
    "onnx": ("OnnxClassifier",),
    "recognizer": ("SmallModelRecognizer",),
    "torch": ("TorchClassifier",),
}


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
