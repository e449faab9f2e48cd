"""Who holds what: claims of one thing gathered into positions, and whether these contradict each other.

None is averaged and none is chosen silently. A position is contradicted when a source of another origin answers the same question, of
the same thing, with a value that cannot be meant by the first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.contradictions.claims import Claim, claim_of, foretold, names_value, of_same_thing, rivals, untyped
from rag.contradictions.comparing import agree
from rag.contradictions.judging import BEST, RIGHT, Judges, answers_too
from rag.facts.wording import words
from rag.gate.verify import VerifiedStatement, verify
from rag.question.asked import Asked, kind_asked
from rag.reading.extract import NAME, Candidate
from rag.reading.judge import AskedFor, share, stem, stems
from rag.values import ConflictKind, Draft, DraftStatement, Evidence, Quote

SHARE = 0.3
"""Of the best span's probability that its passage answers: what a passage must have to hold a position."""
OUTCOME_SHARE = 0.6
"""The same where yes or no is the value: nearly every sentence upholds something, so a passage must be surer to answer."""
MOST_POSITIONS, MOST_HOLDERS, MOST_EXPECTATIONS = 5, 10, 2
LEADING = 5
NAMED_SHARE = 0.5
"""Of the question's names and numbers that the best claim's passage holds: what a rival's has to."""
_PICKS_ONE = re.compile(r"\b(?:latest|newest|most recent|earliest|oldest|first|last)\b", re.IGNORECASE)
"""Of several dates the question asks for one: the others are no other answers to it."""


@dataclass(frozen=True, slots=True)
class ClaimGroup:
    """The claims, one a document, whose values agree. The first is the one that answers best."""

    claims: tuple[Claim, ...]

    @property
    def first(self) -> Claim:
        return self.claims[0]

    @property
    def origins(self) -> int:
        return len({claim.origin for claim in self.claims})

    @property
    def newest(self) -> str:
        return max(claim.published for claim in self.claims)


@dataclass(frozen=True, slots=True)
class Positions:
    """What the sources hold of one thing, newest first, undated last.

    Attributes:
        disagree: At least two positions of one standing that cannot both be meant: an expectation and its outcome can.
    """

    kind: ConflictKind
    groups: tuple[ClaimGroup, ...]
    disagree: bool


def outcome_and_expectations(told: Sequence[Candidate], ranked: Sequence[Candidate]) -> Positions | None:
    """The outcome of something planned, and up to MOST_EXPECTATIONS sources that still expected it; None when nobody tells it."""
    if not told:
        return None
    best = told[0]
    expected: dict[str, Claim] = {}
    for candidate in ranked:
        if candidate.support >= SHARE * best.support and foretold(candidate):
            claim = replace(untyped(candidate), standing="expected")
            expected.setdefault(claim.document_id, claim)
    expected.pop(best.evidence.document.id, None)
    groups = [ClaimGroup((replace(untyped(best), standing="reported"),))]
    groups += [ClaimGroup((claim,)) for claim in list(expected.values())[:MOST_EXPECTATIONS]]
    return Positions("outcome", tuple(groups), disagree=False)


def find_positions(
    question: str, ranked: Sequence[Candidate], evidence: Sequence[Evidence] = (), judges: Judges | None = None
) -> Positions | None:
    """The positions around the value of the best candidate that holds one; None when none of the first few does.

    Args:
        ranked: Candidates, most likely first.
        evidence: What was read.
        judges: Trained models that read rivals again; without them a rival counts when its passage is likely enough to answer.
    """
    if not ranked:
        return None
    asked = kind_asked(question)
    least = (OUTCOME_SHARE if asked == "outcome" else SHARE) * ranked[0].support
    near = [item for item in ranked[:LEADING] if item.support >= least]
    if asked == "text":  # no kind of value is asked for: only what the answer itself states is one
        near = [item for item in near if _in_one_sentence(ranked[0], item)]
    leading = (claim_of(question, asked, item) for item in near)
    best = next((claim for claim in leading if claim), None)
    if best is None:
        return None
    if judges is None or best.candidate.right is None or asked == "outcome":
        found = _by_support(question, asked, best, ranked, least)
    elif best.candidate.right < BEST:
        found = []
    else:
        found = _by_judges(question, best, rivals(question, asked, best, ranked, evidence, judges.extractive), judges)
    best, found = _revised(best, found)
    groups: list[list[Claim]] = [[best]]
    for claim in found:
        _place(groups, claim)
    held = sorted((ClaimGroup(tuple(group)) for group in groups), key=lambda group: group.newest, reverse=True)
    picks_one = bool(_PICKS_ONE.search(question)) and best.value.kind == "date"
    return Positions(best.value.kind, tuple(held), _disagree(held) and not picks_one)


def _revised(best: Claim, found: Sequence[Claim]) -> tuple[Claim, list[Claim]]:
    """The claims, with those superseded whose value another one names beside its own."""
    kept = []
    for claim in found:
        if not agree(best.value, claim.value):
            if names_value(best, claim):
                claim = replace(claim, standing="superseded")
            elif names_value(claim, best):
                best = replace(best, standing="superseded")
        kept.append(claim)
    return best, kept


