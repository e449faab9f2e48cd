"""Who speaks in one sentence, as its own words have it, and which part of the sentence is theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from index.values import Span
from rag.speech.source_phrase import OPENERS, PREPOSITIONS, WORD, Subject, only_name, source_phrase
from rag.speech.verbs import ALWAYS, CALLS, INVERTED, ONLY_THAT, THINKS, VERB

QUOTED = "\ue000"  # stands for every character between quotation marks, so that words inside are not read
_LONGEST_SUBJECT = 200
_HEARER = re.compile(r"\s+(?:us|me|him|her|them|reporters|journalists|(?:the\s+)?[A-Z]\w+(?:\s+[A-Z]\w+){0,3})")
_COMPLEMENT = re.compile(
    r"\s*(?:(?:on|in|at|to) [^,.;:]{1,40}?\s)?(?:that\b|[,:]?\s*[\"“‘']?\ue000|:)|\s+(?:to have|it|they|he|she|there|so)\b"
)
_ENDS = re.compile(
    r"(?:\s+(?:(?:on|in|at|to|last|this|late|early|during|earlier)\b[^,.;:!?\"“”\ue000]{1,60}|yesterday|today))?[\"”’']*\s*(?:[.,;!?—–]|$)"
)
_CALLED = re.compile(r"[^,.;:]{1,80}\ue000")
_BETWEEN = re.compile(
    r"\s+(?:(?:also|has|have|had|did|does|do|would|will|then|later|recently|repeatedly|again|often|thus|now|not|never|further"
    r"|earlier|once|still|always|(?:does|do|did|has|have|had)n[’']t|[a-z]{3,15}ly)\s+){0,4}$"
)
_PASSIVE = re.compile(
    r"\b(?:is|are|was|were|be|been|being|to|cannot|can|could|may|might|must|should|[’']re)(?:\s+\w+ly)?\s*$"
)
_DENIED = re.compile(r"\b(?:not|never)\b|n[’']t\b")
_BOUNDARY = re.compile(
    r"[,;:?!()\"“”\[\]—–\ue000\n]|\b(?:that|while|whereas|but|because|as|when|which|although|though|if|however|so|yet|after|before|until"
    r"|since|where|whether|who|nor|than)\b",
    re.I,
)
_QUOTES_END = ('"', "”", QUOTED + "’", QUOTED + "'")
_CLOSERS = (",", '"', "”", "’", "'", "—", "–", QUOTED, ";")
_ACCORDING = re.compile(
    r"\b(?:[Aa]ccording to|[Ii]n the words of|[Aa]s (?:announced|stated|claimed|reported|alleged) by|said by|alleged by)\s+"
)
_IN_WORDS = re.compile(
    r"\b[Ii]n\s+(?P<who>[^,;:.()\"“”\ue000]{1,60}?)(?:[’']s?(?:\s+\w+)?|(?<=\bhis)(?:\s+own)?|(?<=\bher)(?:\s+own)?|(?<=\btheir)(?:\s+own)?)"
    r"\s+(?P<verb>words|view|account|opinion|judg(?:e)?ment|telling|phrase|phrasing|assessment)\b"
)
_SHORT_FOR = re.compile(r"(?:\b[A-Z]\S* ){1,4}\([A-Z]{2,6}\)\s*$")
_SAYING = re.compile(
    r",\s+(?:saying|adding|warning|insisting|arguing|claiming|emphasi[sz]ing|stressing|noting|accusing|calling|describing|denying)\b"
)
_AUXILIARY = re.compile(r"\s(?:has|have|had|is|are|was|were)\b")
_TO_HIM = re.compile(r"^(?P<verb>For|To) (?P<who>[^\W\d_a-z][\w’'-]+)[,\s]")
_RELATIVE = re.compile(r",\s+(?:which|who|whom|where)\s+$")
_ASKS = re.compile(r"\b(?:asks?|asked)\b[^,;.]{0,80}\b(?:whether|if|why|what|how|when|where)\b[^,;]*")


@dataclass(frozen=True, slots=True)
class Frame:
    """One "X said" of a sentence.

    Attributes:
        covers: The part of the sentence that X says, from where to where.
        main: False when it stands inside another clause ("the talks ended after X said ..."): the sentence is not X's.
    """

    subject: Subject
    verb: Span
    covers: Span
    main: bool
    around: bool = False


def frames(text: str, sentence: Span, quoted: Sequence[Span]) -> list[Frame]:
    """Every "X said", "according to X" and the like of one sentence outside quotation marks, in order.

    >>> one, = frames("Talks failed, Ada Rahn said.", Span(0, 28), [])
    >>> one.subject.span
    Span(start=14, end=22)
    """
    masked = mask(text, sentence, quoted)
    found = sorted((*_spoken(masked), *_going_on(masked), *_according(masked)), key=lambda frame: frame.verb)
    scoped = (
        replace(frame, covers=_covered(frame, before, after, masked))
        for before, frame, after in zip([None, *found], found, [*found[1:], None], strict=False)
    )
    return [_moved(frame, sentence.start) for frame in scoped]


def _covered(frame: Frame, before: Frame | None, after: Frame | None, masked: str) -> Span:
    """How far a speaker's words reach: to where the next speaker is named, and for "..., X said" also back."""
    end = len(masked)
    if after is not None:
        named = min(after.subject.span.start, after.verb.start)
        end = named if named >= frame.verb.end else after.verb.start
    if not frame.around:
        comma = masked.find(",", frame.verb.end, end) if _RELATIVE.search(masked, 0, frame.subject.phrase) else -1
        return Span(frame.verb.end, max(frame.verb.end, end if comma < 0 else comma))
    return Span(before.verb.end if before and not before.around else 0, end)


