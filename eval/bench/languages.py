"""Questions in many languages over documents of their own: is the sentence that answers the first that is shown?

    python -m eval.bench.languages FOLDER [FOLDER ...] [--questions 20] [--documents 60]

Each folder holds `dev.jsonl.gz`, one row a question: `context`, `title`, `question`, `answers` ([{text, start}]), `answerable`.
The texts of a folder are one collection, made in a temporary directory; nothing is kept.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag.build import Dossier, open_dossier
from rag.settings import load_settings
from rag.values import Answer

Row = dict[str, Any]


def chosen_rows(path: Path, questions: int, documents: int) -> tuple[list[Row], list[str]]:
    """The first answerable questions of a set, and the texts they are asked over: their own and the first others."""
    with gzip.open(path / "dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    asked = [row for row in rows if row["answerable"] and row["answers"]][:questions]
    texts = dict.fromkeys([*(row["context"] for row in asked), *(row["context"] for row in rows)])
    own = len({row["context"] for row in asked})
    return asked, list(texts)[: max(own, documents)]


def shows_first(answer: Answer, row: Row) -> bool:
    """Whether the first statement holds an answer of the row."""
    return bool(answer.statements) and any(one["text"] in answer.statements[0].text for one in row["answers"])


def has_wrong_headline(answer: Answer, row: Row) -> bool:
    """Whether a bare answer is shown that neither holds one of the row's nor is held by it."""
    short = answer.short.strip().casefold()
    gold = [one["text"].casefold() for one in row["answers"]]
    return bool(short) and not any(one in short or short in one for one in gold)


def measure(dossier: Dossier, folder: Path, path: Path, questions: int, documents: int) -> dict[str, int]:
    """Counts over one set: asked, answered, right sentence first, headlines, wrong headlines."""
    from index.files import SourceFile

    asked, texts = chosen_rows(path, questions, documents)
    name = path.name.lower().replace("_", "-")[:60]
    files = []
    for number, text in enumerate(texts):
        file = folder / f"{name}-{number}.txt"
        file.write_text(text, encoding="utf-8")
        files.append(SourceFile(str(file), file, file.name))
    dossier.collection(name, create=True).ingest(files)
    pipeline = dossier.pipeline(name)
    counts = dict.fromkeys(("asked", "answered", "first", "headlines", "wrong headlines"), 0)
    for row in asked:
        answer = pipeline.answer(row["question"])
        counts["asked"] += 1
        counts["answered"] += answer.verdict != "not_stated"
        counts["first"] += shows_first(answer, row)
        counts["headlines"] += bool(answer.short)
        counts["wrong headlines"] += has_wrong_headline(answer, row)
    return counts


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--documents", type=int, default=60)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with open_dossier(load_settings(data=folder / "data")) as dossier:
            for path in given.folders:
                counts = measure(dossier, folder, path, given.questions, given.documents)
                print(path.name, *(f"{name} {count}" for name, count in counts.items()), sep="  ", flush=True)


if __name__ == "__main__":
    main()
