"""Who holds what: the values with which passages answer, gathered into positions, and whether they disagree.

None is averaged and none is chosen silently. A position is disagreed with when a source of another origin answers the same
question, of the same thing, with a value that cannot be meant by the first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.values import Span
from rag.answer.same_thing import same_thing
from rag.answer.stated import Stated, agree, comparable, stated_by
from rag.facts.standing import standing_of
from rag.facts.wording import words
from rag.gate.verify import VerifiedStatement, verify
from rag.question.asked import Asked, kind_asked
from rag.reading.extract import NAME, Candidate
from rag.reading.judge import stem, stems
from rag.speech.attribution import Speaker, speaker_of
from rag.values import ConflictKind, Draft, DraftStatement, Evidence, Quote, Standing

SHARE = 0.3
"""Of the best span's probability that its passage answers: what a passage must have to hold a position."""
OUTCOME_SHARE = 0.6
"""The same where yes or no is the value: nearly every sentence upholds something, so a passage must be surer to answer."""
MOST_POSITIONS, MOST_HOLDERS, MOST_EXPECTATIONS = 5, 10, 2
LEADING = 5
_PICKS_ONE = re.compile(r"\b(?:latest|newest|most recent|earliest|oldest|first|last)\b", re.IGNORECASE)
"""Of several dates the question asks for one: the others are no other answers to it."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One passage that holds a position: where, and with which value."""

    candidate: Candidate
    stated: Stated
    standing: Standing = "reported"

    @property
    def published(self) -> str:
        """ISO date of publication; "" for an undated source, so that it sorts last."""
        stamp = self.candidate.evidence.document.provenance.published
        return stamp.date if stamp else ""

    @property
    def speaker(self) -> Speaker | None:
        """Whom the document has say it."""
        return speaker_of(self.candidate.evidence.document.text, self.candidate.sentence, self.candidate.span)

    @property
    def quote(self) -> Quote:
        sentence = self.candidate.sentence
        return Quote(self.candidate.evidence.number, sentence.start, sentence.end, round(self.candidate.support, 4))


@dataclass(frozen=True, slots=True)
class Held:
    """A position: the passages, one a document, whose values agree. The first is the one that answers best."""

    holdings: tuple[Holding, ...]

    @property
    def first(self) -> Holding:
        return self.holdings[0]

    @property
    def origins(self) -> int:
        return len({holding.candidate.evidence.document.origin for holding in self.holdings})

    @property
    def newest(self) -> str:
        return max(holding.published for holding in self.holdings)


@dataclass(frozen=True, slots=True)
class Positions:
    """What the sources hold of one thing, newest first, undated last.

    Attributes:
        disagree: At least two positions of one standing that cannot both be meant: an expectation and its outcome can.
    """

    kind: ConflictKind
    held: tuple[Held, ...]
    disagree: bool


def outcome_and_expectations(told: Sequence[Candidate], ranked: Sequence[Candidate]) -> Positions | None:
    """The outcome of something planned, and up to MOST_EXPECTATIONS sources that still expected it; None when nobody tells it."""
    if not told:
        return None
    best = told[0]
    expected: dict[str, Candidate] = {}
    for candidate in ranked:
        if candidate.support >= SHARE * best.support and _standing(candidate) == "expected":
            expected.setdefault(candidate.evidence.document.id, candidate)
    expected.pop(best.evidence.document.id, None)
    held = [Held((Holding(best, Stated("outcome", best.text, best.span)),))]
    for candidate in list(expected.values())[:MOST_EXPECTATIONS]:
        held.append(Held((Holding(candidate, Stated("outcome", candidate.text, candidate.span), "expected"),)))
    return Positions("outcome", tuple(held), disagree=False)


def find_positions(question: str, ranked: Sequence[Candidate]) -> Positions | None:
    """The positions around the value of the best candidate that holds one; None when none of the first few does.

    Args:
        ranked: Candidates, most likely first.
    """
    if not ranked:
        return None
    asked = kind_asked(question)
    least = (OUTCOME_SHARE if asked == "outcome" else SHARE) * ranked[0].support
    leading = (holding_of(question, asked, candidate) for candidate in ranked[:LEADING] if candidate.support >= least)
    best = next((holding for holding in leading if holding), None)
    if best is None:
        return None
    groups: list[list[Holding]] = [[best]]
    for candidate in ranked:
        if (
            candidate.support < least
            or not candidate.covers(best.candidate)
            or _lacks_number(question, best, candidate)
        ):
            continue
        holding = holding_of(question, asked, candidate)
        if holding and comparable(best.stated, holding.stated) and of_same_thing(question, best, holding):
            _place(groups, holding)
    held = tuple(sorted((Held(tuple(group)) for group in groups), key=lambda position: position.newest, reverse=True))
    picks_one = best.stated.kind == "date" and bool(_PICKS_ONE.search(question))
    return Positions(best.stated.kind, held, _disagree(held) and not picks_one)


