"""Train the reader: python -m rag.training.reader START DATA OUT goes on from a span model and teaches it to say no.

START is a folder of an AutoModelForQuestionAnswering; DATA holds `train_reader/` and `train_reranker/` (JSON Lines, gzip). Each
pair is a question with one passage: the one that answers it; one near it that does not; or the one that answers, asked
about another name or number of that same passage ("Who leads Norway?" where only Sweden's leader is named). The null
answer is at the first token, as in SQuAD 2.0. A checkpoint is written every few hundred steps, and a run that was
stopped goes on from it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForQuestionAnswering

SEED, BATCH, BUCKET, SAVE_EVERY = 7, 16, 50, 200
QUESTION_TOKENS, PAIR_TOKENS, PASSAGE_CHARS = 48, 224, 640
RATE, WARM_UP, FROZEN_LAYERS = 1.2e-4, 0.06, 3
_NAME = re.compile(r"\b[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*|\b\d[\d,.]*\b")


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and a passage; `start == end` when the passage does not answer."""

    question: str
    passage: str
    start: int
    end: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("start", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pairs", type=int, default=40_000)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(SEED)
    train(options.start, make_pairs(options.data, options.pairs), options.out)


def make_pairs(data: Path, limit: int) -> list[Pair]:
    """Questions with answering, near and altered passages, about 45 : 30 : 25, shuffled, at most `limit`."""
    rng = random.Random(SEED)
    examples = list(_lines(data / "train_reader" / "train" / "examples.jsonl.gz"))
    passages = {line["_id"]: line["text"] for line in _lines(data / "train_reranker" / "passages.jsonl.gz")}
    near = {
        line["question"]: line["negatives"] for line in _lines(data / "train_reranker" / "train" / "groups.jsonl.gz")
    }
    pairs: list[Pair] = []
    for example in examples:
        question, context = example["question"], example["context"]
        if not example["answerable"]:
            pairs.append(_cropped(question, context, 0, 0, rng))
            continue
        answer = rng.choice(example["answers"])
        start, end = answer["start"], answer["start"] + len(answer["text"])
        pairs.append(_cropped(question, context, start, end, rng))
        if near.get(question) and rng.random() < 0.55:
            pairs.append(_cropped(question, passages[rng.choice(near[question][:4])], 0, 0, rng))
        altered = alter(question, context, context[start:end], rng)
        if altered and rng.random() < 0.8:
            pairs.append(_cropped(altered, context, start, end, rng, null=True))
    rng.shuffle(pairs)
    return pairs[:limit]


def alter(question: str, passage: str, answer: str, rng: random.Random) -> str | None:
    """The question about another name or number that the passage also holds; None when there is nothing to swap.

    >>> alter("Who rules Sweden today?", "In Norway and Sweden, kings rule.", "kings", random.Random(1))
    'Who rules Norway today?'
    """
    asked = [match for match in _NAME.finditer(question) if match.start() > 0 and match[0] in passage]
    if not asked:
        return None
    swapped = rng.choice(asked)
    numeric = swapped[0][0].isdigit()
    others = {
        match[0]
        for match in _NAME.finditer(passage)
        if match[0][0].isdigit() == numeric
        and match[0] not in question
        and match[0] not in answer
        and answer not in match[0]
        and (numeric or not (match.start() == 0 or passage[: match.start()].rstrip().endswith((".", "!", "?", "\n"))))
    }
    if not others:
        return None
    return question[: swapped.start()] + rng.choice(sorted(others)) + question[swapped.end() :]


def train(start: Path, pairs: Sequence[Pair], out: Path) -> None:
    """One pass over `pairs` with AdamW, linear warm-up and decay; writes a model folder to `out`."""
    tokenizer = Tokenizer.from_file(str(start / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    model = AutoModelForQuestionAnswering.from_pretrained(start, dtype=torch.float32, local_files_only=True)
    _freeze(model)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=RATE, weight_decay=0.01)
    batches = list(_batches(pairs, tokenizer))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, len(batches)))
    checkpoint = out / "checkpoint.pt"
    out.mkdir(parents=True, exist_ok=True)
    first = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        first = state["step"]
    model.train()
    began, running = time.monotonic(), 0.0
    for step in range(first, len(batches)):
        loss = _loss(model, batches[step])
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        running = 0.98 * running + 0.02 * float(loss.detach())
        if (step + 1) % SAVE_EVERY == 0:
            torch.save(
                {
                    "model": model.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "schedule": schedule.state_dict(),
                    "step": step + 1,
                },
                checkpoint,
            )
            left = (time.monotonic() - began) / (step + 1 - first) * (len(batches) - step - 1) / 60
            print(f"step {step + 1} of {len(batches)}, loss {running:.3f}, {left:.0f} minutes left", flush=True)
    model.half().save_pretrained(out)
    tokenizer.save(str(out / "tokenizer.json"))
    checkpoint.unlink(missing_ok=True)


