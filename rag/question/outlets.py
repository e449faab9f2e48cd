"""Which outlets of the collection a question names, and whether it asks for what they say.

An outlet's name may be an ordinary word ("Time", "The Age"): such a word counts only where it is written as a name and
stands where an outlet would stand ("according to Time", "The Age's report").
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from index.values import Span
from rag.facts.wording import FUNCTION_WORDS, WORD, base, fold


@dataclass(frozen=True, slots=True)
class OutletMention:
    """An outlet named in a question.

    Attributes:
        publishers: The collection's spellings; several when the name fits more than one ("The Courier" for its sections).
        restricts: True when the question asks, in so many words, for what this outlet says.
    """

    publishers: tuple[str, ...]
    span: Span
    restricts: bool


@dataclass(frozen=True, slots=True)
class _Candidate:
    publishers: tuple[str, ...]
    words: tuple[str, ...]
    span: Span
    cased: bool
    article: str
    strong: bool = False
    soft: bool = False


_MOST_WORDS = 10
_BEFORE = 80
_ORDINARY = frozenset(
    """advocate age american argus arena athletic atlantic australian axis bee billboard blade bulletin bustle business
    canary caravan cell century chronicle citizen city column conversation courier cut daily dawn day democrat discover
    dispatch east echo economist edge eagle enquirer entrepreneur era europe evening examiner express eye field focus forum
    fortune fox free frontier frontline gazette glamour globe graphic grid guardian healthline herald hill hindu hour
    house hustle independent inquirer inside insider intercept interview journal land ledger leader life light line
    local london mail market mercury metro mint mirror moment money monitor morning mother motherboard nation national
    nature news newsroom north now observer open outlook outlet outside pacific paper people pioneer pitch polygon post
    press prevention print progress prospect quartz quint reason record reformer register repeater reporter republic
    republican review ringer roar rest root salon scholar science scientist scotsman scroll self sentinel shape sign
    south space spectator sport sports sportsman spy standard star start state statesman stuff sun sunday table tab
    tablet target telegraph time times today town trace tribune truth union upshot variety vanguard verge vice village
    vision voice vogue wave week west wire wired witness woman women word world yahoo zone""".split()
)
_NOUNS = (
    r"(?:articles?|reports?|reporting|stor(?:y|ies)|pieces?|coverage|reviews?|interviews?|columns?|columnists?|editorials?"
    r"|op-?eds?|posts?|features?|headlines?|account|analys[ie]s|newsletters?|podcasts?|guides?|dispatch(?:es)?)"
)
_TOLD = (
    r"(?:reported|stated|described|covered|mentioned|discussed|noted|written|claimed|told|said|highlighted|indicated"
    r"|suggested|detailed|outlined|quoted|cited|portrayed|presented|argued)"
)
_OPEN = (
    r"""(?:(?:both|an?|the|another|a\sseparate|either|articles?\s(?:from|by|in)|reports?\s(?:from|by|in))\s+)*["']?$"""
)
_STRONG_BEFORE = re.compile(
    rf"\b(?:according\sto|as\sper|as\s(?:\w+ly\s)?{_TOLD}\s(?:by|in|on|at)|reported\s(?:by|in)"
    rf"|{_NOUNS}(?:\s(?:published|printed|written|posted|that\sappeared|which\sappeared|appearing))?\s(?:from|by|in|at)"
    rf"|{_TOLD}\sin(?:\sthe)?\s{_NOUNS}\s(?:from|by|in|of))\s+{_OPEN}",
    re.IGNORECASE,
)
_SOFT_BEFORE = re.compile(
    rf"""\b(?:in|by|from|at|via|per|on|with|published\s(?:in|by)|source|outlet|newspaper|magazine|website|site|whereas|while)\s+{_OPEN}""",
    re.IGNORECASE,
)
_NO_GAP = r"(?:is|was|were|are|be|and|or|but|in|of|the|to|has|had|have|an?|on|at|by|for|from|with|about|than|that|who|which)\b"
_STRONG_AFTER = re.compile(
    rf"""["']?(?:'s?)?["']?,?\s+(?:(?!{_NO_GAP})[\w.,'’-]{{1,20}}\s+){{0,4}}?{_NOUNS}\b""", re.IGNORECASE
)
_SAYS = r"(?:say|report|write|claim|suggest|describe|mention|state|note|indicate|argue|explain|portray|highlight|emphasi[sz]e|imply)"
_STRONG_SAYS = re.compile(
    rf"""["']?,?\s+(?:(?:also|later|first|already|recently|itself)\s+)?(?:{_SAYS}(?:s|d|ed)?|said|wrote|written|implies|implied)\b""",
    re.IGNORECASE,
)
_SOFT_AFTER = re.compile(
    r"""["']?,?\s+(?:(?:also|later|first|already|recently)\s+)?(?:publish|name|call|give|gave|list|tell|told|quote|credit|cover"""
    r"""|recommend|predict|attribute|characteri[sz]e|discuss|confirm|think|know|magazine|newspaper|website|journalists?"""
    r"""|reporters?|editors?|writers?|news)""",
    re.IGNORECASE,
)
_OWNS = re.compile(r"'s\s(?![A-Z])")
_ENDS_NAME = re.compile(
    r"""["']?(?:\s*(?:[,;:.!?)\]]|$)|\s+(?:about|regarding|discuss\w*|detail\w*|that|which|while|whereas|did|does|was|has|is|on|in|of|as|and|or|article|report)\b)""",
    re.IGNORECASE,
)
_LONGER_NAME = re.compile(r"\s+(?:of\s+(?:the\s+)?[A-Z]|(?!Magazine|Online|Opinion|Article|Report)[A-Z0-9][\w]*)")
_LINK = re.compile(
    rf"""["']?(?:'s)?\s*(?:,|&|and|or|,\s*and|,\s*or|as\swell\sas|and\s(?:by|in|from)|,\s*and\s(?:by|in|from))\s*(?:{_NOUNS}\s(?:from|by|in)\s)?(?:the\s+|both\s+)?["']?""",
    re.IGNORECASE,
)
_EXCLUDED = re.compile(
    r"\b(?:other\sthan|besides|except(?:\sfor)?|apart\sfrom|aside\sfrom|outside(?:\sof)?|excluding|without|rather\sthan|instead\sof"
    r"|not\s(?:in|from|by|the|according\sto))\s+(?:the\s+)?[\"']?$",
    re.IGNORECASE,
)
_TAILS = frozenset("news hd tv online network live digital plus magazine".split())
_DOMAIN = re.compile(r"\.(?:com|net|org|info|news|tv|co\.[a-z]{2}|com\.[a-z]{2})$", re.IGNORECASE)


