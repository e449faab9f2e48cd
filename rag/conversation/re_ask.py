"""The previous question asked again with one part changed: "and in 2024?", "what about Kabul?", "no, the November talks"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.values import Span
from rag.conversation.noun_phrases import Phrase, joined_phrases, take_apart
from rag.conversation.question_words import ASKING, HELPING, PREPOSITIONS
from rag.facts.dates import DateMention, dates
from rag.facts.wording import FUNCTION_WORDS, WORD, base, content_words, fold, words

_LONGEST = 300
_MOST_WORDS = 12
_SUBJECTS = frozenset("i he she it they we you".split())
_EDGES = " \t?.!,;:\"'-"

_OPENS = re.compile(
    r"\s*(?:(?:no|nope|nah|sorry|actually|wait|correction|rather)\b\s*[,.;:!-]+\s*){1,3}", re.IGNORECASE
)
_MEANT = re.compile(
    r"\s*(?:(?:no|nope|sorry|actually|wait)\s)?(?:what\s)?(?:i\s(?:meant|mean|wanted|was\s(?:asking|talking)\sabout|was\sreferring\sto)|(?:i'm|i\sam)\sasking\sabout"
    r"|my\squestion\s(?:was|is)\sabout|make\s(?:that|it))\b[\s,:]*(?:was\s)?(?P<new>\S.*)",
    re.IGNORECASE,
)
_NOT_FIRST = re.compile(r"\s*not\s(?P<old>[^,;.]+?)(?:\s*[,;.]\s*(?:but\s)?|\sbut\s)(?P<new>\S.*)", re.IGNORECASE)
_NOT_LAST = re.compile(
    r"(?P<new>[^,;.]+?)(?:\s*[,;.]?\s(?:and\s)?not\s|\s(?:instead\sof|rather\sthan)\s)(?P<old>\S.*)", re.IGNORECASE
)
_INSTEAD = re.compile(r"(?P<new>\S.*?)[\s,]+instead\W*$", re.IGNORECASE)
_LEADS = re.compile(r"\s*(?:(?:and|but|or|so|also|then|ok|okay|now|well|plus)\b[\s,]*){0,2}", re.IGNORECASE)
_ABOUT = re.compile(r"(?:what|how)\sabout\s+", re.IGNORECASE)
_JOINER = re.compile(r"\s*(?:and|but|or|plus|also)\b", re.IGNORECASE)
_ONE = re.compile(r"\bones?$", re.IGNORECASE)
_YES_NO = re.compile(
    r"\W*(?:is|are|was|were|can|does|do|did|has|have|will|would|should|could)\s(?!there\b)", re.IGNORECASE
)
_MAY = re.compile(r"\bMay\b")  # the month; the verb has no capital inside a fragment
_END = re.compile(r"[\s?.!]*(?:\s\((?P<context>[^()]*)\))?$")


@dataclass(frozen=True, slots=True)
class Correction:
    """What is meant, and what is not ("" when that is not said)."""

    new: str
    old: str = ""


def read_correction(question: str) -> Correction | None:
    """What a correction puts in place of what; None when the question is none.

    >>> read_correction("No, in 2024, not 2025")
    Correction(new='in 2024', old='2025')
    """
    text = fold(question).replace("\u00a0", " ")
    if len(text) > _LONGEST:
        return None
    opening = _OPENS.match(text)
    rest = text[opening.end() :] if opening else text
    meant = _MEANT.match(rest)
    rest = meant["new"] if meant else rest
    for form in (_NOT_FIRST, _NOT_LAST, _INSTEAD):
        match = form.match(rest)
        if match and is_fragment(match["new"]) and is_fragment(match.groupdict().get("old") or ""):
            return Correction(match["new"].strip(_EDGES), (match.groupdict().get("old") or "").strip(_EDGES))
    if (opening or meant) and words(rest) and is_fragment(rest):
        return Correction(rest.strip(_EDGES))
    return None


def read_fragment(question: str) -> str | None:
    """What an elliptic question names ("Kabul" in "And what about Kabul?"); None when it is no fragment.

    >>> read_fragment("And in 2024?"), read_fragment("Where is Kabul?")
    ('in 2024', None)
    """
    if len(question) > _LONGEST:
        return None
    text = fold(question).replace("\u00a0", " ")
    rest = text[_LEADS.match(text).end() :]  # type: ignore[union-attr]  # it matches nothing, too
    about = _ABOUT.match(rest)
    rest = rest[about.end() :] if about else rest
    said = words(rest)
    if not said or len(said) > _MOST_WORDS or not is_fragment(rest):
        return None
    leads = about or _JOINER.match(text) or said[0] in PREPOSITIONS
    if leads or len(content_words(rest)) <= 2:
        return rest.strip(_EDGES) or None
    return None


def is_fragment(text: str) -> bool:
    """True for a few words without a verb that could make a sentence of them."""
    said = words(_MAY.sub(" ", _without(text, dates(text))))
    if len(said) > _MOST_WORDS or any(word in ASKING or word in HELPING or word in _SUBJECTS for word in said):
        return False
    return not any(word.split("'")[0] in _SUBJECTS for word in said)


def re_ask(previous: str, new: str, old: str = "") -> str | None:
    """The previous question with `new` in the place of `old`, or of what it runs parallel to; None when nothing does.

    >>> re_ask("How many refugees did Ostria host in 2025?", "in 2024")
    'How many refugees did Ostria host in 2024?'
    >>> re_ask("Did the October talks fail?", "the November talks")
    'Did the November talks fail?'
    """
    simple = take_apart(previous).phrases
    if old:
        new = _told(new, old)
        span = _place_of(previous, simple, old)
        if span is not None:
            return _replaced(previous, span, new)
    dated = dates(new)
    if dated and not content_words(_without(new, dated)):
        return _dated(previous, new)
    fragment = take_apart(new).phrases
    span = _parallel(previous, simple, new, fragment) if fragment else None
    if fragment and span is None and not old:
        span = _counterpart(previous, simple, new, fragment)
    if span is not None:
        return _replaced(previous, span, new)
    return _ended(previous, new) if words(new) and words(new)[0] in PREPOSITIONS else None


def _dated(previous: str, new: str) -> str | None:
    there = dates(previous)
    if len(there) == 1:
        return _replaced(previous, there[0].span, new)
    preposition = "" if words(new)[0] in PREPOSITIONS else "in "
    return None if there else _ended(previous, preposition + new)


def _place_of(previous: str, simple: Sequence[Phrase], old: str) -> Span | None:
    """Where the previous question holds what a correction takes back."""
    for mention in dates(previous):
        if any((d.year, d.month, d.day) == (mention.year, mention.month, mention.day) for d in dates(old)):
            return mention.span
    wanted = content_words(old)
    holding = [
        phrase for phrase in (*simple, *joined_phrases(previous, simple)) if wanted and wanted <= set(phrase.stems)
    ]
    if holding:
        return min(holding, key=lambda phrase: len(phrase.stems)).span
    bare = " ".join(token[0] for token in WORD.finditer(old) if base(token[0]) not in FUNCTION_WORDS)
    at = fold(previous).casefold().find(fold(bare).casefold()) if bare else -1
    if at < 0 or len(fold(previous).casefold()) != len(previous):
        return None
    return Span(at, at + len(bare))


def _parallel(previous: str, simple: Sequence[Phrase], new: str, fragment: Sequence[Phrase]) -> Span | None:
    """The phrase with the same noun: "the October talks" for "the November talks"."""
    same = next((phrase for phrase in simple if phrase.head == fragment[0].head), None)
    if same is None or not joined_phrases(new, fragment)[0].joined:
        return same.span if same else None
    wholes = joined_phrases(previous, simple)
    end = next(whole.span.end for whole in wholes if whole.span.start <= same.span.start < whole.span.end)
    return Span(same.span.start, end)


def _counterpart(previous: str, simple: Sequence[Phrase], new: str, fragment: Sequence[Phrase]) -> Span | None:
    """What a fragment of one phrase takes the place of: the only name for a name, or who "Is chilli a stew?" asks about."""
    wholes = joined_phrases(new, fragment)
    if len(wholes) > 1:
        return None
    opening = words(new)[0]
    if fragment[0].named or new[:1].isupper():
        return _only_name(previous, simple, opening)
    first = _YES_NO.match(previous)
    alike = first and opening not in PREPOSITIONS and not wholes[0].joined and simple[:1]
    return simple[0].span if first and alike and simple[0].span.start == first.end() else None


def _only_name(previous: str, simple: Sequence[Phrase], opening: str) -> Span | None:
    """The one name that a name can take the place of: behind the same preposition; "Ostria" before "Sel refugees"."""
    asked = previous.find(" (")  # what stands in brackets is context, not what was asked
    named = [phrase for phrase in simple if phrase.named and (asked < 0 or phrase.span.end <= asked)]
    if opening in PREPOSITIONS:
        named = [phrase for phrase in named if _word_before(previous, phrase.span.start) == opening]
    if len(named) > 1:
        named = [phrase for phrase in named if all(word[0].isupper() for word in phrase.text.split())]
    return named[0].span if len(named) == 1 else None


def _replaced(text: str, span: Span, new: str) -> str:
    """`new` in the place of a span, without the preposition before it when `new` brings its own."""
    start = span.start
    first = words(new)[:1]
    if first and first[0] in PREPOSITIONS:
        before = _word_before(text, start)
        if before in PREPOSITIONS:
            start = len(text[:start].rstrip()) - len(before)
        elif start and not text[:start].isspace():
            return _ended((text[:start].rstrip() + text[span.end :]), new)
    return text[:start] + new + text[span.end :]


def _told(new: str, old: str) -> str:
    """ "the second one" instead of "the first round" is the second round."""
    phrases = take_apart(old).phrases
    if not phrases or not _ONE.search(new):
        return new
    return _ONE.sub(lambda _: phrases[-1].text.split()[-1], new)


def _ended(text: str, new: str) -> str:
    """A question with `new` at its end, before what stands in brackets."""
    end = _END.search(text)
    behind = f" ({end['context']})" if end and end["context"] else ""
    return f"{text[: end.start()] if end else text} {new}?{behind}"


def _word_before(text: str, at: int) -> str:
    before = text[max(0, at - 40) : at].split()
    return before[-1].lower() if before else ""


def _without(text: str, mentions: Sequence[DateMention]) -> str:
    for mention in reversed(mentions):
        text = text[: mention.span.start] + " " + text[mention.span.end :]
    return text
