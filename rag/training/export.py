"""Export a span model to what `rag.reader` runs: python -m rag.training.export MODEL OUT.

MODEL is a folder of an AutoModelForQuestionAnswering with `tokenizer.json`; OUT gets `model.onnx` with int8 weights and `tokenizer.json`.
Needs the dev dependency onnx.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from transformers import AutoModelForQuestionAnswering

OPSET = 17
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
OUTPUTS = ("start_logits", "end_logits")


class _SpanLogits(torch.nn.Module):
    """The model with tensors in and tensors out."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found = self.model(input_ids=ids, attention_mask=mask, token_type_ids=types)
        return found.start_logits, found.end_logits


def export(model_folder: Path, out: Path) -> str:
    """Write the ONNX file and the tokenizer; returns the file's sha256."""
    model = AutoModelForQuestionAnswering.from_pretrained(
        model_folder, dtype=torch.float32, attn_implementation="eager", local_files_only=True
    ).eval()
    example = torch.ones(2, 16, dtype=torch.long)
    axes = {name: {0: "batch", 1: "tokens"} for name in (*INPUTS, *OUTPUTS)}
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        plain, prepared = Path(folder) / "plain.onnx", Path(folder) / "prepared.onnx"
        torch.onnx.export(
            _SpanLogits(model),
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
    shutil.copyfile(model_folder / "tokenizer.json", out / "tokenizer.json")
    return hashlib.sha256((out / "model.onnx").read_bytes()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    print("sha256", export(options.model, options.out))


if __name__ == "__main__":
    main()
