"""The extractive answerer: the span that answers, in the sentence that holds it. No LLM, nothing invented, deterministic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.outline import Row, outline_of, row_at
from index.sentences import sentence_spans
from index.values import Span
from rag.facts.instructions import instructed
from rag.facts.periods import Period
from rag.protocols import HeadlineChecker
from rag.reading.headline import heading_above, stretch
from rag.reading.held import Story
from rag.reading.judge import FEATURES, AskedFor, Judge, features, headline_feature, packaged_judge
from rag.reading.odds import probability
from rag.reading.reader import MAX_TITLE_CHARS
from rag.values import Draft, DraftStatement, Evidence, Quote, SpanAnswer

NAME = "extractive"
STATEMENTS = 3
COVERED_SHARE = 0.6
PERIOD_WEIGHT = 5.0
PLACE_KEPT = 0.5
"""Of a question that asks for one time: a span of that time weighs so much in log-odds, and its passage's rank this share of
what it weighs else, as neighbours that tell of other times are as near. Chosen on questions of time that are not measured."""
CHECKED = 6
"""Candidates that the headline check reads: short texts, together less than one passage in ten that are read."""
HEADLINE = 0.5
"""Probability of the headline check under which a span is no headline: its sentence is quoted instead."""
SUPPORTING_SHARE = 0.3
"""Of the best span's probability: the weights know one right passage a question, so a second source always ranks as less likely."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One span that may answer the question, with the sentence that holds it; offsets are the document's.

    Attributes:
        logit: Log-odds that the span is right; compares between passages.
        support: Probability that its passage answers at all.
        right: Probability that the span is the answer, by the headline check; None where it was not asked.
    """

    evidence: Evidence
    span: Span
    sentence: Span
    signals: tuple[float, ...]
    logit: float
    support: float
    right: float | None = None

    @property
    def text(self) -> str:
        return self.evidence.document.text[self.span.start : self.span.end]

    def covers(self, other: Candidate) -> bool:
        """Whether its passage holds most of the question that the other's holds: of its words, and of its names and numbers."""
        words, hard = FEATURES.index("coverage"), FEATURES.index("hard_coverage")
        return all(self.signals[place] >= COVERED_SHARE * other.signals[place] for place in (words, hard))

    @property
    def sentence_text(self) -> str:
        return self.evidence.document.text[self.sentence.start : self.sentence.end]


