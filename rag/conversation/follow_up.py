"""A follow-up question and the turns before it -> a question that stands alone.

By rule, from the words alone: what a pronoun or "the talks" stands for is put in its place where only one thing can be meant,
the part that changes is changed ("and in 2024?"), and otherwise the topic is added in brackets, which people, search and
reader understand. A language model may word it better.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.conversation.noun_phrases import Phrase, TakenApart, joined_phrases, leaning_comparison, take_apart
from rag.conversation.pointing import Pointer, pointers
from rag.conversation.question_words import ASIDE, FEMALE, PREPOSITIONS
from rag.conversation.re_ask import re_ask, read_correction, read_fragment
from rag.conversation.reworded import reword
from rag.conversation.topics import MOST_TOPICS, Turn, antecedents, in_full, unsaid, with_opening_topic
from rag.facts.dates import dates
from rag.facts.wording import stem, words
from rag.llm.model import LanguageModel
from rag.values import RewrittenBy

__all__ = ["Rewrite", "Turn", "stand_alone"]

TURNS = 20
"""The latest turns that are looked at."""
_LONGEST_TURN = 4000
_LONGEST_EARLIER = 500
"""Characters of the turns before the last one: only the last is asked again, the others lend a topic."""
_LONGEST_ANSWER = 200
_MOST_CONTEXT_WORDS = 16
_LONGEST_INSIDE = 8
"""Words of a phrase that may stand inside a question in the place of a pronoun."""
_LONGEST_OWNER = 4

_ASKS_AGAIN = frozenset(
    """how what which who whom when where why many much long often far old come not so exactly such as for like example examples
    instance since by from to with until tell me more please go on continue explain elaborate detail details again then and but
    really any anything anyone anywhere else""".split()
)
_ADVERB = re.compile(r"\W*(?:(?:and|but|so)\s)?(?P<adverb>why|when|where)\W*$", re.IGNORECASE)
_YES_NO = re.compile(r"\s*(?:is|are|was|were|can|does|do|did|has|have|had|will|would|should|could)\s", re.IGNORECASE)
_ONE_SIDED_VERBS = frozenset(
    stem(word)
    for word in """accept agree announce argue claim comment compare decide demand deny differ expect happen plan promise react reply
    respond say think want""".split()
)
_ONE_SIDED_NOUNS = frozenset(
    stem(word)
    for word in """argument comment contribution demand involvement opinion part position reaction reply response role share side
    stance view""".split()
)
_JOINS_ON = re.compile(r"\s*(?:and|but|or)\s", re.IGNORECASE)
_POINTING_NOUN = re.compile(r"(?:this|that|these|those)\s", re.IGNORECASE)
_OF_NOW = frozenset(stem(word) for word in "year month week day morning afternoon evening weekend time century".split())
_CONTEXT = re.compile(r"\s\((?P<context>[^()]*)\)$")

Change = tuple[int, int, str]
"""Where a question is changed, and into what."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A question that stands alone, and who made it so; None when it is the question as it was asked."""

    text: str
    by: RewrittenBy | None


def stand_alone(
    question: str, history: Sequence[Turn], *, language_model: LanguageModel | None = None, longest: int = 4000
) -> Rewrite:
    """The question with everything that it takes from the turns before it; never raises.

    Args:
        history: Oldest first; the last 20 are looked at.
        language_model: Asked once, and only about a question that leans on earlier ones. Its wording is taken when it
            keeps the question's own content words and says nothing that no turn said.
        longest: Most characters of a rewritten question; where it would be longer, the question stays as it is.

    >>> stand_alone("And in 2024?", [Turn("", "How many refugees did Ostria host in 2025?", "")]).text
    'How many refugees did Ostria host in 2024?'
    """
    turns = [_cut(turn, _LONGEST_EARLIER) for turn in history[-TURNS:-1]]
    turns = [turn for turn in (*turns, *(_cut(turn, _LONGEST_TURN) for turn in history[-1:])) if words(turn.query)]
    if not turns or len(question) > longest or not words(question):
        return Rewrite(question, None)
    by_rule = _by_rule(question, turns)
    if by_rule is None or by_rule == question or len(by_rule) > longest:
        return Rewrite(question, None)
    worded = reword(question, turns, language_model) if language_model is not None else None
    return Rewrite(worded, "llm") if worded and len(worded) <= longest else Rewrite(by_rule, "rule")


def _cut(turn: Turn, longest: int) -> Turn:
    return Turn(turn.question[:longest], turn.query[:longest], turn.short[:_LONGEST_ANSWER])


def _by_rule(question: str, turns: Sequence[Turn]) -> str | None:
    """The question rewritten; None when it stands alone."""
    if ASIDE.issuperset(words(question)):
        return None
    previous = turns[-1].query
    correction = read_correction(question)
    if correction is not None:
        return re_ask(previous, correction.new, correction.old) or _bracketed(previous, [correction.new])
    if _only_asks_again(question):
        return _asked_again(question, previous)
    fragment = read_fragment(question)
    if fragment is not None and not pointers(fragment, take_apart(fragment).phrases):
        again = re_ask(previous, fragment)
        return again or _bracketed(question, with_opening_topic(turns, question, _subjects(previous)))
    return _resolved(question, turns)


