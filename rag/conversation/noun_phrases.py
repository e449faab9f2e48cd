"""What a question speaks of: its noun phrases, found by word lists, and whether they say enough to be searched for.

No tagger: a question is short, and a wrong phrase costs a word in brackets. What decides is which words carry a topic of
their own ("goulash", "Kabul") and which lean on one ("the symptoms", "how many people").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from index.values import Span
from rag.conversation.question_words import (
    ADJECTIVE_ENDS,
    ASIDE,
    BE,
    COMPARING,
    DEFINITE,
    DETERMINERS,
    INTRODUCING,
    JOINS,
    LEANING_ADJECTIVES,
    LEANING_NOUNS,
    MODALS,
    NEW_CLAUSE,
    ONLY_ONES,
    PASTS,
    PLURALS,
    PREPOSITIONS,
    RANKS,
    TELLING,
    VERBS,
)
from rag.facts.dates import dates
from rag.facts.wording import FUNCTION_WORDS, WORD, base, fold, stem, words
from rag.question.names import question_names

_LONGEST_JOINED = 10
_STOPS = re.compile("[.?!;:,()]")
_OWNER = re.compile(r"['\u2019]s?$")
Token = re.Match[str]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase of a question.

    Attributes:
        text: As it stands there, with its article but without "this", "my" and the like.
        stems: Stems of its words, articles and prepositions left out; `head` is the stem of its main noun.
        definite: It opens with "the", "this", "that", "these" or "those".
        joined: It goes on after a preposition: "the talks between A and B".
        anchored: It says by itself what is meant: not only "the symptoms" or "many people".
        introduced: It is asked for or brought in new, beside a topic: "which ferries", "any ferries", "are there ferries".
    """

    text: str
    span: Span
    stems: tuple[str, ...]
    head: str
    named: bool = False
    plural: bool = False
    definite: bool = False
    joined: bool = False
    anchored: bool = False
    introduced: bool = False

    @property
    def bare(self) -> bool:
        """A definite phrase that only points: "the talks", "that first round"."""
        telling = [word for word in self.stems if word not in LEANING_ADJECTIVES]
        return self.definite and not self.named and not self.joined and len(telling) < 2 and self.head not in ONLY_ONES


@dataclass(frozen=True, slots=True)
class TakenApart:
    """A question taken apart: its simple noun phrases in order, and the stems of its verbs."""

    phrases: tuple[Phrase, ...]
    verbs: tuple[str, ...]


@dataclass(slots=True)
class _Run:
    """Neighbouring nouns, the article or pronoun that opens them, and the word before that belongs to no run."""

    tokens: list[Token]
    opening: Token | None
    before: str


def take_apart(question: str) -> TakenApart:
    """The simple noun phrases and verbs of a question.

    >>> [phrase.text for phrase in take_apart("How did the Orba mill affect trade with Sel?").phrases]
    ['the Orba mill', 'trade', 'Sel']
    """
    text = fold(question).replace("\u00a0", " ")
    named = [name.span for name in question_names(question)]
    dated = [mention.span for mention in dates(question)]
    runs: list[_Run] = []
    verbs: list[str] = []
    opening: Token | None = None
    previous: Token | None = None
    for token, role in _roles(text, named):
        near = previous is not None and text[previous.end() : token.start()] in (" ", "-", "/", "'")
        if role == "noun" and near and runs and runs[-1].tokens[-1] is previous:
            runs[-1].tokens.append(token)
        elif role == "noun":
            before = base(previous[0]) if near and previous else ""
            runs.append(_Run([token], opening if near and opening is previous else None, before))
        elif role == "verb":
            verbs.append(stem(token[0]))
        opening = token if role in ("determiner", "pointing") else None
        previous = token
    kept = (run for run in runs if any(not _inside(token, dated) for token in run.tokens))
    found = (_phrase(question, run, named) for run in kept)
    return TakenApart(tuple(p for p in found if any(letter.isalpha() for letter in p.text)), tuple(verbs))


def joined_phrases(question: str, simple: Sequence[Phrase]) -> tuple[Phrase, ...]:
    """Phrases with what a preposition adds to them, in order: each simple phrase is in exactly one.

    >>> text = "Did the talks between Ostria and Sel fail?"
    >>> [phrase.text for phrase in joined_phrases(text, take_apart(text).phrases)]
    ['the talks between Ostria and Sel']
    """
    groups: list[list[Phrase]] = []
    between = False
    for phrase in simple:
        group = groups[-1] if groups else []
        gap = question[group[-1].span.end : phrase.span.start].split() if group else []
        word = gap[0].lower() if len(gap) == 1 else ""
        listed = len(group) > 1 and group[-1].named and phrase.named  # "the armies of Ostria and Sel"
        goes_on = word in JOINS and (not group[0].named or word == "of")
        if (goes_on or (word == "and" and (between or listed))) and sum(len(p.stems) for p in group) < _LONGEST_JOINED:
            group.append(phrase)
        else:
            groups.append([phrase])
        between = word == "between"
    return tuple(_join(question, group) for group in groups)


def topics(question: str) -> tuple[Phrase, ...]:
    """What a question is about: anchored phrases, without a first noun that leans on the rest.

    >>> [topic.text for topic in topics("What are the symptoms of throat cancer in Sel?")]
    ['throat cancer in Sel']
    """
    simple = take_apart(question).phrases
    found: list[Phrase] = []
    for whole in joined_phrases(question, simple):
        members = [p for p in simple if whole.span.start <= p.span.start < whole.span.end]
        while len(members) > 1 and not members[0].named and all(map(leans_only, members[0].stems)):
            members = members[1:]
        if members[0].anchored or not all(map(leans_only, members[0].stems)):
            between = question[: members[0].span.start].rstrip().lower().endswith("between")
            found += members if between else [_join(question, members)]
    return tuple(found)


