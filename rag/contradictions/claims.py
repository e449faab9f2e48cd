"""Claims: what passages say of the thing asked, each with its value; those of other documents are sought where the reader saw none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from index.sentences import sentence_spans
from index.values import Span
from rag.contradictions.comparing import agree, comparable
from rag.contradictions.scope import expects, other_column, other_item, out_of_force, same_thing
from rag.contradictions.values import Value, value_of, values_in
from rag.facts.instructions import instructed
from rag.facts.standing import standing_of
from rag.question.asked import Asked
from rag.reading.extract import Candidate, ExtractiveAnswerer
from rag.reading.judge import AskedFor, share, stems
from rag.speech.attribution import Speaker, speaker_of
from rag.values import Evidence, Quote, Standing

MOST_SOUGHT, MOST_OF_ONE = 8, 3
"""Spans beside the answer that are read again, and of one document: short texts."""
_ITEM = "-*•–0123456789"


@dataclass(frozen=True, slots=True)
class Claim:
    """One passage that gives a value for the thing asked."""

    candidate: Candidate
    value: Value
    standing: Standing = "reported"

    @property
    def document_id(self) -> str:
        return self.candidate.evidence.document.id

    @property
    def origin(self) -> str:
        """The document of which this one is a copy, or itself."""
        return self.candidate.evidence.document.origin

    @property
    def published(self) -> str:
        """ISO date of publication; "" for an undated source, so that it sorts last."""
        return _published(self.candidate.evidence) or ""

    @property
    def speaker(self) -> Speaker | None:
        """Whom the document has say it."""
        return speaker_of(self.candidate.evidence.document.text, self.candidate.sentence, self.candidate.span)

    @property
    def quote(self) -> Quote:
        sentence = self.candidate.sentence
        return Quote(self.candidate.evidence.number, sentence.start, sentence.end, round(self.candidate.support, 4))


def claim_of(question: str, asked: Asked, candidate: Candidate) -> Claim | None:
    """The claim that a candidate makes; None when it states no value that compares."""
    text = candidate.evidence.document.text
    value = value_of(question, asked, text, candidate.sentence, candidate.span, _published(candidate.evidence))
    return Claim(candidate, value, _standing(candidate)) if value else None


def untyped(candidate: Candidate) -> Claim:
    """A candidate whose whole sentence is its value, as what came of something is."""
    return Claim(candidate, Value("outcome", candidate.text, candidate.span), _standing(candidate))


def of_same_thing(question: str, best: Claim, other: Claim) -> bool:
    """Whether two claims give values of one dimension for one subject and one attribute, as far as words tell."""
    return (
        comparable(best.value, other.value)
        and not other_item(question, best.value, other.value)
        and not other_column(question, best.value, other.candidate.sentence_text)
        and same_thing(
            question, best.candidate.sentence_text, _within(best), other.candidate.sentence_text, _within(other)
        )
    )


def rivals(
    question: str,
    asked: Asked,
    best: Claim,
    ranked: Sequence[Candidate],
    evidence: Sequence[Evidence],
    extractive: ExtractiveAnswerer,
) -> list[Claim]:
    """Claims beside the best one: what the reader marked, then up to MOST_SOUGHT values like it in the other documents.

    The reader marks a few spans of a passage; what another document says of the same thing is often in none of them.
    """
    found = _claims(question, asked, best, ranked)
    read = [claim for claim in found if claim.candidate.right is not None]
    unread = [claim for claim in found if claim.candidate.right is None and claim.origin != best.origin]
    scored = [(_likeness(question, claim.candidate), claim) for claim in unread]
    for item in evidence if best.value.kind in ("quantity", "date", "time") else ():
        if item.document.origin == best.origin:
            continue
        spans = [span for span in _like(best, item) if not _any_holds((*read, *unread), item, span)]
        sought = _claims(question, asked, best, extractive.candidates_at(question, item, spans))
        scored += [(_likeness(question, claim.candidate), claim) for claim in sought]
    scored.sort(key=lambda one: (-one[0], one[1].candidate.evidence.number, one[1].candidate.span))
    return [*read, *_spread(claim for _, claim in scored)]


def _spread(claims: Iterable[Claim]) -> list[Claim]:
    kept: list[Claim] = []
    for claim in claims:
        if len(kept) < MOST_SOUGHT and sum(one.origin == claim.origin for one in kept) < MOST_OF_ONE:
            kept.append(claim)
    return kept


def _claims(question: str, asked: Asked, best: Claim, found: Iterable[Candidate]) -> list[Claim]:
    claims = (
        claim_of(question, asked, in_its_line(item))
        for item in found
        if item.span != best.candidate.span or item.evidence != best.candidate.evidence
    )
    return [claim for claim in claims if claim and of_same_thing(question, best, claim)]


def _like(best: Claim, item: Evidence) -> Iterator[Span]:
    """Where a passage states values that compare with the best claim's."""
    text, chunk = item.document.text, item.hit.chunk
    for sentence in sentence_spans(text, chunk.start, chunk.end):
        for value in values_in(text, sentence, _published(item)):
            if comparable(best.value, value) and not instructed(text, value.span):
                yield value.span


