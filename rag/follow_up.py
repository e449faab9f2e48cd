"""A follow-up question and the turns before it -> a question that stands alone.

By rule, from the words alone: what a pronoun or "the talks" stands for is put in its place where only one thing can be meant,
the part that changes is changed ("and in 2024?"), and otherwise the topic is added in brackets, which search and reader both
understand. A language model may word it better; it may not add anything.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from index.errors import LanguageModelFailed
from rag import prompts
from rag.generate import defuse
from rag.llm import LanguageModel, Message
from rag.noun_phrases import (
    ASKING,
    HELPING,
    PREPOSITIONS,
    Phrase,
    joined_phrases,
    leaning_comparison,
    leans_only,
    take_apart,
    topics,
)
from rag.pointing import Kind, Pointer, fits, pointers
from rag.re_ask import is_fragment, re_ask, read_correction, read_fragment
from rag.values import RewrittenBy
from rag.wording import FUNCTION_WORDS, WORD, base, content_words, fold, stem, words

TURNS = 20
"""The latest turns that are looked at."""
_LONGEST_TURN = 4000
_MOST_TOPICS = 3
_MOST_CONTEXT_WORDS = 16
_LONGEST_INSIDE = 8
"""Words of a phrase that may stand inside a question in place of a pronoun."""
_LONGEST_OWNER = 4

_ASKS_AGAIN = frozenset(
    """how what which who whom when where why many much long often far old come not so exactly such as for like example examples
    instance since by from to with until tell me more please go on continue explain elaborate details again then and but
    really any anything anyone anywhere else""".split()
)
_ADVERB = re.compile(r"\W*(?:(?:and|but|so)\s)?(?P<adverb>why|when|where)\W*$", re.IGNORECASE)
_YES_NO = re.compile(r"\W*(?:is|are|was|were|can|does|do|did|has|have|had|will|would|should|could)\s", re.IGNORECASE)
_SAYING = frozenset(
    stem(word)
    for word in """accept agree announce answer argue claim comment decide demand deny do expect explain mean offer plan promise
    react reply respond say think want""".split()
)
_ANDS = re.compile(r"\s*(?:and|but|or)\s", re.IGNORECASE)
_POINTING_NOUN = re.compile(r"(?:this|that|these|those)\s", re.IGNORECASE)
_INSIDE = re.compile(r"\b(?:in|at|to|from|near)\s$", re.IGNORECASE)
_ANSWERED_BY: dict[Kind, tuple[str, ...]] = {"person": ("who", "whom", "whose"), "place": ("where", "what", "which")}
_DEICTIC = frozenset(
    stem(word) for word in "year month week day morning afternoon evening weekend time century".split()
)


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question: as it was asked, as it was searched, and its bare answer or ""."""

    question: str
    query: str
    short: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A question that stands alone, and who made it so; None when it is the question as it was asked."""

    text: str
    by: RewrittenBy | None


def stand_alone(
    question: str,
    history: Sequence[Turn],
    *,
    language_model: LanguageModel | None = None,
    longest: int = 4000,
) -> Rewrite:
    """The question with everything that it takes from the turns before it; never raises.

    Args:
        history: Oldest first; the last 20 are looked at.
        language_model: Asked once, and only about a question that leans on earlier ones. Its wording is taken when it
            keeps the question's own content words and says nothing that stands in no turn.
        longest: Most characters of a rewritten question.

    >>> stand_alone("And in 2024?", [Turn("", "How many refugees did Ostria host in 2025?", "")]).text
    'How many refugees did Ostria host in 2024?'
    """
    turns = [_cut(turn) for turn in history[-TURNS:] if words(turn.query[:_LONGEST_TURN])]
    if not turns or not words(question[:longest]) or len(question) > longest:
        return Rewrite(question, None)
    by_rule = _by_rule(question, turns)
    if by_rule is None or by_rule == question or len(by_rule) > longest:
        return Rewrite(question, None)
    if language_model is not None:
        worded = _by_model(question, turns, language_model)
        if worded is not None and len(worded) <= longest:
            return Rewrite(worded, "llm")
    return Rewrite(by_rule, "rule")


def _cut(turn: Turn) -> Turn:
    return Turn(turn.question[:_LONGEST_TURN], turn.query[:_LONGEST_TURN], turn.short[:200])


def _by_rule(question: str, turns: Sequence[Turn]) -> str | None:
    previous = turns[-1].query
    correction = read_correction(question)
    if correction is not None:
        again = re_ask(previous, correction.new, correction.old)
        return again if again and again != previous else _bracketed(previous, [correction.new])
    if _only_asks_again(question):
        return _asked_again(question, previous)
    fragment = read_fragment(question)
    if fragment is not None and not pointers(fragment, take_apart(fragment).phrases):
        return re_ask(previous, fragment) or _bracketed(question, _context(turns, question))
    return _resolved(question, turns)


def _only_asks_again(question: str) -> bool:
    """ "Why?", "how many?", "tell me more": nothing of its own but what it asks for."""
    said = words(question[:200])
    return 0 < len(said) <= 6 and all(word in _ASKS_AGAIN for word in said)


def _asked_again(question: str, previous: str) -> str:
    """The previous question under another question word, or with what it was about in brackets."""
    adverb = _ADVERB.match(question)
    if adverb and _YES_NO.match(previous) and "(" not in previous:
        start = len(previous) - len(previous.lstrip(" \t\"'"))
        return f"{adverb['adverb'].capitalize()} {previous[start].lower()}{previous[start + 1 :]}"
    return _bracketed(question, [_gist(previous)])


def _gist(question: str) -> str:
    """What a question says, without what it asks: "signed the treaty of Ostria" of "Who signed the treaty of Ostria?"."""
    tokens = list(WORD.finditer(fold(question)))
    openers = ASKING | HELPING | frozenset("tell me about describe explain and but so many much there any".split())
    first = next((token for token in tokens if base(token[0]).split("'")[0] not in openers), None)
    start = first.start() if first else 0
    return re.sub(r"\s*[?.!]*\s*[()]\s*", ", ", question[start:]).strip(" ,?.!")


def _resolved(question: str, turns: Sequence[Turn]) -> str | None:
    """Pronouns and pointing phrases replaced where only one thing can be meant; the rest of the topic in brackets."""
    own = take_apart(question)
    changes: list[tuple[int, int, str]] = []
    added: list[str] = []
    leans = False
    for phrase in joined_phrases(question, own.phrases):
        fuller = _fuller(phrase, turns) if phrase.bare else None
        if fuller is not None:
            changes.append((phrase.span.start, phrase.span.end, fuller))
        elif phrase.bare and _POINTING_NOUN.match(question, phrase.span.start) and phrase.head not in _DEICTIC:
            leans = True
    taken: dict[str, str] = {}
    for pointer in pointers(question, own.phrases):
        leans = True
        group = pointer.kind if pointer.kind != "person" else pointer.word[0]
        if group in taken or pointer.kind == "matter":
            continue
        found = _antecedents(turns, pointer.kind, besides=taken.values())
        taken[group] = found[0].text if found else ""
        if len(found) == 1 and _fits_inside(found[0], pointer):
            changes.append((pointer.span.start, pointer.span.end, _in_place(found[0].text, pointer, question)))
        else:
            added += [phrase.text for phrase in found]
    leans_on_topic = (leans and not changes) or _leans(question, own.phrases, own.verbs)
    context = [*added, *(_context(turns, question) if leans_on_topic and not changes and not added else ())]
    if not changes and not context:
        return None
    return _bracketed(_changed(question, changes), context[:_MOST_TOPICS])


def _fits_inside(phrase: Phrase, pointer: Pointer) -> bool:
    return len(phrase.text.split()) <= (_LONGEST_OWNER if pointer.owns else _LONGEST_INSIDE)


def _in_place(text: str, pointer: Pointer, question: str) -> str:
    """A phrase as it stands for a pronoun: "its" owns, "there" is "in" a place unless it is said how."""
    if pointer.owns:
        return text + ("'" if text.endswith("s") else "'s")
    before = words(question[max(0, pointer.span.start - 40) : pointer.span.start])[-1:]
    return f"in {text}" if pointer.kind == "place" and not set(before) & PREPOSITIONS else text


def _changed(question: str, changes: Iterable[tuple[int, int, str]]) -> str:
    for start, end, text in sorted(changes, reverse=True):
        opens = not question[:start].strip()
        question = question[:start] + (text[:1].upper() + text[1:] if opens else text) + question[end:]
    return question


def _leans(question: str, phrases: Sequence[Phrase], verbs: Sequence[str]) -> bool:
    """Whether a question without pronouns still says too little: "What are the symptoms?", "What did Iran say?"."""
    anchors = [phrase for phrase in phrases if phrase.anchored]
    if not anchors or leaning_comparison(question):
        return True
    if all(phrase.named for phrase in phrases) and len(phrases) == 1:
        return bool(_ANDS.match(question)) or bool(verbs and set(verbs) <= _SAYING)
    return False


def _fuller(phrase: Phrase, turns: Sequence[Turn]) -> str | None:
    """ "the talks" as an earlier question named them: "the talks between Ostria and Sel"."""
    for turn in reversed(turns):
        simple = take_apart(turn.query).phrases
        for candidate in joined_phrases(turn.query, simple):
            if candidate.head == phrase.head and not candidate.bare and len(candidate.stems) > len(phrase.stems):
                text = re.sub(r"^(?:an?|the)\s", "", candidate.text, flags=re.IGNORECASE)
                return f"the {text}"
    return None


def _antecedents(turns: Sequence[Turn], kind: Kind, *, besides: Iterable[str] = ()) -> list[Phrase]:
    """What a pronoun of a kind can stand for: the candidates of the latest turn that has any."""
    for turn in reversed(turns):
        answer = _answer_of(turn)
        if answer and words(turn.question)[:1] and words(turn.question)[0] in _ANSWERED_BY.get(kind, ()):
            return [answer]
        candidates = _places_of(turn) if kind == "place" else _topics_of(turn)
        found = [phrase for phrase in candidates if fits(phrase, kind) and phrase.text not in besides]
        if found:
            return found
    return []


def _topics_of(turn: Turn) -> list[Phrase]:
    """What a turn was about, and the name that answered it."""
    answer = _answer_of(turn)
    found = {phrase.stems: phrase for phrase in (*topics(turn.query), *((answer,) if answer else ()))}
    return list(found.values())


def _places_of(turn: Turn) -> list[Phrase]:
    """Names behind "in", "at", "to" or "from"; every name when there is none."""
    named = [phrase for phrase in take_apart(turn.query).phrases if phrase.named]
    inside = [phrase for phrase in named if _INSIDE.search(turn.query, 0, phrase.span.start)]
    return inside or named


def _answer_of(turn: Turn) -> Phrase | None:
    """The answer of a turn when it is one name."""
    found = take_apart(turn.short).phrases if is_fragment(turn.short) else ()
    return replace(found[0], named=True) if len(found) == 1 and found[0].text[:1].isupper() else None


def _context(turns: Sequence[Turn], question: str) -> list[str]:
    """The topics of the latest turn that has any, those of several turns first, without what the question says itself."""
    said = content_words(question)
    for turn in reversed(turns):
        found = [phrase for phrase in _topics_of(turn) if not set(phrase.stems) <= said]
        if found:
            others = [content_words(other.query) for other in turns if other is not turn]
            found.sort(key=lambda phrase: -sum(set(phrase.stems) <= other for other in others))
            return [phrase.text for phrase in found[:_MOST_TOPICS]]
    return [_gist(turns[-1].query)]


def _bracketed(question: str, context: Sequence[str]) -> str:
    """The question with its context behind it, cut to what a search can use.

    >>> _bracketed("Why?", ["the talks between Ostria and Sel"])
    'Why? (the talks between Ostria and Sel)'
    """
    bare, _, before = (
        question.rstrip().removesuffix(")").rpartition(" (")
        if question.rstrip().endswith(")")
        else (question.rstrip(), "", "")
    )
    parts = dict.fromkeys(part for part in (before, *context) if part)
    added = " ".join(", ".join(parts).split()[:_MOST_CONTEXT_WORDS])
    return f"{bare} ({added})" if added else question


def _by_model(question: str, turns: Sequence[Turn], language_model: LanguageModel) -> str | None:
    """The model's wording; None when it fails, leaves something out or adds something."""
    told = "\n".join(
        prompts.EARLIER_TURN.format(question=_line(turn.query), answer=_line(turn.short) or prompts.UNKNOWN)
        for turn in turns
    )
    asked = prompts.FOLLOW_UP.format(turns=told, question=_line(question))
    schema = {
        "type": "object",
        "properties": {"question": {"type": "string"}},
        "required": ["question"],
        "additionalProperties": False,
    }
    try:
        completion = language_model.complete(
            [Message("system", prompts.FOLLOW_UP_SYSTEM), Message("user", asked)], json_schema=schema
        )
    except LanguageModelFailed:
        return None
    worded = _spoken(completion.text)
    return worded if worded and _keeps(question, worded) and _adds_nothing(worded, question, turns) else None


def _line(text: str) -> str:
    return defuse(" ".join(text.split()))


def _spoken(text: str) -> str:
    """The one question of a reply: a JSON object's, or a single line's."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = text.strip()
    if isinstance(value, dict):
        value = value.get("question")
    if not isinstance(value, str) or any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in value):
        return ""
    return value.strip()


def _keeps(question: str, worded: str) -> bool:
    """Whether a wording keeps what the question itself says; what a correction takes back may go."""
    correction = read_correction(question)
    return content_words(correction.new if correction else question) <= content_words(worded)


def _adds_nothing(worded: str, question: str, turns: Sequence[Turn]) -> bool:
    """Whether every word that carries meaning was said before: a name or a number cannot be invented, nor a topic."""
    known = {stem(word) for word in words(question)}
    for turn in turns:
        known.update(stem(word) for text in (turn.question, turn.query, turn.short) for word in words(text))
    return all(stem(word) in known or word in FUNCTION_WORDS or leans_only(stem(word)) for word in words(worded))
