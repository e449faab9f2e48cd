"""Who says a sentence: the outlet with its date and kind of text, and the speaker whom the text quotes.

Every name is a span of the document. What the text leaves open stays open: "he" when two people can be meant, nobody
when no verb of saying stands there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PureWindowsPath

from index.dates import date_in_words
from index.sentences import sentence_spans
from index.values import Document, Provenance, Span
from rag.speech.frames import Frame
from rag.speech.quotations import paragraph_around, paragraph_before, quotation_of, quotations
from rag.speech.speakers import ARTICLE, PERSONAL, frames_of, full_name, meant_by, owner_of

_PARAGRAPHS_BACK = 2
_LONGEST_SENTENCE = 2_000
_OWN_VOICE = re.compile(
    r"(?:the |this )?(?:author|writer|article|piece|report|reporter|column|columnist|editorial|essay)", re.I
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
    paragraph = paragraph_around(text, sentence)
    quoted = quotations(text, paragraph)
    here = frames_of(text, sentence, quoted)
    frame = _saying(here, answer)
    if frame is None and (quotation := quotation_of(sentence, answer, quoted)):
        frame = _of_quotation(text, paragraph, quoted, quotation)
    if frame is None:
        return None
    return _named(text, frame)


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


def _bounded(sentence: Span, answer: Span | None) -> Span:
    """At most so much of a sentence that it stays cheap: the part around the answer, or its beginning."""
    start = max(sentence.start, answer.start - _LONGEST_SENTENCE // 2) if answer else sentence.start
    return Span(start, max(start, min(sentence.end, start + _LONGEST_SENTENCE)))


def _saying(found: Sequence[Frame], answer: Span | None) -> Frame | None:
    """Whose words hold the answer: of several, the innermost and nearest; without an answer, whose the sentence is."""
    if answer is None:
        return next((frame for frame in found if frame.main and frame.around), None) or next(
            (frame for frame in found if frame.main), None
        )
    holding = [frame for frame in found if frame.covers.start <= answer.start and answer.end <= frame.covers.end]
    return min(holding, key=lambda frame: (frame.around, abs(frame.verb.start - answer.start)), default=None)


def _of_quotation(text: str, paragraph: Span, quoted: Sequence[Span], quotation: Span) -> Frame | None:
    """Who speaks a quotation: the nearest "X said" of its paragraph, before it or else behind it."""
    for _ in range(_PARAGRAPHS_BACK):
        found = [
            frame
            for span in sentence_spans(text, paragraph.start, paragraph.end)
            for frame in frames_of(text, span, quoted)
        ]
        touching = [frame for frame in found if 0 <= frame.verb.start - quotation.end < 12 and frame.around]
        before = [frame for frame in found if frame.verb.start < quotation.start]
        if touching or before or found:
            return (touching or before[-1:] or found)[0]
        earlier = paragraph_before(text, paragraph)
        if earlier is None:
            return None
        quoted = quotations(text, earlier)
        unclosed = bool(quoted) and quoted[-1].end == earlier.end
        if not unclosed and not text[earlier.start : earlier.end].rstrip().endswith(":"):
            return None
        paragraph, quotation = earlier, Span(earlier.end, earlier.end)
    return None


def _named(text: str, frame: Frame) -> Speaker | None:
    """The speaker of a frame under the name by which the document introduced him."""
    subject = frame.subject
    verb = text[frame.verb.start : frame.verb.end].strip()
    said = text[subject.span.start : subject.span.end].lower()
    if subject.kind == "pronoun":
        meant = meant_by(text, subject, said)
        if meant is None and said not in PERSONAL:
            return None
        subject = meant or subject
    elif subject.kind == "noun":
        subject = owner_of(text, subject) or subject
    span = full_name(text, subject.span) if subject.kind == "name" else subject.span
    return Speaker(text[span.start : span.end], span, verb)


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
    if name.casefold() in PERSONAL:
        return "a speaker it does not name there"
    if ARTICLE.search(text, max(0, start - 5), start):
        return f"the {name}"
    first = name.split()[0]
    if first in ("A", "An", "The", "One", "Some", "Several") or (
        len(name.split()) > 1 and f" {first.lower()} " in text
    ):
        return first.lower() + name[len(first) :] if name.split()[-1][0].islower() or first in ("A", "An") else name
    return name
