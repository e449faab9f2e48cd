"""Answers kept beside the documents: what is kept whole or not at all, what goes first, and what an erasure leaves of them."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import schema
from index.answers import MOST_TURNS, Answers
from index.catalogue import Catalogue
from index.collection import Collection
from index.erasure import in_json, text_pieces
from index.errors import StorageFailed, UnknownAnswer, UnknownDocument, UnknownThread
from index.pieces import files_holding
from index.redaction import _OF_THE_WHOLE, _STAYS, ERASED, without_document
from index.values import Document
from tests.fakes import WordHashEmbedder
from tests.storage import article, own, write

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    return Answers(Catalogue(tmp_path / "dossier.sqlite3"))


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        texts = {f"{n}.txt": article(n, 4, title=f"The title of report {n}", publisher="North Post") for n in range(3)}
        collection.ingest(write(tmp_path / "files", texts))
        yield collection


def content_of(name: str, *cited: Document, read: tuple[Document, ...] = (), **more: Any) -> dict[str, Any]:
    """An answer in JSON values: one statement for each cited document, each with a position in a conflict."""
    citations = [_source(number, one) | {"quote": one.text[:150]} for number, one in enumerate(cited, 1)]
    said = [
        {"text": one.text[:150], "attribution": one.text[60:120], "citations": [n]} for n, one in enumerate(cited, 1)
    ]
    positions = [
        {"value": one.text[100:160], "normalized": {"text": one.text[:60]}, "citations": [n]}
        for n, one in enumerate(cited, 1)
    ]
    content: dict[str, Any] = {
        "id": name,
        "question": "What of it?",
        "query": "What of it?",
        "verdict": "answered" if cited else "not_stated",
        "text": " ".join(one.text[:200] for one in (*cited, *read)),
        "short": cited[0].text[:80] if cited else "",
        "statements": [{**one, "status": "verified", "checks": {"missing": one["text"].split()}} for one in said],
        "citations": citations,
        "conflicts": [{"about": cited[0].text[:90], "positions": positions}] if cited else [],
        "timeline": positions,
        "evidence": [_source(n, one) | {"text": one.text} for n, one in enumerate((*cited, *read), 1)],
    }
    return content | more


def _source(number: int, document: Document) -> dict[str, Any]:
    return {"number": number, "document_id": document.id, "title": document.provenance.title, "start": 0, "end": 150}


def keep(answers: Answers, content: Mapping[str, Any], *, thread: str | None = None, most: int = 100) -> None:
    answers.keep(content, {"as_of": None}, thread=thread, sequence=answers.seen(), most=most)


def test_an_answer_comes_back_as_it_was_kept(answers: Answers) -> None:
    keep(answers, content_of("ans_1", text='Quote " and \n newline, ü'), thread="thr_1")
    kept = answers.answer("ans_1")
    assert (kept.content["text"], kept.asked) == ('Quote " and \n newline, ü', {"as_of": None})
    assert (kept.thread, kept.turn, kept.removed, kept.erased) == ("thr_1", 1, (), ())
    assert kept.asked_at.endswith("+00:00")


def test_an_unknown_answer_or_thread_is_an_error_with_a_command(answers: Answers) -> None:
    for look in (answers.answer, answers.forget):
        with pytest.raises(UnknownAnswer, match="dossier answers"):
            look("ans_x")
    with pytest.raises(UnknownThread, match="--thread new"):
        answers.thread("thr_x")


def test_the_newest_come_first_and_the_oldest_go(answers: Answers) -> None:
    for number in range(7):
        keep(answers, content_of(f"ans_{number}"), most=5)
    assert [one.id for one in answers.newest(limit=3, offset=1)] == ["ans_5", "ans_4", "ans_3"]
    assert answers.count() == 5
    with pytest.raises(UnknownAnswer):
        answers.answer("ans_1")


def test_a_thread_holds_its_newest_thousand_turns_and_hands_on_the_newest(answers: Answers) -> None:
    with answers._catalogue.writing():
        for number in range(1, MOST_TURNS + 4):
            keep(answers, content_of(f"ans_{number}"), thread="thr_1", most=10_000)
    turns = answers.thread("thr_1")
    assert [one.turn for one in turns] == list(range(4, MOST_TURNS + 4))
    assert [one.turn for one in answers.thread("thr_1", newest=20)] == list(range(MOST_TURNS - 16, MOST_TURNS + 4))


def test_a_thread_goes_with_its_last_answer(answers: Answers) -> None:
    keep(answers, content_of("ans_1"), thread="thr_1")
    answers.forget("ans_1")
    with pytest.raises(UnknownThread):
        answers.thread("thr_1")


def test_a_file_of_the_first_schema_is_brought_to_this_one_with_its_documents(tmp_path: Path) -> None:
    path = tmp_path / "dossier.sqlite3"
    connection = sqlite3.connect(path)
    connection.executescript(f"{schema.STEPS[0]} PRAGMA user_version = 1;")
    connection.execute("INSERT INTO meta VALUES ('model', 'm')")
    connection.commit()
    connection.close()
    catalogue = Catalogue(path)
    keep(Answers(catalogue), content_of("ans_1"))
    assert (catalogue.meta("model"), Answers(catalogue).answer("ans_1").id) == ("m", "ans_1")
    catalogue.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (schema.SCHEMA_VERSION,)
    connection.close()


def test_an_upgrade_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "dossier.sqlite3"
    connection = sqlite3.connect(path)
    connection.executescript(f"{schema.STEPS[0]} PRAGMA user_version = 1;")
    connection.close()
    with monkeypatch.context() as patched:
        patched.setattr(schema, "STEPS", (schema.STEPS[0], schema.STEPS[1] + "CREATE TABLE answers (again);"))
        with pytest.raises(StorageFailed):
            Catalogue(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name LIKE 'answer%'").fetchall()
    connection.close()
    Catalogue(path).close()


KEEP_ON = """
import sys
from pathlib import Path
from index.answers import Answers
from index.catalogue import Catalogue
answers = Answers(Catalogue(Path(sys.argv[1])))
for number in range(100_000):
    read = [{"document_id": f"doc_{number}", "text": "x" * 20_000}]
    content = {"id": f"ans_{number}", "question": "?", "citations": [], "evidence": read}
    answers.keep(content, {}, thread="thr_1", sequence=0, most=20)
    print(f"ans_{number}", flush=True)
