"""Near-duplicates: a reprint shares its origin, another article on the same subject does not."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from index.catalogue import Catalogue
from index.duplicates import Sketch, near_duplicates, shared_part, sketch
from index.values import Span
from tests.fakes import WordHashEmbedder
from tests.storage import DEEDS, PLACES, THINGS, own, write

OPENERS = "Officials Residents Engineers Auditors Historians Councillors Traders Sailors".split()


def report(seed: int, sentences: int = 30) -> list[str]:
    """Sentences about one subject, in words of their own."""
    chance = random.Random(seed)
    return [
        f"{chance.choice(OPENERS)} in {chance.choice(PLACES)} told the inquiry that the {chance.choice(THINGS)} had been "
        f"{chance.choice(DEEDS)} {chance.choice(('before', 'after', 'during'))} the {chance.choice(PLACES)} "
        f"{chance.choice(THINGS)} was {chance.choice(DEEDS)} at a cost of {chance.randrange(2, 900)} million crowns."
        for _ in range(sentences)
    ]


def _sketch(sentences: list[str]) -> Sketch:
    text = " ".join(sentences)
    return sketch(text, [Span(0, len(text))])


def edited(sentences: list[str], seed: int = 1, words: int = 1, of: int = 4) -> list[str]:
    """A reprint: in every `of`-th sentence some words are other ones."""
    chance = random.Random(seed)
    changed = []
    for number, sentence in enumerate(sentences):
        parts = sentence.split()
        if number % of == 0:
            for _ in range(words):
                parts[chance.randrange(len(parts))] = "reportedly"
        changed.append(" ".join(parts))
    return changed


@pytest.mark.parametrize("seed", range(8))
def test_a_lightly_edited_reprint_is_a_near_duplicate(seed: int) -> None:
    original = report(seed)
    for copy in (
        original,
        edited(original),
        original[:-6],
        ["By our staff.", *original],
        [*original[3:], "Reprinted with permission."],
    ):
        assert near_duplicates(_sketch(original), _sketch(copy))


@pytest.mark.parametrize("seed", range(8))
def test_two_articles_on_the_same_subject_are_not(seed: int) -> None:
    assert not near_duplicates(_sketch(report(seed)), _sketch(report(seed + 100)))


def test_a_report_that_quotes_a_short_one_is_not_its_copy() -> None:
    short, long = report(1, 10), report(2, 60)
    assert not near_duplicates(_sketch(short), _sketch(short + long))


def test_a_heavily_edited_text_is_not_a_copy() -> None:
    original = report(3)
    assert not near_duplicates(_sketch(original), _sketch(edited(original, words=4, of=1)))


@pytest.mark.parametrize("kept", [5, 10, 15, 20, 25])
def test_the_estimate_is_near_the_true_part(kept: int) -> None:
    original, other = report(4, 30), report(5, 30)
    mixed = original[:kept] + other[: 30 - kept]
    assert shared_part(_sketch(original), _sketch(mixed)) == pytest.approx(kept / 30, abs=0.12)


def test_texts_too_short_to_judge_have_no_near_duplicates() -> None:
    tiny = _sketch(["The page was left blank on purpose today."])
    assert not near_duplicates(tiny, tiny)
    assert tiny.lookup() == []
    assert shared_part(_sketch([]), _sketch([])) == 0.0


def test_a_sketch_is_the_same_everywhere_and_survives_storage() -> None:
    one = _sketch(report(6))
    assert int(one.hashes[0]) == int(Sketch.from_bytes(one.to_bytes()).hashes[0])
    assert Sketch.from_bytes(one.to_bytes()).count == one.count
    fixed = sketch("one two three four five six", [Span(0, 27)])
    assert [int(value) for value in fixed.hashes] == [134274272191529721, 7358660770120281059]


def test_only_the_body_is_compared() -> None:
    banner = " ".join(report(7, 40))
    one, other = " ".join(report(8, 10)), " ".join(report(9, 10))
    texts = [banner + body for body in (one, other)]
    sketches = [sketch(text, [Span(len(banner), len(text))]) for text in texts]
    assert not near_duplicates(*sketches)


def _file(sentences: list[str], publisher: str, date: str | None = None) -> str:
    return f"publisher: {publisher}\n" + (f"date: {date}\n" if date else "") + "\n".join(sentences)


def _origins(catalogue: Catalogue) -> dict[str | None, str | None]:
    documents = {document.id: document for document in catalogue.documents()}
    return {
        document.provenance.publisher: documents[document.origin].provenance.publisher
        for document in documents.values()
    }


def test_copies_share_the_first_published_as_origin_whatever_came_in_first(tmp_path: Path) -> None:
    original = report(10)
    texts = {
        "a.txt": _file(edited(original, 2), "Reprint Daily", "2025-03-04"),
        "b.txt": _file(report(11), "Another Voice", "2025-03-01"),
        "c.txt": _file(edited(original, 3), "Undated Mirror"),
        "d.txt": _file(original, "First Post", "2025-03-02"),
    }
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        for file in write(tmp_path / "files", texts):
            collection.ingest([file])
        assert _origins(collection.catalogue) == {
            "Reprint Daily": "First Post",
            "Undated Mirror": "First Post",
            "First Post": "First Post",
            "Another Voice": "Another Voice",
        }
        first = next(document for document in collection.documents() if document.provenance.publisher == "First Post")
        collection.remove(first.id)
        assert _origins(collection.catalogue) == {
            "Reprint Daily": "Reprint Daily",
            "Undated Mirror": "Reprint Daily",
            "Another Voice": "Another Voice",
        }
