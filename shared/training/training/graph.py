"""The model as an ONNX graph, node by node: single precision, or int8 with fixed scales.

Written by hand because the shipped file depends on where it is quantised:
only the inputs and weights of the large matrix products are int8,
activations have one scale from calibration, so a score never depends on the batch.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .config import TAGS, WINDOW

#: Range of the input of each matrix product: name of the weight to (lowest, highest).
Ranges = dict[str, tuple[float, float]]


class Graph:
    """Collects nodes and constants."""

    def __init__(self, weights: dict[str, np.ndarray], heads: int, epsilon: float, ranges: Ranges | None) -> None:
        """Keep the weights; with ``ranges`` the large products are int8."""
        self.weights, self.heads, self.epsilon, self.ranges = weights, heads, epsilon, ranges
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def node(self, kind: str, inputs: list[str], outputs: int = 1, **attributes: Any) -> str:
        """Append a node and return the name of its (first) output."""
        names = [f"{kind.lower()}_{len(self.nodes)}" + (f"_{n}" if n else "") for n in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[0]

    def constant(self, name: str, value: np.ndarray) -> str:
        """Store a constant once and return its name."""
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.array(value, order="C"), name)
        return name

    def numbers(self, *values: int) -> str:
        """Return a constant vector of int64."""
        return self.constant("ints_" + "_".join(map(str, values)), np.array(values, np.int64))

    def product(self, x: str, name: str, matrix: np.ndarray, bias: np.ndarray) -> str:
        """Return ``x @ matrix + bias``; ``matrix`` is [in, out]."""
        if self.ranges is None or name not in self.ranges:
            y = self.node("MatMul", [x, self.constant(name, matrix)])
        else:
            y = self.node("MatMul", [self._rounded(x, name), self._int8(name, matrix)])
        return self.node("Add", [y, self.constant(name + ".bias", bias)])

    def _rounded(self, x: str, name: str) -> str:
        """Pass activations through uint8 with the calibrated scale."""
        assert self.ranges is not None
        low, high = min(0.0, self.ranges[name][0]), max(0.0, self.ranges[name][1])
        scale = np.float32((high - low) / 255)
        zero = np.uint8(np.clip(round(-low / scale), 0, 255))
        pair = [self.constant(name + ".x_scale", np.array(scale)), self.constant(name + ".x_zero", np.array(zero))]
        return self.node("DequantizeLinear", [self.node("QuantizeLinear", [x, *pair]), *pair])

    def _int8(self, name: str, matrix: np.ndarray) -> str:
        """Store a weight as int8 with one scale per output channel."""
        scale = np.maximum(np.abs(matrix).max(axis=0), 1e-8).astype(np.float32) / 127
        rounded = np.clip(np.round(matrix / scale), -127, 127).astype(np.int8)
        zero = np.zeros(matrix.shape[1], np.int8)
        parts = [self.constant(name + ".int8", rounded), self.constant(name + ".scale", scale), self.constant(name + ".zero", zero)]
        return self.node("DequantizeLinear", parts, axis=1)

    def norm(self, x: str, name: str) -> str:
        """Return layer normalisation with the weights of ``name``."""
        pair = [self.constant(name + part, self.weights[name + part]) for part in (".weight", ".bias")]
        return self.node("LayerNormalization", [x, *pair], axis=-1, epsilon=self.epsilon)

    def words(self) -> str:
        """Return word vectors [B, T, H]; in int8 every row of the table has its own scale."""
        table = self.weights["bert.embeddings.word_embeddings.weight"]
        if self.ranges is None:
            return self.node("Gather", [self.constant("words", table), "input_ids"])
        scale = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-8).astype(np.float32) / 127
        rows = self.node("Gather", [self.constant("words", np.round(table / scale).astype(np.int8)), "input_ids"])
        scales = self.node("Gather", [self.constant("words.scale", scale), "input_ids"])
        return self.node("Mul", [self.node("Cast", [rows], to=TensorProto.FLOAT), scales])

    def embeddings(self) -> str:
        """Return the encoder's input [B, T, H]."""
        name = "bert.embeddings."
        length = self.node("Slice", [self.node("Shape", ["input_ids"]), self.numbers(1), self.numbers(2)])
        places = self.constant("places", self.weights[name + "position_embeddings.weight"][:WINDOW])
        place = self.node("Slice", [places, self.numbers(0), length])
        kind = self.node("Gather", [self.constant("segments", self.weights[name + "token_type_embeddings.weight"]), "token_type_ids"])
        return self.norm(self.node("Add", [self.node("Add", [self.words(), kind]), place]), name + "LayerNorm")

    def linear(self, x: str, *names: str) -> str:
        """Return one product for several linear layers side by side."""
        matrix = np.concatenate([self.weights[n + ".weight"] for n in names]).T
        bias = np.concatenate([self.weights[n + ".bias"] for n in names])
        return self.product(x, names[0], matrix, bias)

    def layer(self, x: str, number: int, mask: str) -> str:
        """Return the states after one encoder layer."""
        name = f"bert.encoder.layer.{number}."
        size = self.weights[name + "output.dense.bias"].shape[0]
        joint = self.linear(x, *(name + f"attention.self.{part}" for part in ("query", "key", "value")))
        split = self.node("Split", [joint, self.numbers(size, size, size)], outputs=3, axis=-1)
        query, key, value = (self._by_head(part, size) for part in (split, split + "_1", split + "_2"))
        key = self.node("Transpose", [key], perm=[0, 1, 3, 2])
        query = self.node("Mul", [query, self.constant("root", np.array(1 / math.sqrt(size // self.heads), np.float32))])
        weights = self.node("Softmax", [self.node("Add", [self.node("MatMul", [query, key]), mask])], axis=-1)
        mixed = self.node("Transpose", [self.node("MatMul", [weights, value])], perm=[0, 2, 1, 3])
        mixed = self.node("Reshape", [mixed, self.numbers(0, 0, size)])
        x = self.norm(self.node("Add", [self.linear(mixed, name + "attention.output.dense"), x]), name + "attention.output.LayerNorm")
        wide = self.node("Gelu", [self.linear(x, name + "intermediate.dense")])
        return self.norm(self.node("Add", [self.linear(wide, name + "output.dense"), x]), name + "output.LayerNorm")

    def _by_head(self, x: str, size: int) -> str:
        shaped = self.node("Reshape", [x, self.numbers(0, 0, self.heads, size // self.heads)])
        return self.node("Transpose", [shaped], perm=[0, 2, 1, 3])

    def outputs(self, states: str, shut: str) -> None:
        """Append the heads; ``shut`` [B, 1, 1, T] is a large negative number on padding."""
        flat = self.node("Squeeze", [shut, self.numbers(1, 2)])
        look = self.node("Squeeze", [self.linear(states, "heads.look"), self.numbers(2)])
        weights = self.node("Unsqueeze", [self.node("Softmax", [self.node("Add", [look, flat])], axis=-1), self.numbers(1)])
        seen = self.node("Squeeze", [self.node("MatMul", [weights, states]), self.numbers(1)])
        first = self.node("Gather", [states, self.constant("zero", np.array(0, np.int64))], axis=1)
        attack = self.linear(self.node("Concat", [first, seen], axis=-1), "heads.attack")
        self.nodes.append(helper.make_node("Squeeze", [attack, self.numbers(1)], ["attack"]))
        self.nodes.append(helper.make_node("Squeeze", [self.linear(states, "heads.instruction"), self.numbers(2)], ["instruction"]))
        self.nodes.append(helper.make_node("Identity", [self.linear(states, "heads.pii")], ["pii"]))


def build_graph(weights: dict[str, np.ndarray], layers: int, heads: int, epsilon: float, ranges: Ranges | None = None) -> onnx.ModelProto:
    """Return the whole model; ``weights`` are those of ``model.safetensors``."""
    graph = Graph(weights, heads, epsilon, ranges)
    mask = graph.node("Cast", ["attention_mask"], to=TensorProto.FLOAT)
    mask = graph.node("Sub", [graph.constant("one", np.array(1, np.float32)), mask])
    mask = graph.node("Mul", [mask, graph.constant("shut", np.array(-1e4, np.float32))])
    mask = graph.node("Unsqueeze", [mask, graph.numbers(1, 2)])
    states = graph.embeddings()
    for number in range(layers):
        states = graph.layer(states, number, mask)
    graph.outputs(states, mask)
    inputs = [
        helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "tokens"]) for n in ("input_ids", "attention_mask", "token_type_ids")
    ]
    shapes: dict[str, list[str | int | None]] = {
        "attack": ["batch"],
        "instruction": ["batch", "tokens"],
        "pii": ["batch", "tokens", len(TAGS)],
    }
    outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()]
    proto = helper.make_graph(graph.nodes, "secure", inputs, outputs, list(graph.constants.values()))
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.checker.check_model(model)
    return model