"""


@pytest.mark.parametrize("after", [1, 7, 31])
def test_a_kill_loses_no_answer_that_was_kept_and_leaves_none_half(tmp_path: Path, after: int) -> None:
    path = tmp_path / "dossier.sqlite3"
    with subprocess.Popen([sys.executable, "-c", KEEP_ON, str(path)], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().decode().strip() for _ in range(after)]
        process.send_signal(signal.SIGKILL)
        said += process.stdout.read().decode().split("\n")[:-1]
    answers = Answers(Catalogue(path))
    kept = answers.thread("thr_1")
    assert set(said[-19:]) <= {one.id for one in kept}, "one more may be kept that was not acknowledged"
    assert [one.turn for one in kept] == list(range(kept[0].turn or 0, (kept[0].turn or 0) + len(kept)))
    assert all(one.removed == (f"doc_{one.id[4:]}",) and one.content["evidence"] for one in kept)


def test_a_removed_document_stays_in_answers_and_is_marked(collection: Collection) -> None:
    gone, other = collection.documents()[:2]
    keep(collection.answers, content_of("ans_1", gone, read=(other,)))
    collection.remove(gone.id)
    kept = collection.answers.answer("ans_1")
    assert (kept.removed, kept.erased, kept.content["citations"][0]["quote"]) == ((gone.id,), (), gone.text[:150])


def test_an_erasure_leaves_no_byte_in_kept_answers_and_keeps_what_others_said(collection: Collection) -> None:
    gone, other, third = collection.documents()
    answers = collection.answers
    keep(answers, content_of("ans_cites", gone, other))
    keep(answers, content_of("ans_reads", other, read=(gone,), text="Nothing of it."))
    keep(answers, content_of("ans_nearest", read=(gone, other)))
    keep(answers, content_of("ans_apart", third))
    keep(answers, content_of("ans_typed", third, question=f"Is it true that {gone.text[100:300]}"))
    before = answers.answer("ans_apart")
    pieces = [form for piece in text_pieces(gone.text)[2:] for form in (piece, in_json(piece))]
    assert files_holding(collection.directory, pieces), "the proof sees what is there"
    collection.erase(gone.id)
    assert not files_holding(collection.directory, pieces)
    everything = b"".join(path.read_bytes() for path in collection.directory.rglob("*") if path.is_file())
    assert (gone.provenance.title or "").encode() not in everything
    cites = answers.answer("ans_cites")
    assert cites.erased == (gone.id,)
    assert (cites.content["text"], cites.content["short"]) == (ERASED, "")
    assert [one["quote"] for one in cites.content["citations"]] == [ERASED, other.text[:150]]
    assert [one["text"] for one in cites.content["statements"]] == [ERASED, other.text[:150]]
    assert [one["value"] for one in cites.content["timeline"]] == [ERASED, other.text[100:160]]
    assert answers.answer("ans_reads").content["text"] == "Nothing of it."
    assert answers.answer("ans_nearest").content["text"] == ERASED
    assert answers.answer("ans_apart") == before
    assert answers.answer("ans_typed").content["question"] == ERASED


def test_a_follow_up_that_was_rewritten_with_erased_words_keeps_only_its_question(collection: Collection) -> None:
    gone, other = collection.documents()[:2]
    first = content_of("ans_1", gone)
    second = content_of("ans_2", other, query="What did Ilse Brandt say?", rewritten_by="rule", missing=["Ilse Brandt"])
    third = content_of("ans_3", other)
    for content in (first, second, third):
        keep(collection.answers, content, thread="thr_1")
    collection.erase(gone.id)
    turns = [one.content for one in collection.answers.thread("thr_1")]
    assert (turns[1]["question"], turns[1]["query"], turns[1]["text"]) == ("What of it?", "What of it?", ERASED)
    assert "Ilse Brandt" not in json.dumps(turns)
    assert turns[2] == third


def test_what_a_removed_copy_left_in_an_answer_goes_with_the_erased_document(
    tmp_path: Path, collection: Collection
) -> None:
    gone = collection.documents()[0]
    collection.ingest(write(tmp_path / "more", {"copy.txt": f"A copy.\n{gone.text}"}))
    copy = next(one for one in collection.documents() if one.text.startswith("A copy."))
    keep(collection.answers, content_of("ans_1", copy))
    collection.remove(copy.id)
    collection.erase(gone.id)
    assert collection.answers.answer("ans_1").content["text"] == ERASED


def test_what_answers_hold_of_a_removed_document_can_still_be_erased(collection: Collection) -> None:
    gone = collection.documents()[0]
    keep(collection.answers, content_of("ans_1", gone))
    collection.remove(gone.id)
    collection.erase(gone.id)
    assert collection.answers.answer("ans_1").erased == (gone.id,)
    assert not files_holding(collection.directory, text_pieces(gone.text)[2:])
    with pytest.raises(UnknownDocument):
        collection.erase(gone.id)


def test_an_answer_on_its_way_during_an_erasure_does_not_bring_the_words_back(collection: Collection) -> None:
    gone, other = collection.documents()[:2]
    seen = collection.answers.seen()
    read, rewritten = content_of("ans_1", gone, other), content_of("ans_2", other, rewritten_by="llm", query="Who?")
    collection.erase(gone.id)
    for content in (read, rewritten):
        collection.answers.keep(content, {}, thread=None, sequence=seen, most=10)
    assert not files_holding(collection.directory, text_pieces(gone.text)[2:])
    assert collection.answers.answer("ans_1").erased == (gone.id,)
    assert collection.answers.answer("ans_2").content["query"] == "What of it?"


def test_answers_that_do_not_know_of_a_change_are_found(tmp_path: Path, collection: Collection) -> None:
    answers = collection.answers
    keep(answers, content_of("ans_1"))
    assert answers.count(before=answers.seen()) == 0
    new = collection.ingest(write(tmp_path / "more", {"new.txt": article(9)})).added
    keep(answers, content_of("ans_2"))
    assert [one.id for one in answers.newest(limit=9, before=answers.seen())] == ["ans_1"]
    all_ids = [one.id for one in collection.documents()]
    assert answers.came_since(answers.answer("ans_1").sequence, all_ids) == list(new)
    assert answers.came_since(answers.answer("ans_2").sequence, all_ids) == []


words = st.text(st.characters(codec="utf-8", exclude_characters="[]"), min_size=9, max_size=30)


new_fields = st.text(min_size=1, max_size=9).filter(
    lambda name: name not in (*_OF_THE_WHOLE, *_STAYS)
)  # numbers and ids of the asker


@given(secret=words, fields=st.dictionaries(new_fields, st.just(None), max_size=5))
def test_no_field_of_what_cites_a_document_keeps_its_words_whatever_it_is_called(
    secret: str, fields: dict[str, None]
) -> None:
    source = {"number": 1, "document_id": "doc_1", "start": 3}
    told = dict.fromkeys(fields, f"~{secret}~") | {"nested": {"deep": [f"~{secret}~"]}, "list": [f"~{secret}~"]}
    content = {
        **told,
        "question": "?",
        "verdict": "answered",
        "text": f"~{secret}~",
        "short": f"~{secret}~",
        "citations": [{**told, "quote": f"~{secret}~", **source}],
        "statements": [{**told, "citations": [1]}],
        "conflicts": [{"about": f"~{secret}~", "positions": [{**told, "citations": [1]}]}],
        "timeline": [{**told, "citations": [1]}],
        "evidence": [{**told, "text": f"~{secret}~", **source}],
    }
    left = json.dumps(without_document(content, "doc_1"), ensure_ascii=False)
    assert json.dumps(f"~{secret}~", ensure_ascii=False)[1:-1] not in left


def test_a_name_of_a_conversation_that_repeats_an_erased_document_goes_with_it(collection: Collection) -> None:
    gone, stays = collection.documents()[:2]
    for name in ("thr_1", "thr_2"):
        keep(collection.answers, content_of(f"of_{name}", stays), thread=name)
    collection.answers.threads.rename("thr_1", max(gone.text.splitlines(), key=len)[:150])
    collection.answers.threads.rename("thr_2", "Words of my own")
    collection.erase(gone.id)
    titles = {one.id: one.title for one in collection.answers.threads.listed(limit=9)}
    assert titles == {"thr_1": None, "thr_2": "Words of my own"}