def _any_holds(claims: Iterable[Claim], item: Evidence, span: Span) -> bool:
    return any(
        claim.candidate.evidence.number == item.number
        and claim.value.span.start < span.end
        and span.start < claim.value.span.end
        for claim in claims
    )


def _likeness(question: str, item: Candidate) -> float:
    """How much of the question the sentence of a candidate holds, with the head of its cell and its document's title."""
    asked = AskedFor.of(question)
    around = stems(item.sentence_text) | stems(item.evidence.document.provenance.title or "")
    return share(asked.words, around) + share(asked.hard, around)


def in_its_line(item: Candidate) -> Candidate:
    """A candidate with one line as its sentence where it stands among rows or items that no full stop ends."""
    text, sentence = item.evidence.document.text, item.sentence
    lines = text[sentence.start : sentence.end].split("\n")
    begins = [line.lstrip()[:1] for line in lines if line.strip()]
    if len(begins) < 2 or not all(first.isupper() or first in _ITEM for first in begins):
        return item
    start = max(text.rfind("\n", sentence.start, item.span.start) + 1, sentence.start)
    end = text.find("\n", item.span.end, sentence.end)
    return replace(item, sentence=Span(start, end if end >= 0 else sentence.end))


def _published(item: Evidence) -> str | None:
    stamp = item.document.provenance.published
    return stamp.date if stamp else None


def names_value(claim: Claim, other: Claim) -> bool:
    """Whether a claim's sentence names another one's value beside its own: it knows of it and says otherwise ("16, not 26")."""
    text = claim.candidate.evidence.document.text
    found = values_in(text, claim.candidate.sentence, _published(claim.candidate.evidence))
    return any(
        value.span != claim.value.span
        and value.kind == other.value.kind
        and comparable(value, other.value)
        and agree(value, other.value)
        for value in found
    )


def _standing(candidate: Candidate) -> Standing:
    document, text = candidate.evidence.document, candidate.evidence.document.text
    names = f"{document.provenance.title or ''} {' '.join(document.sources[:1])}"
    if out_of_force(names, text):
        return "superseded"
    clause = _clause_of(text, candidate)
    return "expected" if expects(text[clause.start : clause.end]) else "reported"


def foretold(candidate: Candidate) -> bool:
    """Whether the clause of a candidate speaks of what was still to come when it was published."""
    text = candidate.evidence.document.text
    return standing_of(text, _clause_of(text, candidate), _published(candidate.evidence)) == "expected"


def _clause_of(text: str, candidate: Candidate) -> Span:
    """The part of a sentence, between its semicolons, that holds the answer: what else it looks ahead to does not count."""
    sentence, span = candidate.sentence, candidate.span
    start = max(text.rfind(";", sentence.start, span.start) + 1, sentence.start)
    end = text.find(";", span.end, sentence.end)
    return Span(start, end if end >= 0 else sentence.end)


def _within(claim: Claim) -> Span:
    """Where the value stands in its sentence."""
    start = claim.candidate.sentence.start
    return Span(claim.value.span.start - start, claim.value.span.end - start)
