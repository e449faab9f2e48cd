"""Train the encoder: python -m rag.training.encoder DATA OUT, from the packaged MiniLM; about 90 minutes on two cores.

One encoder, three questions about a (text, passage) pair in one pass: where is the answer (a start and an end logit per token, the
first token standing for "nowhere", as in SQuAD 2.0), is it there at all, and is a statement supported. A checkpoint is written every few
hundred steps, and a run that was stopped goes on from it to the same end. DATA holds the files of `rag.training.pairs.FILES`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from transformers import AutoModel

from index.embed import packaged_folder
from rag.training.pairs import FILES, Group, Pair, make_groups, sources

SEED, BATCH, BUCKET, SAVE_EVERY = 7, 16, 40, 250
TEXT_TOKENS, PAIR_TOKENS = 64, 288
RATE, HEAD_RATE, WARM_UP, WEIGHT_DECAY = 2e-4, 6e-4, 0.06, 0.01
WEIGHT_ANSWERS, WEIGHT_GROUP, WEIGHT_SUPPORTS = 0.5, 0.3, 0.7
SETTINGS = {
    name: globals()[name]
    for name in (
        "SEED BATCH BUCKET TEXT_TOKENS PAIR_TOKENS RATE HEAD_RATE WARM_UP WEIGHT_DECAY "
        "WEIGHT_ANSWERS WEIGHT_GROUP WEIGHT_SUPPORTS"
    ).split()
}
NONE = -100


class PairModel(nn.Module):
    """An encoder with a span head and a head on the first token that gives the logits (answers, supports)."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        width = encoder.config.hidden_size
        self.encoder = encoder
        self.span = nn.Linear(width, 2)
        self.dense = nn.Linear(width, width)
        self.pair = nn.Linear(width, 2)

    @classmethod
    def from_folder(cls, folder: Path) -> PairModel:
        """A plain encoder in the transformers format with fresh heads."""
        encoder = AutoModel.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager", local_files_only=True, add_pooling_layer=False
        )
        return cls(encoder)

    def forward(
        self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """(start logits, end logits), each (batch, tokens), and pair logits (batch, 2)."""
        hidden = self.encoder(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
        start, end = self.span(hidden).unbind(-1)
        return start, end, self.pair(nn.functional.gelu(self.dense(hidden[:, 0])))


@dataclass(frozen=True, slots=True)
class Row:
    """One encoded pair; `group` numbers its group within the batch."""

    ids: list[int]
    passage_at: int
    start: int
    end: int
    answers: float
    supports: float


Batch = list[list[Row]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--start", type=Path, default=None, help="encoder folder; the packaged MiniLM if not given")
    parser.add_argument("--pairs", type=int, default=78_000)
    parser.add_argument(
        "--steps", type=int, default=None, help="end after this many steps; may be lowered for a run that is resumed"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--float32", action="store_true", help="do not compute in bfloat16")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    train(
        options.data,
        options.out,
        start=options.start,
        pairs=options.pairs,
        steps=options.steps,
        half=not options.float32,
    )


def train(
    data: Path, out: Path, *, start: Path | None = None, pairs: int, steps: int | None = None, half: bool = True
) -> None:
    """One schedule over `pairs` pairs, or its first `steps` batches, with AdamW; writes `weights.pt`, the tokenizer, the encoder's config and `training.json`."""
    torch.manual_seed(SEED)
    folder = start or packaged_folder()
    groups = make_groups(data, pairs, SEED)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    batches = list(make_batches(groups, tokenizer))[:steps]
    model = PairModel.from_folder(folder)
    _prepare(model)
    optimizer, schedule = _optimizer(model, len(batches))
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = out / "checkpoint.pt"
    first = _resume(checkpoint, model, optimizer, schedule)
    model.train()
    began, running = time.monotonic(), 0.0
    for step in range(first, len(batches)):
        torch.manual_seed(SEED + step)  # a resumed run drops out the same units
        loss = loss_of(model, batches[step], half=half)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        value = float(loss.detach())
        running = value if step == first else 0.98 * running + 0.02 * value
        if (step + 1) % SAVE_EVERY == 0:
            _save(checkpoint, model, optimizer, schedule, step + 1)
            left = (time.monotonic() - began) / (step + 1 - first) * (len(batches) - step - 1) / 60
            print(f"step {step + 1} of {len(batches)}, loss {running:.3f}, {left:.0f} minutes left", flush=True)
    torch.save(model.state_dict(), out / "weights.pt")
    tokenizer.save(str(out / "tokenizer.json"))
    model.encoder.config.save_pretrained(out)
    report = {"pairs": sources(groups), "steps": len(batches), "settings": SETTINGS, "data_sha256": _digests(data)}
    (out / "training.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    checkpoint.unlink(missing_ok=True)


def load(folder: Path) -> PairModel:
    """The trained encoder that `train` wrote."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder, attn_implementation="eager", local_files_only=True)
    encoder = AutoModel.from_config(config, add_pooling_layer=False)  # type: ignore[no-untyped-call]
    model = PairModel(encoder)
    model.load_state_dict(torch.load(folder / "weights.pt", weights_only=True))
    return model.eval()


def make_batches(groups: Sequence[Group], tokenizer: Tokenizer) -> Iterator[Batch]:
    """Batches of about BATCH pairs, whole groups of like length together, in an order that does not depend on length."""
    rng = random.Random(SEED)
    encoded = [rows for group in groups if (rows := [row for pair in group if (row := _encode(pair, tokenizer))])]
    for first in range(0, len(encoded), BATCH * BUCKET):
        bucket = sorted(encoded[first : first + BATCH * BUCKET], key=lambda rows: max(len(row.ids) for row in rows))
        batches: list[Batch] = [[]]
        for rows in bucket:
            if sum(map(len, batches[-1])) + len(rows) > BATCH:
                batches.append([])
            batches[-1].append(rows)
        rng.shuffle(batches)
        yield from batches


def loss_of(model: PairModel, batch: Batch, *, half: bool) -> torch.Tensor:
    """Span loss + answerability, each alone and over the group's passages + support."""
    rows = [row for group in batch for row in group]
    width = max(len(row.ids) for row in rows)
    ids, mask, types = (torch.zeros(len(rows), width, dtype=torch.long) for _ in range(3))
    for number, row in enumerate(rows):
        ids[number, : len(row.ids)] = torch.tensor(row.ids)
        mask[number, : len(row.ids)] = 1
        types[number, row.passage_at : len(row.ids)] = 1
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
        start, end, pair = model(ids, mask, types)
    hidden = mask == 0
    loss = torch.zeros(())
    asked = torch.tensor([row.answers >= 0 for row in rows])
    if asked.any():
        targets = torch.tensor([[row.start, row.end] for row in rows])
        for logits, target in ((start, targets[:, 0]), (end, targets[:, 1])):
            loss = loss + cross_entropy(logits.float().masked_fill(hidden, -1e4), target, ignore_index=NONE) / 2
        answers = pair[:, 0].float()
        wanted = torch.tensor([row.answers for row in rows])
        loss = loss + WEIGHT_ANSWERS * binary_cross_entropy_with_logits(answers[asked], wanted[asked])
        loss = loss + WEIGHT_GROUP * _over_groups(answers, batch)
    if not asked.all():
        supports = torch.tensor([row.supports for row in rows])
        loss = loss + WEIGHT_SUPPORTS * binary_cross_entropy_with_logits(pair[~asked, 1].float(), supports[~asked])
    return loss


def _over_groups(answers: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Cross entropy of the answering passage (always the first) over the passages of its group."""
    losses, at = [], 0
    for group in batch:
        if len(group) > 1 and group[0].answers == 1:
            losses.append(cross_entropy(answers[at : at + len(group)][None], torch.zeros(1, dtype=torch.long)))
        at += len(group)
    return torch.stack(losses).mean() if losses else torch.zeros(())


def _encode(pair: Pair, tokenizer: Tokenizer) -> Row | None:
    """A pair as tokens; None when the answer was cut off."""
    text = tokenizer.encode(pair.text, add_special_tokens=False).ids[:TEXT_TOKENS]
    passage = tokenizer.encode(pair.passage, add_special_tokens=False)
    room = PAIR_TOKENS - len(text) - 3
    cls, sep = (int(tokenizer.token_to_id(token) or 0) for token in ("[CLS]", "[SEP]"))
    ids = [cls, *text, sep, *passage.ids[:room], sep]
    begin = len(text) + 2
    if pair.supports is not None:
        return Row(ids, begin, NONE, NONE, -1.0, float(pair.supports))
    if pair.span is None:
        return Row(ids, begin, 0, 0, 0.0, -1.0)
    touched = [n for n, (a, b) in enumerate(passage.offsets[:room]) if a < pair.span[1] and b > pair.span[0]]
    return Row(ids, begin, begin + touched[0], begin + touched[-1], 1.0, -1.0) if touched else None


def _prepare(model: PairModel) -> None:
    """Word vectors stay as they are; no dropout on attention weights: it costs a quarter of the time."""
    for parameter in model.encoder.embeddings.parameters():
        parameter.requires_grad = False
    for name, module in model.named_modules():
        if isinstance(module, nn.Dropout) and "attention.self" in name:
            module.p = 0.0


def _optimizer(model: PairModel, steps: int) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LambdaLR]:
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    groups = [
        {"params": [p for name, p in trained if name.startswith("encoder.")], "lr": RATE},
        {"params": [p for name, p in trained if not name.startswith("encoder.")], "lr": HEAD_RATE},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY, fused=True)
    warm = max(1, int(WARM_UP * steps))

    def rate(step: int) -> float:
        return step / warm if step < warm else max(0.0, (steps - step) / max(1, steps - warm))

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, rate)


def _save(file: Path, model: PairModel, optimizer: Any, schedule: Any, step: int) -> None:
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "step": step,
    }
    part = file.with_suffix(".part")
    torch.save(state, part)
    part.replace(file)


def _resume(file: Path, model: PairModel, optimizer: Any, schedule: Any) -> int:
    if not file.exists():
        return 0
    state = torch.load(file, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    schedule.load_state_dict(state["schedule"])
    return int(state["step"])


def _digests(data: Path) -> dict[str, str]:
    return {name: hashlib.sha256((data / name).read_bytes()).hexdigest() for name in FILES}


if __name__ == "__main__":
    main()
