"""What the turns of a conversation were about: what a pronoun can stand for, and what a question leaves unsaid."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from rag.conversation.noun_phrases import Phrase, joined_phrases, leans_only, take_apart, topics
from rag.conversation.pointing import Kind, fits, pointers
from rag.conversation.question_words import ASKING
from rag.conversation.re_ask import is_fragment
from rag.facts.wording import WORD, content_words, fold, stem, words

MOST_TOPICS = 3
_ANSWERED_BY: dict[Kind, tuple[str, ...]] = {"person": ("who", "whom", "whose"), "place": ("where", "what", "which")}
_INSIDE = re.compile(r"\b(?:in|at|to|from|near)\s$", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:an?|the)\s", re.IGNORECASE)
_OWNER = re.compile(r"['\u2019]s?$")
_DEFINES = re.compile(
    r"\W*(?:what(?:'s|\s(?:is|are|was|were|does|do|causes?))|who\s(?:is|was|are|were)|(?:can\syou\s)?(?:tell|explain|describe)"
    r"|how\s(?:do|does|is|are))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question: as it was asked, as it was searched, and its bare answer or ""."""

    question: str
    query: str
    short: str


def in_full(phrase: Phrase, turns: Sequence[Turn]) -> str | None:
    """ "the talks" as an earlier question named them: "the talks between Ostria and Sel"; None when none did."""
    for turn in reversed(turns):
        for candidate in joined_phrases(turn.query, take_apart(turn.query).phrases):
            if candidate.head == phrase.head and not candidate.bare and len(candidate.stems) > len(phrase.stems):
                return f"the {_ARTICLE.sub('', candidate.text)}"
    return None


def antecedents(turns: Sequence[Turn], kind: Kind, *, besides: Collection[str] = ()) -> list[Phrase]:
    """What a pronoun of a kind can stand for: the candidates of the latest turn that has any."""
    people = [answer.stems for turn in turns if (answer := _answer_of(turn)) and _asks(turn) in _ANSWERED_BY["person"]]
    for turn in reversed(turns):
        answer = _answer_of(turn)
        if answer and _asks(turn) in _ANSWERED_BY.get(kind, ()):
            return [answer]
        candidates = _places_of(turn) if kind == "place" else _topics_of(turn)
        found = [phrase for phrase in candidates if fits(phrase, kind) and phrase.text not in besides]
        if kind in ("thing", "things"):
            found = [phrase for phrase in found if phrase.stems not in people]
        if kind == "person":
            found = [phrase for phrase in found if phrase.stems in people] or found
        if found:
            return _gone_on_with(turn, found) or found
    return []


def _gone_on_with(turn: Turn, found: Sequence[Phrase]) -> list[Phrase]:
    """What a turn itself pointed back to: the next pronoun most likely does so, too (Grosz, Joshi & Weinstein 1995)."""
    if not pointers(turn.question, take_apart(turn.question).phrases):
        return []
    said = {stem(word) for word in words(turn.question)}
    return [phrase for phrase in found if not said.issuperset(phrase.stems)]


def unsaid(turns: Sequence[Turn], question: str) -> list[str]:
    """What a question is about without saying so: the topic that the conversation opened with, and the latest turn's."""
    latest = next((found for turn in reversed(turns) if (found := _topics_of(turn))), [])
    return _not_yet(question, [*_opening_topic(turns, latest), *latest]) or [turns[-1].query]


def with_opening_topic(turns: Sequence[Turn], question: str, said: Iterable[str]) -> list[str]:
    """`said`, and the topic that the conversation opened with where neither it nor the question names that."""
    first = list(said)[:MOST_TOPICS]
    latest = next((found for turn in reversed(turns) if (found := _topics_of(turn))), [])
    added = _not_yet(" ".join((question, *first)), _opening_topic(turns, latest))
    return [*first, *added][:MOST_TOPICS]


def _not_yet(question: str, phrases: Iterable[Phrase]) -> list[str]:
    """The first few phrases that say something new beside the question and one another."""
    known = content_words(question)
    found: list[str] = []
    for phrase in phrases:
        if len(found) < MOST_TOPICS and not set(phrase.stems) <= known:
            found.append(phrase.text)
            known |= set(phrase.stems)
    return found


def _opening_topic(turns: Sequence[Turn], latest: Sequence[Phrase]) -> list[Phrase]:
    """The topic of the earliest turn that the latest ones go on from: by its words, or by naming no subject of their own.

    None when the latest turn holds it in other words: then it was corrected.
    """
    going_on: set[str] = set()
    first: list[Phrase] = []
    implicit = True
    for turn in reversed(turns):
        found = _topics_of(turn)
        stems = {word for phrase in found for word in phrase.stems if not leans_only(word)}
        if found and (implicit or stems & going_on):
            first = found
            going_on |= stems
            implicit = turn.query == turn.question and not _sets_topic(turn.question)
    return [topic for topic in first[:1] if all(topic.head != p.head or topic.stems == p.stems for p in latest)]


def _sets_topic(question: str) -> bool:
    """Whether a question that was not rewritten opens a subject: it names one, holds two, or asks what one is."""
    anchors = [phrase for phrase in take_apart(question).phrases if phrase.anchored]
    return len(anchors) > 1 or any(phrase.named for phrase in anchors) or bool(_DEFINES.match(question))


def _topics_of(turn: Turn) -> list[Phrase]:
    """What a turn was about, and the name that answered it."""
    asked = {stem(word) for word in words(turn.question)}
    answer = _answer_of(turn)
    about = [_put_in(phrase, asked) for phrase in topics(turn.query)]
    return list({phrase.stems: phrase for phrase in (*about, *((answer,) if answer else ()))}.values())


def _put_in(phrase: Phrase, asked: Collection[str]) -> Phrase:
    """A phrase without its last words where those were asked and the rest was put in: "Why is chlorophyll green?"."""
    if phrase.stems[0] in asked:
        return phrase
    tokens = list(WORD.finditer(fold(phrase.text)))
    while len(tokens) > 1 and stem(tokens[-1][0]) in asked:
        tokens.pop()
    kept = {stem(token[0]) for token in tokens}
    text = _OWNER.sub("", phrase.text[: tokens[-1].end()])
    return replace(phrase, text=text, stems=tuple(word for word in phrase.stems if word in kept))


def _places_of(turn: Turn) -> list[Phrase]:
    """Names behind "in", "at", "to" or "from"; every name when there is none."""
    named = [phrase for phrase in take_apart(turn.query).phrases if phrase.named]
    return [phrase for phrase in named if _INSIDE.search(turn.query, 0, phrase.span.start)] or named


def _answer_of(turn: Turn) -> Phrase | None:
    """The answer of a turn when it is one name."""
    found = take_apart(turn.short).phrases if is_fragment(turn.short) else ()
    return replace(found[0], named=True) if len(found) == 1 and found[0].text[:1].isupper() else None


def _asks(turn: Turn) -> str:
    """The first question word of a turn."""
    return next((word for word in words(turn.question) if word in ASKING), "")
