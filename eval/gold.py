"""Gold questions: read from JSON Lines, checked line by line, and tied to spans of the documents they quote."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, cast, get_args

from eval.cases import NOT_STATED, Filtering, GoldCase, GoldEvidence, GoldProblem, Kind, LocatedCase, LocatedEvidence
from index.errors import DossierError
from index.values import Document, Span
from rag.filters import filters_of

KINDS: tuple[str, ...] = get_args(Kind)
_FILTER_TEXTS = ("publisher", "since", "until", "as_of")
FILTER_FIELDS = frozenset({*_FILTER_TEXTS, "tags", "sources", "documents", "metadata"})
MAX_LINE_CHARS = 100_000
MAX_OCCURRENCES = 50
"""Places of one quote that are kept; a quote that stands more often than this points nowhere."""


class GoldInvalid(DossierError):
    """A gold file cannot be used. `problems` names each line that is wrong."""

    code = "gold-invalid"

    def __init__(self, path: Path, problems: Sequence[GoldProblem]) -> None:
        self.problems = tuple(problems)
        lines = "\n".join(f"  {problem}" for problem in problems)
        count = f"{len(problems)} problem" + ("s" if len(problems) != 1 else "")
        super().__init__(f"{path} has {count}:\n{lines}\nMend these lines, then run: dossier eval {path}")


def read_gold(path: Path) -> tuple[list[GoldCase], list[GoldProblem]]:
    """Every valid case of a gold file, and one problem for each thing that is wrong with a line.

    Raises:
        GoldInvalid: The file cannot be read at all, or it holds no case and no problem.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise GoldInvalid(path, [GoldProblem(0, None, f"the file cannot be read: {error}")]) from error
    cases: list[GoldCase] = []
    problems: list[GoldProblem] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        case, faults = _parse_line(number, line)
        if case is not None and case.id in seen:
            faults.append(GoldProblem(number, case.id, f"the id is already used in line {seen[case.id]}"))
        problems += faults
        if case is not None and not faults:
            seen[case.id] = number
            cases.append(case)
    if not cases and not problems:
        raise GoldInvalid(path, [GoldProblem(0, None, "the file holds no question")])
    return cases, problems


def locate(cases: Iterable[GoldCase], documents: Iterable[Document]) -> tuple[list[LocatedCase], list[GoldProblem]]:
    """Tie evidence to documents and spans; a document or a quote that is not in the collection is a problem.

    A document is named by its id, its source, or the end of its source ("a.md", "folder/a.md"). White space in a quote
    matches any white space, because loading joins and trims lines. Every place of a quote counts.
    """
    names = _names(documents)
    located: list[LocatedCase] = []
    problems: list[GoldProblem] = []
    for case in cases:
        found = [_locate_evidence(case, index, evidence, names) for index, evidence in enumerate(case.evidence)]
        faults = [item for item in found if isinstance(item, GoldProblem)]
        problems += faults
        if not faults:
            evidence = tuple(item for item in found if isinstance(item, LocatedEvidence))
            located.append(LocatedCase(case, evidence))
    return located, problems


def load_gold(path: Path, documents: Iterable[Document]) -> list[LocatedCase]:
    """The cases of a gold file, tied to `documents`. Raises GoldInvalid with every problem of the file at once."""
    cases, problems = read_gold(path)
    located, more = locate(cases, documents)
    if problems or more:
        raise GoldInvalid(path, sorted([*problems, *more], key=lambda problem: problem.line))
    return located


def _parse_line(number: int, line: str) -> tuple[GoldCase | None, list[GoldProblem]]:
    if len(line) > MAX_LINE_CHARS:
        return None, [
            GoldProblem(number, None, f"the line has {len(line)} characters; at most {MAX_LINE_CHARS} are read")
        ]
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError) as error:
        return None, [GoldProblem(number, None, f"not JSON: {error}")]
    if not isinstance(raw, dict):
        return None, [GoldProblem(number, None, f"a JSON object is needed, got {type(raw).__name__}")]
    check = _Check(number, raw)
    case = check.case()
    return (case, check.problems)


