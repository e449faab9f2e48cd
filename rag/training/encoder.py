"""Train the encoder: python -m rag.training.encoder DATA CANDIDATES OUT; about an hour on two cores that compute in bfloat16.

One encoder, four questions about a (text, passage) pair: where is the answer (a start and an end logit per token, the first token
standing for "nowhere", as in SQuAD 2.0), is it there at all, does the passage support or contradict a statement, and is a marked span
the answer. A checkpoint is written every few hundred steps, and a run that was stopped goes on from it to the same end. DATA holds the
files of `rag.training.sources.FILES`, CANDIDATES is what `rag.training.candidates` wrote.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
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
from rag.reading.reader import ANSWERS, RELATIONS, RIGHT
from rag.training.alter import names_in
from rag.training.candidates import Candidate, read_candidates
from rag.training.claims import Claims
from rag.training.exams import Exams
from rag.training.pairs import Group, Pair, Reading, make_groups, sources
from rag.training.restore import restore
from rag.training.sources import Pools, digests, read_pools
from rag.training.spans import MarkedSpans

SEED, BATCH, BUCKET, SAVE_EVERY = 7, 16, 40, 200
TEXT_TOKENS, PAIR_TOKENS = 64, 288
RATE, HEAD_RATE, WARM_UP, WEIGHT_DECAY = 2e-4, 6e-4, 0.06, 0.01
WEIGHT_ANSWERS, WEIGHT_GROUP, WEIGHT_CLAIM, WEIGHT_RIGHT = 0.6, 0.3, 0.8, 0.8
SETTINGS = {
    name: globals()[name]
    for name in (
        "SEED BATCH BUCKET TEXT_TOKENS PAIR_TOKENS RATE HEAD_RATE WARM_UP WEIGHT_DECAY "
        "WEIGHT_ANSWERS WEIGHT_GROUP WEIGHT_CLAIM WEIGHT_RIGHT"
    ).split()
}
NONE = -100
UNSUPPORTED = len(RELATIONS)
"""Label of a claim of which only that is known: not supported."""
LABELS = {**{name: number for number, name in enumerate(RELATIONS)}, "unsupported": UNSUPPORTED}
LOGITS = 1 + len(RELATIONS) + 1


class PairModel(nn.Module):
    """An encoder with a span head, and a head on the first token: does it answer; support, refute, neither; is the span right."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        width = encoder.config.hidden_size
        self.encoder = encoder
        self.span = nn.Linear(width, 2)
        self.dense = nn.Linear(width, width)
        self.pair = nn.Linear(width, LOGITS)

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
        """(start logits, end logits), each (batch, tokens), and pair logits (batch, LOGITS)."""
        hidden = self.encoder(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
        start, end = self.span(hidden).unbind(-1)
        return start, end, self.pair(nn.functional.gelu(self.dense(hidden[:, 0])))


@dataclass(frozen=True, slots=True)
class Row:
    """One encoded pair.

    Attributes:
        types: 0 for the tokens of the first text and of a marked span, 1 for the passage's others.
        start, end: Tokens of the answer, 0 for "nowhere", NONE where that is not asked.
        answers, right: 0 or 1, NONE where that is not asked.
        relation: A value of LABELS, NONE for a question.
    """

    ids: list[int]
    types: list[int]
    start: int = NONE
    end: int = NONE
    answers: int = NONE
    relation: int = NONE
    right: int = NONE


Batch = list[list[Row]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("candidates", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--start", type=Path, default=None, help="encoder folder; the packaged MiniLM if not given")
    parser.add_argument(
        "--go-on-from", type=Path, default=None, help="folder of an exported encoder whose weights to start with"
    )
    parser.add_argument(
        "--finish", type=Path, default=None, help="folder of trained or averaged weights to train further"
    )
    parser.add_argument("--rate", type=float, default=RATE, help="peak rate of the encoder; the heads learn faster")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--pairs", type=int, default=110_000)
    parser.add_argument("--others", type=float, default=1.0, help="share drawn of all but the invented passages")
    parser.add_argument("--steps", type=int, default=None, help="end after this many steps")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--float32", action="store_true", help="compute in float32 where the processor knows bfloat16 too"
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    pools = read_pools(options.data, Exams.read(options.data), seed=SEED, others=options.others)
    train(
        pools,
        read_candidates(options.candidates),
        options.out,
        start=options.start,
        go_on_from=options.go_on_from,
        finish=options.finish,
        rate=options.rate,
        seed=options.seed,
        pairs=options.pairs,
        steps=options.steps,
        half=False if options.float32 else None,
        told={"data_sha256": digests(options.data)},
    )


def knows_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 itself; where it is emulated, float32 is many times faster."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()) and torch.cpu._is_avx512_bf16_supported()


def train(
    pools: Pools,
    candidates: Sequence[Candidate],
    out: Path,
    *,
    start: Path | None = None,
    go_on_from: Path | None = None,
    finish: Path | None = None,
    rate: float = RATE,
    seed: int = SEED,
    pairs: int,
    steps: int | None = None,
    half: bool | None = None,
    told: dict[str, Any] | None = None,
) -> None:
    """One schedule over `pairs` pairs, or its first `steps` batches, with AdamW; writes `weights.pt`, the tokenizer, the encoder's config and `training.json`.

    Args:
        go_on_from: Folder of an exported encoder; its weights are what is trained further.
        finish: Folder with `weights.pt` of a trained or averaged encoder, trained further with every head.
        rate: Peak rate of the encoder. seed: Which pairs are drawn, and which units drop out.
        half: Compute in bfloat16; None: where the processor knows it.
        told: What else `training.json` says of the data.
    """
    torch.manual_seed(seed)
    half = knows_bfloat16() if half is None else half
    folder = start or packaged_folder()
    names = sorted({name for question in pools.questions[::20] for name in names_in(question.passage)})
    kinds = (Reading(pools, names), Claims(pools, names), MarkedSpans(pools, candidates, names))
    groups = make_groups(kinds, pairs, seed)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    batches = list(make_batches(groups, tokenizer))[:steps]
    model = PairModel.from_folder(folder)
    if go_on_from is not None:
        restore(model, go_on_from)
    if finish is not None:
        model.load_state_dict(torch.load(finish / "weights.pt", weights_only=True))
    _prepare(model)
    optimizer, schedule = _optimizer(model, len(batches), rate)
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = out / "checkpoint.pt"
    first = _resume(checkpoint, model, optimizer, schedule)
    model.train()
    began, running = time.monotonic(), 0.0
    for step in range(first, len(batches)):
        torch.manual_seed(seed + step)  # a resumed run drops out the same units
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
    report = {
        "pairs": sources(groups),
        "steps": len(batches),
        "number_type": "bfloat16" if half else "float32",
        "rate": rate,
        "seed": seed,
        "settings": SETTINGS,
        "left_out_for_exams": dict(pools.left_out),
        "questions": dict(sorted(Counter(q.source for q in pools.questions).items())),
        "claims": dict(sorted(Counter(c.source for c in pools.claims).items())),
        "licences": sorted({q.licence for q in pools.questions} | {c.licence for c in pools.claims}),
        **(told or {}),
    }
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
    encoded = [rows for group in groups if (rows := [row for pair in group if (row := encode(pair, tokenizer))])]
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
    """Where the answer stands, whether there is one (alone, and over its group's passages), the relations, the marked spans.

    Each kind weighs by its share of the batch.
    """
    rows = [row for group in batch for row in group]
    width = max(len(row.ids) for row in rows)
    ids, mask, types = (torch.zeros(len(rows), width, dtype=torch.long) for _ in range(3))
    for number, row in enumerate(rows):
        ids[number, : len(row.ids)] = torch.tensor(row.ids)
        types[number, : len(row.ids)] = torch.tensor(row.types)
        mask[number, : len(row.ids)] = 1
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
        start, end, pair = model(ids, mask, types)
    pair, hidden, loss = pair.float(), mask == 0, torch.zeros(())
    for logits, targets in ((start, [row.start for row in rows]), (end, [row.end for row in rows])):
        if any(target != NONE for target in targets):
            wanted = torch.tensor(targets)
            share = float((wanted != NONE).float().mean())
            loss = loss + share * cross_entropy(logits.float().masked_fill(hidden, -1e4), wanted, ignore_index=NONE) / 2
    loss = loss + WEIGHT_ANSWERS * _binary(pair[:, ANSWERS], [row.answers for row in rows])
    loss = loss + WEIGHT_RIGHT * _binary(pair[:, RIGHT], [row.right for row in rows])
    loss = loss + WEIGHT_CLAIM * _relation(pair[:, ANSWERS + 1 : RIGHT], [row.relation for row in rows])
    return loss + WEIGHT_GROUP * _over_groups(pair[:, ANSWERS], batch)


def _binary(logits: torch.Tensor, labels: Sequence[int]) -> torch.Tensor:
    """Cross entropy of the rows with a label, over all rows."""
    wanted = torch.tensor(labels)
    asked = wanted != NONE
    if not asked.any():
        return torch.zeros(())
    return binary_cross_entropy_with_logits(logits[asked], wanted[asked].float(), reduction="sum") / len(labels)


def _relation(logits: torch.Tensor, labels: Sequence[int]) -> torch.Tensor:
    """Cross entropy over the relations; where only "not supported" is known, of that."""
    wanted = torch.tensor(labels)
    losses = torch.zeros(())
    told = (wanted != NONE) & (wanted != UNSUPPORTED)
    if told.any():
        losses = losses + cross_entropy(logits[told], wanted[told], reduction="sum")
    unsupported = wanted == UNSUPPORTED
    if unsupported.any():
        others = logits[unsupported]
        losses = losses - (torch.logsumexp(others[:, 1:], 1) - torch.logsumexp(others, 1)).sum()
    return losses / len(labels)


def _over_groups(answers: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Cross entropy of the answering passage (always the first) over the passages of its group."""
    losses, at = [], 0
    for group in batch:
        if len(group) > 1 and group[0].answers == 1:
            losses.append(cross_entropy(answers[at : at + len(group)][None], torch.zeros(1, dtype=torch.long)))
        at += len(group)
    return torch.stack(losses).sum() / max(1, len(batch)) if losses else torch.zeros(())


def encode(pair: Pair, tokenizer: Tokenizer) -> Row | None:
    """A pair as tokens; None when its answer or its marked span was cut off."""
    text = tokenizer.encode(pair.text, add_special_tokens=False).ids[:TEXT_TOKENS]
    passage = tokenizer.encode(pair.passage, add_special_tokens=False)
    room = PAIR_TOKENS - len(text) - 3
    cls, sep = (int(tokenizer.token_to_id(token) or 0) for token in ("[CLS]", "[SEP]"))
    ids = [cls, *text, sep, *passage.ids[:room], sep]
    begin = len(text) + 2
    types = [0] * begin + [1] * (len(ids) - begin)
    if pair.relation is not None:
        return Row(ids, types, relation=LABELS[pair.relation])
    span = pair.marked or pair.span
    touched = [n for n, (a, b) in enumerate(passage.offsets[:room]) if span and a < span[1] and b > span[0]]
    if span and not touched:
        return None
    if pair.marked:
        for place in touched:
            types[begin + place] = 0
        return Row(ids, types, right=int(bool(pair.right)))
    if span:
        return Row(ids, types, begin + touched[0], begin + touched[-1], answers=1)
    return Row(ids, types, NONE, NONE, answers=1) if pair.answers else Row(ids, types, 0, 0, answers=0)


def _prepare(model: PairModel) -> None:
    """Word vectors stay as they are; no dropout on attention weights: it costs a quarter of the time."""
    for parameter in model.encoder.embeddings.parameters():
        parameter.requires_grad = False
    for name, module in model.named_modules():
        if isinstance(module, nn.Dropout) and "attention.self" in name:
            module.p = 0.0


def _optimizer(
    model: PairModel, steps: int, highest: float
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LambdaLR]:
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    groups = [
        {"params": [p for name, p in trained if name.startswith("encoder.")], "lr": highest},
        {
            "params": [p for name, p in trained if not name.startswith("encoder.")],
            "lr": HEAD_RATE if highest == RATE else HEAD_RATE / 2,
        },
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


if __name__ == "__main__":
    main()
