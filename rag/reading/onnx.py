"""What the reader's weights in an ONNX file find, window by window."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import ModelUnavailable
from index.onnx import open_session
from rag.reading.encoder import Integers, Outputs

if TYPE_CHECKING:
    from index.onnx import Session

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
START, END, PAIR = "start_logits", "end_logits", "pair_logits"


class OnnxForward:
    """`model.onnx` of a folder: inputs input_ids, attention_mask, token_type_ids; outputs any of start_logits, end_logits, pair_logits.

    Args:
        sha256: What the file's hash must be; None for a model of the user's own.
    """

    def __init__(self, folder: Path, *, sha256: str | None = None) -> None:
        self._file = folder / "model.onnx"
        self._expected = sha256

    @cached_property
    def _session(self) -> Session:
        try:
            weights = self._file.read_bytes()
        except OSError as error:
            raise ModelUnavailable(
                f"No reader at {self._file}. Set DOSSIER_READER to a folder with model.onnx and tokenizer.json, or to 'packaged'."
            ) from error
        found = hashlib.sha256(weights).hexdigest()
        if self._expected and found != self._expected:
            raise ModelUnavailable(
                f"The packaged reader has sha256 {found}, expected {self._expected}. Run: git checkout -- rag/models"
            )
        return open_session(weights)

    @cached_property
    def _names(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        inputs = {item.name for item in self._session.get_inputs()}
        outputs = {item.name for item in self._session.get_outputs()}
        found = tuple(name for name in (START, END, PAIR) if name in outputs)
        if not inputs <= set(INPUTS) or not found:
            raise ModelUnavailable(
                f"{self._file} has inputs {sorted(inputs)} and outputs {sorted(outputs)}; expected {', '.join(INPUTS)} and some of "
                f"{START}, {END}, {PAIR}. Export it with: python -m rag.training.export"
            )
        return tuple(name for name in INPUTS if name in inputs), found

    def __call__(self, ids: Integers, mask: Integers, types: Integers) -> Outputs:
        inputs, outputs = self._names
        given = dict(zip(INPUTS, (ids, mask, types), strict=True))
        found = dict(
            zip(outputs, self._session.run(list(outputs), {name: given[name] for name in inputs}), strict=True)
        )
        return Outputs(found.get(START), found.get(END), found.get(PAIR))
