"""Other people's models in the transformers format take the packaged reader's place; tiny ones with weights by chance stand for them."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from transformers import (
    BertConfig,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertModel,
    DistilBertConfig,
    DistilBertForQuestionAnswering,
)

from index.errors import ModelUnavailable
from rag.question.analyse import Query
from rag.reading.reader import EncoderReader
from rag.search.rerank import Reranker
from tests.test_rag_rerank import evidence

WORDS = "[PAD] [UNK] [CLS] [SEP] who built the mill in tarn otto lind it was old . ?".split()
PASSAGES = ["otto lind built the mill .", "the mill was old .", "it was old . " * 200]
SMALL = {
    "vocab_size": len(WORDS),
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}


def save(folder: Path, model: torch.nn.Module) -> Path:
    model.save_pretrained(folder)
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = BertPreTokenizer()
    special = [("[CLS]", 2), ("[SEP]", 3)]
    tokenizer.post_processor = TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", special)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(autouse=True)
def by_chance() -> None:
    torch.manual_seed(7)


def test_a_span_model_finds_spans_and_its_best_one_says_whether_there_is_an_answer(tmp_path: Path) -> None:
    reader = EncoderReader(str(save(tmp_path, BertForQuestionAnswering(BertConfig(**SMALL)))))
    for reading, passage in zip(reader.read("who built the mill ?", PASSAGES, spans=2), PASSAGES, strict=True):
        assert reading.spans and reading.answers == max(span.score for span in reading.spans)
        assert all(0 <= span.start < span.end <= len(passage) for span in reading.spans)
    with pytest.raises(ModelUnavailable, match="Use 'packaged'"):
        reader.relations("otto lind built it .", PASSAGES)


def test_a_model_without_token_types_is_run_without_them(tmp_path: Path) -> None:
    config = DistilBertConfig(vocab_size=len(WORDS), dim=16, n_layers=1, n_heads=2, hidden_dim=32)
    reader = EncoderReader(str(save(tmp_path, DistilBertForQuestionAnswering(config))))
    assert all(reading.spans for reading in reader.read("who built the mill ?", PASSAGES))


def test_a_cross_encoder_scores_as_transformers_does_and_finds_no_spans(tmp_path: Path) -> None:
    model = BertForSequenceClassification(BertConfig(**SMALL, num_labels=1)).eval()
    folder = save(tmp_path, model)
    read = EncoderReader(str(folder)).read("who built the mill ?", PASSAGES[:2])
    assert all(reading.spans == () for reading in read)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for reading, passage in zip(read, PASSAGES, strict=False):
        pair = tokenizer.encode("who built the mill ?", passage)
        with torch.inference_mode():
            expected = model(
                input_ids=torch.tensor([pair.ids]), token_type_ids=torch.tensor([pair.type_ids])
            ).logits.item()
        assert reading.answers == pytest.approx(expected, abs=1e-5)


def test_a_cross_encoder_orders_what_the_packaged_reader_reads(tmp_path: Path) -> None:
    scorer = EncoderReader(str(save(tmp_path, BertForSequenceClassification(BertConfig(**SMALL, num_labels=1)))))
    scores = [reading.answers for reading in scorer.read("who built the mill ?", PASSAGES[:2])]
    found = Reranker(EncoderReader(), scorer).rerank(
        Query("who built the mill ?"), evidence((PASSAGES[0], 0.5), (PASSAGES[1], 0.5))
    )
    assert [item.hit.rerank_score for item in found] == pytest.approx(sorted(scores, reverse=True), abs=1e-5)
    assert all(item.reading is not None and item.reading.spans for item in found)


@pytest.mark.parametrize("make", [lambda folder: None, lambda folder: (folder / "config.json").write_text("{}")])
def test_a_folder_without_such_a_model_is_refused_by_name(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    save(tmp_path / "other", BertModel(BertConfig(**SMALL)))
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / "tokenizer.json").write_bytes((tmp_path / "other" / "tokenizer.json").read_bytes())
    make(folder)
    with pytest.raises(ModelUnavailable, match="empty holds no span model and no cross-encoder"):
        EncoderReader(str(folder)).read("who ?", PASSAGES)


def test_a_name_that_is_not_in_the_local_cache_is_not_fetched() -> None:
    with pytest.raises(ModelUnavailable, match="neither a folder nor in the local model cache"):
        EncoderReader("cross-encoder/no-such-model")


def test_the_readings_of_a_long_passage_are_finite(tmp_path: Path) -> None:
    reader = EncoderReader(str(save(tmp_path, BertForQuestionAnswering(BertConfig(**SMALL)))))
    assert math.isfinite(reader.read("who ?", [PASSAGES[2] * 3])[0].answers)