@dataclass
class _Check:
    """Reads the fields of one line and notes what is wrong with each."""

    number: int
    raw: Mapping[str, Any]
    problems: list[GoldProblem] = field(default_factory=list)

    def case(self) -> GoldCase:
        kind = self.text("kind")
        if kind and kind not in KINDS:
            self.wrong(f"unknown kind {kind!r}; known are {', '.join(KINDS)}")
        answers = self.texts("answers", self.raw.get("answers") or [])
        positions = self.forms("positions")
        items = self.forms("items")
        evidence = self.evidence()
        self.check_kind(kind, answers, positions, items, evidence)
        digest = hashlib.sha256(json.dumps(self.raw, sort_keys=True).encode()).hexdigest()[:12]
        return GoldCase(
            id=self.text("id"),
            kind=cast(Kind, kind),
            question=self.text("question"),
            answers=answers,
            not_in_headline=self.texts("not_in_headline", self.raw.get("not_in_headline") or []),
            items=items,
            min_items=self.min_items(len(items)),
            positions=positions,
            evidence=evidence,
            filtering=self.filtering(),
            line=self.number,
            digest=digest,
        )

    def wrong(self, reason: str) -> None:
        identifier = self.raw.get("id")
        problem = GoldProblem(self.number, identifier if isinstance(identifier, str) else None, reason)
        if problem not in self.problems:
            self.problems.append(problem)

    def text(self, name: str) -> str:
        value = self.raw.get(name)
        if isinstance(value, str) and value.strip():
            return value
        self.wrong(
            f"'{name}' is missing" if value is None else f"'{name}' must be text that is not blank, got {value!r:.80}"
        )
        return ""

    def texts(self, name: str, value: Any) -> tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value):
            return tuple(value)
        self.wrong(f"'{name}' must be a list of texts that are not blank, got {value!r:.80}")
        return ()

    def forms(self, name: str) -> tuple[tuple[str, ...], ...]:
        value = self.raw.get(name) or []
        if not isinstance(value, list):
            self.wrong(f"'{name}' must be a list of lists of texts, got {value!r:.80}")
            return ()
        if any(item == [] for item in value):
            self.wrong(f"'{name}' holds an empty {name.removesuffix('s')}")
        return tuple(self.texts(name, item) for item in value)

    def min_items(self, items: int) -> int:
        value = self.raw.get("min_items")
        if value is None:
            return 0
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= items:
            self.wrong(f"'min_items' must be a number from 1 to the number of 'items' ({items}), got {value!r:.80}")
            return 0
        return value

    def evidence(self) -> tuple[GoldEvidence, ...]:
        value = self.raw.get("evidence") or []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.wrong(f"'evidence' must be a list of objects with 'document' and 'quote', got {value!r:.80}")
            return ()
        found = []
        for item in value:
            document, quote = item.get("document"), item.get("quote")
            if not isinstance(document, str) or not document.strip():
                self.wrong(f"'evidence[].document' must be a file name or an id, got {document!r:.80}")
            elif quote is not None and (not isinstance(quote, str) or not quote.strip()):
                self.wrong(f"'evidence[].quote' must be text that is not blank, got {quote!r:.80}")
            else:
                found.append(GoldEvidence(document, quote))
        return tuple(found)

    def filtering(self) -> Filtering:
        value = self.raw.get("filters") or {}
        if not isinstance(value, dict) or set(value) - FILTER_FIELDS:
            self.wrong(f"'filters' may hold {', '.join(sorted(FILTER_FIELDS))}, got {value!r:.80}")
            return Filtering()
        if any(value.get(name) is not None and not isinstance(value[name], str) for name in _FILTER_TEXTS):
            self.wrong(f"'filters' must hold texts, got {value!r:.80}")
            return Filtering()
        lists = (value.get(name) or [] for name in ("tags", "sources", "documents"))
        if not all(isinstance(one, list) and all(isinstance(item, str) for item in one) for one in lists):
            self.wrong(f"'filters' must list texts in tags, sources and documents, got {value!r:.80}")
            return Filtering()
        try:
            filters = filters_of(value)
        except (ValueError, AttributeError, TypeError) as error:
            self.wrong(f"'filters' cannot be: {error}")
            return Filtering()
        return Filtering(filters if filters else None, value.get("as_of"))

    def check_kind(
        self,
        kind: str,
        answers: Sequence[str],
        positions: Sequence[Any],
        items: Sequence[Any],
        evidence: Sequence[Any],
    ) -> None:
        if kind in NOT_STATED:
            for name, value in (
                ("answers", answers),
                ("positions", positions),
                ("items", items),
                ("evidence", evidence if kind == "unanswerable" else ()),
            ):
                if value:
                    self.wrong(f"an unanswerable question has no '{name}'")
            return
        if kind == "conflict":
            if len(positions) < 2:
                self.wrong(f"a conflict needs 2 or more 'positions', got {len(positions)}")
        elif kind in KINDS:
            if positions:
                self.wrong(f"'positions' belong to the kind conflict, not {kind}")
            if not answers and not items:
                self.wrong("'answers' is missing or empty, and there are no 'items'")
        if kind in KINDS and not evidence:
            self.wrong("'evidence' is missing or empty")


def _names(documents: Iterable[Document]) -> dict[str, list[Document]]:
    """Every name a document answers to: its id, and each tail of each source."""
    names: dict[str, list[Document]] = {}
    for document in documents:
        own = {document.id}
        for source in document.sources:
            parts = PurePath(source).parts
            own |= {source} | {"/".join(parts[start:]) for start in range(len(parts))}
        for name in own:
            names.setdefault(name, []).append(document)
    return names


def _locate_evidence(
    case: GoldCase, index: int, evidence: GoldEvidence, names: Mapping[str, Sequence[Document]]
) -> LocatedEvidence | GoldProblem:
    found = names.get(evidence.document, ())
    if len(found) != 1:
        what = "is not in the collection" if not found else f"names {len(found)} documents; give more of its path"
        return GoldProblem(case.line, case.id, f"evidence {index + 1}: document {evidence.document!r} {what}")
    if evidence.quote is None:
        return LocatedEvidence(found[0].id, None, ())
    pattern = r"\s+".join(re.escape(word) for word in evidence.quote.split())
    spans = []
    for match in re.finditer(pattern, found[0].text):
        spans.append(Span(match.start(), match.end()))
        if len(spans) == MAX_OCCURRENCES:
            break
    if not spans:
        return GoldProblem(
            case.line, case.id, f"evidence {index + 1}: {evidence.document} does not say {evidence.quote!r:.120}"
        )
    return LocatedEvidence(found[0].id, evidence.quote, tuple(spans))