def with_holders(
    statements: Sequence[VerifiedStatement], positions: Positions, evidence: Sequence[Evidence]
) -> tuple[VerifiedStatement, ...]:
    """The statements, each with the quotes of all who hold its value, and one more for each position that has none."""
    extended = list(statements)
    for position in positions.held:
        quotes = [holding.quote for holding in position.holdings]
        cited = {(quote.evidence, quote.start) for quote in quotes}
        place = next(
            (
                n
                for n, said in enumerate(extended)
                if any((quote.evidence, quote.start) in cited for quote in said.quotes)
            ),
            None,
        )
        if place is not None:
            if positions.kind == "outcome":
                continue  # two sentences that say yes need not say the same
            known = {quote.evidence for quote in extended[place].quotes}
            more = tuple(quote for quote in quotes if quote.evidence not in known)
            extended[place] = replace(extended[place], quotes=(*extended[place].quotes, *more))
        elif len(positions.held) > 1:
            sentence = DraftStatement(position.first.candidate.sentence_text, tuple(quotes))
            extended += verify(Draft((sentence,), "", 1.0, NAME), evidence)
    return tuple(extended)


def holding_of(question: str, asked: Asked, candidate: Candidate) -> Holding | None:
    """The value that a candidate states; None when it states none that compares."""
    document = candidate.evidence.document
    stamp = document.provenance.published
    published = stamp.date if stamp else None
    stated = stated_by(question, asked, document.text, candidate.sentence, candidate.span, published)
    if stated is None:
        return None
    return Holding(candidate, stated, _standing(candidate))


def _standing(candidate: Candidate) -> Standing:
    document = candidate.evidence.document
    stamp = document.provenance.published
    return standing_of(document.text, _clause_of(document.text, candidate), stamp.date if stamp else None)


def _clause_of(text: str, candidate: Candidate) -> Span:
    """The part of a sentence, between its semicolons, that holds the answer: what else it looks ahead to does not count."""
    sentence, span = candidate.sentence, candidate.span
    start = max(text.rfind(";", sentence.start, span.start) + 1, sentence.start)
    end = text.find(";", span.end, sentence.end)
    return Span(start, end if end >= 0 else sentence.end)


def of_same_thing(question: str, best: Holding, other: Holding) -> bool:
    """Whether two passages give their values for one thing."""
    return same_thing(
        question, best.candidate.sentence_text, _within(best), other.candidate.sentence_text, _within(other)
    )


def _within(holding: Holding) -> Span:
    """Where the value stands in its sentence."""
    start = holding.candidate.sentence.start
    return Span(holding.stated.span.start - start, holding.stated.span.end - start)


def _place(groups: list[list[Holding]], holding: Holding) -> None:
    """Into the group that it agrees with, once a document; otherwise into one of its own, once an origin or a speaker."""
    document = holding.candidate.evidence.document
    group = next((group for group in groups if agree(group[0].stated, holding.stated)), None)
    if group is not None:
        if len(group) < MOST_HOLDERS and all(other.candidate.evidence.document.id != document.id for other in group):
            group.append(holding)
    elif len(groups) < MOST_POSITIONS and all(
        other.candidate.evidence.document.origin != document.origin or _spoken_by_others(other, holding)
        for group in groups
        for other in group
    ):
        groups.append([holding])


def _lacks_number(question: str, best: Holding, candidate: Candidate) -> bool:
    """Whether the question names a year or a number that the best passage or its sentence holds, and this one's does not.

    Things that are told apart by their numbers ("locker 12", "locker 13") are often named beside each other.
    """
    asked = {stem(word) for word in words(question) if word[0].isdigit()}
    items = (best.candidate, candidate)
    passages = [stems(item.evidence.hit.chunk.text) for item in items]
    sentences = [stems(f"{item.evidence.document.provenance.title or ''} {item.sentence_text}") for item in items]
    return any(asked & (ours - theirs) for ours, theirs in (passages, sentences))


def _spoken_by_others(one: Holding, other: Holding) -> bool:
    """Whether a source gives two values in the words of two speakers: then they disagree, though the source does not."""
    speakers = [speaker.name for holding in (one, other) if (speaker := holding.speaker)]
    return len(speakers) == 2 and not set(words(speakers[0])) & set(words(speakers[1]))


def _disagree(held: Sequence[Held]) -> bool:
    standings = [position.first.standing for position in held]
    return len(standings) != len(set(standings))