def outlet_mentions(question: str, publishers: Collection[str]) -> tuple[OutletMention, ...]:
    """The outlets among `publishers` that the question names, in order; the longest name wins.

    >>> outlet_mentions("What did the Harbour Post say?", ["The Harbour Post"])[0].publishers
    ('The Harbour Post',)
    """
    known = _aliases(tuple(sorted(set(publishers))))
    if not known:
        return ()
    text = fold(question)
    found = _linked(text, [_in_context(text, candidate) for candidate in _candidates(text, known)])
    return tuple(
        OutletMention(candidate.publishers, candidate.span, candidate.strong)
        for candidate in found
        if _is_name(text, candidate)
        and not _EXCLUDED.search(text, max(0, candidate.span.start - _BEFORE), candidate.span.start)
    )


@lru_cache(maxsize=16)
def _aliases(publishers: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Every way to write an outlet's name, squeezed to its letters, to the outlets that are written so."""
    found: dict[str, list[str]] = {}
    for publisher in publishers:
        for name in _spellings(publisher):
            same = found.setdefault(name, [])
            if publisher not in same:
                same.append(publisher)
    return {name: tuple(same) for name, same in found.items()}


def _spellings(publisher: str) -> list[str]:
    """The whole name, the part before a bar, dash or colon, without domain, without a tail such as "News", initials.

    A leading article never counts. Initials are written with a mark in front, as they must be written in capitals.
    """
    whole = fold(publisher).strip()
    head = _DOMAIN.sub("", re.split(r"\s[|-]\s|:\s", whole, maxsplit=1)[0].strip())
    spellings = []
    for name in (whole, head):
        words = [base(match[0]) for match in WORD.finditer(name)]
        spellings.append(words[1:] if len(words) > 1 and words[0] == "the" else words)
    cased = [match[0] for match in WORD.finditer(head)]
    while len(cased) > 1 and cased[-1].lower() in _TAILS:
        cased = cased[:-1]
        if (len(cased) > 1 and cased[0].lower() != "the") or (cased[0].isupper() and len(cased[0]) > 2):
            spellings.append([base(word) for word in cased])
    squeezed = ["".join(words) for words in spellings]
    capitals = [word[0] for word in WORD.findall(head) if word[0].isupper()]
    squeezed += ["#" + "".join(letters) for letters in (capitals, capitals[1:]) if 3 <= len(letters) <= 6]
    return [name for name in dict.fromkeys(squeezed) if len(name) > 1]


def _candidates(text: str, known: Mapping[str, tuple[str, ...]]) -> list[_Candidate]:
    """Every place where the words of a name stand, from left to right, the longest first."""
    tokens = list(WORD.finditer(text))
    bases = [base(token[0]) for token in tokens]
    breaks = [not re.fullmatch(r"\s?(?:[-|&:]\s?|\s)?", text[a.end() : b.start()]) for a, b in pairwise(tokens)]
    longest = max(len(name) for name in known)
    found: list[_Candidate] = []
    at = 0
    while at < len(tokens):
        squeezed, best, size = "", None, 0
        for more in range(min(_MOST_WORDS, len(tokens) - at)):
            if more and breaks[at + more - 1]:
                break
            squeezed += bases[at + more]
            if len(squeezed) > longest:
                break
            same = known.get(squeezed) or (known.get("#" + tokens[at][0].removesuffix("'s")) if not more else None)
            if same:
                best, size = same, more + 1
        if best:
            found.append(_candidate(text, tokens[at : at + size], tokens[at - 1] if at else None, best))
        at += max(size, 1)
    return found


def _candidate(
    text: str, words: Sequence[re.Match[str]], before: re.Match[str] | None, publishers: tuple[str, ...]
) -> _Candidate:
    article = (
        before[0] if before and before[0].lower() == "the" and text[before.end() : words[0].start()] == " " else ""
    )
    start = before.start() if before and article else words[0].start()
    plain = [word[0] for word in words if word[0].lower() not in FUNCTION_WORDS]
    cased = all(any(letter.isupper() or letter.isdigit() for letter in word) for word in plain)
    possessive = 2 if words[-1][0].lower().endswith("'s") else 0
    return _Candidate(
        publishers,
        tuple(base(word[0]) for word in words),
        Span(start, words[-1].end() - possessive),
        cased,
        article,
    )


def _in_context(text: str, candidate: _Candidate) -> _Candidate:
    before, end = text[max(0, candidate.span.start - _BEFORE) : candidate.span.start], candidate.span.end
    strong = bool(_STRONG_BEFORE.search(before) or _STRONG_AFTER.match(text, end) or _STRONG_SAYS.match(text, end))
    quoted = before[-1:] in ("'", '"') and text[end : end + 1] in ("'", '"')
    lead = before == "" and text[end : end + 1] == ":"
    weak = bool(_SOFT_BEFORE.search(before) and _ENDS_NAME.match(text, end))
    titled = candidate.article == "The" and bool(before.strip()) and before.rstrip()[-1:] not in ".!?"
    soft = quoted or lead or weak or titled or bool(_SOFT_AFTER.match(text, end)) or bool(_OWNS.match(text, end))
    return replace(candidate, strong=strong, soft=strong or soft)


def _linked(text: str, found: list[_Candidate]) -> list[_Candidate]:
    """In "A, B and C" all stand where one of them stands."""
    linked = [bool(_LINK.fullmatch(text, a.span.end, b.span.start)) for a, b in pairwise(found)]
    for order in (range(len(linked)), reversed(range(len(linked)))):
        for at in order:
            if linked[at]:
                both = found[at : at + 2]
                strong = any(each.strong for each in both)
                soft = any(each.soft or (each.cased and not _is_ordinary(each)) for each in both)
                found[at : at + 2] = [replace(each, strong=strong, soft=soft) for each in both]
    return found


def _is_ordinary(candidate: _Candidate) -> bool:
    return len(candidate.words) == 1 and candidate.words[0] in _ORDINARY


def _is_name(text: str, candidate: _Candidate) -> bool:
    """True when the words are meant as the outlet's name here, as far as writing and neighbours tell."""
    written = candidate.cased or text == text.lower()
    if not _is_ordinary(candidate):
        return written or candidate.soft
    if _LONGER_NAME.match(text, candidate.span.end) and not _STRONG_AFTER.match(text, candidate.span.end):
        return False
    before = text[max(0, candidate.span.start - _BEFORE) : candidate.span.start].split()
    follows_name = bool(before) and before[-1][0].isupper() and len(before) > 1 and before[-1][-1].isalpha()
    if follows_name and not candidate.article:
        return False
    return candidate.soft if candidate.cased else candidate.strong and bool(candidate.article) and written