def mask(text: str, sentence: Span, quoted: Sequence[Span]) -> str:
    """The sentence with what stands between quotation marks made unreadable; offsets stay."""
    pieces, at = [], sentence.start
    for span in quoted:
        start, end = max(span.start, at), min(span.end, sentence.end)
        if start < end:
            pieces += [text[at:start], QUOTED * (end - start)]
            at = end
    return "".join((*pieces, text[at : sentence.end]))


def _spoken(masked: str) -> Iterator[Frame]:
    questions = [match.span() for match in _ASKS.finditer(masked)]
    last: Subject | None = None
    for match in VERB.finditer(masked):
        if any(start <= match.start() < end for start, end in questions):
            continue
        lead = _BETWEEN.search(masked, max(0, match.start() - 60), match.start())
        before = lead.start() if lead else match.start()
        if any(_PASSIVE.search(masked, max(0, at - 30), at) for at in {before, match.start()}):
            continue
        if _DENIED.search(masked, before, match.start()) and match[0] not in THINKS:
            continue
        if frame := _frame(masked, before, match, last):
            last = frame.subject
            yield frame


def _frame(masked: str, before: int, match: re.Match[str], last: Subject | None) -> Frame | None:
    """The frame of the verb at `match`, whose subject stands before `before`, or behind an inverted verb, or is shared."""
    verb, rest = Span(match.start(), match.end()), masked[match.end() :]
    heard = _HEARER.match(rest) if match[0] in ("told", "tells") else None
    ends = _ENDS.match(rest, heard.end() if heard else 0) is not None
    complement = _COMPLEMENT.match(rest) is not None
    edge = masked[:before].rstrip()[-1:]
    if match[0] in INVERTED and not (complement or ends) and edge in _CLOSERS:
        inverted = source_phrase(masked, match.end(), _stop(masked, match.end()))
        if inverted and inverted.phrase - match.end() <= 1:
            return Frame(inverted, verb, verb, main=True, around=True)
    subject = _subject_before(masked, before)
    if subject is None and (edge == "," or masked[:before].rstrip().endswith((" and", " but"))):
        subject = _shared(masked, last)
    if subject is None:
        return None
    opening = masked[: subject.phrase].rstrip()
    aside = opening[-1:] in _CLOSERS or re.search(r"\b[Aa]s$", opening[-3:]) is not None
    parenthetical = not complement and aside and (ends or opening.endswith(_QUOTES_END))
    says = (
        match[0] in ALWAYS or complement or " " in match[0] or (match[0] in CALLS and _CALLED.match(rest) is not None)
    )
    if match[0] in ONLY_THAT:
        says = re.match(r"\s+(?:that|to have)\b", rest) is not None
    if not (says or parenthetical):
        return None
    return Frame(subject, verb, verb, main=parenthetical or _opens(opening), around=parenthetical)


