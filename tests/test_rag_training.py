"""The training recipe, end to end: on a handful of invented questions and claims with a tiny encoder, and on a part of the real pools."""

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import WordPieceTrainer

from rag.reading.encoder import Outputs, PairEncoder
from rag.reading.reader import EncoderReader
from rag.training import encoder
from rag.training.alter import CHANGES, alter_question, swap_speaker, swap_unit
from rag.training.candidates import Candidate, candidates_of, read_candidates, token_f1, write
from rag.training.claims import Claims
from rag.training.exams import Exams
from rag.training.export import export
from rag.training.pairs import Pair, Reading, cropped, make_groups, sources
from rag.training.restore import restore
from rag.training.sources import (
    CLAIM_POOLS,
    GROUPS,
    OFFICE,
    QUESTION_POOLS,
    Claim,
    Pools,
    Question,
    read_pools,
)
from rag.training.sources import (
    PASSAGES as PASSAGE_FILE,
)
from rag.training.spans import MarkedSpans
from tests.shared import SHARED_DATA, needs_shared

TOWNS = ("Tarn", "Eskil", "Morvik", "Halden", "Brandt")
PASSAGES = [
    f"In {town} the harbour master counted {20 + n} ships on Friday. Rain fell for two days."
    for n, town in enumerate(TOWNS)
]


def question(number: int, **changed: Any) -> Question:
    """Of five towns in turn; every fourth has no answer."""
    passage, answer = PASSAGES[number % 5], str(20 + number % 5)
    at = passage.index(answer)
    spans = ((at, at + len(answer)),) if number % 4 else ()
    values = {
        "id": f"q{number}",
        "source": "made",
        "licence": "CC0",
        "text": f"How many ships did {TOWNS[number % 5]} count, asked as number {number}?",
        "passage": passage,
        "title": TOWNS[number % 5],
        "spans": spans,
        "yes": None,
        "answerable": bool(spans),
        "human": True,
    }
    return Question(**{**values, **changed})


@pytest.fixture(scope="module")
def pools() -> Pools:
    """Twenty questions, some of yes or no, and claims of every relation."""
    questions = [question(n) for n in range(20)]
    questions += [
        question(n, id=f"y{n}", text=f"Did ships come to {TOWNS[n]}?", spans=(), yes=bool(n % 2), answerable=True)
        for n in range(4)
    ]
    questions += [
        question(
            n, id=f"r{n}", text=f"How long did it rain in {TOWNS[n % 5]}?", spans=_of(n, "two days"), answerable=True
        )
        for n in range(5)
    ]
    relations = ("support", "refute", "neither", "unsupported")
    claims = [
        Claim("made", "CC0", f"Ships came to {town}.", text, relations[n % 4])
        for n, (town, text) in enumerate(zip(TOWNS, PASSAGES, strict=True))
    ]  # type: ignore[arg-type]
    near = {one.text: (PASSAGES[(n + 1) % 5],) for n, one in enumerate(questions)}
    return Pools(tuple(questions), tuple(claims), near, {"made": 1})


def _of(number: int, answer: str) -> tuple[tuple[int, int], ...]:
    at = PASSAGES[number % 5].index(answer)
    return ((at, at + len(answer)),)


@pytest.fixture(scope="module")
def found() -> list[Candidate]:
    """What an earlier reader found: numbers that are right, days that are not."""
    asked = [question(n) for n in range(1, 4)]
    right = [Candidate(q.text, q.passage, q.title, *q.spans[0], True) for q in asked]
    return right + [
        Candidate(q.text, q.passage, q.title, *_of(n, "Friday")[0], False) for n, q in enumerate(asked, start=1)
    ]


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


Train = Callable[..., None]


@pytest.fixture
def train(pools: Pools, found: list[Candidate], start: Path) -> Train:
    """`encoder.train` on the invented pools with the tiny encoder."""

    def run(out: Path, **options: Any) -> None:
        encoder.train(pools, found, out, start=start, half=False, **options)

    return run


