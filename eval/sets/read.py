"""Public retrieval sets as they lie in folders: which folders are sets, and what a set holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from eval.sets.cases import EvaluationSet, SetDocument, SetProblem, SetQuery
from eval.sets.lines import LineReader, NoSet, SetInvalid
from eval.sets.records import add_once, read_document, read_judgement, read_query

_SUFFIXES = (".jsonl", ".jsonl.gz")


def is_set(folder: Path, part: str = "dev") -> bool:
    """Whether a folder holds documents and questions as `read_set` reads them."""
    return _find(folder, "corpus", part) is not None and _find(folder / part, "queries") is not None


def find_sets(folder: Path, part: str = "dev") -> list[Path]:
    """The folder itself when it is a set, else the sets right below it, by name. Raises NoSet."""
    if is_set(folder, part):
        return [folder]
    found = sorted(path for path in folder.iterdir() if path.is_dir() and is_set(path, part)) if folder.is_dir() else []
    if not found:
        raise NoSet(
            f"{folder} is no set and holds none: a set has corpus.jsonl[.gz] and {part}/queries.jsonl[.gz]. "
            "Give a set, a folder of sets, or a GOLD.jsonl."
        )
    return found


def read_set(folder: Path, part: str = "dev") -> EvaluationSet:
    """Read a set: corpus (beside or in `part`), distractors, and the questions, judgements and test ids of `part`.

    Files are JSON Lines, plain or gzip. Fields: documents `_id`, `title`, `text`, and `source` or `publisher`, `author`,
    `published_at` or `published`; questions `_id`, `text`, and `answers` or `answer`, `answerable`, `doc_id`, `spans`
    (`text`, `start`), `references` (`text`, `start`, `end`); judgements `query_id`, `doc_id`, `score` (1 or more is relevant).
    Without judgements a question's `doc_id` is relevant when it has references.

    Raises:
        NoSet: The folder has no corpus or no questions.
        SetInvalid: With every line that is wrong.
    """
    corpus, queries = _find(folder, "corpus", part), _find(folder / part, "queries")
    if corpus is None or queries is None:
        raise NoSet(
            f"{folder} is no set: it has no {'corpus' if corpus is None else f'{part}/queries'}.jsonl[.gz]. "
            "Give a set, a folder of sets, or a GOLD.jsonl."
        )
    distractors, qrels = _find(folder, "distractors", part), _find(folder / part, "qrels")
    test_ids = folder / part / "test_ids.txt"
    reader = LineReader(folder)
    documents: dict[str, SetDocument] = {}
    for path in (corpus, distractors):
        if path is not None:
            reader.read(path, lambda raw: add_once(documents, read_document(raw)))
    asked: dict[str, SetQuery] = {}
    reader.read(queries, lambda raw: add_once(asked, read_query(raw, documents)))
    relevant: dict[str, set[str]] = {}
    if qrels is not None:
        reader.read(qrels, lambda raw: read_judgement(raw, asked, documents, relevant))
    else:
        relevant = {query.id: {query.doc_id} for query in asked.values() if query.references and query.doc_id}
    listed = reader.lines(test_ids, asked) if test_ids.exists() else frozenset()
    if not documents and not reader.problems:
        reader.problems.append(SetProblem(corpus.relative_to(folder).as_posix(), 0, "it holds no document"))
    if not asked and not reader.problems:
        reader.problems.append(SetProblem(queries.relative_to(folder).as_posix(), 0, "it holds no question"))
    if reader.problems:
        raise SetInvalid(folder, reader.problems)
    found = (
        replace(query, relevant=frozenset(relevant.get(query.id, ())), test=query.id in listed)
        for query in asked.values()
    )
    return EvaluationSet(folder.resolve().name, tuple(documents.values()), tuple(found), reader.digest())


def _find(folder: Path, stem: str, part: str | None = None) -> Path | None:
    places = (folder, folder / part) if part else (folder,)
    paths = (place / f"{stem}{suffix}" for place in places for suffix in _SUFFIXES)
    return next((path for path in paths if path.is_file()), None)
