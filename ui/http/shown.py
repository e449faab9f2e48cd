"""One invented answer, of which every example of the description of the API is made."""

from __future__ import annotations

from typing import Any

from rag.values import Answer, Citation, EvidenceView, Statement

ID = "9c1f04d2a7e86b53"
ANSWER_ID = "ans_7d1c5b0e9a3f4c628b70d5e41f2a9c36"
ASKED_AT = "2024-06-02T09:30:00+00:00"
QUESTION = "When did the harbour of Tarn reopen?"
QUOTE = "The harbour of Tarn reopened on 4 May."
SAID: dict[str, Any] = {"title": "Ships are back in Tarn", "publisher": "Tarn Courier", "published": "2024-05-06"}
PLACE: dict[str, Any] = {"document_id": ID, "chunk_id": f"{ID}:0", "start": 0, "end": len(QUOTE)}

ANSWER = Answer(
    id=ANSWER_ID,
    question=QUESTION,
    query=QUESTION,
    verdict="answered",
    text=f"Tarn Courier (6 May 2024): {QUOTE} [1]",
    short="4 May",
    confidence=0.91,
    statements=(Statement(text=QUOTE, attribution="Tarn Courier (6 May 2024)", citations=(1,), status="verified"),),
    citations=(Citation(number=1, quote=QUOTE, support=0.97, **SAID, **PLACE),),
    evidence=(EvidenceView(number=1, rank=1, score=0.82, dense_rank=1, lexical_rank=1, text=QUOTE, **SAID, **PLACE),),
    answered_by="extractive",
    settings_hash="1f0c2a9b7d43",
    generation="gen_20240601T080000_5d1e",
    timings_ms={"total": 412.5},
)
