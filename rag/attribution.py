"""Who says a sentence: the outlet with its date and kind of text, and the speaker whom the text quotes.

Every name is a span of the document. What the text leaves open stays open: "he" when two people can be meant, nobody
when no verb of saying stands there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import PureWindowsPath

from index.dates import date_in_words
from index.sentences import sentence_spans
from index.values import Document, Provenance, Span
from rag.speech import HUMANS, ROLES, Frame, Subject, frames
from rag.wording import FUNCTION_WORDS, base

_REACH = 3_000  # characters of a paragraph that are looked at on either side of a sentence
_PARAGRAPHS_BACK = 2
_LONGEST_LINE = 120  # a longer line is a paragraph, so that its end is one
_MOSTLY = 0.5
_SENTENCES_BACK = 2
_SENTENCES_LOOKED_AT = 12
_LONGEST_SENTENCE = 2_000
_SEARCHED_CHARS = 20_000
_LONGEST_NAME = 60
_MOST_MENTIONS = 64
_ARTICLE = re.compile(r"\b[Tt]he\s$")
_PLACE = re.compile(r"\b(?:[Ii]n|into|across|inside|within)\s$")
_CAPITALS_BEFORE = re.compile(r"(?:\b[^\W\d_a-z][\w’'-]*\.? )+$")
_BREAK = re.compile(r"\n")
_QUOTE_MARKS = re.compile(r"[“”\"]")
_SINGLE_MARKS = re.compile(r"(?<!\w)[‘'](?=\w)|(?<=[\w.,!?…])[’'](?!\w)")
_OWN_VOICE = re.compile(
    r"(?:the |this )?(?:author|writer|article|piece|report|reporter|column|columnist|editorial|essay)", re.I
)
_PEOPLES_PRONOUNS = frozenset(("he", "she", "his", "her"))
_BODIES_PRONOUNS = frozenset(("it", "they", "its", "their"))
_PERSON = re.compile(
    r"(?:\b(?:"
    + "|".join(sorted(ROLES))
    + r"|[Dd]r|[Mm]rs?|[Mm]s|[Pp]rof|[Gg]en)\.?\s+|\b(?:spoke to|spoke with|asked|told|interviewed|met)\s+)"
    r"(?P<name>[A-Z][\w’'-]+(?:\s+(?:al-|bin |de )?[A-Z][\w’'-]+){0,4})|(?P<apposed>[A-Z][\w’'-]+(?:\s+[A-Z][\w’'-]+){1,4}), (?:a|an|the) "
)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who says a sentence, as the document has it: `document.text[span.start:span.end] == name`.

    Attributes:
        name: The longest form by which the document named the speaker before; a pronoun that nobody can be sure of stays one.
        verb: How it is said: "said", "denied", "according to".
    """

    name: str
    span: Span
    verb: str


def speaker_of(text: str, sentence: Span, answer: Span | None = None) -> Speaker | None:
    """Who says a sentence, or the part of it that holds `answer`; None when the text has nobody say it.

    >>> said = "The bridge is safe, said envoy Ada Rahn."
    >>> speaker_of(said, Span(0, len(said)))
    Speaker(name='Ada Rahn', span=Span(start=31, end=39), verb='said')
    """
    sentence = _bounded(sentence, answer)
    paragraph = _paragraph(text, sentence)
    quoted = _quotations(text, paragraph)
    here = _frames(text, sentence, quoted)
    frame = _saying(here, answer)
    if frame is None and (quotation := _quotation_of(sentence, answer, quoted)):
        frame = _of_quotation(text, paragraph, quoted, quotation)
    if frame is None:
        return None
    return _named(text, frame)