def test_the_recipe_gives_a_reader_that_the_product_loads(train: Train, tmp_path: Path) -> None:
    train(tmp_path / "trained", pairs=60, told={"data_sha256": {}})
    report = json.loads((tmp_path / "trained" / "training.json").read_text())
    assert report["settings"]["SEED"] == encoder.SEED and report["left_out_for_exams"] == {"made": 1}
    assert sum(report["pairs"].values()) >= 60 and report["licences"] == ["CC0"] and report["number_type"] == "float32"
    export(tmp_path / "trained", tmp_path / "reader")
    reader = EncoderReader(str(tmp_path / "reader"))
    (reading,) = reader.read("How many ships did Tarn count?", [PASSAGES[0]], titles=["Tarn"])
    assert all(0 <= span.start < span.end <= len(PASSAGES[0]) for span in reading.spans) and reading.spans
    (relation,) = reader.relations("Ships came to Tarn.", [PASSAGES[0]])
    assert relation.support + relation.refute + relation.neither == pytest.approx(1.0)
    assert len(reader.right("How many ships?", [(PASSAGES[0], 35, 37)])) == 1


def test_the_reader_marks_a_span_by_the_types_of_its_tokens(start: Path) -> None:
    seen: list[list[int]] = []

    def forward(ids: Any, mask: Any, types: Any) -> Outputs:
        seen.extend(types.tolist())
        return Outputs(None, None, np.zeros((len(ids), 5), dtype=np.float32))

    PairEncoder(start / "tokenizer.json", forward).run(
        "How many?", ["In Tarn 20 ships."] * 2, marked=[(8, 10), (11, 16)]
    )
    tokens = Tokenizer.from_file(str(start / "tokenizer.json")).encode("How many?", "In Tarn 20 ships.")
    for types, (a, b) in zip(seen, [(8, 10), (11, 16)], strict=True):
        marked = [n for n, kind in enumerate(types) if kind != tokens.type_ids[n]]
        assert marked and all(a <= tokens.offsets[n][0] and tokens.offsets[n][1] <= b for n in marked)


def test_int8_weights_say_what_the_trained_ones_say(train: Train, start: Path, tmp_path: Path) -> None:
    train(tmp_path / "trained", pairs=30)
    export(tmp_path / "trained", tmp_path / "reader")
    model = encoder.load(tmp_path / "trained")
    tokens = Tokenizer.from_file(str(start / "tokenizer.json")).encode("Who counted?", PASSAGES[0])
    with torch.inference_mode():
        exact = model(
            torch.tensor([tokens.ids]), torch.tensor([tokens.attention_mask]), torch.tensor([tokens.type_ids])
        )[2]
    (reading,) = EncoderReader(str(tmp_path / "reader")).read("Who counted?", [PASSAGES[0]])
    assert reading.answers == pytest.approx(float(exact[0, 0]), abs=0.1)


def test_an_exported_encoder_can_be_trained_further(train: Train, start: Path, tmp_path: Path) -> None:
    train(tmp_path / "trained", pairs=60)
    export(tmp_path / "trained", tmp_path / "reader")
    trained, fresh = encoder.load(tmp_path / "trained"), encoder.PairModel.from_folder(start)
    assert "encoder.encoder.layer.0.attention.self.query.weight" in restore(fresh, tmp_path / "reader")
    for name, weight in trained.state_dict().items():
        if "embeddings" not in name:
            assert torch.allclose(fresh.state_dict()[name], weight, atol=0.02), name
    (tmp_path / "else").mkdir()
    export(tmp_path / "trained", tmp_path / "else")
    train(tmp_path / "further", pairs=30, go_on_from=tmp_path / "else")
    assert (tmp_path / "further" / "weights.pt").exists()


def test_a_run_that_was_stopped_ends_where_it_would_have_ended(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "SAVE_EVERY", 2)
    monkeypatch.setattr(encoder, "BATCH", 8)
    train(tmp_path / "whole", pairs=60)
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
            train(tmp_path / "cut", pairs=60)
    assert (tmp_path / "cut" / "checkpoint.pt").exists()
    train(tmp_path / "cut", pairs=60)
    whole, cut = (torch.load(tmp_path / name / "weights.pt", weights_only=True) for name in ("whole", "cut"))
    assert all(torch.equal(whole[name], cut[name]) for name in whole)
    assert not (tmp_path / "cut" / "checkpoint.pt").exists()


def test_the_same_seed_makes_the_same_pairs(pools: Pools) -> None:
    kinds = [Reading(pools, ["Peru"]), Claims(pools, ["Peru"])]
    assert make_groups(kinds, 50, 3) == make_groups(kinds, 50, 3) != make_groups(kinds, 50, 4)