def _only_asks_again(question: str) -> bool:
    """ "Why?", "how many?", "tell me more": nothing of its own but what it asks for."""
    said = words(question[:200])
    return 0 < len(said) <= 6 and all(word in _ASKS_AGAIN for word in said)


def _asked_again(question: str, previous: str) -> str:
    """The previous question under another question word, or in brackets."""
    adverb = _ADVERB.match(question)
    main, context = _parts(previous)
    if adverb and _YES_NO.match(previous) and not context:
        asked = previous.lstrip()
        return f"{adverb['adverb'].capitalize()} {asked[0].lower()}{asked[1:]}"
    if not context:
        return _bracketed(question, [previous])
    return _bracketed(question, [context] if _only_asks_again(main) else [main.rstrip(" ?.!"), context])


def _subjects(question: str) -> list[str]:
    """The phrases of a question, whole, without its context in brackets: what a fragment may be another case of."""
    main, _ = _parts(question)
    found = joined_phrases(main, take_apart(main).phrases)
    return [phrase.text for phrase in found if phrase.anchored][:MOST_TOPICS]


def _resolved(question: str, turns: Sequence[Turn]) -> str | None:
    """What points back replaced where only one thing can be meant; where nothing can be, the topic in brackets."""
    own = take_apart(question)
    wholes = joined_phrases(question, own.phrases)
    told = {phrase: in_full(phrase, turns) for phrase in wholes if phrase.bare}
    changes: list[Change] = [(p.span.start, p.span.end, full) for p, full in told.items() if full]
    found = pointers(question, own.phrases)
    put_in, possible = _pronouns(question, found, turns)
    changes += put_in
    if changes:
        return _bracketed(_changed(question, changes), possible[:MOST_TOPICS])
    if possible:
        return _bracketed(question, with_opening_topic(turns, question, possible))
    points = any(_POINTING_NOUN.match(question, p.span.start) and p.head not in _OF_NOW for p in told)
    return _bracketed(question, unsaid(turns, question)) if found or points or _leans(question, own) else None


def _pronouns(question: str, found: Iterable[Pointer], turns: Sequence[Turn]) -> tuple[list[Change], list[str]]:
    """Pronouns with what they stand for, and what the others may stand for."""
    changes: list[Change] = []
    possible: list[str] = []
    taken: dict[str, str] = {}
    for pointer in found:
        group = "she" if pointer.word in FEMALE else pointer.kind
        if group in taken or pointer.kind == "matter":
            continue
        phrases = antecedents(turns, pointer.kind, besides=taken.values())
        taken[group] = phrases[0].text if phrases else ""
        if len(phrases) == 1 and _fits_inside(phrases[0], pointer):
            changes.append((pointer.span.start, pointer.span.end, _in_place(phrases[0].text, pointer, question)))
        else:
            possible += [phrase.text for phrase in phrases]
    return changes, possible


def _fits_inside(phrase: Phrase, pointer: Pointer) -> bool:
    return len(phrase.text.split()) <= (_LONGEST_OWNER if pointer.owns else _LONGEST_INSIDE)


def _in_place(text: str, pointer: Pointer, question: str) -> str:
    """A phrase as it stands for a pronoun: "its" owns, "there" is "in" a place unless it is said how."""
    if pointer.owns:
        return text + ("'" if text.endswith("s") else "'s")
    before = words(question[max(0, pointer.span.start - 40) : pointer.span.start])[-1:]
    return f"in {text}" if pointer.kind == "place" and not PREPOSITIONS.intersection(before) else text


def _changed(question: str, changes: Iterable[Change]) -> str:
    for start, end, text in sorted(changes, reverse=True):
        opens = not question[:start].strip()
        question = question[:start] + (text[:1].upper() + text[1:] if opens else text) + question[end:]
    return question


def _leans(question: str, own: TakenApart) -> bool:
    """Whether a question without pronouns still says too little: "What are the symptoms?", "What did Iran say?".

    One that names a day says of which event it speaks: "What came of the talks planned for November 6?".
    """
    if any(date.day is not None for date in dates(question)):
        return False
    anchors = [phrase for phrase in own.phrases if phrase.anchored and (phrase.named or not phrase.introduced)]
    if len(anchors) != 1 or leaning_comparison(question):
        return not anchors or leaning_comparison(question)
    others = [phrase for phrase in own.phrases if phrase is not anchors[0]]
    if others:
        return anchors[0].named and all(phrase.head in _ONE_SIDED_NOUNS for phrase in others)
    joins_on = anchors[0].named and bool(_JOINS_ON.match(question))
    return joins_on or (bool(own.verbs) and _ONE_SIDED_VERBS.issuperset(own.verbs))


def _bracketed(question: str, context: Sequence[str]) -> str:
    """The question with its context behind it, cut to what a search can use.

    >>> _bracketed("Why?", ["the talks between Ostria and Sel"])
    'Why? (the talks between Ostria and Sel)'
    """
    main, before = _parts(question.rstrip())
    parts = dict.fromkeys(part for part in (before, *context) if part)
    added = " ".join(", ".join(parts).split()[:_MOST_CONTEXT_WORDS])
    return f"{main} ({added})" if added else question


def _parts(question: str) -> tuple[str, str]:
    """A rewritten question without the context in brackets behind it, and that context."""
    found = _CONTEXT.search(question)
    return (question[: found.start()], found["context"]) if found else (question, "")
