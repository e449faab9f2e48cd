"""The reader: one encoder pass over (question, passage) gives where the answer stands and whether it is there.

The same weights say of a statement whether a passage supports or contradicts it, and of a marked span whether it is the answer.

As in SQuAD 2.0, the first token stands for "no answer", and a span's score is its logit sum minus that of the first token
(Devlin et al., NAACL 2019, section 4.3). Whether the passage answers at all is a logit of its own, trained over several passages
of one question, so it compares between passages.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelUnavailable
from rag.reading.encoder import Forward, PairEncoder, WindowOutput
from rag.reading.hub import HubForward, local_folder
from rag.reading.onnx import OnnxForward
from rag.values import Reading, Relation, SpanAnswer

PACKAGED = "packaged"
PACKAGED_FOLDER = Path(__file__).parent.parent / "models" / "reader"
PACKAGED_SHA256 = "68ca4bb0edd20e23071c5aced9d6b5e735038497716a6ccd44cfafa17ca75289"

ANSWER_TOKENS = 30
MAX_TITLE_CHARS = 200
RELATIONS = ("support", "refute", "neither")
ANSWERS, RIGHT = 0, 1 + len(RELATIONS)
"""Places in the logits of a pair: does the passage answer; then one of each relation of a claim; then, is the marked span right."""


class EncoderReader:
    """Finds answers in passages, says how likely each passage answers, and checks statements. Safe to share between threads.

    Args:
        model: "packaged"; a folder with `model.onnx` and `tokenizer.json`; or a model in the transformers format (a folder, or a name in
            the local model cache): a span model, or a cross-encoder, which ranks passages but finds no spans.
    """

    def __init__(self, model: str = PACKAGED) -> None:
        self._name = model
        folder = PACKAGED_FOLDER if model == PACKAGED else Path(model)
        forward: Forward
        if model == PACKAGED:
            forward = OnnxForward(folder, sha256=PACKAGED_SHA256)
        elif (folder / "model.onnx").is_file():
            forward = OnnxForward(folder)
        else:
            folder = local_folder(model)
            forward = HubForward(folder)
        self._encoder = PairEncoder(folder / "tokenizer.json", forward)

    def warm_up(self) -> None:
        """Load the weights and run once."""
        self.read("What?", ["Nothing."])

    def read(
        self, question: str, passages: Sequence[str], *, titles: Sequence[str | None] = (), spans: int = 1
    ) -> list[Reading]:
        """For each passage, whether it answers and up to `spans` answers, best first, not overlapping.

        Args:
            titles: What each passage's document is called, read with it; a span never lies in it.

        Raises:
            ModelUnavailable: The weights cannot be used.
        """
        leads = [f"{title[:MAX_TITLE_CHARS]}\n" if title else "" for title in titles] or [""] * len(passages)
        texts = [lead + passage for lead, passage in zip(leads, passages, strict=True)]
        found: list[list[SpanAnswer]] = [[] for _ in passages]
        answers = [-math.inf] * len(passages)
        for output in self._encoder.run(question, texts):
            number = output.window.passage
            best = _best_spans(output, spans, lead=len(leads[number]))
            found[number] += best
            answers[number] = max(answers[number], _answers(output, best))
        return [
            Reading(score, tuple(_distinct(candidates, spans)))
            for score, candidates in zip(answers, found, strict=True)
        ]

    def relations(self, statement: str, passages: Sequence[str]) -> list[Relation]:
        """What each passage says of the statement; of a passage read in windows, the window that has most to say.

        Raises:
            ModelUnavailable: The model was not trained for this.
        """
        found: dict[int, Relation] = {}
        for output in self._encoder.run(statement, passages):
            logits = self._head(output)[ANSWERS + 1 : RIGHT].astype(np.float64)
            odds = np.exp(logits - logits.max())
            relation = Relation(*(float(share) for share in odds / odds.sum()))
            number = output.window.passage
            found[number] = min(found.get(number, relation), relation, key=lambda one: one.neither)
        return [found[number] for number in range(len(passages))]

    def right(self, question: str, spans: Sequence[tuple[str, int, int]]) -> list[float]:
        """The headline check: log-odds that each span, (text, start, end), is the answer to the question.

        Args:
            spans: The text is what `rag.reading.headline.stretch` gives, under its document's title.

        Raises:
            ModelUnavailable: The model was not trained for this.
        """
        scores = [-math.inf] * len(spans)
        for output in self._encoder.run(question, [one[0] for one in spans], marked=[one[1:] for one in spans]):
            number, logit = output.window.passage, float(self._head(output)[RIGHT])
            scores[number] = max(scores[number], logit)
        return scores

    def _head(self, output: WindowOutput) -> NDArray[np.float32]:
        if output.pair is None or len(output.pair) <= RIGHT:
            raise ModelUnavailable(
                f"Model '{self._name}' checks neither statements nor headlines. Use 'packaged' for that."
            )
        return output.pair


def _answers(output: WindowOutput, best: Sequence[SpanAnswer]) -> float:
    """Log-odds that the window answers; from the best span where the model says nothing of the pair."""
    if output.pair is not None:
        return float(output.pair[ANSWERS])
    return best[0].score if best else -math.inf


def _best_spans(output: WindowOutput, spans: int, *, lead: int) -> list[SpanAnswer]:
    """The best spans of one window, scored against its "no answer"; offsets in the passage without its title."""
    window, start, end = output.window, output.start, output.end
    if start is None or end is None:
        return []
    begin = next((n for n, (a, _) in enumerate(window.offsets) if a >= lead), len(window.offsets))
    first, offsets = window.first + begin, window.offsets[begin:]
    count = len(offsets)
    if count == 0:
        return []
    null = float(start[0] + end[0])
    beyond = np.full(ANSWER_TOKENS - 1, -np.inf, dtype=end.dtype)
    ends = np.concatenate((end[first : first + count], beyond))
    sums = start[first : first + count, None] + np.lib.stride_tricks.sliding_window_view(ends, ANSWER_TOKENS)
    found: list[SpanAnswer] = []
    for flat in _largest(sums.ravel(), spans * 20):
        a, length = divmod(int(flat), ANSWER_TOKENS)
        if not np.isfinite(sums[a, length]):
            break
        found.append(SpanAnswer(offsets[a][0] - lead, offsets[a + length][1] - lead, float(sums[a, length]) - null))
    return _distinct(found, spans)


def _largest(values: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Places of the `count` largest values, largest first."""
    best = np.argpartition(values, -count)[-count:] if count < len(values) else np.arange(len(values))
    return best[np.argsort(-values[best], kind="stable")]


def _distinct(candidates: Sequence[SpanAnswer], spans: int) -> list[SpanAnswer]:
    """The best `spans` candidates that do not overlap a better one."""
    kept: list[SpanAnswer] = []
    for candidate in sorted(candidates, key=lambda span: (-span.score, span.start, span.end)):
        if all(candidate.end <= other.start or candidate.start >= other.end for other in kept):
            kept.append(candidate)
        if len(kept) == spans:
            break
    return kept