def test_every_kind_of_pair_is_there_and_spans_hold_the_answer(pools: Pools, found: list[Candidate]) -> None:
    kinds = [Reading(pools, ["Peru"]), Claims(pools, ["Peru"]), MarkedSpans(pools, found, ["Peru"])]
    groups = make_groups(kinds, 600, 7)
    relations = {f"claim: {one}" for one in ("support", "refute", "neither", "unsupported")}
    assert set(sources(groups)) == {
        "question: answered",
        "question: not answered",
        "span: right",
        "span: wrong",
        *relations,
    }
    answers = {"20", "21", "22", "23", "24", "two days"}
    for pair in (pair for group in groups for pair in group):
        if pair.span:
            assert pair.passage[slice(*pair.span)] in answers
        if pair.marked and pair.right:
            assert pair.passage[slice(*pair.marked)] in answers


def test_a_question_of_yes_or_no_is_answered_without_a_span(pools: Pools, start: Path) -> None:
    tokenizer = Tokenizer.from_file(str(start / "tokenizer.json"))
    row = encoder.encode(Pair("Did ships come?", PASSAGES[0], answers=True), tokenizer)
    assert row and (row.start, row.end, row.answers) == (encoder.NONE, encoder.NONE, 1)
    row = encoder.encode(Pair("Did ships come?", PASSAGES[0], answers=False), tokenizer)
    assert row and (row.start, row.end, row.answers) == (0, 0, 0)


def test_a_marked_span_has_the_type_of_the_question(start: Path) -> None:
    tokenizer = Tokenizer.from_file(str(start / "tokenizer.json"))
    passage = "In Tarn 20 ships."
    row = encoder.encode(Pair("How many?", passage, marked=(8, 10), right=True), tokenizer)
    assert row and row.right == 1
    pieces = tokenizer.encode("How many?", passage)
    marked = [n for n, (kind, own) in enumerate(zip(row.types, pieces.type_ids, strict=True)) if kind != own]
    assert [passage[slice(*pieces.offsets[n])] for n in marked] == ["20"] or "".join(
        passage[slice(*pieces.offsets[n])] for n in marked
    ) == "20"


def test_a_claim_of_which_only_no_support_is_known_is_no_contradiction() -> None:
    refuted, neither = torch.tensor([[-2.0, 3.0, 0.0]]), torch.tensor([[-2.0, 0.0, 3.0]])
    losses = [float(encoder._relation(logits, [encoder.UNSUPPORTED])) for logits in (refuted, neither)]
    assert losses[0] == pytest.approx(losses[1]) and losses[0] < 0.02
    assert float(encoder._relation(torch.tensor([[3.0, 0.0, 0.0]]), [encoder.UNSUPPORTED])) > 2


def test_a_crop_keeps_the_answer() -> None:
    passage = "word " * 400 + "needle " + "word " * 400
    for seed in range(50):
        piece, span = cropped(passage, (2000, 2006), random.Random(seed))
        assert span and piece[slice(*span)] == "needle" and len(piece) <= 620


def test_an_altered_question_or_statement_differs_from_its_source() -> None:
    passage = "Minister Lena Holt said on 3 May that Norway sent 40 tents. Sweden was not asked."
    for seed in range(30):
        rng = random.Random(seed)
        changed = alter_question("How many tents did Norway send on 3 May?", passage, "40", ["Peru"], rng)
        assert changed is None or (changed != "How many tents did Norway send on 3 May?" and "40" not in changed)
        for way in CHANGES:
            assert (
                way("On 3 May Norway sent 40 tents.", passage, rng, others=["Peru"]) != "On 3 May Norway sent 40 tents."
            )
    changed = swap_speaker("On 3 May Lena Holt said so.", passage, random.Random(1), others=["Karl Berg"])
    assert changed is not None and "Lena Holt" not in changed


def test_a_unit_becomes_another_of_its_kind() -> None:
    changed = {swap_unit("The pump moves 5 kg in 2 hours.", "", random.Random(seed), others=[]) for seed in range(40)}
    assert "The pump moves 5 g in 2 hours." in changed and "The pump moves 5 kg in 2 days." in changed
    assert swap_unit("Nothing is measured in 5 minds.", "", random.Random(1), others=[]) is None


class LastWords:
    """Finds the last two words of every passage."""

    def read(self, question: str, passages: list[str], *, titles: object = (), spans: int = 1) -> list[Any]:
        from rag.values import Reading as Found
        from rag.values import SpanAnswer

        return [
            Found(1.0, (SpanAnswer(text.rindex("two days"), len(text) - 1, 2.0), SpanAnswer(0, 2, 1.0)))
            for text in passages
        ]