class ExtractiveAnswerer:
    """Judges every span that the reader found, quotes the best.

    Args:
        judge: Compares spans between passages and says how likely there is an answer.
        headline: Reads the best spans again, each in its sentence; without it every best span is a headline.
    """

    def __init__(self, judge: Judge | None = None, headline: HeadlineChecker | None = None) -> None:
        self._judge = judge
        self._headline = headline

    @property
    def judge(self) -> Judge:
        return self._judge or packaged_judge()

    def draft(self, question: str, evidence: Sequence[Evidence]) -> Draft:
        """The best span as `short` where it passes the headline check, its sentence and up to two more that answer nearly as well."""
        return self.draft_of(self.candidates(question, evidence))

    def draft_of(self, ranked: Sequence[Candidate]) -> Draft:
        """The same from candidates, most likely first."""
        if not ranked:
            return Draft((), "", 0.0, NAME)
        statements = tuple(_statement(item) for item in self._supporting(ranked))
        best = ranked[0]
        short = best.text if best.right is None or best.right >= HEADLINE else ""
        return Draft(statements, short, round(best.support, 4), NAME)

    def _supporting(self, ranked: Sequence[Candidate]) -> list[Candidate]:
        """The best candidate and those nearly as likely right, one per sentence text, at most STATEMENTS."""
        least = SUPPORTING_SHARE * probability(ranked[0].logit)
        kept: dict[str, Candidate] = {}
        for candidate in ranked:
            if len(kept) == STATEMENTS or probability(candidate.logit) < least:
                break
            kept.setdefault(candidate.sentence_text, candidate)
        return list(kept.values())

    def candidates(
        self, question: str, evidence: Sequence[Evidence], *, period: Period | None = None
    ) -> list[Candidate]:
        """Every span that the reader found, most likely first; evidence that was not read has none.

        Args:
            period: The time for which the question asks: what held then is more likely right.
        """
        asked = AskedFor.of(question)
        stories = {} if period is None else {item.number: _story(item) for item in evidence}
        scores: dict[tuple[int, Span], tuple[Evidence, float]] = {}
        for item in evidence:
            for answer in item.reading.spans if item.reading is not None else ():
                for span in _spans_of(item, answer):
                    for piece in stories[item.number].apart(span) if stories else [span]:
                        scores.setdefault((item.number, piece), (item, answer.score))
        found = [
            self._candidate(asked, item, item.reading.answers if item.reading else 0.0, piece, score)
            for (_, piece), (item, score) in scores.items()
            if not instructed(item.document.text, piece)
        ]
        if period is None:
            return self._checked(question, sorted(found, key=_order))
        found = [self._timed(item, stories[item.evidence.number], period) for item in found]
        checked = self._checked(question, sorted(found, key=_order))
        return [_known_to_hold(item, stories[item.evidence.number], period) for item in checked]

    def checked(self, question: str, found: Sequence[Candidate]) -> list[Candidate]:
        """The same candidates, each with the headline check's word; as they are where there is no such check."""
        if self._headline is None or not found:
            return list(found)
        log_odds = self._headline.right(question, [_with_context(item) for item in found])
        return [self._judged(item, value, probability(value)) for item, value in zip(found, log_odds, strict=True)]

    def _checked(self, question: str, ranked: Sequence[Candidate]) -> list[Candidate]:
        """The candidates again, the best of them with the headline check's word; the others are taken for as doubtful as its last."""
        if self._headline is None or not ranked:
            return list(ranked)
        log_odds = self._headline.right(question, [_with_context(item) for item in ranked[:CHECKED]])
        least = min(log_odds)
        known = [*((value, probability(value)) for value in log_odds), *((least, None) for _ in ranked[CHECKED:])]
        return sorted((self._judged(item, *one) for item, one in zip(ranked, known, strict=True)), key=_order)

    def _judged(self, item: Candidate, log_odds: float, right: float | None) -> Candidate:
        value, place = headline_feature(log_odds), FEATURES.index("headline")
        signals = (*item.signals[:place], value, *item.signals[place + 1 :])
        gained = self.judge.right.weights[place] * (value - item.signals[place])
        support = self.judge.answerable.probability(signals)
        return replace(item, signals=signals, logit=item.logit + gained, support=support, right=right)

    def _timed(self, item: Candidate, story: Story, period: Period) -> Candidate:
        """A candidate with the time told of it taken into its log-odds."""
        place = FEATURES.index("rank")
        lost = (1 - PLACE_KEPT) * self.judge.right.weights[place] * item.signals[place]
        return replace(item, logit=item.logit + PERIOD_WEIGHT * story.held_at(period, item.sentence, item.span) - lost)

    def candidates_at(self, question: str, item: Evidence, spans: Sequence[Span]) -> list[Candidate]:
        """Candidates at spans of the document, as sure as the reader is of its own best span in the passage."""
        if item.reading is None or not item.reading.spans:
            return []
        asked, score = AskedFor.of(question), item.reading.spans[0].score
        return [self._candidate(asked, item, item.reading.answers, span, score) for span in spans]

    def _candidate(self, asked: AskedFor, item: Evidence, answers: float, span: Span, score: float) -> Candidate:
        chunk, text = item.hit.chunk, item.document.text
        sentence = _sentence_of(text, span, Span(chunk.start, chunk.end))
        signals = features(
            asked,
            answers=answers,
            score=score,
            dense=item.hit.dense_score or 0.0,
            rank=item.hit.rank,
            span=text[span.start : span.end],
            sentence=text[sentence.start : sentence.end],
            passage=chunk.text,
            context=f"{heading_above(item.document, chunk)} {item.document.provenance.publisher or ''}",
        )
        support = self.judge.answerable.probability(signals)
        return Candidate(item, span, sentence, signals, self.judge.right.logit(signals), support)