def leans_only(word: str) -> bool:
    """True for a stem that says nothing without a topic."""
    return word in LEANING_NOUNS or word in LEANING_ADJECTIVES


def _inside(token: Token, spans: Sequence[Span]) -> bool:
    return any(span.start <= token.start() < span.end for span in spans)


def _roles(text: str, named: Sequence[Span]) -> Iterator[tuple[Token, str]]:
    """Each word and whether it is a noun (or goes with one), verb, determiner, preposition, or none of them."""
    previous = before = ""
    awaits_verb, after_help = False, False
    end = 0
    for token in WORD.finditer(text):
        word = base(token[0])
        if _STOPS.search(text, end, token.start()):
            goes_on = text[end : token.start()].strip() == ","
            awaits_verb, previous = awaits_verb and goes_on, previous if goes_on else ""
        end = token.end()
        role = "noun" if _inside(token, named) or (previous and token[0] == "May") else _role(word, previous)
        if not role:
            inflected = after_help and word.endswith("s") and not word.endswith("ss")  # not the verb of "did the talks"
            asked_for = before in INTRODUCING and not (
                before == "what" and word.endswith("s")
            )  # "which talks", "what causes"
            verb = not inflected and _is_verb(word, previous, awaits_verb=awaits_verb, asked_for=asked_for)
            role = "verb" if verb else "noun"
        if role != "noun" and (word in NEW_CLAUSE or word in MODALS):
            awaits_verb, after_help = True, word in MODALS
        elif role == "verb" or (role != "noun" and word in BE):
            awaits_verb, after_help = False, False
        before, previous = word, "to" if word == "to" else role
        yield token, role


def _role(word: str, previous: str) -> str:
    """What a word is by itself; "" for one that may be a noun or a verb."""
    if word in DETERMINERS:
        return "pointing" if word in DEFINITE and word != "the" else "determiner"
    if word in PREPOSITIONS:
        return "preposition"
    if word in RANKS and previous in ("determiner", "pointing"):
        return "noun"
    adverb = word.endswith("ly") and len(word) > 4
    says_nothing = word in FUNCTION_WORDS or word in ASIDE or word.split("'")[0] in FUNCTION_WORDS or len(word) < 2
    return "function" if adverb or says_nothing else ""


def _is_verb(word: str, previous: str, *, awaits_verb: bool, asked_for: bool) -> bool:
    """Whether a word that may be a verb is one here: "did it cost", "did that happen" and "which talks cost", but "the cost"."""
    if previous == "pointing":
        return awaits_verb and stem(word) in VERBS
    if previous in ("determiner", "preposition"):
        return False
    if word in PASTS or (word.endswith("ed") and len(word) > 4):
        return True
    if not previous:
        return word in TELLING
    return stem(word) in VERBS and not asked_for and (awaits_verb or previous == "to")


def _phrase(question: str, run: _Run, named: Sequence[Span]) -> Phrase:
    tokens = list(run.tokens)
    while len(tokens) > 1 and stem(tokens[-1][0]) in LEANING_ADJECTIVES and tokens[-1][0].islower():
        tokens.pop()  # "are tigers larger": what is said of them
    start, end = tokens[0].start(), tokens[-1].end()
    article = base(run.opening[0]) if run.opening else ""
    shown = run.opening.start() if run.opening and article in ("the", "a", "an") else start
    last = base(tokens[-1][0])
    stems = tuple(stem(token[0]) for token in tokens)
    return _anchored(
        Phrase(
            text=_OWNER.sub("", question[shown:end]),
            span=Span(run.opening.start() if run.opening else start, end),
            stems=stems,
            head=stems[-1],
            named=any(span.start < end and start < span.end for span in named),
            plural=last in PLURALS or (last.endswith("s") and not last.endswith(("ss", "us", "is"))),
            definite=article in DEFINITE,
            introduced=run.before in INTRODUCING,
        )
    )


def _anchored(phrase: Phrase) -> Phrase:
    """A phrase that knows whether it says what is meant; "the economic effects" leaves it as open as "the effects"."""
    telling = [word for word in phrase.stems if not leans_only(word)]
    if phrase.head in LEANING_NOUNS:
        telling = [word for word in telling if not word.endswith(ADJECTIVE_ENDS)]
    return replace(phrase, anchored=phrase.named or (bool(telling) and not phrase.bare))


def _join(question: str, group: Sequence[Phrase]) -> Phrase:
    first = group[0]
    if len(group) == 1:
        return first
    start = first.span.end - len(first.text) if question[: first.span.end].endswith(first.text) else first.span.start
    text = question[start : group[-1].span.start] + group[-1].text
    return replace(
        first,
        text=text,
        span=Span(first.span.start, group[-1].span.end),
        stems=tuple(word for phrase in group for word in phrase.stems),
        joined=True,
        anchored=any(phrase.anchored for phrase in group) or len(group) > 1,
    )


def leaning_comparison(question: str) -> bool:
    """True for a comparison that does not say with what: "Which is larger?", but not "Is Sel larger than Orba?".

    >>> leaning_comparison("Which is larger?"), leaning_comparison("Which is larger, Sel or Orba?")
    (True, False)
    """
    said = words(question)
    compares = any(word in COMPARING for word in said) or said[-1:] in (["more"], ["less"], ["most"], ["least"])
    return compares and not {"than", "or", "and", "between"} & set(said)
