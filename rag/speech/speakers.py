"""Under which name a speaker is known: whom "he" means, who "Rahn" and "the spokesperson" are, what "the FO" is short for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from index.sentences import sentence_spans
from index.values import Span
from rag.facts.wording import FUNCTION_WORDS, base
from rag.speech.frames import Frame, frames
from rag.speech.quotations import REACH, paragraph_around, quotations
from rag.speech.source_phrase import HUMANS, ROLES, Subject

PERSONAL = frozenset(("he", "she", "his", "her"))
_OF_BODIES = frozenset(("it", "they", "its", "their"))
_SENTENCES_BACK = 2
_SENTENCES_LOOKED_AT = 12
_SEARCHED_CHARS = 20_000
_LONGEST_NAME = 60
_MOST_MENTIONS = 64
ARTICLE = re.compile(r"\b[Tt]he\s$")
_PLACE = re.compile(r"\b(?:[Ii]n|into|across|inside|within)\s$")
_CAPITALS_BEFORE = re.compile(r"(?:\b[^\W\d_a-z][\w’'-]*\.? )+$")
_PERSON = re.compile(
    r"(?:\b(?:"
    + "|".join(sorted(ROLES))
    + r"|[Dd]r|[Mm]rs?|[Mm]s|[Pp]rof|[Gg]en)\.?\s+|\b(?:spoke to|spoke with|asked|told|interviewed|met)\s+)"
    r"(?P<name>[A-Z][\w’'-]+(?:\s+(?:al-|bin |de )?[A-Z][\w’'-]+){0,4})|(?P<apposed>[A-Z][\w’'-]+(?:\s+[A-Z][\w’'-]+){1,4}), (?:a|an|the) "
)


def frames_of(text: str, sentence: Span, quoted: Sequence[Span]) -> list[Frame]:
    """The frames of a sentence; "For Rahn, ..." is one only where Rahn is known by a fuller name, "For Norland, ..." is not."""
    found = frames(text, sentence, quoted)
    return [
        frame
        for frame in found
        if text[frame.verb.start : frame.verb.end] not in ("For", "To")
        or full_name(text, frame.subject.span) != frame.subject.span
    ]


def meant_by(text: str, pronoun: Subject, said: str) -> Subject | None:
    """Whom a pronoun means: the one person, for "it" and "they" the one body, of the nearest sentence that names any."""
    if said not in PERSONAL | _OF_BODIES:
        return None
    person = said in PERSONAL
    looked = 0
    spans = sentence_spans(text, max(0, pronoun.span.start - REACH), pronoun.span.start)
    for span in reversed(spans[-_SENTENCES_LOOKED_AT:]):
        quoted = quotations(text, paragraph_around(text, span))
        if any(quotation.start <= span.start and span.end <= quotation.end + 1 for quotation in quoted):
            continue
        speaking = [frame.subject for frame in frames_of(text, span, quoted) if frame.subject.kind != "pronoun"]
        candidates = [subject for subject in speaking if _is_person(text, subject) == person]
        candidates += _people(text, span) if person else []
        names = {full_name(text, subject.span): subject for subject in candidates}
        if names:
            return next(iter(names.values())) if len(names) == 1 else None
        looked += 1
        if looked > _SENTENCES_BACK:
            return None
    return None


def _is_person(text: str, subject: Subject) -> bool:
    """Whether "he" can stand for a speaker: a name of two words or more without an article, "a senior official"."""
    if subject.kind == "noun":
        return text[subject.span.start : subject.span.end].split()[-1].lower() in HUMANS
    span = full_name(text, subject.span)
    article = ARTICLE.search(text, max(0, span.start - 5), span.start)
    return len(text[span.start : span.end].split()) > 1 and not article


def _people(text: str, span: Span) -> list[Subject]:
    """Names that the words around them make people: behind a role, spoken to, or followed by "a senior journalist"."""
    found = []
    for match in _PERSON.finditer(text, span.start, span.end):
        group = "name" if match["name"] else "apposed"
        found.append(Subject(Span(*match.span(group)), "name"))
    return found


def owner_of(text: str, subject: Subject) -> Subject | None:
    """Whose "the statement" is, or who "the spokesperson" is: named once, before, as "spokesperson Ada Rahn"."""
    words = text[subject.span.start : subject.span.end].lower().split()
    if len(words) > 3 or words[0] not in ("the", "this"):
        return None
    if words[-1] == "statement":
        pattern = (
            r"\bstatement (?:\w+ )?(?:by|from|of) (?:the )?(?P<name>[A-Z][\w&-]*(?: (?:of |for )?[A-Z][\w&-]*){0,5})"
        )
    elif words[-1] in ROLES:
        pattern = rf"\b{words[-1]} (?P<name>[A-Z][\w’'-]*(?: [A-Z][\w’'-]*){{0,4}})"
    else:
        return None
    before = re.compile(pattern).finditer(text, max(0, subject.span.start - _SEARCHED_CHARS), subject.span.start)
    found = {match["name"]: match.span("name") for match in before}
    return Subject(Span(*next(iter(found.values()))), "name") if len(found) == 1 else None


def full_name(text: str, span: Span) -> Span:
    """Where the document first named the same person or body in full: "Ada Rahn" for "Rahn", "Foreign Office" for "FO"."""
    name = text[span.start : span.end]
    if len(name) <= 6 and name.isupper():
        letters = r" (?:of |for |the |and |on )?".join(rf"{letter}[\w’'-]+" for letter in name if letter.isalpha())
        full = re.compile(rf"\b{letters}\b").search(text, max(0, span.start - _SEARCHED_CHARS), span.start)
        return Span(*full.span()) if full and letters else span
    found: dict[str, Span] = {}
    mentions = list(islice(_mentions(text, name, span.start), _MOST_MENTIONS))
    for mention in mentions:
        before = _CAPITALS_BEFORE.search(text, max(0, mention.start - _LONGEST_NAME), mention.start)
        start = before.start() + _without_roles(before[0]) if before else mention.start
        if start < mention.start:
            found.setdefault(text[start : mention.end], Span(start, mention.end))
    if not found:
        return span
    best = max(found, key=len)
    nested = all(best.endswith(other) for other in found)
    return found[best] if nested and _introduces(text, found[best], mentions) else span


def _mentions(text: str, name: str, end: int) -> Iterator[Span]:
    at = text.find(name, 0, end)
    while at >= 0:
        stop = at + len(name)
        if not (text[at - 1 : at].isalnum() or text[stop : stop + 1].isalnum()):
            yield Span(at, stop)
        at = text.find(name, stop, end)


def _introduces(text: str, full: Span, mentions: Sequence[Span]) -> bool:
    """Whether a fuller name is shortened to its last word: Ada Rahn's to "Rahn", not Radio Norland's to the country's."""
    if any(_PLACE.search(text, max(0, mention.start - 8), mention.start) for mention in mentions):
        return False
    if _PERSON.search(text, max(0, full.start - 30), full.end + 6):
        return True
    body = text[full.end : full.end + 2] == " (" or ARTICLE.search(text, max(0, full.start - 5), full.start)
    return not body and mentions[0].end == full.end


def _without_roles(name: str) -> int:
    """Where a name begins behind "The", a role and the body it serves ("Foreign Office Spokesperson Ada Rahn")."""
    start = 0
    for match in re.finditer(r"\S+ ", name):
        if match[0].strip().lower() in ROLES or base(match[0].strip()) in FUNCTION_WORDS:
            start = match.end()
    return start
