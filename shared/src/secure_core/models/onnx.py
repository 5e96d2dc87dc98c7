"""The shipped model in ONNX Runtime: int8, one thread, one window at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .artefact import PUBLIC_KEY, Artefact
from .process import once
from .small import Batch, Logits, SmallClassifier

__all__ = ["OnnxClassifier"]

_FILE = "model.onnx"
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class OnnxClassifier(SmallClassifier):
    """Runs without torch and without a network, loads at the first text, and shares the session in its process.

    A window is run by itself: on one thread a batch is no faster, and so a text's score is the same to the last bit
    alone and in any batch.

    Args:
        folder: a signed folder of weights; the shipped one by default.
        threads: of ONNX Runtime within one operator. More than one helps only where cores are idle.
        public_key: verifies the folder's manifest; ours by default.

    Raises:
        IntegrityError: a file is missing, or is not what the signed manifest says.
    """

    def __init__(self, folder: str | Path | None = None, *, threads: int = 1, public_key: str = PUBLIC_KEY) -> None:
        artefact = Artefact(folder, public_key)
        artefact.verify()
        super().__init__(artefact, batch_tokens=0)
        self._threads, self._public_key = threads, public_key

    def __reduce__(self) -> tuple[Callable[..., OnnxClassifier], tuple[Any, ...]]:
        return _rebuilt, (str(self.artefact.folder), self._threads, self._public_key)

    def _forward(self, batch: Batch) -> Logits:
        attack, orders, entities = self._session().run(None, dict(zip(_INPUTS, batch, strict=True)))
        return attack, orders, entities

    def _session(self) -> Any:
        return once(("onnx", self.version, self._threads), lambda: _session(self.artefact.read(_FILE), self._threads))


def _rebuilt(folder: str, threads: int, public_key: str) -> OnnxClassifier:
    return OnnxClassifier(folder, threads=threads, public_key=public_key)


def _session(model: bytes, threads: int) -> Any:
    import onnxruntime as ort  # type: ignore[import-untyped]

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
