"""Weights of an exported encoder back in a model that can be trained further. Needs the dev dependency onnx.

int8 weights are multiplied with their scales again; the word vectors, which are never trained, stay those of the base model. Heads
that the file lacks, or that have other sizes there, stay fresh.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper

if TYPE_CHECKING:
    from rag.training.encoder import PairModel

_MATMULS = ("/Gemm_MatMul_quant", "/MatMul_quant")


def restore(model: PairModel, folder: Path) -> list[str]:
    """Put the weights of `folder/model.onnx` into a model; returns the names of the parameters that were found there.

    Raises:
        ValueError: The file holds no quantised weights of such a model.
    """
    graph = onnx.load(folder / "model.onnx").graph
    stored = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    found = {name: array for name, array in stored.items() if name.endswith((".bias", ".weight"))}
    scales = {
        node.name.removesuffix("_scales_mul"): node.input[1]
        for node in graph.node
        if node.name.endswith("_quant_scales_mul")
    }
    for node in graph.node:
        if node.op_type == "MatMulInteger" and node.name.endswith(_MATMULS):
            found[_parameter(node.name)] = _weight(node, stored, stored[scales[node.name]])
    own = model.state_dict()
    fitting = {
        name: torch.from_numpy(np.array(array, dtype=np.float32))
        for name, array in found.items()
        if name in own and tuple(own[name].shape) == array.shape
    }
    if not any(name.endswith("query.weight") for name in fitting):
        raise ValueError(
            f"{folder / 'model.onnx'} holds no quantised encoder. Name a folder that rag.training.export wrote."
        )
    model.load_state_dict(fitting, strict=False)
    return sorted(fitting)


def _parameter(node_name: str) -> str:
    """ "/encoder/encoder/layer.0/attention/self/key/MatMul_quant" to the name of its weight."""
    for suffix in _MATMULS:
        node_name = node_name.removesuffix(suffix)
    return node_name.removeprefix("/").replace("/", ".") + ".weight"


def _weight(node: Any, stored: dict[str, Any], scale: Any) -> Any:
    """(out, in), from int8 of (in, out) with a scale an output."""
    zero = stored[node.input[3]].astype(np.float32) if len(node.input) > 3 else np.float32(0)
    return ((stored[node.input[1]].astype(np.float32) - zero) * scale).T