def _known_to_hold(item: Candidate, story: Story, period: Period) -> Candidate:
    """A candidate of the time that is asked for needs no headline check: that reads another year as another thing."""
    return replace(item, right=None) if story.held_at(period, item.sentence, item.span) > 0 else item


def _order(item: Candidate) -> tuple[float, int, Span]:
    return -item.logit, item.evidence.number, item.span


def _with_context(item: Candidate) -> tuple[str, int, int]:
    """What the headline check reads of a candidate: the text, and where the span stands in it."""
    document, chunk = item.evidence.document, item.evidence.hit.chunk
    around = stretch(document.text, item.span, Span(chunk.start, chunk.end))
    title = heading_above(document, chunk)
    lead = f"{title[:MAX_TITLE_CHARS]}\n" if title else ""
    shift = len(lead) - around.start
    return lead + document.text[around.start : around.end], item.span.start + shift, item.span.end + shift


def _story(item: Evidence) -> Story:
    chunk, published = item.hit.chunk, item.document.provenance.published
    return Story.of(item.document.text, Span(chunk.start, chunk.end), published.date if published else None)


def _statement(item: Candidate) -> DraftStatement:
    quote = Quote(item.evidence.number, item.sentence.start, item.sentence.end, round(item.support, 4))
    return DraftStatement(item.sentence_text, (quote,), item.span)


def _spans_of(item: Evidence, answer: SpanAnswer) -> list[Span]:
    """Where an answer stands in its document, trimmed; one that runs over sentences is an answer in each of them.

    In a row of a table it is the whole cell that it touches most; in a heading it is none.
    """
    chunk, text = item.hit.chunk, item.document.text
    start, end = chunk.start + answer.start, chunk.start + answer.end
    start = max(start, text.rfind("\n", start, end) + 1)  # a span over a heading or a list begins after it
    touched = [s for s in sentence_spans(text, chunk.start, chunk.end) if s.start < end and s.end > start]
    outline = outline_of(text)
    spans = []
    for sentence in touched:
        piece = Span(max(start, sentence.start), min(end, sentence.end))
        row = row_at(text, sentence)
        if row is not None:
            spans.append(_cell_of(row, piece))
        elif piece.start < piece.end and not outline.is_heading(piece):
            spans.append(_trim(text, piece, within=Span(chunk.start, chunk.end)))
    return [span for span in spans if any(character.isalnum() for character in text[span.start : span.end])]


def _cell_of(row: Row, piece: Span) -> Span:
    """The value that a piece of a row stands for: where it holds more of a cell, head and value, than of any other."""
    begins = [row.span.start, *(cell.span.end for cell in row.cells)]
    held = [
        min(cell.span.end, piece.end) - max(begin, piece.start) for begin, cell in zip(begins, row.cells, strict=False)
    ]
    return row.cells[held.index(max(held))].span


def _sentence_of(text: str, span: Span, within: Span) -> Span:
    """The sentence, or the run of sentences, that holds a span."""
    touched = [s for s in sentence_spans(text, within.start, within.end) if s.start < span.end and s.end > span.start]
    return Span(touched[0].start, touched[-1].end) if touched else within


def _trim(text: str, span: Span, *, within: Span) -> Span:
    """A span widened to whole words and freed of the punctuation and the open brackets or quotes around it."""
    start, end = span.start, span.end
    while start > within.start and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < within.end and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    while start < end and (text[start].isspace() or text[start] in ",.;:!?-–—)]}”’\"'“‘([{"):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in ",.;:!?-–—([{“‘\"'”’"):
        end -= 1
    if end > start and text[end - 1] in ")]}" and not any(mark in text[start:end] for mark in "([{"):
        end -= 1
    return Span(start, end) if start < end else span
