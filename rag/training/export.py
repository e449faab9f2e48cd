"""Export the trained encoder to what `rag.reading.reader` runs: python -m rag.training.export MODEL OUT.

MODEL is a folder that `rag.training.encoder` wrote; OUT gets `model.onnx` with int8 weights, `tokenizer.json` and `training.json`.
Needs the dev dependency onnx.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import tempfile
import warnings
from pathlib import Path

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process

from rag.reading.onnx import END, INPUTS, PAIR, START
from rag.training.encoder import load

OPSET = 17
OUTPUTS = (START, END, PAIR)


def export(model_folder: Path, out: Path) -> str:
    """Write the ONNX file and the tokenizer; returns the file's sha256."""
    model = load(model_folder)
    example = torch.ones(2, 16, dtype=torch.long)
    axes = {name: {0: "batch", 1: "tokens"} for name in (*INPUTS, START, END)} | {PAIR: {0: "batch"}}
    out.mkdir(parents=True, exist_ok=True)
    # The exporter that traces is deprecated, but the new one needs two more packages for the same graph.
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain, prepared = Path(folder) / "plain.onnx", Path(folder) / "prepared.onnx"
        torch.onnx.export(
            model,
            (example, example, example * 0),
            str(plain),
            dynamo=False,
            opset_version=OPSET,
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes=axes,
        )
        quant_pre_process(str(plain), str(prepared), skip_symbolic_shape=True)
        # reduce_range: without VNNI, full-range int8 products saturate.
        quantize_dynamic(prepared, out / "model.onnx", per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)
    for name in ("tokenizer.json", "training.json"):
        shutil.copyfile(model_folder / name, out / name)
    return hashlib.sha256((out / "model.onnx").read_bytes()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    print("sha256", export(options.model, options.out))


if __name__ == "__main__":
    main()
