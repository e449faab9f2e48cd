"""Who speaks in one sentence, as its own words have it, and which part of the sentence is theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from index.values import Span

SubjectKind = Literal["name", "noun", "pronoun"]

QUOTED = "\ue000"  # stands for every character between quotation marks, so that words inside are not read
_LONGEST_SUBJECT = 200

# Saying is all that these do; the others below say only with "that", a quotation or a comma beside them.
_SAYS = """said says say told tells stated states reiterated reiterates emphasized emphasised stressed stresses underscored argued argues
    argue insisted insists insist warned warns warn cautioned cautions caution lamented remarked commented explained explains clarified
    alleged alleges allege contended contends contend conceded concedes concede acknowledged acknowledges acknowledge admitted admits
    confirmed confirms denied denies deny condemned condemns accused accuses described describes announced announces declared declares
    declare predicted predicts recalled recalls complained complains criticised criticized wrote writes asserted asserts mentioned
    replied replies reply answered answers urged urges pledged vowed blamed blames"""
_MAY_SAY = """added adds noted notes claimed claims claim reported reports report revealed reveals suggested suggests suggest proposed proposes indicated
    indicates indicate believed believes believe thought thinks think feared fears fear suspected suspects suspect expected expects expect
    hoped hopes hope maintained maintains maintain observed observes highlighted highlights responded responds agreed agrees estimated
    estimates called calls promised promises rejected rejects articulated doubted doubts concluded concludes found finds held holds hold"""
_THINKS = frozenset(
    "believed believes believe thought thinks think suspected suspects suspect expected expects expect hoped".split()
)
_ALWAYS = frozenset(_SAYS.split())
_ONLY_THAT = frozenset(
    "concluded concludes found finds held holds hold fear fears hope hopes report reports claim claims expect".split()
)
_INVERTED = frozenset("said says added adds noted notes wrote writes".split())
_VERB = re.compile(
    r"\b(?:"
    + "|".join(dict.fromkeys((_SAYS + " " + _MAY_SAY).split()))
    + r"|made (?:it )?(?:quite )?clear|point(?:ed|s) out|put the blame)\b"
)
_COMPLEMENT = re.compile(
    r"\s*(?:(?:on|in|at|to) [^,.;:]{1,40}?\s)?(?:that\b|[,:]?\s*[\"“‘']?\ue000|:)|\s+(?:to have|it|they|he|she|there|so)\b"
)
_ENDS = re.compile(
    r"(?:\s+(?:(?:on|in|at|to|last|this|late|early|during|earlier)\b[^,.;:!?\"“”\ue000]{1,60}|yesterday|today))?[\"”’']*\s*(?:[.,;!?—–]|$)"
)
_CALLS = frozenset(("called", "calls"))
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
_WORD = re.compile(
    r"[^\W_](?:[\w&/]|[.'’-](?=\w)|(?<=\b[A-Z])\.|(?<=\bDr)\.|(?<=\bMr)\.|(?<=\bMs)\.|(?<=\bMrs)\.|(?<=\bGen)\.)*"
)
_OPENERS = frozenset(
    """meanwhile earlier later also still then now today yesterday and but or yet so however instead moreover likewise similarly monday tuesday
    wednesday thursday friday saturday sunday january february march april may june july august september october november december only even
    again finally first second third nevertheless indeed thus therefore""".split()
)
_PREPOSITIONS = frozenset(
    "in on at during following after from under by with within for of to through amid despite speaking asked against over about regarding".split()
)
_KEPT = frozenset("in at of from for within with inside near".split())
_DETERMINERS = frozenset(
    "the a an one some several many another any two three four both other others this these those our his her its their".split()
)
_PRONOUNS = frozenset("he she they it i we you".split())
_NO_SUBJECT = frozenset(
    "there this these those which what that nothing nobody everyone who whoever one some all it's".split()
)
_STATEMENTS = frozenset("statement statements communique communiqué readout declaration letter tweet post".split())
ROLES = frozenset(
    """spokesperson spokesman spokeswoman minister president secretary ambassador senator general envoy director chairman chairwoman chief
    professor analyst scholar journalist lawyer mayor judge commissioner governor officer leader captain colonel""".split()
)
_SOURCES = (
    frozenset("police government ministry management staff parliament leadership army military navy one".split())
    | ROLES
)
_CLOSERS = (",", '"', "”", "’", "'", "—", "–", QUOTED, ";")
_FINITE = frozenset("is are was were be been has have had will would does did do".split())
HUMANS = ROLES | frozenset(
    "official diplomat commentator expert researcher resident author writer witness adviser aide source".split()
)
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
_ASKS = re.compile(r"\b(?:asks?|asked)\b[^,;.]{0,80}\b(?:whether|if|why|what|how|when|where)\b[^,;]*")


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is named as speaking: `span` is the bare name, or the whole noun phrase of a source without one.

    Attributes:
        phrase: Where the words about the speaker begin ("Foreign Office spokesperson Ada Rahn").
    """

    span: Span
    kind: SubjectKind
    phrase: int = 0


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
    limited: list[Frame] = []
    for number, frame in enumerate(found):
        following = found[number + 1].subject.span.start if number + 1 < len(found) else len(masked)
        before = found[number - 1].verb.end if number else 0
        if frame.around:
            first = min(frame.subject.span.start, frame.verb.start)
            start = before if number and not found[number - 1].around else 0
            covers = Span(
                min(start, first), max(following, frame.verb.end) if following > frame.verb.end else len(masked)
            )
        else:
            covers = Span(frame.verb.end, max(frame.verb.end, following))
        limited.append(replace(frame, covers=covers))
    return [_moved(frame, sentence.start) for frame in limited]


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
    for match in _VERB.finditer(masked):
        if any(start <= match.start() < end for start, end in questions):
            continue
        lead = _BETWEEN.search(masked, max(0, match.start() - 60), match.start())
        before = lead.start() if lead else match.start()
        if any(_PASSIVE.search(masked, max(0, at - 30), at) for at in {before, match.start()}):
            continue
        if _DENIED.search(masked, before, match.start()) and match[0] not in _THINKS:
            continue
        if frame := _frame(masked, before, match, last):
            last = frame.subject
            yield frame


