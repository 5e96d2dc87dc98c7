"""Measure the model tier beside others in one run: ``python -m tests.benchmarks.models [--quick] [--json FILE]``.

The others are the shapes of DeBERTa-v3-base (ProtectAI v2, deepset) and of Prompt Guard 2 22M with random weights and
a small vocabulary, which changes no time: exported to ONNX, and int8 (dynamic, per channel). One window of 128 tokens,
one thread, ONNX Runtime, everybody in turn, medians of processor time; what counts is the ratio. Then a process that
judges its first text by the default policy: its wall time and its memory.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Column, Table

OURS = "secure-core, int8"
TOKENS = 128
SHAPES: Mapping[str, Mapping[str, int]] = {
    "DeBERTa-v3-base": {"hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072},
    "Prompt Guard 2 22M": {"hidden_size": 384, "num_attention_heads": 6, "intermediate_size": 1536},
}
"""Twelve layers each."""

FIRST_VERDICT = """
import sys, time
begin = time.perf_counter()
from secure_core import Guard
imported = time.perf_counter()
guard = Guard.from_policy("default")
built = time.perf_counter()
guard.check("Which bus goes from the harbour to the old town on Sundays?", stage="input")
judged = time.perf_counter()
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
heavy = sorted({"torch", "transformers", "spacy", "presidio_analyzer"} & set(sys.modules))
print(imported - begin, built - imported, judged - built, peak / 1024, *heavy)
"""


def session(model: str | bytes) -> Any:
    """Load a model as the shipped one is: one thread, no spinning."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def export(shape: Mapping[str, int], file: Path) -> None:
    """Write a DeBERTa-v2 sequence classifier with random weights as ONNX in single precision."""
    import torch
    from transformers import DebertaV2Config, DebertaV2ForSequenceClassification

    config = DebertaV2Config(
        **shape,
        vocab_size=1000,
        num_hidden_layers=12,
        relative_attention=True,
        position_buckets=256,
        max_relative_positions=-1,
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        pos_att_type=["p2c", "c2p"],
        position_biased_input=False,
        type_vocab_size=0,
        return_dict=False,
    )
    model = DebertaV2ForSequenceClassification(config).eval()
    ids = torch.ones((1, TOKENS), dtype=torch.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (ids, torch.ones_like(ids)),
            str(file),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            opset_version=17,
            dynamo=False,
        )


def quantize(file: Path) -> Path:
    """Write the int8 sibling of an ONNX file: dynamic, per channel."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    small = file.with_suffix(".int8.onnx")
    quantize_dynamic(str(file), str(small), weight_type=QuantType.QInt8, per_channel=True)
    return small


def contenders(folder: Path) -> dict[str, Callable[[], object]]:
    """Return who is measured, each a function that reads one window; ours stands first."""
    from secure_core.models.artefact import Artefact

    ids = np.random.default_rng(0).integers(200, 1000, (1, TOKENS))
    mask = np.ones_like(ids)
    ours = session(Artefact().read("model.onnx"))
    everybody: dict[str, Callable[[], object]] = {
        OURS: lambda: ours.run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": 0 * ids})
    }
    for name, shape in SHAPES.items():
        file = folder / f"{name.replace(' ', '-')}.onnx"
        export(shape, file)
        for kind, path in (("fp32", file), ("int8", quantize(file))):
            theirs = session(str(path))
            feeds = {"input_ids": ids, "attention_mask": mask}
            everybody[f"{name}, {kind}"] = lambda theirs=theirs, feeds=feeds: theirs.run(None, feeds)  # type: ignore[misc]
    return everybody


def measure(everybody: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, dict[str, float]]:
    """Return for each the median milliseconds of processor time, and how many times ours that is."""
    times: dict[str, list[float]] = {name: [] for name in everybody}
    for number in range(rounds + 2):
        for name, run in everybody.items():
            begin = process_time()
            run()
            if number >= 2:
                times[name].append((process_time() - begin) * 1000)
    ours = median(times[OURS])
    return {name: {"ms": median(each), "ratio": median(each) / ours} for name, each in times.items()}


def measure_start(rounds: int) -> dict[str, Any]:
    """Return the medians of a fresh process with the default policy, from its import to its first verdict."""
    answers = [subprocess.check_output([sys.executable, "-c", FIRST_VERDICT], text=True).split() for _ in range(rounds)]
    columns = [median(float(answer[number]) for answer in answers) for number in range(4)]
    names = ("import_s", "build_s", "first_verdict_s", "peak_mb")
    return {**dict(zip(names, columns, strict=True)), "total_s": sum(columns[:3]), "heavy": answers[0][4:]}


def show(console: Console, results: Mapping[str, Any]) -> None:
    """Print the results as tables."""
    table = Table(f"1 × {TOKENS} tokens, one thread", Column("ms", justify="right"), Column("× ours", justify="right"))
    for name, each in results["models"].items():
        table.add_row(name, f"{each['ms']:.1f}", f"{each['ratio']:.1f}")
    console.print(table)
    start = results["start"]
    console.print(
        f"first verdict after {start['total_s']:.2f} s (import {start['import_s']:.2f}, guard {start['build_s']:.2f}, "
        f"verdict {start['first_verdict_s']:.2f}); peak {start['peak_mb']:.0f} MB; "
        f"heavy imports: {', '.join(start['heavy']) or 'none'}"
    )


def main() -> None:
    """Measure, print, and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fifth of the rounds")
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    given = parser.parse_args()
    rounds = 10 if given.quick else 50
    with tempfile.TemporaryDirectory() as folder:
        models = measure(contenders(Path(folder)), rounds)
    results = {"models": models, "start": measure_start(3 if given.quick else 7)}
    show(Console(width=None if sys.stdout.isatty() else 100), results)
    if given.json:
        given.json.write_text(json.dumps(results, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