def test_candidates_are_right_on_their_passage_and_wrong_elsewhere(tmp_path: Path) -> None:
    asked = question(1, text="How long did it rain?", spans=_of(1, "two days"))
    own = list(candidates_of(asked, asked.passage, LastWords()))  # type: ignore[arg-type]
    assert [(asked.passage[one.start : one.end], one.right) for one in own] == [("two days", True), ("In", False)]
    assert [one.right for one in candidates_of(asked, PASSAGES[2], LastWords())] == [False, False]  # type: ignore[arg-type]
    assert token_f1("the two days", "two days") == 1.0 and token_f1("Friday", "two days") == 0.0
    file = tmp_path / "found.jsonl.gz"
    file.with_name("found.jsonl.gz.part").write_text(json.dumps([]) + "\n")  # the first pair was read before a stop
    assert write(file, [(asked, asked.passage), (asked, PASSAGES[2])], LastWords()) == 2  # type: ignore[arg-type]
    assert [one.right for one in read_candidates(file)] == [False, False]


def write_pool(folder: Path, name: str, lines: list[dict[str, Any]]) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / name, "wt", encoding="utf-8") as stream:
        stream.writelines(json.dumps(line) + "\n" for line in lines)


def test_what_touches_an_exam_is_left_out(tmp_path: Path) -> None:
    for name in (*QUESTION_POOLS, *CLAIM_POOLS, PASSAGE_FILE, GROUPS):
        write_pool(tmp_path, name, [])
    run = "one two three four five six seven eight nine ten eleven twelve thirteen"
    write_pool(tmp_path, "exam/dev/queries.jsonl.gz", [{"_id": "a", "text": "Who came to Tarn?"}])
    write_pool(tmp_path, "exam/dev/corpus.jsonl.gz", [{"_id": "d", "text": f"Begin {run} end."}])
    write_pool(
        tmp_path,
        "known/dev/queries.jsonl.gz",
        [{"_id": "t", "text": "Test?", "doc_id": "p"}, {"_id": "u", "text": "Trained on?", "doc_id": "q"}],
    )
    write_pool(
        tmp_path,
        "known/dev/corpus.jsonl.gz",
        [
            {"_id": "p", "text": run.replace("one", "uno") + " more words"},
            {"_id": "q", "text": run.replace("one", "ein")},
        ],
    )
    (tmp_path / "known/dev/test_ids.txt").write_text("t\n")
    told = {"source": "made", "answers": [{"text": "x", "start": 0}], "answerable": True, "licence": "CC0"}
    asked = [
        ("q1", "who came to tarn", "x is free."),
        ("q2", "What?", f"x {run.upper()}"),
        ("q3", "Trained on?", f"x {run.replace('one', 'ein')}"),
        ("q4", "Where?", f"x {run.replace('one', 'uno')} more"),
    ]
    write_pool(
        tmp_path,
        QUESTION_POOLS[0],
        [{**told, "id": i, "question": text, "context": context} for i, text, context in asked],
    )
    pools = read_pools(tmp_path, Exams.read(tmp_path), seed=1)
    kept = [one.id for one in pools.questions if one.source != OFFICE]
    assert kept == ["q3"] and pools.left_out == {"made": 3}


@needs_shared
@pytest.mark.slow
def test_a_small_part_of_the_real_recipe_runs(tmp_path: Path, nightly: bool) -> None:
    pools = read_pools(SHARED_DATA, Exams.read(SHARED_DATA), seed=encoder.SEED)
    assert pools.left_out["squad_train"] > 50
    asked = [one for one in pools.questions if one.spans][:20]
    found = [candidate for one in asked for candidate in candidates_of(one, one.passage, EncoderReader())]
    encoder.train(pools, found, tmp_path / "trained", pairs=780 if nightly else 60)
    report = json.loads((tmp_path / "trained" / "training.json").read_text())
    assert report["steps"] >= 3 and report["pairs"]["question: answered"] > 10
    export(tmp_path / "trained", tmp_path / "reader")
    size = sum(file.stat().st_size for file in (tmp_path / "reader").iterdir())
    assert size < 30_000_000
    assert EncoderReader(str(tmp_path / "reader")).read("Who came?", ["The mayor came."])[0].spans