def _frame(masked: str, before: int, match: re.Match[str], last: Subject | None) -> Frame | None:
    """The frame of the verb at `match`, whose subject stands before `before`, or behind an inverted verb, or is shared."""
    verb, rest = Span(match.start(), match.end()), masked[match.end() :]
    ends = _ENDS.match(rest) is not None
    complement = _COMPLEMENT.match(rest) is not None
    edge = masked[:before].rstrip()[-1:]
    if match[0] in _INVERTED and not (complement or ends) and edge in _CLOSERS:
        inverted = _phrase(masked, match.end(), _stop(masked, match.end()))
        if inverted and inverted.phrase - match.end() <= 1:
            return Frame(inverted, verb, verb, main=True, around=True)
    subject = _subject_before(masked, before)
    if subject is None and (edge == "," or masked[:before].rstrip().endswith((" and", " but"))):
        subject = _shared(masked, last)
    if subject is None:
        return None
    parenthetical = ends and not complement and masked[: subject.phrase].rstrip()[-1:] in _CLOSERS
    says = (
        match[0] in _ALWAYS or complement or " " in match[0] or (match[0] in _CALLS and _CALLED.match(rest) is not None)
    )
    if match[0] in _ONLY_THAT:
        says = re.match(r"\s+(?:that|to have)\b", rest) is not None
    if not (says or parenthetical):
        return None
    return Frame(subject, verb, verb, main=parenthetical or _opens(masked[: subject.phrase]), around=parenthetical)


def _shared(masked: str, last: Subject | None) -> Subject | None:
    """Who goes on speaking in "X argued ... and said ...": the speaker before, or the one with whom the sentence begins."""
    if last is not None:
        return replace(last, phrase=0)
    first = _WORD.match(masked)
    if first and first[0] in ("He", "She"):
        return Subject(Span(*first.span()), "pronoun")
    auxiliary = _AUXILIARY.search(masked, 0, _LONGEST_SUBJECT)
    start = _SHORT_FOR.sub("", masked[: auxiliary.start()]) if auxiliary else ""
    return None if not start or _BOUNDARY.search(start) else _phrase(masked, 0, len(start))


def _opens(opening: str) -> bool:
    """Whether what stands before a subject is no clause that somebody else says: "However", "After the talks failed,"."""
    words = [
        word for word in _SHORT_FOR.sub("", opening).lower().split() if word.strip(",\"“‘'-*#") not in _OPENERS | {""}
    ]
    if not words:
        return True
    first = words[0].strip("\"“‘'")
    return words[-1].endswith(",") and first in _PREPOSITIONS | {"while", "when", "as", "although", "though", "asked"}


