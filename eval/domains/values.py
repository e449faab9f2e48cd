"""What a run over domains keeps of each question, before anything is counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from eval.classes import Class
from eval.domains.read import Domain

Outcome = Class | Literal["error"]
"""The class of an answer, or that there was none because asking failed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a domain and what came of it; `short` and `text` are what was shown."""

    kind: str
    outcome: Outcome
    id: str
    question: str
    verdict: str = ""
    short: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class DomainResult:
    """A domain after its run; `refused` names files that could not be read."""

    domain: Domain
    documents: int
    refused: tuple[str, ...] = ()
    asked: tuple[Asked, ...] = field(default=(), repr=False)
