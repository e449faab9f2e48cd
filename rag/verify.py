"""The gate: what a person may see of a draft, decided by rules alone, whoever wrote it.

It proves that a statement's numbers, dates, quotations and names stand in what it cites. It does not read: two names that
swap their parts in a sentence pass, which is why every statement is shown next to its quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from index.sentences import sentence_spans
from index.values import Document, Span
from rag.facts import DateMention, Name, Quantity, dates, expected_year, names, quantities
from rag.values import Draft, DraftStatement, Evidence, Quote, Status
from rag.wording import (
    FUNCTION_WORDS,
    WORD,
    content_words,
    fold,
    holds_sequence,
    negated,
    quoted_phrases,
    stem,
    strip_markers,
    words,
)

WEAK_OVERLAP = 0.5  # fewer of a statement's content words than this in its quotes: the reader is warned
NO_OVERLAP = 0.25  # fewer than this: the quotes are about something else
SAME_SENTENCE = 0.6  # from this overlap on, a negation on one side only is a contradiction
_MEASURES = frozenset({"", "person"})  # units that are guessed from nouns, so never held against a statement
_CODE = re.compile(r"^(?!(?:rs|usd|eur|gbp|pkr|inr)[0-9]).*[^\W\d_][0-9]")
_UPWARD, _DOWNWARD = {"over", "at least"}, {"under", "at most"}
_ATTRIBUTION = frozenset(
    map(
        stem,
        ("according", "article", "report", "published", "publication", "wrote", "writes", "written", "dated", "outlet"),
    )
)
_DEMONYMS = frozenset({"i", "is", "n", "ns", "an", "ans", "ian", "ians", "istan", "istani", "istanis"})


@dataclass(frozen=True, slots=True)
class VerifiedStatement:
    """A statement after the gate.

    Attributes:
        text: The statement without citation markers.
        quotes: The quotes that stand, in the order given; never a quote whose offsets do not hold.
        status: "verified"; "weak" when nothing contradicts it but its words or its negation differ; or "unsupported".
        checks: Why, in JSON types: "verbatim", "overlap", "negation", and what was missing or dropped.
    """

    text: str
    quotes: tuple[Quote, ...]
    status: Status
    checks: Mapping[str, Any]
    answer: Span | None = None


@dataclass(frozen=True, slots=True)
class _Cited:
    """What the quotes of one statement say, taken apart once."""

    texts: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    vocabulary: frozenset[str]
    attribution: frozenset[str]
    dates: tuple[DateMention, ...]
    quantities: tuple[Quantity, ...]
    acronyms: frozenset[str]
    published: tuple[str, ...]


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
    documents = {quote.evidence: numbered[quote.evidence].document for quote in kept}
    texts = tuple(strip_markers(documents[quote.evidence].text[quote.start : quote.end]) for quote in kept)
    if any(_same_text(text, quoted) for quoted in texts):
        return VerifiedStatement(text, kept, "verified", checks | {"verbatim": True, "overlap": 1.0})
    cited = _take_apart(texts, list(documents.values()))
    status, found = _judge(text, cited, ordinary)
    return VerifiedStatement(text, kept, status, checks | found)


def _judge(text: str, cited: _Cited, ordinary: frozenset[str]) -> tuple[Status, dict[str, Any]]:
    missing = {
        "missing_numbers": [_at(text, item) for item in quantities(text) if not _number_stands(item, cited)],
        "missing_dates": [_at(text, item) for item in dates(text) if not _date_stands(item, text, cited)],
        "missing_phrases": [phrase for phrase in quoted_phrases(text) if not _phrase_stands(phrase, cited)],
    }
    absent, derived = _check_names(names(text), cited, ordinary)
    missing["missing_names"] = list(dict.fromkeys([*absent, *_missing_codes(text, cited)]))
    overlap, negation = _overlap(text, cited), _negation(text, cited)
    checks: dict[str, Any] = {"verbatim": False, "overlap": round(overlap, 3), "negation": negation}
    checks |= {kind: values for kind, values in missing.items() if values}
    if derived:
        checks["derived_names"] = derived
    if any(missing.values()) or overlap < NO_OVERLAP:
        return "unsupported", checks
    if overlap < WEAK_OVERLAP or negation == "differs" or derived:
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
    return "" if item.document.text[quote.start : quote.end].strip() else "blank"


def _same_text(text: str, quoted: str) -> bool:
    """Equal but for case, spaces and punctuation that carries no meaning; figures and signs count."""
    return _letters(text) == _letters(quoted)


def _letters(text: str) -> str:
    return " ".join(fold(text).split()).lstrip(" \"'*#>").rstrip(" .,;:\"'*").casefold()


def _take_apart(texts: tuple[str, ...], documents: Sequence[Document]) -> _Cited:
    joined = "\n".join(texts)
    named = names(joined)
    provenance = [document.provenance for document in documents]
    speakers = [name for source in provenance for name in (source.publisher, source.author) if name]
    return _Cited(
        texts=texts,
        words=tuple(tuple(words(text)) for text in texts),
        vocabulary=frozenset(word for text in texts for word in words(text)),
        attribution=frozenset(word for name in speakers for word in words(name) if word not in FUNCTION_WORDS),
        dates=dates(joined),
        quantities=quantities(joined),
        acronyms=frozenset(acronym for name in named for acronym in _acronyms(name.words)),
        published=tuple(source.published.date for source in provenance if source.published),
    )


def _acronyms(parts: tuple[str, ...]) -> Iterable[str]:
    letters = "".join(part[0] for part in parts[:8] if part)
    return (letters[start:end] for start in range(len(letters)) for end in range(start + 2, len(letters) + 1))


def _at(text: str, item: Quantity | DateMention) -> str:
    return text[item.span.start : item.span.end]


def _number_stands(stated: Quantity, cited: _Cited) -> bool:
    if not stated.unit and any(date.year == stated.number for date in cited.dates if date.month is None):
        return True
    return any(_same_quantity(stated, source) for source in cited.quantities)


def _same_quantity(stated: Quantity, source: Quantity) -> bool:
    """Equal numbers of one unit whose bounds do not contradict each other; one end of a range stands where its bound says which."""
    if source.upper is not None and stated.upper is None:
        lower, upper = stated.number == source.number, stated.number == source.upper
        if not (lower and stated.bound in _UPWARD) and not (upper and stated.bound in _DOWNWARD):
            return False
        source = replace(source, number=stated.number, upper=None, bound=stated.bound)
    if (stated.number, stated.upper) != (source.number, source.upper) or (stated.bound == "many") != (
        source.bound == "many"
    ):
        return False
    if {stated.unit, source.unit} & _MEASURES:
        same_unit = "ordinal" not in (stated.unit, source.unit)
    else:
        same_unit = stated.unit == source.unit
    opposite = (stated.bound in _UPWARD and source.bound in _DOWNWARD) or (
        stated.bound in _DOWNWARD and source.bound in _UPWARD
    )
    return same_unit and not opposite


def _date_stands(stated: DateMention, text: str, cited: _Cited) -> bool:
    if any(_same_date(stated, source, cited) for source in cited.dates):
        return True
    if stated.month is None:
        if any(source.number == stated.year and source.unit in ("", "decade") for source in cited.quantities):
            return True
        if any(date.year is None and _year_of(date, cited) == stated.year for date in cited.dates):
            return True
    attributed = {stem(word) for word in words(text)} & (_ATTRIBUTION | {stem(word) for word in cited.attribution})
    return bool(attributed) and any(_same_date(stated, _published(date), cited) for date in cited.published)


def _same_date(stated: DateMention, source: DateMention, cited: _Cited) -> bool:
    if stated.month is not None and stated.month != source.month:
        return False
    if stated.day is not None and stated.day != source.day:
        return False
    if stated.year is None or stated.year == source.year:
        return True
    if source.year is not None or stated.month is None:
        return False
    year = _year_of(source, cited)
    return year is None or year == stated.year


def _year_of(source: DateMention, cited: _Cited) -> int | None:
    """The year of a cited date that states none: the one that puts it nearest to the publication, if that is known."""
    if source.month is None or not cited.published:
        return None
    years = {expected_year(source.month, source.day, published) for published in cited.published}
    return years.pop() if len(years) == 1 else None


def _published(date: str) -> DateMention:
    parts = [int(part) for part in date.split("-") if part.isdigit()] + [0, 0, 0]
    return DateMention(parts[0] or None, parts[1] or None, parts[2] or None, Span(0, 0))


def _phrase_stands(phrase: str, cited: _Cited) -> bool:
    needle = words(phrase)
    return any(holds_sequence(haystack, needle) for haystack in cited.words)


def _check_names(stated: Iterable[Name], cited: _Cited, ordinary: frozenset[str]) -> tuple[list[str], list[str]]:
    """The words of names that the quotes lack, and those that they hold only as another form ("Iranian", "Iran").

    A word that opens a sentence is no name when it is a function word or when the evidence writes it in lower case.
    """
    absent: list[str] = []
    derived: list[str] = []
    known = cited.vocabulary | cited.attribution | cited.acronyms
    stems = frozenset(stem(word) for word in cited.vocabulary)
    for name in stated:
        for position, word in enumerate(name.words):
            opening = name.initial and position == 0
            if word in known or word.removesuffix("s") in known or f"{word}s" in known:
                continue
            if opening and (word in FUNCTION_WORDS or stem(word) in stems or word in ordinary):
                continue
            (derived if any(_related(word, other) for other in cited.vocabulary) else absent).append(word)
    return absent, derived


def _missing_codes(text: str, cited: _Cited) -> list[str]:
    """Words such as "h1n1" and "a4b7": their digits alone may occur elsewhere, so the whole word must."""
    return [word for word in words(text) if _CODE.search(word) and word not in cited.vocabulary]


def _related(word: str, other: str) -> bool:
    shorter, longer = sorted((word, other), key=len)
    return len(shorter) >= 4 and longer.startswith(shorter) and longer[len(shorter) :] in _DEMONYMS


def _overlap(text: str, cited: _Cited) -> float:
    """Share of the statement's content words that are cited, leaving out words that only say who reported it."""
    spoken = content_words(text)
    quoted = {stem(word) for word in cited.vocabulary}
    wanted = spoken - _ATTRIBUTION - ({stem(word) for word in cited.attribution} - quoted)
    if not wanted:
        return (
            0.0 if spoken else WEAK_OVERLAP - 0.01
        )  # an outlet's name alone says nothing; "Yes." proves nothing by itself
    return len(wanted & quoted) / len(wanted)


def _negation(text: str, cited: _Cited) -> str:
    """ "differs" when the cited sentence nearest to the statement denies what the statement affirms, or the reverse."""
    wanted = content_words(text)
    best, denies = 0.0, False
    for quoted in cited.texts:
        for span in sentence_spans(quoted):
            sentence = quoted[span.start : span.end]
            shared = len(wanted & content_words(sentence)) / len(wanted) if wanted else 0.0
            if shared > best:
                best, denies = shared, negated(sentence)
    return "differs" if best >= SAME_SENTENCE and denies != negated(text) else "same"