def _subject_before(masked: str, before: int) -> Subject | None:
    """The noun phrase that ends at `before`; one set off by commas or brackets is stepped over ("Rahn, an envoy, said")."""
    low = max(0, before - _LONGEST_SUBJECT)
    named: Subject | None = None
    for _ in range(3):
        edges = list(_BOUNDARY.finditer(masked, low, before))
        start = edges[-1].end() if edges else low
        mark = edges[-1][0].lower() if edges else ""
        aside = mark == "who" or (bool(mark) and not masked[start:before].strip())
        if not aside:
            found = _phrase(masked, start, before)
            return replace(named, phrase=found.phrase) if named and found and found.kind == "noun" else found
        if mark == "who":
            before = len(masked[: edges[-1].start()].rstrip(" ,"))
            continue
        if mark not in (",", ")", "—", "–"):
            return None
        opener = masked.rfind("(" if mark == ")" else mark, low, edges[-1].start())
        if opener < 0:
            return None
        named = _only_name(masked, opener + 1, edges[-1].start())
        before = len(masked[:opener].rstrip())
    return None


def _only_name(masked: str, start: int, end: int) -> Subject | None:
    """A name that stands alone between commas: "its spokesperson, Ada Rahn, said"."""
    words = list(_WORD.finditer(masked, start, end))
    run = _capitals(masked, words)
    return Subject(Span(run[0].start(), run[-1].end()), "name", start) if run and len(run) == len(words) else None


def _according(masked: str) -> Iterator[Frame]:
    for match in _ACCORDING.finditer(masked):
        subject = _phrase(masked, match.end(), _stop(masked, match.end()))
        if subject:
            verb = Span(match.start(), match.start() + len(match[0].rstrip()))
            by = match[0].startswith(("said", "alleged"))
            yield Frame(subject, verb, verb, main=not by, around=not by)
    if match := _TO_HIM.match(masked):
        span = Span(*match.span("verb"))
        yield Frame(Subject(Span(*match.span("who")), "name", span.start), span, span, main=True, around=True)
    for match in _IN_WORDS.finditer(masked):
        subject = _phrase(masked, match.start("who"), match.end("who")) or _possessive(masked, match)
        if subject:
            yield Frame(
                subject, Span(match.start(), match.end()), Span(match.start(), match.end()), main=True, around=True
            )


def _going_on(masked: str) -> Iterator[Frame]:
    """Participles after a comma ("the ministry has closed the case, calling it ..."): their words, in a sentence not theirs."""
    for match in _SAYING.finditer(masked):
        if QUOTED in masked[match.end() : match.end() + 60] and (subject := _shared(masked, None)):
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


def _phrase(masked: str, start: int, end: int) -> Subject | None:
    """The one noun phrase of a stretch without commas: a name without the words before it, or a source as it stands."""
    words = list(_WORD.finditer(masked, start, end))
    if not words or words[-1][0].lower() in _PREPOSITIONS | {"and", "or", "but"}:
        return None
    first = words[0].start()
    while len(words) > 1 and words[0][0].lower() in _OPENERS:
        words.pop(0)
    if words[0][0].lower() in _PREPOSITIONS:
        words = _after_opening(masked, words)
    if not words:
        return None
    if words[-1][0].lower() in _PRONOUNS and (len(words) == 1 or words[-1][0].islower()):
        return Subject(Span(*words[-1].span()), "pronoun", first)
    if any(word[0] in _FINITE for word in words):
        return None
    found = _of_statement(masked, words) or _headed(masked, words)
    return replace(found, phrase=first) if found else None


def _after_opening(masked: str, words: list[re.Match[str]]) -> list[re.Match[str]]:
    """What follows "In a statement" or "On Friday" without a comma: from the last article on, or the capitals at the end."""
    for number in range(len(words) - 1, 0, -1):
        if words[number][0].lower() in _DETERMINERS | _PRONOUNS and words[number - 1][0].lower() not in _PREPOSITIONS:
            return words[number:]
    run = _capitals(masked, words)
    return run if len(run) < len(words) - 1 else run[1:] if run and run[0][0].lower() in _OPENERS else []


def _headed(masked: str, words: list[re.Match[str]]) -> Subject | None:
    words = _of_both(words)
    core = next((n for n in range(1, len(words)) if _after_head(words, n)), len(words))
    head = words[:core]
    run = _capitals(masked, head)
    if run and len(run) < len(head) and any(word[0] == "and" for word in head):
        return Subject(Span(head[0].start(), head[-1].end()), "noun")
    kept = core < len(words) and words[core][0] in _KEPT and len(words) - core <= 6
    if run and not (kept and len(run) == len(head) == 1 and run[0][0].endswith("s")):
        run += _extended(words, core)
        return Subject(Span(run[0].start(), run[-1].end()), "name")
    if not _is_source(head):
        return None
    return Subject(Span(head[0].start(), (words if kept else head)[-1].end()), "noun")