def _by_support(question: str, asked: Asked, best: Claim, ranked: Sequence[Candidate], least: float) -> list[Claim]:
    """Claims in passages that are likely to answer and hold most of what the best one's holds of the question."""
    likely = [item for item in ranked if item.support >= least and item.covers(best.candidate)]
    claims = [claim for item in likely if (claim := claim_of(question, asked, item))]
    return [claim for claim in claims if of_same_thing(question, best, claim) and not _lacks(question, best, claim)]


def _by_judges(question: str, best: Claim, found: Sequence[Claim], judges: Judges) -> list[Claim]:
    """Claims that the trained models take for answers to the very same question, the likeliest of each document first."""
    named = [claim for claim in found if not _lacks(question, best, claim)]
    read = judges.checked(question, [claim.candidate for claim in named])
    able = [
        (replace(claim, candidate=item)) for claim, item in zip(named, read, strict=True) if (item.right or 0) >= RIGHT
    ]
    related = judges.related(best.candidate, [claim.candidate for claim in able])
    scored = [
        (claim, bears)
        for claim, bears in zip(able, related, strict=True)
        if answers_too(claim.candidate, best.candidate, bears)
    ]
    scored.sort(key=lambda one: -((one[0].candidate.right or 0) + one[1]))
    return [claim for claim, _ in scored]


def with_holders(
    statements: Sequence[VerifiedStatement], positions: Positions, evidence: Sequence[Evidence]
) -> tuple[VerifiedStatement, ...]:
    """The statements, each with the quotes of all who hold its value, and one more for each position that has none."""
    extended = list(statements)
    for group in positions.groups:
        quotes = [claim.quote for claim in group.claims]
        place = next(
            (n for n, said in enumerate(extended) if any(_touch(said.quotes, quote) for quote in quotes)), None
        )
        if place is not None:
            if positions.kind == "outcome":
                continue  # two sentences that say yes need not say the same
            known = {quote.evidence for quote in extended[place].quotes}
            more = tuple(quote for quote in quotes if quote.evidence not in known)
            extended[place] = replace(extended[place], quotes=(*extended[place].quotes, *more))
        elif len(positions.groups) > 1:
            sentence = DraftStatement(group.first.candidate.sentence_text, tuple(quotes))
            extended += verify(Draft((sentence,), "", 1.0, NAME), evidence)
    return tuple(extended)


def _in_one_sentence(first: Candidate, item: Candidate) -> bool:
    return (first.evidence.number, first.sentence) == (item.evidence.number, item.sentence)


def _touch(quotes: Sequence[Quote], other: Quote) -> bool:
    return any(one.evidence == other.evidence and one.start < other.end and other.start < one.end for one in quotes)


def _place(groups: list[list[Claim]], claim: Claim) -> None:
    """Into the group that it agrees with, once a document; otherwise into one of its own, once an origin or a speaker."""
    group = next((group for group in groups if agree(group[0].value, claim.value)), None)
    if group is not None:
        if len(group) < MOST_HOLDERS and all(other.document_id != claim.document_id for other in group):
            group.append(claim)
    elif len(groups) < MOST_POSITIONS and all(
        other.origin != claim.origin or _spoken_by_others(other, claim) for group in groups for other in group
    ):
        groups.append([claim])


def _lacks(question: str, best: Claim, other: Claim) -> bool:
    """Whether a claim lacks what the question names and the best one has: another thing is spoken of.

    Of a year or another number both the passage and the sentence have to hold what the best one's hold: things that are told apart by their
    numbers ("locker 12", "locker 13") are often named beside each other. Of names the passage, with the names of its document, at least half.
    """
    asked = AskedFor.of(question)
    numbers = {stem(word) for word in words(question) if word[0].isdigit()}
    ours, theirs = (_said(claim) for claim in (best, other))
    if any(numbers & (mine - yours) for mine, yours in zip(ours, theirs, strict=True)):
        return True
    hard = frozenset(word for word in asked.hard if len(word) > 1)
    return share(hard, theirs[0]) < NAMED_SHARE * share(hard, ours[0])


def _said(claim: Claim) -> tuple[frozenset[str], frozenset[str]]:
    """Stems of a claim's passage with the names of its document, and of its sentence with the title."""
    item = claim.candidate.evidence
    provenance = item.document.provenance
    title = provenance.title or ""
    names = f"{title} {provenance.publisher or ''} {' '.join(item.document.sources[:1])}"
    return stems(f"{names} {item.hit.chunk.text}"), stems(f"{names} {claim.published} {claim.candidate.sentence_text}")


def _spoken_by_others(one: Claim, other: Claim) -> bool:
    """Whether a source gives two values in the words of two speakers: then they disagree, though the source does not."""
    speakers = [speaker.name for claim in (one, other) if (speaker := claim.speaker)]
    return len(speakers) == 2 and not set(words(speakers[0])) & set(words(speakers[1]))


def _disagree(groups: Sequence[ClaimGroup]) -> bool:
    standings = [group.first.standing for group in groups]
    return len(standings) != len(set(standings))
