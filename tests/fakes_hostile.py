"""A Dossier whose every word is hostile: its documents, its answers, its tables and its errors hold the payloads."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from index.errors import UnknownDocument
from index.files import SourceFile
from index.values import Document
from rag.answer.telling import Listener
from rag.build import Dossier, open_dossier
from rag.coverage.table import Count, Coverage, DocumentCoverage
from rag.settings import Settings
from rag.values import Answer, Citation, Conflict, EvidenceView, FiltersView, Position, Statement
from tests.fakes import WordHashEmbedder


def open_hostile(folder: Path, texts: Sequence[str]) -> HostileDossier:
    """A real Dossier with one document for each text: in its title, outlet, author, kind, words and file name."""
    (folder / "report.json").write_text(json.dumps(report(texts)), encoding="utf-8")
    dossier = open_dossier(Settings(data=folder / "data", reports=folder))
    dossier.embedder = WordHashEmbedder()
    files = []
    for number, text in enumerate(texts, start=1):
        path = folder / f"{number}.md"
        head = "\n".join(f"{name}: {json.dumps(text)}" for name in ("title", "publisher", "author", "kind"))
        path.write_text(
            f"---\n{head}\npublished: 2025-03-{number % 28 + 1:02}\n---\nBridge {number} was built by Otto Lind in Tarn.\n\n{text}\n",
            encoding="utf-8",
        )
        files.append(SourceFile(f"upload/{number} {text}.md", path, path.name))
    taken = dossier.collection(create=True).ingest(files)
    assert len(taken.added) == len(texts), taken.refused
    return HostileDossier(dossier, texts)


def report(texts: Sequence[str]) -> dict[str, Any]:
    """An evaluation report that somebody else wrote."""
    whole = "\n".join(texts)
    cases = [
        {
            "id": text,
            "kind": text,
            "question": text,
            "answers": [text],
            "positions": [[text]],
            "passed": False,
            "verdict": text,
            "short": text,
            "text": text,
            "confidence": 0.9,
            "citations": [{"document_id": text, "quote": text, "start": 0, "end": 1, "publisher": text}],
            "citation_faults": [text],
        }
        for text in texts
    ]
    figures = [
        {"key": f"{text}/{text}", "value": 0.5, "interval": {"low": 0.4, "high": 0.6}, "reach": 0.9} for text in texts
    ]
    origin = {"collection": whole, "gold": whole, "commit": whole, "settings_hash": whole}
    return {"created_at": whole, "origin": origin, "figures": figures, "cases": cases}


class HostileDossier:
    """What a Dossier does, but for who answers."""

    def __init__(self, dossier: Dossier, texts: Sequence[str]) -> None:
        self._dossier = dossier
        self._texts = texts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dossier, name)

    def pipeline(self, name: str | None = None, **_: Any) -> HostilePipeline:
        return HostilePipeline(self.collection(name).documents(), self._texts)

    def warm_up(self) -> None:
        """No model answers here."""

    def surveyor(self, name: str | None = None) -> HostileSurveyor:
        return HostileSurveyor(self.collection(name).documents(), self._texts)


class HostilePipeline:
    """A question with "silent" is not answered, one with "sides" is disputed, one with "fails" fails in the payloads' words."""

    def __init__(self, documents: Sequence[Document], texts: Sequence[str]) -> None:
        self._documents = documents
        self._texts = texts

    def answer(self, question: str, *, listener: Listener | None = None, **_: Any) -> Answer:
        if "fails" in question:
            raise UnknownDocument(" ".join(self._texts))
        answer, hears = self._answer(question), listener or Listener()
        hears.sources(answer.evidence)
        for statement in answer.statements:
            hears.statement(statement, answer.citations)
        return answer

    def search(self, query: str, **_: Any) -> list[Any]:
        return []

    def _answer(self, question: str) -> Answer:
        silent, sides = "silent" in question, "sides" in question
        whole = "\n".join(self._texts)
        numbered = list(enumerate(self._texts, start=1))
        positions = tuple(
            Position(value=text, citations=(number,), publisher=text, published="2025-03-04")
            for number, text in numbered
        )
        return Answer(
            id=f"ans_{uuid.uuid4().hex}",
            question=question,
            query=whole,
            verdict="not_stated" if silent else "conflicting" if sides else "partial",
            text=f"The documents don't say. {whole}" if silent else whole,
            short="" if silent else whole,
            confidence=0.5,
            statements=()
            if silent
            else tuple(
                Statement(text=text, attribution=text, speaker=text, citations=(number,), status="weak")
                for number, text in numbered
            ),
            citations=() if silent else tuple(self._citation(number, text) for number, text in numbered),
            conflicts=(Conflict(about=whole, positions=positions), Conflict(about="2", positions=positions))
            if sides
            else (),
            timeline=positions if sides else (),
            missing=() if sides else tuple(self._texts),
            nearness="something else" if silent else None,
            evidence=tuple(self._evidence(number, text) for number, text in numbered),
            filters=FiltersView(publisher=whole[:200], since="2025-01-01", detected=True),
            answered_by=f"llm:{whole[:200]}",
            degraded=True,
            settings_hash="0" * 12,
            generation="g1",
            rewritten_by="llm",
            timings_ms={"total": 12.0},
        )

    def _document(self, number: int) -> Document:
        return next(one for one in self._documents if f"Bridge {number} was" in one.text)

    def _citation(self, number: int, text: str) -> Citation:
        document = self._document(number)
        start = document.text.index("Bridge")
        return Citation(
            number=number,
            document_id=document.id,
            chunk_id=f"c{number}",
            title=text,
            publisher=text,
            author=text,
            kind=text,
            published="2025-03-04",
            published_precision="day",
            published_source="edited",
            uri=text,
            quote=text,
            start=start,
            end=len(document.text),
        )

    def _evidence(self, number: int, text: str) -> EvidenceView:
        document = self._document(number)
        return EvidenceView(
            chunk_id=f"c{number}",
            document_id=document.id,
            number=number,
            rank=number,
            score=0.03,
            signals={"dense_score": 0.5},
            title=text,
            publisher=text,
            published="2025-03-04",
            start=0,
            end=len(document.text),
            text=text,
        )


class HostileSurveyor:
    def __init__(self, documents: Sequence[Document], texts: Sequence[str]) -> None:
        self._documents = documents
        self._texts = texts

    def cover(self, asked: str, **_: Any) -> Coverage:
        rows = tuple(
            DocumentCoverage(
                number=number,
                document_id=document.id,
                origin=document.id,
                title=text,
                publisher=text,
                author=text,
                kind=text,
                status="contradicts" if number % 2 else "says",
                quote=text,
                start=0,
                end=10,
                value=text,
                attribution=text,
                mentions=1,
                places=((0, 5),),
                passages=1,
                searched=1,
                read=1,
            )
            for number, (document, text) in enumerate(zip(self._documents, self._texts, strict=False), start=1)
        )
        return Coverage(
            asked=asked,
            query=" ".join(self._texts),
            reading="question",
            text=" ".join(self._texts),
            says=Count(documents=1, origins=1),
            contradicts=Count(documents=1, origins=1),
            silent=Count(),
            positions=tuple(
                Position(value=text, citations=(number,), publisher=text) for number, text in enumerate(self._texts, 1)
            ),
            documents=rows,
            collection="default",
            generation="g1",
            settings_hash="0" * 12,
        )
