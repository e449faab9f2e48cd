"""Pairs of texts through one small encoder: windows, batches of like length, one lock around the tokenizer.

What runs the weights is a `Forward`: `rag.reading.onnx` for the packaged ones, `rag.reading.hub` for models in the transformers format.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from index.errors import ModelUnavailable

WINDOW_TOKENS = 384
STRIDE_TOKENS = 128
FIRST_TOKENS = 96
BATCH = 16

Integers = NDArray[np.int64]
Logits = NDArray[np.float32]


class Outputs(NamedTuple):
    """What a model says of a batch of pairs.

    Attributes:
        start, end: Logits of each token being the first or last of the answer, (batch, tokens); None for a model without spans.
        pair: Logits of the pair, (batch, 1 or 5): does the passage answer; does it support a claim, refute it, neither; is the marked
            span the answer. None for a model of spans only.
    """

    start: Logits | None
    end: Logits | None
    pair: Logits | None


Forward = Callable[[Integers, Integers, Integers], Outputs]
"""(token ids, attention mask, token types), each (batch, tokens), to outputs."""


@dataclass(frozen=True, slots=True)
class Window:
    """One model input: the first text, then a stretch of one passage.

    Attributes:
        passage: Number of the passage among those given.
        first: Token at which the passage begins.
        offsets: Characters of each passage token in its passage.
    """

    passage: int
    ids: tuple[int, ...]
    types: tuple[int, ...]
    first: int
    offsets: tuple[tuple[int, int], ...]


class WindowOutput(NamedTuple):
    """A window with its own part of the outputs; `start` and `end` have one value per token of the window."""

    window: Window
    start: Logits | None
    end: Logits | None
    pair: Logits | None


class PairEncoder:
    """Runs (text, passage) pairs through a model. Safe to share between threads.

    Args:
        tokenizer_file: A `tokenizer.json`, whose own template joins the two texts.
        forward: Loads the weights when it is first called.
    """

    def __init__(self, tokenizer_file: Path, forward: Forward) -> None:
        self._tokenizer_file = tokenizer_file
        self._forward = forward
        self._lock = threading.Lock()

    @cached_property
    def _tokenizers(self) -> tuple[Tokenizer, Tokenizer]:
        """One that cuts passages into windows, one that measures the first text."""
        if not self._tokenizer_file.is_file():
            raise ModelUnavailable(
                f"No tokenizer at {self._tokenizer_file}. Set DOSSIER_READER to a folder with model.onnx and tokenizer.json, "
                "or to 'packaged'."
            )
        windows, plain = (Tokenizer.from_file(str(self._tokenizer_file)) for _ in range(2))
        for tokenizer in (windows, plain):
            tokenizer.no_padding()
            tokenizer.no_truncation()
        windows.enable_truncation(WINDOW_TOKENS, stride=STRIDE_TOKENS, strategy="only_second")
        return windows, plain

    def run(
        self, text: str, passages: Sequence[str], *, marked: Sequence[tuple[int, int]] | None = None
    ) -> list[WindowOutput]:
        """Every window of every passage, in passage order. A first text is cut after 96 tokens, a long passage is read in windows.

        Args:
            marked: Of each passage the characters of a span; its tokens get the type of the first text (`rag.reading.headline`).
        """
        windows = self._windows(text, passages)
        if marked is not None:
            windows = [_marked(window, marked[window.passage]) for window in windows]
        order = sorted(range(len(windows)), key=lambda number: len(windows[number].ids))
        outputs: dict[int, WindowOutput] = {}
        for at in range(0, len(order), BATCH):
            numbers = order[at : at + BATCH]
            batch = [windows[number] for number in numbers]
            outputs.update(zip(numbers, self._outputs(batch), strict=True))
        return [outputs[number] for number in range(len(windows))]

    def _windows(self, text: str, passages: Sequence[str]) -> list[Window]:
        with self._lock:
            windows, plain = self._tokenizers
            offsets = plain.encode(text, add_special_tokens=False).offsets
            first = text[: offsets[FIRST_TOKENS - 1][1]] if len(offsets) > FIRST_TOKENS else text
            encoded = windows.encode_batch([(first, passage) for passage in passages])
        return [
            _window(number, part)
            for number, encoding in enumerate(encoded)
            for part in (encoding, *encoding.overflowing)
        ]

    def _outputs(self, batch: Sequence[Window]) -> list[WindowOutput]:
        width = max(len(window.ids) for window in batch)
        ids = np.zeros((len(batch), width), dtype=np.int64)
        mask, types = np.zeros_like(ids), np.zeros_like(ids)
        for row, window in enumerate(batch):
            ids[row, : len(window.ids)] = window.ids
            types[row, : len(window.ids)] = window.types
            mask[row, : len(window.ids)] = 1
        start, end, pair = self._forward(ids, mask, types)
        return [
            WindowOutput(
                window,
                None if start is None else start[row, : len(window.ids)],
                None if end is None else end[row, : len(window.ids)],
                None if pair is None else pair[row],
            )
            for row, window in enumerate(batch)
        ]


def _marked(window: Window, span: tuple[int, int]) -> Window:
    """The window with the tokens of a span given the type of the first text."""
    types = list(window.types)
    for place, (a, b) in enumerate(window.offsets):
        if a < span[1] and b > span[0]:
            types[window.first + place] = 0
    return replace(window, types=tuple(types))


def _window(number: int, encoding: Encoding) -> Window:
    inside = [place for place, sequence in enumerate(encoding.sequence_ids) if sequence == 1]
    first = inside[0] if inside else len(encoding.ids)
    offsets = tuple(encoding.offsets[first : first + len(inside)])
    return Window(number, tuple(encoding.ids), tuple(encoding.type_ids), first, offsets)
