import subprocess
import sys
import threading

import numpy as np
import pytest

from index.embed import PACKAGED_SHA256, SentenceEmbedder, packaged_folder
from index.errors import ModelUnavailable


def test_passages_become_unit_vectors_in_the_order_given(embedder: SentenceEmbedder) -> None:
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


def test_a_question_is_nearest_to_the_passage_that_answers_it(embedder: SentenceEmbedder) -> None:
    passages = embedder.embed_passages(
        ["The ship sank near the coast of Norway.", "He baked a loaf of bread.", "Interest rates rose."]
    )
    assert int(np.argmax(passages @ embedder.embed_query("Where did the vessel go down?"))) == 0


def test_tokens_are_counted_beyond_the_window(embedder: SentenceEmbedder) -> None:
    assert embedder.count_tokens(["one two three", "word " * 600]) == [5, 602]
    assert embedder.embed_passages(["word " * 600]).shape == (1, embedder.dimension)
    assert embedder.count_tokens([]) == []


def test_no_passages_give_no_rows(embedder: SentenceEmbedder) -> None:
    assert embedder.embed_passages([]).shape == (0, embedder.dimension)


def test_threads_that_share_the_embedder_agree(embedder: SentenceEmbedder) -> None:
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


def test_the_packaged_weights_are_the_expected_ones(embedder: SentenceEmbedder) -> None:
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


def test_the_window_read_from_the_folder_is_the_one_the_model_has(embedder: SentenceEmbedder) -> None:
    assert embedder.max_tokens == embedder._model.max_seq_length == 256


def test_name_and_window_are_known_without_loading_the_model() -> None:
    code = "import sys; from index.embed import SentenceEmbedder as E; e = E(); e.fingerprint, e.max_tokens; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
