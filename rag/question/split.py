"""A question that asks two things, as strings that can be searched one by one.

Cautious: "terms and conditions" and "between Pakistan and Afghanistan" are one thing each. A question is split only
where two clauses, two events, two named sources or two things to compare stand there in so many words.
Naming two outlets is no reason: searching a question once for each was measured and found nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.values import Span
from rag.facts.wording import FUNCTION_WORDS, content_words, fold, words
from rag.question.names import question_names

MAX_PARTS = 4
Cuts = Sequence[Sequence[Span]]  # for each part, what it takes of the question
_FEWEST_WORDS = 3
_CARRIED_WORDS = 6
_JOINTS = 20
_AHEAD = 160
_SOURCE_WITHIN = 8

_WH = r"(?:what|who|whom|whose|which|when|where|why|how)"
_DO = r"(?:did|does|do|can|could|will|would|should)"
_BE = r"(?:is|are|was|were|has|have|had)"
_CAP = r"(?-i:[A-Z0-9\"'])[\w.'&-]*"
_NAMED = rf"(?:{_CAP}|he|she|it|they|you|we)\b"
_DETERMINER = r"(?:the|an?|this|that|these|those|its|their|his|her|any|there|another|both)"
_SUBJECT = rf"(?:{_DETERMINER}\b|{_NAMED})"
_FILLER = r"(?:then\s|also\s|at\s|in\s|on\s|to\s|for\s|from\s|by\s)?"
_JOINT = re.compile(
    rf"(?:[,;]?\s(?:and|or|but|while)\s|;\s)(?P<right>{_FILLER}(?:(?P<wh>{_WH})\b|(?P<verb>{_DO}|{_BE})\s(?P<subject>{_SUBJECT})))",
    re.IGNORECASE,
)
_WHILE = re.compile(rf",?\s(?:while|whereas)\s(?={_SUBJECT})", re.IGNORECASE)
_ASKS_YES = re.compile(rf"^\W*(?:question:\s*)?(?P<verb>{_DO}|{_BE})\b", re.IGNORECASE)
_ASKS = re.compile(
    rf"\W*(?:question:\s*)?(?:(?:in|at|on|to|from|for|by|with)\s)?(?:{_WH}|whats|whos|{_DO}|{_BE}|tell|explain|describe|name|list|give|say|find|show|please)\b",
    re.IGNORECASE,
)
_INNER_WH = re.compile(rf"(?<=\w\s)(?:{_WH}|that)\b", re.IGNORECASE)
_INVERTED = re.compile(
    rf"{_FILLER}{_WH}(?:\s\w+){{0,3}}?\s(?:{_DO}|{_BE})\b|{_FILLER}{_WH}(?:'s|\sis)\b", re.IGNORECASE
)
_VERB = (
    r"(?:is|are|was|were|has|have|had|did|does|said|told|went|got|made|took|gave|came|left|began|won|lost|met|found|sent|wrote|bought|sold"
    r"|knew|thought|saw|became|held|paid|put|ran|read|kept|led|broke|built|heard|spoke|claims?|says?|suggests?|reports?|focus(?:es)?"
    r"|indicates?|describes?|implies|states?|discuss(?:es)?|mentions?|\w{3,}ed)"
)
_FINITE = re.compile(rf"\b{_VERB}\b", re.IGNORECASE)
_ORDER = re.compile(r"\s(?:before|after)\s(?=\S)", re.IGNORECASE)
_EVENT = re.compile(
    rf"(?:(?:he|she|it|they|we|you)\s|(?:{_CAP}\s){{1,4}})(?:\w+ly\s|first\s|then\s)?{_VERB}\b"
    rf"|{_DETERMINER}\s(?:(?!before|after)[\w'-]+\s){{1,6}}?{_VERB}\b|(?:[a-z'-]+\s){{1,2}}{_VERB}\b",
    re.IGNORECASE,
)
_GERUND = re.compile(r"[a-z]{3,}ing\s(?!can|could|will|would|may|might|is|was|has|had)(?:\S+\s){2}", re.IGNORECASE)
_HAPPENS = re.compile(r"\b(?:occur|happen|take\splace|come)$", re.IGNORECASE)
_SOURCE = re.compile(
    r"\b(?:articles?|reports?|stor(?:y|ies)|pieces?|coverage|reviews?|interviews?|posts?|one)\b", re.IGNORECASE
)
_SIDE = re.compile(r"(?:the|an?|its|that|another|[\"'A-Z])", re.IGNORECASE)
_TURN = re.compile(rf"\s*,\s(?=(?:{_WH}|{_DO}|{_BE})\b)|\s*\?|$", re.IGNORECASE)
_DOING = re.compile(rf"(?:{_CAP}\s){{1,3}}(?:first\s)?[a-z]+ing\s")
_DONE = re.compile(rf"(?:(?:{_CAP}\s){{1,3}}|the\s(?:[\w-]+\s){{1,3}})(?:first\s|being\s|been\s)?[a-z]+(?:ing|ed)\b")
_LENGTH = re.compile(r"\s(?:more|less|longer|shorter)\sthan\b|\s*\(|\s*\?|$")
_ON = re.compile(
    r"\s(?:on|in\sterms\sof|regarding|with\sregard\sto|when\sit\scomes\sto|concerning|with\srespect\sto)\s",
    re.IGNORECASE,
)
_COMPARE = re.compile(r"^\W*(?:please\s)?(?:compare|contrast)\s", re.IGNORECASE)
_AGAINST = re.compile(r"\s(?:with|to|against|versus|vs\.?)\s", re.IGNORECASE)
_SAME = re.compile(r"(?:each\sother|one\sanother)\b", re.IGNORECASE)
_ALONE = re.compile(r"the\s\S+", re.IGNORECASE)
_THOSE = re.compile(r"(?:those|that|the\sones?)\sof\s", re.IGNORECASE)
_AND = re.compile(r",?\sand\s", re.IGNORECASE)
_DIFFERENCE = re.compile(
    r"^\W*what(?:'s|\sis|\swas)\sthe\s(?:main\s|key\s)?(?:difference|distinction|similarity)\sbetween\s", re.IGNORECASE
)
_HOW = re.compile(r"^\W*how\s(?:do|does|did)\s", re.IGNORECASE)
_DIFFERS = re.compile(r"\s(?:compare\s(?:to|with)|differ\sfrom)\s", re.IGNORECASE)
_FIRST = re.compile(
    r"^\W*(?:what|which|who)\b(?:\s\w+){0,6}?\s(?:first|earlier|later|last|sooner)\s*[,:]?\s", re.IGNORECASE
)
_NAME = rf"(?:(?:the|The)\s)?{_CAP}(?:\s(?:of\s)?{_CAP}){{0,5}}"
_BOTH_NAMES = re.compile(rf"\bboth\s(?:of\s)?(?P<a>{_NAME})\s(?:and|as\swell\sas)\s(?P<b>{_NAME})")
_PLACE = r"(?:in|on|at|by|from|for|with|to|during|under|before|after|against)"
_BOTH_PLACES = re.compile(rf"\bboth\s(?={_PLACE}\s)", re.IGNORECASE)
_AND_PLACE = re.compile(rf"\sand\s(?={_PLACE}\s)", re.IGNORECASE)
_BOTH_THINGS = re.compile(rf"\bboth\s(?={_DETERMINER}\s)", re.IGNORECASE)
_AND_THING = re.compile(rf"\sand\s(?={_DETERMINER}\s)", re.IGNORECASE)
_PERSONAL = re.compile(r"\b(?:he|she|it|they|him|them|his|hers|her|its|their|theirs)\b", re.IGNORECASE)
_OWNED = frozenset({"his", "her", "its", "their", "hers", "theirs"})
_QUOTED = re.compile(r"\"[^\"]{1,500}\"|(?<!\w)'(?=\w)[^']{1,200}'(?!\w)")


def split_question(question: str) -> tuple[str, ...]:
    """Two to four parts that can be searched alone, or none when the question asks one thing.

    A part that leans on the first ("what did it demand?") is given the first's name, or its words in brackets.

    >>> split_question("Who signed the treaty of Ostria, and what does it demand?")
    ('Who signed the treaty of Ostria', 'what does Ostria demand')
    >>> split_question("What are the terms and conditions?")
    ()
    """
    text = fold(question).replace("\u00a0", " ")
    masked = _QUOTED.sub(lambda quote: quote[0][0] + "Q" * (len(quote[0]) - 2) + quote[0][-1], text)
    for cuts, leans in (
        (_sentences(masked), True),
        (_between(masked), False),
        (_compared(masked), False),
        (_which_first(masked), False),
        (_clauses(masked), True),
        (_events(masked), True),
        (_both(masked), False),
    ):
        parts = _finished(text, cuts)
        if len(parts) > 1:
            return (parts[0], *(_with_subject(part, parts[0]) for part in parts[1:])) if leans else parts
    return ()


def _sentences(text: str) -> Cuts:
    """Several questions in a row; a sentence that asks nothing goes with the question behind it."""
    ends = [match.end() for match in re.finditer(r"\?+(?=\s+\S|\s*$)", text)][: MAX_PARTS - 1]
    if len(re.findall(r"\?+(?=\s|$)", text)) < 2:
        return ()
    starts = [0, *ends]
    whole = [Span(start, end) for start, end in zip(starts, [*ends, len(text)], strict=True)]
    return [[span] for span in whole if text[span.start : span.end].strip()]


def _between(text: str) -> Cuts:
    """The two sources of "between the article from A about X and the report by B", or the two events of "between Ann asking and Bo answering"."""
    for opening in list(re.finditer(r"\b(?:between|from)\s", text, re.IGNORECASE))[:MAX_PARTS]:
        start = opening.end()
        stop = text.find("?", start)
        joints = list(re.finditer(r",?\s(?:and|to|until)\s", text[start : stop if stop > 0 else len(text)]))[:_JOINTS]
        sources = []
        for joint in joints:
            left, right = start + joint.start(), start + joint.end()
            a, b = text[start:left], text[right : right + _AHEAD]
            if _DOING.match(a) and _DONE.match(b):
                return [[Span(start, left)], [Span(right, _end(_LENGTH, text, right))]]
            named = _SOURCE.search(b)
            if named and _SIDE.match(a) and _SIDE.match(b) and _SOURCE.search(a) and "and" in joint[0]:
                sources.append((len(b[: named.start()].split()), left, right))
        if sources and opening[0][0] in "bB":
            words_before, left, right = min(sources)
            if words_before <= _SOURCE_WITHIN:
                end = _end(_TURN, text, right)
                before, behind = Span(0, opening.start()), Span(end, len(text))
                return [[before, Span(start, left), behind], [before, Span(right, end), behind]]
    return ()


def _compared(text: str) -> Cuts:
    """A and B, each with C, of "Compare A with B on C", "How does A differ from B?", "What is the difference between A and B?"."""
    for opening, joints in (
        (_COMPARE.match(text), (_AGAINST, _AND)),
        (_HOW.match(text), (_DIFFERS,)),
        (_DIFFERENCE.match(text), (_AND,)),
    ):
        if opening is None:
            continue
        end = _end(re.compile(r"\s*[?.]?\s*$"), text, opening.end())
        for pattern in joints:
            found = list(pattern.finditer(text, opening.end(), end))
            if not found or (pattern is _AND and len(found) > 1):
                continue
            on = _ON.search(text, found[0].end(), end)
            rest = [Span(on.start(), end)] if on else []
            a, b = Span(opening.end(), found[0].start()), Span(found[0].end(), on.start() if on else end)
            if _SAME.match(text, b.start) or (
                _ALONE.fullmatch(text, a.start, a.end) and not _ALONE.fullmatch(text, b.start, b.end)
            ):
                continue
            same, those = text.find(" of ", a.start, a.end), _THOSE.match(text, b.start, b.end)
            told = [Span(a.start, same), Span(those.end() - 3, b.end)] if same > 0 and those else [b]
            return [[a, *rest], [*told, *rest]]
    return ()


def _which_first(text: str) -> Cuts:
    """The two of "Which came first, A or B?"."""
    opening = _FIRST.match(text)
    if opening is None:
        return ()
    either = list(re.finditer(r",?\sor\s", text[opening.end() :]))
    if len(either) != 1:
        return ()
    at = opening.end()
    return [[Span(at, at + either[0].start())], [Span(at + either[0].end(), len(text))]]


def _clauses(text: str) -> Cuts:
    """Questions joined by "and", and what one source says "while" another says something else."""
    asks = _ASKS_YES.match(text)
    cuts: list[tuple[int, int]] = []
    start = 0
    for joint in _JOINT.finditer(text):
        if _asks_anew(text[start : joint.start()], joint, text[joint.start("right") :], asks):
            cuts.append((joint.start(), joint.start("right")))
            start = joint.start("right")
    if asks:
        for joint in _WHILE.finditer(text):
            if "," in joint[0] and _FINITE.search(text, joint.end()):
                cuts.append(joint.span())
    return _apart(text, sorted(cuts)[: MAX_PARTS - 1])


def _asks_anew(left: str, joint: re.Match[str], right: str, asks: re.Match[str] | None) -> bool:
    """True when what follows the joint is a question of its own, not a relative clause or a second predicate."""
    if min(len(left.split()), len(right.split())) < _FEWEST_WORDS or not _ASKS.match(joint.string):
        return False
    if joint["wh"]:
        word = joint["wh"].lower()
        if word == "whose" or len(joint.string[joint.start("wh") :].split()) < _FEWEST_WORDS:
            return False
        relative = word in ("who", "whom", "which", "where", "when")
        return not _INNER_WH.search(left) or (not relative and bool(_INVERTED.match(right)))
    verb, subject = joint["verb"].lower(), joint["subject"]
    if asks:
        return verb == asks["verb"].lower() or verb not in ("do", "have", "has", "had")
    named = subject[0].isupper() or subject.lower() in ("he", "she", "it", "they", "you", "we")
    return named and (verb not in ("is", "are", "was", "were") or subject[0].islower())


def _events(text: str) -> Cuts:
    """The two events of "Did A happen before B happened?"."""
    if not _ASKS_YES.match(text):
        return ()
    for order in _ORDER.finditer(text):
        left = text[: order.start()]
        if len(left.split()) < _FEWEST_WORDS + 1:
            continue
        ahead = text[order.end() : order.end() + 160]
        alike = _HAPPENS.search(left) and len(ahead.split()) >= _FEWEST_WORDS
        if _EVENT.match(ahead) or _GERUND.match(ahead) or alike:
            return [[Span(0, order.start())], [Span(order.end(), len(text))]]
    return ()


def _both(text: str) -> Cuts:
    """The question of "both A and B", once with A and once with B."""
    if names := _BOTH_NAMES.search(text):
        before, behind = Span(0, names.start()), Span(names.end(), len(text))
        return [[before, Span(*names.span(side)), behind] for side in ("a", "b")]
    for opening, joint in ((_BOTH_PLACES, _AND_PLACE), (_BOTH_THINGS, _AND_THING)):
        both = opening.search(text)
        second = joint.search(text, both.end(), both.end() + 200) if both else None
        if both and second:
            before = Span(0, both.start())
            return [[before, Span(both.end(), second.start())], [before, Span(second.end(), len(text))]]
    return ()


def _apart(text: str, cuts: Sequence[tuple[int, int]]) -> Cuts:
    if not cuts:
        return ()
    starts = [0, *(end for _, end in cuts)]
    ends = [*(start for start, _ in cuts), len(text)]
    return [[Span(start, end)] for start, end in zip(starts, ends, strict=True) if start < end]


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.search(text, start)
    return match.start() if match else len(text)


def _finished(text: str, cuts: Cuts) -> tuple[str, ...]:
    """The parts as strings; none when one of them is too short to search for."""
    parts = [" ".join("".join(text[span.start : span.end] + " " for span in cut).split()) for cut in cuts]
    parts = [re.sub(r"\s+([,;?.!])", r"\1", part).strip(" ,;?.!-") for part in parts]
    if len(parts) < 2 or any(len(words(part)) < 1 for part in parts) or len(set(parts)) < 2:
        return ()
    return tuple(parts)


def _with_subject(part: str, first: str) -> str:
    """A part that leans on the first ("what did it say", "inviting them to ..."), with what it leans on."""
    own, leaning = question_names(part), _PERSONAL.search(part)
    gerund = _GERUND.match(part)
    complete = own and (leaning is None or own[0].span.start < leaning.start())
    if (complete or (leaning is None and len(content_words(part)) > 1)) and not gerund:
        return part
    known = list(dict.fromkeys(re.sub(r"'s?$", "", name.text) for name in question_names(_QUOTED.sub(" ", first))))
    if leaning and len(known) == 1 and not gerund:
        behind = words(part[leaning.end() :])
        owned = leaning[0].lower() in _OWNED and bool(behind) and behind[0] not in FUNCTION_WORDS
        return part[: leaning.start()] + known[0] + ("'s" if owned else "") + part[leaning.end() :]
    told = known or [word for word in words(first) if word not in FUNCTION_WORDS]
    added = [word for word in told if word not in part][:_CARRIED_WORDS]
    return f"{part} ({(', ' if known else ' ').join(added)})" if added else part