def _shared(masked: str, last: Subject | None) -> Subject | None:
    """Who goes on speaking in "X argued ... and said ...": the speaker before, or the one with whom the sentence begins."""
    if last is not None:
        return replace(last, phrase=0)
    first = WORD.match(masked)
    if first and first[0] in ("He", "She"):
        return Subject(Span(*first.span()), "pronoun")
    auxiliary = _AUXILIARY.search(masked, 0, _LONGEST_SUBJECT)
    start = _SHORT_FOR.sub("", masked[: auxiliary.start()]) if auxiliary else ""
    return None if not start or _BOUNDARY.search(start) else source_phrase(masked, 0, len(start))


def _opens(opening: str) -> bool:
    """Whether what stands before a subject is no clause that somebody else says: "However", "After the talks failed,"."""
    words = [
        word for word in _SHORT_FOR.sub("", opening).lower().split() if word.strip(",\"“‘'-*#") not in OPENERS | {""}
    ]
    if not words:
        return True
    first = words[0].strip("\"“‘'")
    return words[-1].endswith(",") and first in PREPOSITIONS | {"while", "when", "as", "although", "though", "asked"}


def _subject_before(masked: str, before: int) -> Subject | None:
    """The noun phrase that ends at `before`; one set off by commas or brackets is stepped over ("Rahn, an envoy, said")."""
    low = max(0, before - _LONGEST_SUBJECT)
    named: Subject | None = None
    for _ in range(3):
        edges = list(_BOUNDARY.finditer(masked, low, before))
        start = edges[-1].end() if edges else low
        mark = edges[-1][0].lower() if edges else ""
        if mark == "," and masked[start:before].strip().isdigit():  # "Rahn, 45, a lawyer, said"
            before = edges[-1].start()
            continue
        aside = mark == "who" or (bool(mark) and not masked[start:before].strip())
        if not aside:
            found = source_phrase(masked, start, before)
            return replace(named, phrase=found.phrase) if named and found and found.kind == "noun" else found
        if mark == "who":
            before = len(masked[: edges[-1].start()].rstrip(" ,"))
            continue
        if mark not in (",", ")", "—", "–"):
            return None
        opener = masked.rfind("(" if mark == ")" else mark, low, edges[-1].start())
        if opener < 0:
            return None
        named = only_name(masked, opener + 1, edges[-1].start())
        before = len(masked[:opener].rstrip())
    return None


def _according(masked: str) -> Iterator[Frame]:
    for match in _ACCORDING.finditer(masked):
        subject = source_phrase(masked, match.end(), _stop(masked, match.end()))
        if subject:
            verb = Span(match.start(), match.start() + len(match[0].rstrip()))
            by = match[0].startswith(("said", "alleged"))
            yield Frame(subject, verb, verb, main=not by, around=not by)
    if named := _TO_HIM.match(masked):
        span = Span(*named.span("verb"))
        yield Frame(Subject(Span(*named.span("who")), "name", span.start), span, span, main=True, around=True)
    for match in _IN_WORDS.finditer(masked):
        subject = source_phrase(masked, match.start("who"), match.end("who")) or _possessive(masked, match)
        if subject:
            yield Frame(
                subject, Span(match.start(), match.end()), Span(match.start(), match.end()), main=True, around=True
            )


def _going_on(masked: str) -> Iterator[Frame]:
    """Participles after a comma ("the ministry has closed the case, calling it ..."): their words, in a sentence not theirs."""
    for match in _SAYING.finditer(masked):
        rest = masked[match.end() : match.end() + 60]
        if (QUOTED in rest or rest.startswith(" that ")) and (subject := _shared(masked, None)):
            yield Frame(subject, Span(match.start() + 2, match.end()), Span(0, 0), main=False)


def _possessive(masked: str, match: re.Match[str]) -> Subject | None:
    span = Span(match.start("who"), match.end("who"))
    return (
        Subject(span, "pronoun", span.start)
        if masked[span.start : span.end] in ("his", "her", "its", "their")
        else None
    )


def _stop(masked: str, start: int) -> int:
    edge = _BOUNDARY.search(masked, start)
    return edge.start() if edge else len(masked.rstrip(" .\"”’'"))


def _moved(frame: Frame, by: int) -> Frame:
    subject = replace(frame.subject, span=_shift(frame.subject.span, by))
    return replace(frame, subject=subject, verb=_shift(frame.verb, by), covers=_shift(frame.covers, by))


def _shift(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by)
