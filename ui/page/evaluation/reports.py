"""The last report of `dossier eval`, read as what it is: a file that any version, or any hand, may have written."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

REPORT = "report.json"
MOST_BYTES = 32 * 1024 * 1024
_Share = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]


class ReportUnusable(Exception):
    """What is in the folder is no report; the text says why, without a path."""


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Interval(_Read):
    low: _Share
    high: _Share


class Figure(_Read):
    """A measure: "group/name", its value with a 95 % interval over n questions, and what it is to reach."""

    key: str
    value: _Share
    interval: Interval
    n: int = 0
    reach: _Share | None = None

    @property
    def group(self) -> str:
        return self.key.split("/")[0]

    @property
    def name(self) -> str:
        return " · ".join(self.key.split("/")[1:]) or self.key


class Quoted(_Read):
    document_id: str = ""
    quote: str = ""
    start: int = 0
    end: int = 0
    publisher: str | None = None


class Case(_Read):
    """A question of the gold file, what was expected and what was said."""

    id: str = ""
    kind: str = ""
    question: str
    answers: tuple[str, ...] = ()
    positions: tuple[tuple[str, ...], ...] = ()
    passed: bool
    verdict: str = ""
    short: str = ""
    text: str = ""
    confidence: _Share = 0.0
    citations: tuple[Quoted, ...] = ()
    citation_faults: tuple[str, ...] = ()


class Origin(_Read):
    collection: str = ""
    gold: str = ""
    commit: str | None = None
    settings_hash: str = ""
    documents: int = 0
    chunks: int = 0


class Report(_Read):
    """The figures, and every question with how it came out."""

    created_at: str = ""
    origin: Origin
    figures: Annotated[tuple[Figure, ...], Field(max_length=5_000)]
    cases: Annotated[tuple[Case, ...], Field(max_length=100_000)]

    @property
    def failing(self) -> list[Case]:
        """The surest first: those are the worst."""
        return sorted((one for one in self.cases if not one.passed), key=lambda one: -one.confidence)


def last_report(folder: Path) -> Report | None:
    """The report in `folder`; None without one. Raises ReportUnusable."""
    path = folder / REPORT
    try:
        state = path.stat()
    except OSError:
        return None
    if state.st_size > MOST_BYTES:
        raise ReportUnusable(f"It has more than {MOST_BYTES // 1024 // 1024} MB.")
    return _read(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=2)
def _read(path: Path, _changed_ns: int, _size: int) -> Report:
    try:
        return Report.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ReportUnusable(f"Its field {where!s:.80} is not what a report has.") from None
    except (OSError, ValueError, RecursionError):
        raise ReportUnusable("It is not JSON.") from None