def _freeze(model: Any) -> None:
    """Leave the word vectors and the lowest layers as they are: less to learn, less to forget, less to compute."""
    for name, parameter in model.named_parameters():
        layer = re.search(r"layer\.(\d+)\.", name)
        if "embeddings" in name or (layer and int(layer[1]) < FROZEN_LAYERS):
            parameter.requires_grad = False


def _rate(step: int, steps: int) -> float:
    warm = max(1, int(WARM_UP * steps))
    return step / warm if step < warm else max(0.0, (steps - step) / max(1, steps - warm))


def _loss(model: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    found = model(input_ids=batch["ids"], attention_mask=batch["mask"], token_type_ids=batch["types"])
    hidden = batch["mask"] == 0
    start = found.start_logits.masked_fill(hidden, -1e4)
    end = found.end_logits.masked_fill(hidden, -1e4)
    cross_entropy = torch.nn.functional.cross_entropy
    return (cross_entropy(start, batch["start"]) + cross_entropy(end, batch["end"])) / 2


def _batches(pairs: Sequence[Pair], tokenizer: Tokenizer) -> Iterator[dict[str, torch.Tensor]]:
    """Batches of pairs of like length, in an order that does not depend on length."""
    rng = random.Random(SEED)
    rows = [row for pair in pairs if (row := _encode(pair, tokenizer))]
    batches: list[list[tuple[list[int], int, int, int]]] = []
    for first in range(0, len(rows), BATCH * BUCKET):
        bucket = sorted(rows[first : first + BATCH * BUCKET], key=lambda row: len(row[0]))
        batches += [bucket[a : a + BATCH] for a in range(0, len(bucket), BATCH)]
    rng.shuffle(batches)
    for batch in batches:
        width = max(len(row[0]) for row in batch)
        ids, mask, types = (torch.zeros(len(batch), width, dtype=torch.long) for _ in range(3))
        for number, (tokens, passage_start, _, _) in enumerate(batch):
            ids[number, : len(tokens)] = torch.tensor(tokens)
            mask[number, : len(tokens)] = 1
            types[number, passage_start : len(tokens)] = 1
        starts, ends = torch.tensor([row[2] for row in batch]), torch.tensor([row[3] for row in batch])
        yield {"ids": ids, "mask": mask, "types": types, "start": starts, "end": ends}


def _encode(pair: Pair, tokenizer: Tokenizer) -> tuple[list[int], int, int, int] | None:
    """(tokens, where the passage begins, start token, end token); None when the answer was cut off."""
    question = tokenizer.encode(pair.question, add_special_tokens=False).ids[:QUESTION_TOKENS]
    passage = tokenizer.encode(pair.passage, add_special_tokens=False)
    room = PAIR_TOKENS - len(question) - 3
    cls, sep = (int(tokenizer.token_to_id(token) or 0) for token in ("[CLS]", "[SEP]"))
    tokens = [cls, *question, sep, *passage.ids[:room], sep]
    begin = len(question) + 2
    if pair.start == pair.end:
        return tokens, begin, 0, 0
    touched = [n for n, (a, b) in enumerate(passage.offsets[:room]) if a < pair.end and b > pair.start]
    return (tokens, begin, begin + touched[0], begin + touched[-1]) if touched else None


def _cropped(question: str, passage: str, start: int, end: int, rng: random.Random, *, null: bool = False) -> Pair:
    """A stretch of the passage of the length that the product reads, with the span in it."""
    if len(passage) <= PASSAGE_CHARS:
        return Pair(question, passage, 0 if null else start, 0 if null else end)
    latest = min(start, len(passage) - PASSAGE_CHARS) if end > start else len(passage) - PASSAGE_CHARS
    earliest = max(0, end - PASSAGE_CHARS) if end > start else 0
    first = rng.randint(min(earliest, latest), max(earliest, latest))
    while 0 < first < len(passage) and not passage[first - 1].isspace() and first < max(start, 1):
        first += 1
    piece = passage[first : first + PASSAGE_CHARS]
    return Pair(question, piece, 0, 0) if null or end <= start else Pair(question, piece, start - first, end - first)


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)


if __name__ == "__main__":
    main()
