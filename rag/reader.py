"""The extractive reader: a small encoder with a span head, run by onnxruntime. The one module that imports it.

A folder holds `model.onnx` (inputs input_ids, attention_mask, token_type_ids; outputs start_logits, end_logits) and
`tokenizer.json`. As in SQuAD 2.0, the first token stands for "no answer", and a span's score is its logit sum minus
that of the first token (Devlin et al., NAACL 2019, section 4.3).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index.errors import ModelUnavailable
from rag.protocols import SpanAnswer

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

PACKAGED = "packaged"
PACKAGED_FOLDER = Path(__file__).parent / "models" / "reader"
PACKAGED_SHA256 = "e1c56389390b863357af4a7b36f93ed6944e80cf6903b00ed37bea8cbd484dcc"

WINDOW_TOKENS = 384
STRIDE_TOKENS = 128
QUESTION_TOKENS = 96
ANSWER_TOKENS = 30
BATCH = 16

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Window:
    """One model input: the question, then a stretch of one passage."""

    passage: int
    ids: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...]
    question_length: int


class OnnxReader:
    """Finds answer spans in passages. Safe to share between threads: one lock around the tokenizer.

    Args:
        model: "packaged" or a folder.
    """

    def __init__(self, model: str = PACKAGED) -> None:
        self._folder = PACKAGED_FOLDER if model == PACKAGED else Path(model)
        self._expected = PACKAGED_SHA256 if model == PACKAGED else None
        self._lock = threading.Lock()

    @cached_property
    def _session(self) -> InferenceSession:
        from onnxruntime import InferenceSession, SessionOptions

        file = self._folder / "model.onnx"
        try:
            weights = file.read_bytes()
        except OSError as error:
            raise ModelUnavailable(
                f"No reader at {file}. Set DOSSIER_READER to a folder with model.onnx and tokenizer.json, or to 'packaged'."
            ) from error
        found = hashlib.sha256(weights).hexdigest()
        if self._expected and found != self._expected:
            raise ModelUnavailable(
                f"The packaged reader has sha256 {found}, expected {self._expected}. Run: git checkout -- rag/models"
            )
        options = SessionOptions()
        options.log_severity_level = 3
        return InferenceSession(weights, options, providers=["CPUExecutionProvider"])

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        file = self._folder / "tokenizer.json"
        if not file.is_file():
            raise ModelUnavailable(
                f"No tokenizer at {file}. Set DOSSIER_READER to a folder with model.onnx and tokenizer.json, or to 'packaged'."
            )
        tokenizer = Tokenizer.from_file(str(file))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def warm_up(self) -> None:
        """Load the weights and run once."""
        self.read("What?", ["Nothing."])

    def read(self, question: str, passages: Sequence[str], *, spans: int = 1) -> list[list[SpanAnswer]]:
        """Up to `spans` answers per passage, best first, not overlapping; a long passage is read in windows.

        A question is cut after 96 tokens: the rest of the window belongs to the passage.
        """
        windows = self._windows(question, passages)
        found: list[list[SpanAnswer]] = [[] for _ in passages]
        windows.sort(key=lambda window: len(window.ids))
        for first in range(0, len(windows), BATCH):
            batch = windows[first : first + BATCH]
            for window, start, end in zip(batch, *self._logits(batch), strict=True):
                found[window.passage] += _best_spans(window, start, end, spans)
        return [_distinct(candidates, spans) for candidates in found]

    def _windows(self, question: str, passages: Sequence[str]) -> list[_Window]:
        with self._lock:
            asked = self._tokenizer.encode(question, add_special_tokens=False).ids[:QUESTION_TOKENS]
            encoded = self._tokenizer.encode_batch(list(passages), add_special_tokens=False)
            cls, sep = (int(self._tokenizer.token_to_id(token) or 0) for token in ("[CLS]", "[SEP]"))
        room = WINDOW_TOKENS - len(asked) - 3
        return [
            _Window(number, (cls, *asked, sep, *encoding.ids[a:b], sep), tuple(encoding.offsets[a:b]), len(asked) + 2)
            for number, encoding in enumerate(encoded)
            for a, b in _stretches(len(encoding.ids), room)
        ]

    def _logits(self, batch: Sequence[_Window]) -> tuple[Logits, Logits]:
        width = max(len(window.ids) for window in batch)
        ids = np.zeros((len(batch), width), dtype=np.int64)
        mask, types = np.zeros_like(ids), np.zeros_like(ids)
        for row, window in enumerate(batch):
            ids[row, : len(window.ids)] = window.ids
            mask[row, : len(window.ids)] = 1
            types[row, window.question_length : len(window.ids)] = 1
        start, end = self._session.run(
            ["start_logits", "end_logits"], {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
        )
        return start, end


def _stretches(length: int, room: int) -> Iterator[tuple[int, int]]:
    """Ranges of at most `room` tokens that cover `length`, each overlapping the last by the stride."""
    start = 0
    while True:
        end = min(length, start + room)
        yield start, end
        if end == length:
            return
        start = end - STRIDE_TOKENS


def _best_spans(window: _Window, start: Logits, end: Logits, spans: int) -> list[SpanAnswer]:
    """The best spans of one window, scored against its "no answer"."""
    first, count = window.question_length, len(window.offsets)
    if count == 0:
        return []
    null = float(start[0] + end[0])
    sums = start[first : first + count, None] + end[None, first : first + count]
    allowed = np.triu(np.ones_like(sums, dtype=bool)) & ~np.triu(np.ones_like(sums, dtype=bool), k=ANSWER_TOKENS)
    sums = np.where(allowed, sums, -np.inf)
    order = np.argsort(sums, axis=None)[::-1][: spans * 20]
    found: list[SpanAnswer] = []
    for flat in order:
        a, b = divmod(int(flat), count)
        if not np.isfinite(sums[a, b]):
            break
        found.append(SpanAnswer(window.offsets[a][0], window.offsets[b][1], float(sums[a, b]) - null))
    return _distinct(found, spans)


def _distinct(candidates: Sequence[SpanAnswer], spans: int) -> list[SpanAnswer]:
    """The best `spans` candidates that do not overlap a better one."""
    kept: list[SpanAnswer] = []
    for candidate in sorted(candidates, key=lambda span: (-span.score, span.start, span.end)):
        if all(candidate.end <= other.start or candidate.start >= other.end for other in kept):
            kept.append(candidate)
        if len(kept) == spans:
            break
    return kept