def _bounded(sentence: Span, answer: Span | None) -> Span:
    """At most so much of a sentence that it stays cheap: the part around the answer, or its beginning."""
    start = max(sentence.start, answer.start - _LONGEST_SENTENCE // 2) if answer else sentence.start
    return Span(start, max(start, min(sentence.end, start + _LONGEST_SENTENCE)))


def attribution_of(document: Document, speaker: Speaker | None) -> str:
    """The lead of a sentence of prose: "The News (16 November 2025), quoting Ada Rahn".

    A report is not called one. An author who speaks for himself is not quoted.
    """
    source = document.provenance
    published = date_in_words(source.published.date) if source.published else "undated"
    kind = source.kind if source.kind and source.kind != "report" else None
    lead = f"{_outlet(document)} ({', '.join(part for part in (kind, published) if part)})"
    if speaker is None or _speaks_itself(speaker.name, source):
        return lead
    return f"{lead}, quoting {_in_a_sentence(document.text, speaker)}"


def _outlet(document: Document) -> str:
    source = document.provenance
    name = source.publisher or (f'"{source.title}"' if source.title else _file_name(document))
    return f"{source.author} in {name}" if source.author and source.kind == "opinion" else name


def _file_name(document: Document) -> str:
    return PureWindowsPath(document.sources[0]).name if document.sources else "a document without a name"


def _speaks_itself(name: str, source: Provenance) -> bool:
    """True when the speaker is the outlet, the author, or "the article"."""
    if _OWN_VOICE.fullmatch(name):
        return True
    own = [_plain(known) for known in (source.author, source.publisher) if known]
    return any(known == _plain(name) or known.endswith(f" {_plain(name)}") for known in own)


def _plain(name: str) -> str:
    return " ".join(name.casefold().removeprefix("the ").split())


def _in_a_sentence(text: str, speaker: Speaker) -> str:
    """A speaker's name as it stands within a sentence, with its article; a bare pronoun names nobody."""
    name, start = speaker.name, speaker.span.start
    if name.casefold() in _PEOPLES_PRONOUNS:
        return "a speaker it does not name there"
    if _ARTICLE.search(text, max(0, start - 5), start):
        return f"the {name}"
    first = name.split()[0]
    if first in ("A", "An", "The", "One", "Some", "Several") or (
        len(name.split()) > 1 and f" {first.lower()} " in text
    ):
        return first.lower() + name[len(first) :] if name.split()[-1][0].islower() or first in ("A", "An") else name
    return name


def _paragraph(text: str, sentence: Span) -> Span:
    """The paragraph around a sentence; the end of a wrapped line does not end it."""
    low, high = max(0, sentence.start - _REACH), min(len(text), sentence.end + _REACH)
    start, end = low, high
    for match in _BREAK.finditer(text, low, sentence.start):
        if _breaks(text, match.start()):
            start = match.end()
    for match in _BREAK.finditer(text, sentence.end, high):
        if _breaks(text, match.start()):
            end = match.start()
            break
    return Span(start, end)


def _breaks(text: str, newline: int) -> bool:
    """Whether a paragraph ends at this newline: the line is blank, too long for a wrapped one, or another kind follows."""
    start = text.rfind("\n", max(0, newline - _LONGEST_LINE - 1), newline) + 1
    following = text[newline + 1 : newline + 40].lstrip(" \t")[:1]
    return (
        newline - start > _LONGEST_LINE
        or not text[start:newline].strip()
        or following in ("", "\n", "“", "#", "-", "*")
    )


def _quotations(text: str, paragraph: Span) -> list[Span]:
    """What stands between quotation marks, the last one up to the end of the paragraph when nobody closes it."""
    marks = list(_QUOTE_MARKS.finditer(text, paragraph.start, paragraph.end)) or list(
        _SINGLE_MARKS.finditer(text, paragraph.start, paragraph.end)
    )
    found: list[Span] = []
    opened: int | None = None
    for mark in marks:
        opens, closes = mark[0] in "“‘", mark[0] in "”’"
        if opened is None and not closes:
            opened = mark.end()
        elif opened is not None and not opens:
            found.append(Span(opened, mark.start()))
            opened = None
    if opened is not None and marks[0][0] in '“"':
        found.append(Span(opened, paragraph.end))
    return found


def _frames(text: str, sentence: Span, quoted: Sequence[Span]) -> list[Frame]:
    """The frames of a sentence; "For Rahn, ..." is one only where Rahn is known by a fuller name, "For Norland, ..." is not."""
    found = frames(text, sentence, quoted)
    return [
        frame
        for frame in found
        if text[frame.verb.start : frame.verb.end] not in ("For", "To")
        or _longest_form(text, frame.subject.span) != frame.subject.span
    ]


def _saying(found: Sequence[Frame], answer: Span | None) -> Frame | None:
    """Whose words hold the answer: of several, the nearest verb; without an answer, whose the sentence is."""
    if answer is None:
        return next((frame for frame in found if frame.main and frame.around), None) or next(
            (frame for frame in found if frame.main), None
        )
    holding = [frame for frame in found if frame.covers.start <= answer.start and answer.end <= frame.covers.end]
    return min(holding, key=lambda frame: abs(frame.verb.start - answer.start), default=None)


def _quotation_of(sentence: Span, answer: Span | None, quoted: Sequence[Span]) -> Span | None:
    """The quotation that a sentence is part of: one that holds its answer or most of it, or that runs on from before."""
    for quotation in quoted:
        shared = min(quotation.end, sentence.end) - max(quotation.start, sentence.start)
        if shared <= 0:
            continue
        runs_on = quotation.start < sentence.start or quotation.end > sentence.end
        mostly = shared >= _MOSTLY * (sentence.end - sentence.start)
        holds = answer is None or (quotation.start <= answer.start and answer.end <= quotation.end)
        if holds and (mostly or (runs_on and answer is not None)):
            return quotation
    return None


def _of_quotation(text: str, paragraph: Span, quoted: Sequence[Span], quotation: Span) -> Frame | None:
    """Who speaks a quotation: the nearest "X said" of its paragraph, before it or else behind it."""
    for _ in range(_PARAGRAPHS_BACK):
        found = [
            frame
            for span in sentence_spans(text, paragraph.start, paragraph.end)
            for frame in _frames(text, span, quoted)
        ]
        touching = [frame for frame in found if 0 <= frame.verb.start - quotation.end < 12 and frame.around]
        before = [frame for frame in found if frame.verb.start < quotation.start]
        if touching or before or found:
            return (touching or before[-1:] or found)[0]
        earlier = _paragraph_before(text, paragraph)
        if earlier is None:
            return None
        quoted = _quotations(text, earlier)
        unclosed = bool(quoted) and quoted[-1].end == earlier.end
        if not unclosed and not text[earlier.start : earlier.end].rstrip().endswith(":"):
            return None
        paragraph, quotation = earlier, Span(earlier.end, earlier.end)
    return None


def _paragraph_before(text: str, paragraph: Span) -> Span | None:
    end = len(text[: paragraph.start].rstrip()) if paragraph.start else 0
    return _paragraph(text, Span(max(0, end - 1), end)) if end else None


def _named(text: str, frame: Frame) -> Speaker | None:
    """The speaker of a frame under the name by which the document introduced him."""
    subject = frame.subject
    verb = text[frame.verb.start : frame.verb.end].strip()
    said = text[subject.span.start : subject.span.end].lower()
    if subject.kind == "pronoun":
        meant = _meant_by(text, subject, said)
        if meant is None and said not in _PEOPLES_PRONOUNS:
            return None
        subject = meant or subject
    elif subject.kind == "noun":
        subject = _owner(text, subject) or subject
    span = _longest_form(text, subject.span) if subject.kind == "name" else subject.span
    return Speaker(text[span.start : span.end], span, verb)


def _meant_by(text: str, pronoun: Subject, said: str) -> Subject | None:
    """Whom a pronoun means: the one person, for "it" and "they" the one body, of the nearest sentence that names any."""
    if said not in _PEOPLES_PRONOUNS | _BODIES_PRONOUNS:
        return None
    person = said in _PEOPLES_PRONOUNS
    looked = 0
    spans = sentence_spans(text, max(0, pronoun.span.start - _REACH), pronoun.span.start)
    for span in reversed(spans[-_SENTENCES_LOOKED_AT:]):
        quoted = _quotations(text, _paragraph(text, span))
        if any(quotation.start <= span.start and span.end <= quotation.end + 1 for quotation in quoted):
            continue
        speaking = [frame.subject for frame in _frames(text, span, quoted) if frame.subject.kind != "pronoun"]
        candidates = [subject for subject in speaking if _is_person(text, subject) == person]
        candidates += _people(text, span) if person else []
        names = {_longest_form(text, subject.span): subject for subject in candidates}
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
    span = _longest_form(text, subject.span)
    article = _ARTICLE.search(text, max(0, span.start - 5), span.start)
    return len(text[span.start : span.end].split()) > 1 and not article


def _people(text: str, span: Span) -> list[Subject]:
    """Names that the words around them make people: behind a role, spoken to, or followed by "a senior journalist"."""
    found = []
    for match in _PERSON.finditer(text, span.start, span.end):
        group = "name" if match["name"] else "apposed"
        found.append(Subject(Span(*match.span(group)), "name"))
    return found


def _owner(text: str, subject: Subject) -> Subject | None:
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


def _longest_form(text: str, span: Span) -> Span:
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
    body = text[full.end : full.end + 2] == " (" or _ARTICLE.search(text, max(0, full.start - 5), full.start)
    return not body and mentions[0].end == full.end


def _without_roles(name: str) -> int:
    """Where a name begins behind "The", a role and the body it serves ("Foreign Office Spokesperson Ada Rahn")."""
    start = 0
    for match in re.finditer(r"\S+ ", name):
        if match[0].strip().lower() in ROLES or base(match[0].strip()) in FUNCTION_WORDS:
            start = match.end()
    return start
