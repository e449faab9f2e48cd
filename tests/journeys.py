"""What the journeys through the page share: invented articles, and a real server over a real Dossier of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.files import find_files
from rag.answer.telling import Listener
from rag.build import Dossier, open_dossier
from rag.settings import Settings
from rag.values import Answer
from tests.fakes_page import served
from ui.access.keys import Keys

ARTICLES = {
    "bridge.md": """---
title: The bridge at Lindholm turns a hundred
publisher: The Harbour Post
author: Ada Quill
published: 2025-03-04
kind: report
---

The bridge at Lindholm was opened on 12 May 1911 by the engineer Otto Lind. It replaced a ferry that had sunk twice.

The bridge cost 2 million crowns. Critics had called it a luxury, and the town council argued over its colour for a year.
""",
    "lighthouse.md": """---
title: Who keeps the lighthouse
publisher: Coast Weekly
published: 2024-11
kind: analysis
---

Marta Sund has kept the lighthouse on Graa island since 1998. She paints it red every spring.

Ferries to the island sail on Tuesdays and Fridays.
""",
    "strike.md": """---
title: Harbour strike ends after nine days
publisher: The Tarn Courier
author: Ilse Brandt
published: 2024-05-06
kind: report
---

Dock workers in Tarn voted on 4 May to end their strike. Union secretary Oskar Lindqvist said that 310 members had voted in favour of the deal.

Mayor Petra Vance called the agreement a relief for the whole coast.
""",
    "vote.md": """---
title: The count of the vote in Tarn
publisher: Northern Post
author: Jonas Reed
published: 2024-05-09
kind: report
---

In Tarn 290 members had voted in favour of the deal, the election board said. The strike of the dock workers had lasted nine days.
""",
    "museum.txt": "The whale museum\n\nThe whale museum in Lindholm was founded by Ingrid Dahl in 1954. It holds eleven skeletons.\n",
}
OPENED = "When was the bridge at Lindholm opened?"
KEPT = "Who keeps the lighthouse on Graa island?"
VOTED = "How many members voted in favour of the deal?"
NOT_STATED = "Who won the 2022 World Cup?"


@dataclass
class Held:
    """A Dossier whose answers come when they are let go: what is read is told at once, the rest waits for `go`."""

    dossier: Dossier
    go: threading.Event

    def __getattr__(self, name: str) -> Any:
        return getattr(self.dossier, name)

    def pipeline(self, name: str | None = None, **given: Any) -> HeldPipeline:
        return HeldPipeline(self.dossier.pipeline(name, **given), self.go)


@dataclass
class HeldPipeline:
    pipeline: Any
    go: threading.Event

    def answer(self, question: str, *, listener: Listener | None = None, **given: Any) -> Answer:
        answer: Answer = self.pipeline.answer(question, **given)
        if listener is not None:
            listener.sources(answer.evidence)
            while not self.go.wait(0.05):
                listener.sources(answer.evidence)  # ends this when nobody waits any more
            for statement in answer.statements:
                listener.statement(statement, answer.citations)
        return answer


@dataclass(frozen=True)
class House:
    """A real server.

    Attributes:
        url: Of the server that answers at once.
        held_url, go: Of one over the same documents that answers when `go` is set.
    """

    dossier: Dossier
    url: str
    held_url: str
    go: threading.Event


def evaluation_report() -> dict[str, Any]:
    """A small report such as `dossier eval` writes."""
    figures = [
        {"key": "answers/right", "value": 0.9, "interval": {"low": 0.7, "high": 0.97}, "n": 20, "reach": 0.8},
        {"key": "citations/exact", "value": 1.0, "interval": {"low": 0.84, "high": 1.0}, "n": 20, "reach": 1.0},
        {"key": "refusals/right", "value": 0.6, "interval": {"low": 0.31, "high": 0.83}, "n": 10, "reach": 0.9},
    ]
    cases = [
        {"id": "q1", "kind": "fact", "question": OPENED, "answers": ["12 May 1911"], "passed": True, "verdict": "answered", "short": "12 May 1911"},
        {"id": "q2", "kind": "refusal", "question": "Who painted the bridge?", "passed": False, "verdict": "answered", "short": "Otto Lind", "confidence": 0.8},
    ]  # fmt: skip
    return {
        "created_at": "2025-06-01T10:00:00Z",
        "origin": {"collection": "default", "gold": "gold.jsonl", "commit": "abc1234", "documents": 5, "chunks": 9},
        "figures": figures,
        "cases": cases,
    }


@contextmanager
def house(folder: Path, **settings: Any) -> Iterator[House]:
    """A house over the articles in a folder of its own."""
    articles = folder / "articles"
    articles.mkdir()
    for name, text in ARTICLES.items():
        (articles / name).write_text(text, encoding="utf-8")
    (folder / "report.json").write_text(json.dumps(evaluation_report()), encoding="utf-8")
    with open_dossier(Settings(data=folder / "data", reports=folder, **settings)) as dossier:
        found = find_files([articles], max_files=10)
        dossier.collection(create=True).ingest(found.files, roots=found.roots, refusals=found.refusals)
        go = threading.Event()
        with served(dossier) as url, served(Held(dossier, go)) as held_url:
            try:
                yield House(dossier, url, held_url, go)
            finally:
                go.set()


def new_key(dossier: Dossier, **given: Any) -> str:
    """A key for the page, as the command line would show it once."""
    return Keys(dossier.settings.data).create("a visitor", **given)[1]
