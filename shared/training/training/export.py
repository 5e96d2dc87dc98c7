"""Checkpoint to artefact: safetensors, tokenizer, config and ONNX int8."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import onnx
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from .config import ARTEFACT, OVERLAP, RUNS, SEED, SHAPES, TAGS, VERSION, WINDOW
from .encode import base_folder, load_tokenizer
from .graph import Ranges, build_graph
from .model import SecureModel, from_base, model_config
from .rows import read_rows
from .score import score_rows, torch_forward

#: Training texts that set the scales, and the share of values that they must hold.
#: (0.9999 clips the outliers that BERT states need: logits were off by 0.3 on average instead of 0.07.)
CALIBRATION, INSIDE = 600, 0.99999
_TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "vocab.txt")


def observe(model: SecureModel) -> Ranges:
    """Return the range of the input of every encoder product on training texts."""
    ranges: Ranges = {}

    def watch(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def hook(_module: nn.Module, inputs: tuple[Tensor, ...], _output: Tensor) -> None:
            values = inputs[0].reshape(-1)
            outside = max(1, int((1 - INSIDE) * values.numel()))
            low, high = -float(torch.topk(-values, outside).values[-1]), float(torch.topk(values, outside).values[-1])
            before = ranges.get(name, (low, high))
            ranges[name] = (min(before[0], low), max(before[1], high))

        return hook

    products = [(n, m) for n, m in model.named_modules() if isinstance(m, nn.Linear) and n.startswith("bert.")]
    hooks = [module.register_forward_hook(watch(name)) for name, module in products]
    rows = read_rows(RUNS / "data" / "late.jsonl.gz")
    score_rows(torch_forward(model), load_tokenizer(), random.Random(SEED).sample(rows, CALIBRATION))
    for hook in hooks:
        hook.remove()
    return ranges


def to_onnx(model: SecureModel, ranges: Ranges | None) -> onnx.ModelProto:
    """Return the ONNX graph of a model; int8 when ranges are given."""
    config = model.bert.config
    weights = {name: value.detach().float().numpy() for name, value in model.state_dict().items()}
    return build_graph(weights, config.num_hidden_layers, config.num_attention_heads, config.layer_norm_eps, ranges)


def write_config(folder: Path) -> None:
    """Write ``config.json`` with what serving must know beside the encoder's shape."""
    config = model_config(base_folder())
    config.architectures = ["SecureModel"]
    config.id2label = dict(enumerate(TAGS))
    config.label2id = {tag: number for number, tag in enumerate(TAGS)}
    config.update(
        {
            "secure": {
                "version": VERSION,
                "window": WINDOW,
                "overlap": OVERLAP,
                "surfaces": {"prompt": 0, "material": 1},
                "shapes": SHAPES,
                "heads": ["attack", "instruction", "pii"],
            }
        }
    )
    config.save_pretrained(folder)


def trained() -> SecureModel:
    """Return the model of the last checkpoint."""
    model = from_base(base_folder())
    model.load_state_dict(torch.load(RUNS / "checkpoint.0.pt")["model"])
    return model.eval()


def export() -> None:
    """Write the artefact folder, except for thresholds and manifest."""
    torch.set_num_threads(1)
    ARTEFACT.mkdir(parents=True, exist_ok=True)
    model = trained()
    half = {name: value.half().contiguous() for name, value in model.state_dict().items()}
    save_file(half, ARTEFACT / "model.safetensors", metadata={"format": "pt"})
    (ARTEFACT / "model.safetensors").chmod(0o644)  # it comes readable by the owner alone
    model.load_state_dict({name: value.float() for name, value in half.items()})  # what is shipped is what is exported
    for name in _TOKENIZER:
        shutil.copy(base_folder() / name, ARTEFACT / name)
    write_config(ARTEFACT)
    onnx.save(to_onnx(model, observe(model)), ARTEFACT / "model.onnx")
    if os.environ.get("SECURE_FP32"):
        onnx.save(to_onnx(model, None), ARTEFACT / "model.fp32.onnx")
