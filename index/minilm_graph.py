"""Writes the graph that `index.minilm` runs: python -m index.minilm_graph OUT. Needs the dev dependency onnx.

The graph is a BERT encoder with mean pooling, written with the runtime's own fused operators, so that nothing has to be optimised when
it is opened. Its weights are named by their places in `model.safetensors`: a linear layer there is (out, in), which Gemm takes as it
is. The same weights give the same file, byte for byte.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

from index.embed import packaged_folder
from index.minilm import IDS, MASK, VECTORS

WEIGHTS = "model.safetensors"
LAYERS, HEADS, WIDTH, EPSILON = 6, 12, 384, 1e-12
OPSET, FUSED, IR_VERSION = 20, "com.microsoft", 9


class Graph:
    """A graph while it is written; every method gives the name of what it added."""

    def __init__(self, weights: Path) -> None:
        with weights.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            self._weights: dict[str, Any] = json.loads(stream.read(length))
        self._begin = 8 + length
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def weight(self, name: str) -> str:
        """A tensor of the weights' file, by its place there."""
        told = self._weights[name]
        start, end = told["data_offsets"]
        tensor = TensorProto(
            name=name, data_type=TensorProto.FLOAT, dims=told["shape"], data_location=TensorProto.EXTERNAL
        )
        for key, value in (("location", WEIGHTS), ("offset", self._begin + start), ("length", end - start)):
            tensor.external_data.add(key=key, value=str(value))
        self.initializers.append(tensor)
        return name

    def constant(self, name: str, *values: int) -> str:
        self.initializers.append(helper.make_tensor(name, TensorProto.INT64, [len(values)], values))
        return name

    def node(self, operator: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def linear(self, inputs: str, weights: str, name: str) -> str:
        parts = [inputs, self.weight(f"{weights}.weight"), self.weight(f"{weights}.bias")]
        return self.node("Gemm", parts, name, transB=1)

    def normed(self, inputs: str, weights: str, name: str) -> str:
        parts = [inputs, self.weight(f"{weights}.weight"), self.weight(f"{weights}.bias")]
        return self.node("LayerNormalization", parts, name, axis=-1, epsilon=EPSILON)


def write(weights: Path) -> bytes:
    """The graph over the weights of all-MiniLM-L6-v2."""
    graph = Graph(weights)
    rows = _embedded(graph)
    graph.node("Cast", [MASK], "mask", to=TensorProto.INT32)
    for number in range(LAYERS):
        rows = _layer(graph, number, rows)
    _pooled(graph, rows)
    places = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in (IDS, MASK)]
    vectors = helper.make_tensor_value_info(VECTORS, TensorProto.FLOAT, ["batch", WIDTH])
    model = helper.make_model(
        helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", places, [vectors], graph.initializers),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)],
        ir_version=IR_VERSION,
        producer_name="dossier",
    )
    written: bytes = model.SerializeToString(deterministic=True)
    return written


def _embedded(graph: Graph) -> str:
    """One row per token of the batch: word, place and the type of a first text, normed."""
    graph.constant("zero", 0)
    graph.constant("one", 1)
    graph.constant("rows", -1, WIDTH)
    graph.node("Shape", [IDS], "size")
    graph.node("Concat", ["size", graph.constant("width", WIDTH)], "shape", axis=0)
    graph.node("Gather", ["size", "one"], "length")
    graph.node("Gather", [graph.weight("embeddings.word_embeddings.weight"), IDS], "words")
    graph.node("Slice", [graph.weight("embeddings.position_embeddings.weight"), "zero", "length", "zero"], "places")
    graph.node("Slice", [graph.weight("embeddings.token_type_embeddings.weight"), "zero", "one", "zero"], "type")
    graph.node("Add", ["places", "type"], "placed")
    graph.node("Add", ["words", "placed"], "embedded")
    return graph.node("Reshape", [graph.normed("embedded", "embeddings.LayerNorm", "normed"), "rows"], "embeddings")


def _layer(graph: Graph, number: int, rows: str) -> str:
    """Attention, then two linear layers, each added to what came in and normed."""
    at, own = f"encoder.layer.{number}", f"layer{number}"
    heads = []
    for part in ("query", "key", "value"):
        linear = graph.linear(rows, f"{at}.attention.self.{part}", f"{own}.{part}.rows")
        heads.append(graph.node("Reshape", [linear, "shape"], f"{own}.{part}"))
    graph.node("MultiHeadAttention", [*heads, "", "mask"], f"{own}.attended", domain=FUSED, num_heads=HEADS)
    graph.node("Reshape", [f"{own}.attended", "rows"], f"{own}.attended.rows")
    graph.linear(f"{own}.attended.rows", f"{at}.attention.output.dense", f"{own}.attention")
    graph.node("Add", [f"{own}.attention", rows], f"{own}.attention.added")
    attention = graph.normed(f"{own}.attention.added", f"{at}.attention.output.LayerNorm", f"{own}.attention.normed")
    graph.node("Gelu", [graph.linear(attention, f"{at}.intermediate.dense", f"{own}.wide")], f"{own}.gelu")
    graph.node("Add", [graph.linear(f"{own}.gelu", f"{at}.output.dense", f"{own}.narrow"), attention], f"{own}.added")
    return graph.normed(f"{own}.added", f"{at}.output.LayerNorm", own)


def _pooled(graph: Graph, rows: str) -> None:
    """The sum over a text's tokens, of unit length: the direction of their mean."""
    graph.node("Reshape", [rows, "shape"], "tokens")
    graph.node("Cast", [MASK], "weights", to=TensorProto.FLOAT)
    graph.node("Unsqueeze", ["weights", "one"], "weights.row")
    graph.node("MatMul", ["weights.row", "tokens"], "sum.row")
    graph.node("Squeeze", ["sum.row", "one"], "sum")
    graph.node("LpNormalization", ["sum"], VECTORS, axis=-1, p=2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    out: Path = parser.parse_args().out
    written = write(packaged_folder() / WEIGHTS)
    out.write_bytes(written)
    print("sha256", hashlib.sha256(written).hexdigest())


if __name__ == "__main__":
    main()
