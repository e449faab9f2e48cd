"""The gate: what a person may see of a draft, decided by rules alone, whoever wrote it.

It proves that a statement's numbers, dates, quotations and names stand in what it cites, that a name keeps its part in the
sentence, words their speaker, and the sentence its sense. It does not understand: every statement is shown next to its quotes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from index.values import Span
from rag.facts.instructions import instructed
from rag.facts.wording import WORD, fold, strip_markers, words
from rag.gate.cited import Cited, take_apart
from rag.gate.missing import missing_from
from rag.gate.places import misplaced_facts
from rag.gate.roles import exchanged_counts, exchanged_names, joined_names, who_said
from rag.gate.sense import NO_OVERLAP, SAME_WORDS, WEAK_OVERLAP, compare_sense
from rag.values import Draft, DraftStatement, Evidence, Quote, Status


@dataclass(frozen=True, slots=True)
class VerifiedStatement:
    """A statement after the gate.

    Attributes:
        text: The statement without citation markers.
        quotes: The quotes that stand, in the order given; never a quote whose offsets do not hold.
        status: "verified"; "weak" when every fact stands but something gives cause for doubt; or "unsupported".
        checks: Why, in JSON types: "verbatim", "overlap", "negation", what is missing, dropped, exchanged or turned round.
    """

    text: str
    quotes: tuple[Quote, ...]
    status: Status
    checks: Mapping[str, Any]
    answer: Span | None = None


def verify(draft: Draft, evidence: Sequence[Evidence]) -> tuple[VerifiedStatement, ...]:
    """Check every statement of a draft against what it cites; nothing is left out and nothing is raised."""
    numbered = {item.number: item for item in reversed(evidence)}
    ordinary = frozenset(
        word for item in evidence for word in WORD.findall(fold(item.hit.chunk.text)) if word.islower()
    )
    return tuple(
        replace(_verify_statement(statement, numbered, ordinary), answer=statement.answer)
        for statement in draft.statements
    )


def supported(statements: Iterable[VerifiedStatement]) -> tuple[VerifiedStatement, ...]:
    """The statements that may be shown: the verified and the weak ones."""
    return tuple(statement for statement in statements if statement.status != "unsupported")


def short_stands(short: str, statements: Iterable[VerifiedStatement], evidence: Sequence[Evidence]) -> bool:
    """True when a bare answer ("October 18") is itself proved by the quotes of the statements that are shown."""
    quotes = tuple(quote for statement in supported(statements) for quote in statement.quotes)
    draft = Draft((DraftStatement(short, quotes),), short, 1.0, "short")
    return verify(draft, evidence)[0].status == "verified"


def _verify_statement(
    statement: DraftStatement, numbered: Mapping[int, Evidence], ordinary: frozenset[str]
) -> VerifiedStatement:
    text = strip_markers(statement.text).strip()
    faults = [(quote, _fault(quote, numbered)) for quote in statement.quotes]
    kept = tuple(dict.fromkeys(quote for quote, fault in faults if not fault))
    dropped = [{"evidence": quote.evidence, "why": fault} for quote, fault in faults if fault]
    checks: dict[str, Any] = {"quotes_dropped": dropped} if dropped else {}
    if not kept:
        return VerifiedStatement(text, (), "unsupported", checks | {"missing": "a valid quote"})
    spoken = words(text)
    if not spoken:
        return VerifiedStatement(text, kept, "unsupported", checks | {"missing": "words"})
    documents = [numbered[quote.evidence].document for quote in kept]
    texts = [
        strip_markers(document.text[quote.start : quote.end]) for quote, document in zip(kept, documents, strict=True)
    ]
    if any(_same_text(text, quoted) for quoted in texts):
        return VerifiedStatement(text, kept, "verified", checks | {"verbatim": True, "overlap": 1.0})
    cited = take_apart(list(zip(texts, documents, strict=True)))
    spans = [(document.text, Span(quote.start, quote.end)) for quote, document in zip(kept, documents, strict=True)]
    status, found = _judge(text, cited, spans, ordinary)
    return VerifiedStatement(text, kept, status, checks | found)


def _judge(
    text: str, cited: Cited, quotes: Sequence[tuple[str, Span]], ordinary: frozenset[str]
) -> tuple[Status, dict[str, Any]]:
    missing, sense = missing_from(text, cited, ordinary), compare_sense(text, cited)
    said = who_said(text, quotes, cited)
    turned = {
        "opposite": sense.opposite,
        "exchanged_names": list(exchanged_names(text, cited)),
        "exchanged_counts": list(exchanged_counts(text, cited)),
    }
    doubts = {
        "derived_names": list(missing.derived),
        "joined_names": list(joined_names(text, cited)),
        "misplaced": list(misplaced_facts(text, cited)),
    }
    checks: dict[str, Any] = {"verbatim": False, "overlap": round(sense.overlap, 3), "negation": sense.negation}
    checks |= missing.facts | {why: found for why, found in (turned | doubts).items() if found}
    if said:
        checks["speaker"] = said
    contradicts = sense.negation == "differs" or any(turned.values())
    if missing.facts or said == "differs" or sense.overlap < NO_OVERLAP or (contradicts and sense.shared >= SAME_WORDS):
        return "unsupported", checks
    if sense.overlap < WEAK_OVERLAP or contradicts or any(doubts.values()) or said == "unsaid":
        return "weak", checks
    return "verified", checks


def _fault(quote: Quote, numbered: Mapping[int, Evidence]) -> str:
    item = numbered.get(quote.evidence)
    if item is None:
        return "no such evidence"
    if not 0 <= quote.start < quote.end <= len(item.document.text):
        return "outside the document"
    if (
        quote.end <= item.hit.chunk.start
        or quote.start >= item.hit.chunk.end
        or item.hit.chunk.document_id != item.document.id
    ):
        return "outside the evidence"
    if instructed(item.document.text, Span(quote.start, quote.end)):
        return "an instruction"
    return "" if item.document.text[quote.start : quote.end].strip() else "blank"


def _same_text(text: str, quoted: str) -> bool:
    """Equal but for case, spaces and punctuation that carries no meaning; figures and signs count."""
    return _letters(text) == _letters(quoted)


def _letters(text: str) -> str:
    return " ".join(fold(text).split()).lstrip(" \"'*#>").rstrip(" .,;:\"'*").casefold()
