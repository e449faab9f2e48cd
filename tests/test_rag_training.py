"""The training recipe, end to end: on a handful of invented questions with a tiny encoder, and on one percent of the real pools."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import WordPieceTrainer

from rag.reading.reader import EncoderReader
from rag.training import encoder
from rag.training.alter import alter_question, alter_statement, swap_speaker
from rag.training.export import export
from rag.training.pairs import FILES, cropped, make_groups, sources
from tests.shared import SHARED_DATA, needs_shared

TOWNS = ("Tarn", "Eskil", "Morvik", "Halden", "Brandt")
PASSAGES = [
    f"In {town} the harbour master counted {20 + n} ships on Friday. Rain fell for two days."
    for n, town in enumerate(TOWNS)
]


@pytest.fixture(scope="module")
def pools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The four files of the training pools, with twenty invented questions."""
    folder = tmp_path_factory.mktemp("pools")
    examples, groups = [], []
    for number in range(20):
        town, passage = TOWNS[number % 5], PASSAGES[number % 5]
        answer = str(20 + number % 5)
        question = f"How many ships did {town} count, asked as number {number}?"
        spans = [{"text": answer, "start": passage.index(answer)}] if number % 4 else []
        examples.append(
            {
                "id": f"q{number}",
                "source": "made",
                "question": question,
                "context": passage,
                "answers": spans,
                "answerable": bool(spans),
                "synthetic": False,
            }
        )
        groups.append(
            {
                "id": f"q{number}",
                "source": "made",
                "question": question,
                "positives": [f"p{number % 5}"],
                "negatives": [f"p{(number + 1) % 5}"],
            }
        )
    passages = [
        {"_id": f"p{n}", "title": town, "text": text}
        for n, (town, text) in enumerate(zip(TOWNS, PASSAGES, strict=True))
    ]
    nli = [
        {
            "id": f"n{n}",
            "source": "made",
            "premise": text,
            "hypothesis": f"Ships came to {town}.",
            "label": "support" if n % 2 else "refute",
        }
        for n, (town, text) in enumerate(zip(TOWNS, PASSAGES, strict=True))
    ]
    for name, lines in zip(FILES, (examples, groups, passages, nli), strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with gzip.open(folder / name, "wt", encoding="utf-8") as stream:
            stream.writelines(json.dumps(line) + "\n" for line in lines)
    return folder


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder of one layer that knows nothing."""
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("start")
    tokenizer = Tokenizer(WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = Lowercase()  # type: ignore[assignment]
    tokenizer.pre_tokenizer = BertPreTokenizer()  # type: ignore[assignment]
    tokenizer.train_from_iterator(
        PASSAGES, WordPieceTrainer(vocab_size=200, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    )
    tokenizer.post_processor = TemplateProcessing(  # type: ignore[assignment]
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=200, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def test_the_recipe_gives_a_reader_that_the_product_loads(pools: Path, start: Path, tmp_path: Path) -> None:
    encoder.train(pools, tmp_path / "trained", start=start, pairs=60, half=False)
    report = json.loads((tmp_path / "trained" / "training.json").read_text())
    assert set(report["data_sha256"]) == set(FILES) and report["settings"]["SEED"] == encoder.SEED
    assert sum(report["pairs"].values()) >= 60
    export(tmp_path / "trained", tmp_path / "reader")
    reader = EncoderReader(str(tmp_path / "reader"))
    (reading,) = reader.read("How many ships did Tarn count?", [PASSAGES[0]], titles=["Tarn"])
    assert all(0 <= span.start < span.end <= len(PASSAGES[0]) for span in reading.spans) and reading.spans
    assert 0.0 <= reader.support("Ships came to Tarn.", [PASSAGES[0]])[0] <= 1.0


def test_int8_weights_say_what_the_trained_ones_say(pools: Path, start: Path, tmp_path: Path) -> None:
    encoder.train(pools, tmp_path / "trained", start=start, pairs=30, half=False)
    export(tmp_path / "trained", tmp_path / "reader")
    model = encoder.load(tmp_path / "trained")
    tokens = Tokenizer.from_file(str(start / "tokenizer.json")).encode("Who counted?", PASSAGES[0])
    with torch.inference_mode():
        exact = model(
            torch.tensor([tokens.ids]), torch.tensor([tokens.attention_mask]), torch.tensor([tokens.type_ids])
        )[2]
    (reading,) = EncoderReader(str(tmp_path / "reader")).read("Who counted?", [PASSAGES[0]])
    assert reading.answers == pytest.approx(float(exact[0, 0]), abs=0.1)


def test_a_run_that_was_stopped_ends_where_it_would_have_ended(
    pools: Path, start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "SAVE_EVERY", 2)
    monkeypatch.setattr(encoder, "BATCH", 8)
    encoder.train(pools, tmp_path / "whole", start=start, pairs=60, half=False)
    loss_of, calls = encoder.loss_of, 0

    def stopped(*arguments: Any, **options: Any) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        return loss_of(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(encoder, "loss_of", stopped)
        with pytest.raises(KeyboardInterrupt):
            encoder.train(pools, tmp_path / "cut", start=start, pairs=60, half=False)
    assert (tmp_path / "cut" / "checkpoint.pt").exists()
    encoder.train(pools, tmp_path / "cut", start=start, pairs=60, half=False)
    whole, cut = (torch.load(tmp_path / name / "weights.pt", weights_only=True) for name in ("whole", "cut"))
    assert all(torch.equal(whole[name], cut[name]) for name in whole)
    assert not (tmp_path / "cut" / "checkpoint.pt").exists()


def test_the_same_seed_makes_the_same_pairs(pools: Path) -> None:
    assert make_groups(pools, 50, 3) == make_groups(pools, 50, 3) != make_groups(pools, 50, 4)


def test_every_kind_of_pair_is_there_and_spans_hold_the_answer(pools: Path) -> None:
    groups = make_groups(pools, 200, 7)
    assert set(sources(groups)) == {"answer", "no answer", "supported", "not supported"}
    for pair in (pair for group in groups for pair in group if pair.span):
        assert pair.span and pair.passage[slice(*pair.span)] in {"20", "21", "22", "23", "24"}


def test_a_crop_keeps_the_answer() -> None:
    passage = "word " * 400 + "needle " + "word " * 400
    for seed in range(50):
        piece, span = cropped(passage, (2000, 2006), random.Random(seed))
        assert span and piece[slice(*span)] == "needle" and len(piece) <= 620


def test_an_altered_question_or_statement_differs_from_its_source() -> None:
    passage = "Minister Lena Holt said on 3 May that Norway sent 40 tents. Sweden was not asked."
    for seed in range(30):
        rng = random.Random(seed)
        question = alter_question("How many tents did Norway send on 3 May?", passage, "40", ["Peru"], rng)
        assert question is None or (question != "How many tents did Norway send on 3 May?" and "40" not in question)
        statement = alter_statement("On 3 May Norway sent 40 tents.", passage, ["Peru"], rng)
        assert statement != "On 3 May Norway sent 40 tents."
    changed = swap_speaker("On 3 May Lena Holt said so.", passage, random.Random(1), others=["Karl Berg"])
    assert changed is not None and "Lena Holt" not in changed


@needs_shared
@pytest.mark.slow
def test_a_small_part_of_the_real_recipe_runs(tmp_path: Path, nightly: bool) -> None:
    encoder.train(SHARED_DATA, tmp_path / "trained", pairs=780 if nightly else 200)
    report = json.loads((tmp_path / "trained" / "training.json").read_text())
    assert report["steps"] > 10 and report["pairs"]["answer"] > 50
    export(tmp_path / "trained", tmp_path / "reader")
    size = sum(file.stat().st_size for file in (tmp_path / "reader").iterdir())
    assert size < 30_000_000
    assert EncoderReader(str(tmp_path / "reader")).read("Who came?", ["The mayor came."])[0].spans