def _is_source(head: list[re.Match[str]]) -> bool:
    """Whether words without a name can be a speaker: "a senior official", "the ministry", "security sources"."""
    first, last = head[0][0].lower(), head[-1][0]
    bare = [word for word in head if word[0].lower() not in _DETERMINERS]
    if not bare or len(head) > 8 or not last[0].isalpha() or first in _NO_SUBJECT - {"one", "some", "all"}:
        return False
    return first in _DETERMINERS or last.endswith("s") or last in _SOURCES


def _after_head(words: list[re.Match[str]], number: int) -> bool:
    """Whether the words about a source begin here: "involved in the talks", "in Islamabad"; "retired" is part of the phrase."""
    word = words[number][0]
    if word in _PREPOSITIONS | _KEPT:
        return True
    if len(word) <= 5 or not word.endswith(("ed", "ing")):
        return False
    following = words[number + 1][0] if number + 1 < len(words) else "in"
    return following.lower() in _PREPOSITIONS | _DETERMINERS or following[0].isupper()


def _of_both(words: list[re.Match[str]]) -> list[re.Match[str]]:
    """Of "the talks failed and X" only X; "X and Y", "the X and the Y" and "security and diplomatic officials" stay whole."""
    at = max((n for n, word in enumerate(words[:-1]) if word[0] == "and"), default=0)
    if not at or (words[at + 1][0].islower() and words[at + 1][0] not in _DETERMINERS | _PRONOUNS):
        return words
    named = all(word[0][0].isupper() or word[0].lower() in _DETERMINERS | {"and"} for word in words[:at])
    return words if named else words[at + 1 :]


def _capitals(masked: str, words: list[re.Match[str]]) -> list[re.Match[str]]:
    """The capitalised words at the end, behind the last word of a role ("spokesperson Ada Rahn")."""
    run: list[re.Match[str]] = []
    for word in reversed(words):
        lower = word[0].lower()
        if not any(letter.isupper() for letter in word[0]) or lower in _DETERMINERS or (run and lower in ROLES):
            break
        if run and masked[word.end() : run[0].start()].strip(" \n"):
            break
        run.insert(0, word)
    while len(run) > 1 and run[0][0].lower() in _OPENERS:
        run.pop(0)
    return run


def _extended(words: list[re.Match[str]], core: int) -> list[re.Match[str]]:
    """What belongs to a name behind its first capitals: "of Foreign Affairs"."""
    tail = words[core:]
    if not tail or tail[0][0] not in ("of", "for"):
        return []
    stop = next(
        (n for n, word in enumerate(tail) if n and word[0].islower() and word[0] not in ("the", "and")), len(tail)
    )
    return tail[:stop] if stop > 1 and tail[stop - 1][0][0].isupper() else []


def _of_statement(masked: str, words: list[re.Match[str]]) -> Subject | None:
    """Whose statement it is that "says": "the ministry's statement", "the statement from the FO", "the FO statement"."""
    at = next((n for n, word in enumerate(words[:8]) if re.split("[’']", word[0])[0].lower() in _STATEMENTS), None)
    if at is None:
        return None
    owner = next((n for n in range(at + 1, len(words)) if words[n][0] in ("by", "from", "of")), None)
    if owner is not None and owner + 1 < len(words):
        return _headed(masked, words[owner + 1 :])
    before = words[:at]
    if before and re.search("[’']s?$", before[-1][0]):
        subject = _headed(masked, before)
        return _without_possessive(masked, subject)
    if before and (run := _capitals(masked, before)):
        return Subject(Span(run[0].start(), run[-1].end()), "name")
    return Subject(Span(words[0].start(), words[at].end()), "noun")


def _without_possessive(masked: str, subject: Subject | None) -> Subject | None:
    if subject is None:
        return None
    bare = re.sub("[’']s?$", "", masked[subject.span.start : subject.span.end])
    return replace(subject, span=Span(subject.span.start, subject.span.start + len(bare)))


def _moved(frame: Frame, by: int) -> Frame:
    subject = replace(frame.subject, span=_shift(frame.subject.span, by))
    return replace(frame, subject=subject, verb=_shift(frame.verb, by), covers=_shift(frame.covers, by))


def _shift(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by)
