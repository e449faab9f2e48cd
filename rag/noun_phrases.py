"""What a question speaks of: its noun phrases, found by word lists, and whether they say enough to be searched for.

No tagger: a question is short, and a wrong phrase costs a word in brackets. What decides is which words carry a topic of
their own ("goulash", "Kabul") and which lean on one ("the symptoms", "how many people").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from index.values import Span
from rag.dates import dates
from rag.question_names import question_names
from rag.wording import FUNCTION_WORDS, WORD, base, fold, stem, words

_LONGEST_JOINED = 10

_DETERMINERS = frozenset("the a an this that these those my your our his her its their".split())
_DEFINITE = frozenset("the this that these those".split())
PREPOSITIONS = frozenset(
    "about against at between by for from in of on over to toward towards under with without".split()
)
_JOINS = frozenset("against between for from in of on over to with".split())
_BE = frozenset("is are was were be been being has have had".split())
_MODALS = frozenset("do does did can could will would should may might must shall".split())
HELPING = _BE | _MODALS
ASKING = frozenset("what which who whom whose when where why how".split())
_NEW_CLAUSE = ASKING | frozenset("that if because while whereas although it they he she we you i".split())
_ASIDE = frozenset(
    """ah awesome cool cheers course dear fine guess hello hey hi hmm interesting kindly let lol me mind nice oh ok okay perfect
    please question right see sorry sure thank thanks true wait well wonder wondering wow yeah yep i'm i've i'd i'll""".split()
)
_VERBS = frozenset(
    stem(word)
    for word in """affect agree allow announce answer appear apply argue arrive ask attack attend avoid beat begin believe belong
    break bring build buy call carry catch cause change choose claim collapse come comment compare compete consist contain
    continue contribute control cost count create cure cut damage deal decide decline decrease define deliver demand deny depend
    describe destroy detect determine develop die differ disagree disappear discover discuss divide drink drive drop earn eat elect
    employ enable end enjoy enter establish evolve exist expect explain face fail fall feel fight fill find finish fit fix fly
    follow forget function gain get give go grow handle happen have hear help hit hold host hurt identify improve include
    increase indicate influence interact introduce invent invest involve join keep kill know last launch lead learn leave like
    list live look lose maintain make manage matter mean measure meet mention move name need occur offer open operate originate own pass
    pay perform plan play pledge prefer prepare prevent produce promise protect provide publish put raise reach react read receive
    recommend reduce refer refuse reject release rely remain remember remove repair replace reply report represent require resign respond
    return rise run say seek seem sell send serve set shoot show sign sleep solve speak spend spread stand start stay steal
    stop study succeed suffer suggest support survive take talk taste teach tell think throw travel treat try turn understand
    use visit vote wait walk want warn watch wear win work worry write""".split()
)
_PASTS = frozenset(
    """ate became born began begun bought broke broken brought built came caught chose chosen dealt drank drove fallen fell felt flew flown
    forgot fought found gave given gone got grew grown heard held kept knew known led left lost made meant met paid ran rose said
    sang sat saw seen sent shot shown slept sold spent spoke spoken stole stolen stood struck taken taught thought threw told took
    understood went woke won wore wrote written""".split()
)
_LEANING_NOUNS = frozenset(
    stem(word)
    for word in """advantage age alternative amount answer area argument aspect attempt background benefit capital career case
    cause challenge characteristic choice component con concern condition consequence cost country cure cycle danger date day death
    decision definition demand detail diagnosis difference disadvantage downside drawback duration effect effort end evidence example
    experience fact factor failure feature figure form function future goal half height history hour idea impact importance
    information issue kind length life limit location man meaning member method minute money month name need number one opinion
    option origin outcome outlook part past people percentage person place plan point population position possibility price problem
    process pro prognosis progress proof pros property purpose rate reaction reason relationship relevance requirement response
    result risk role rule share side sign significance similarity size solution sort source stage statistic status step
    story strategy style success summary survivor symptom technique term thing threat time treatment trend type use value
    variety version victim view way week weight woman word work world year""".split()
)
_LEANING_ADJECTIVES = frozenset(
    stem(word)
    for word in """able actual alternative available average bad bad best better big biggest cheap cheaper cheapest clear close common current
    dangerous deep different difficult early easier easiest easy effective enough exact expensive famous fast faster final full
    general global good great greatest hard harder healthier healthy high higher highest important interested known large
    larger largest last late latter least less likely local long longer longest low lower lowest main major modern natural necessary new next notable old
    older oldest original other overall popular positive negative possible previous rare real recent relevant safe safer same second serious
    severe short significant similar simple small smaller smallest specific strong stronger sure tall third total true typical
    usual various well worse worst worth wrong young""".split()
)
_RANKS = frozenset("first former last latter next other own same second third".split())
_COMPARING = frozenset(
    "better bigger cheaper easier faster harder healthier higher larger longer lower older safer smaller stronger taller worse".split()
)
_ONLY_ONES = frozenset("earth internet moon ocean planet sea sky sun universe web weather".split())
_PLURALS = frozenset("children feet men mice people police teeth women media data".split())


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase of a question.

    Attributes:
        text: As it stands there, with its article but without "this", "my" and the like.
        stems: Stems of its words, articles and prepositions left out; `head` is the stem of its main noun.
        definite: It opens with "the", "this", "that", "these" or "those".
        joined: It goes on after a preposition: "the talks between A and B".
        anchored: It says by itself what is meant: not only "the symptoms" or "many people".
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

    @property
    def bare(self) -> bool:
        """A definite phrase that only points: "the talks", "that first round"."""
        telling = [word for word in self.stems if word not in _LEANING_ADJECTIVES]
        return self.definite and not self.named and not self.joined and len(telling) < 2 and self.head not in _ONLY_ONES


@dataclass(frozen=True, slots=True)
class Taken:
    """A question taken apart: its simple noun phrases in order, and the stems of its verbs."""

    phrases: tuple[Phrase, ...]
    verbs: tuple[str, ...]


def take_apart(question: str) -> Taken:
    """The simple noun phrases and verbs of a question.

    >>> [phrase.text for phrase in take_apart("How did the Orba mill affect trade with Sel?").phrases]
    ['the Orba mill', 'trade', 'Sel']
    """
    text = fold(question).replace("\u00a0", " ")
    named = [name.span for name in question_names(question)]
    dated = [mention.span for mention in dates(question)]
    runs: list[list[re.Match[str]]] = []
    openings: list[re.Match[str] | None] = []
    verbs: list[str] = []
    opening: re.Match[str] | None = None
    previous: re.Match[str] | None = None
    for token, role in _roles(text, named):
        near = previous is not None and text[previous.end() : token.start()] in (" ", "-", "/", "'")
        if role == "noun":
            if near and runs and runs[-1][-1] is previous:
                runs[-1].append(token)
            else:
                runs.append([token])
                openings.append(opening if near and opening is previous else None)
        elif role == "verb":
            verbs.append(stem(token[0]))
        opening = token if role == "determiner" else None
        previous = token
    found = [_phrase(question, run, first, named) for run, first in zip(runs, openings, strict=True)]
    kept = tuple(
        phrase
        for phrase, run in zip(found, runs, strict=True)
        if any(letter.isalpha() for letter in phrase.text)
        and not all(any(span.start <= token.start() < span.end for span in dated) for token in run)
    )
    return Taken(kept, tuple(verbs))


def joined_phrases(question: str, simple: Sequence[Phrase]) -> tuple[Phrase, ...]:
    """Phrases with what a preposition adds to them, in order: each simple phrase is in exactly one.

    >>> text = "Did the talks between Ostria and Sel fail?"
    >>> [phrase.text for phrase in joined_phrases(text, take_apart(text).phrases)]
    ['the talks between Ostria and Sel']
    """
    groups: list[list[Phrase]] = []
    between = False
    for phrase in simple:
        last = groups[-1][-1] if groups else None
        gap = question[last.span.end : phrase.span.start].split() if last else []
        word = gap[0].lower() if len(gap) == 1 else ""
        attaches = word in _JOINS and last is not None and (not groups[-1][0].named or word == "of")
        if (
            last
            and (attaches or (between and word == "and"))
            and sum(len(p.stems) for p in groups[-1]) < _LONGEST_JOINED
        ):
            groups[-1].append(phrase)
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
    return word in _LEANING_NOUNS or word in _LEANING_ADJECTIVES


def _roles(text: str, named: Sequence[Span]) -> Iterator[tuple[re.Match[str], str]]:
    """Each word and whether it is a noun (or goes with one), verb, determiner, preposition, or none of them."""
    previous = ""
    awaits_verb, open_run = False, False
    end = 0
    for token in WORD.finditer(text):
        word = base(token[0])
        if set(text[end : token.start()]) & set(".?!;:,()"):
            awaits_verb, open_run = awaits_verb and text[end : token.start()].strip() == ",", False
        end = token.end()
        if any(span.start <= token.start() < span.end for span in named):
            role = "noun"
        elif word in _DETERMINERS:
            role = "determiner"
        elif word in PREPOSITIONS:
            role = "preposition"
        elif word in _RANKS and previous == "determiner":
            role = "noun"
        elif (
            word in FUNCTION_WORDS
            or word in _ASIDE
            or word.split("'")[0] in FUNCTION_WORDS
            or len(word) < 2
            or (word.endswith("ly") and len(word) > 4)
        ):
            role = "function"
        else:
            role = "verb" if _is_verb(word, previous, awaits_verb=awaits_verb, open_run=open_run) else "noun"
        if word in _NEW_CLAUSE or word in _MODALS:
            awaits_verb = True
        elif word in _BE or role == "verb":
            awaits_verb = False
        open_run = role == "noun"
        previous = role if role != "preposition" or word != "to" else "to"
        yield token, role


def _is_verb(word: str, previous: str, *, awaits_verb: bool, open_run: bool) -> bool:
    """Whether a word that may be a verb is one here: "did it cost" and "which talks cost", but "the cost"."""
    if previous in ("determiner", "preposition"):
        return False
    if word in _PASTS or (word.endswith("ed") and len(word) > 4):
        return True
    opens = not open_run and not word.endswith("s")
    return stem(word) in _VERBS and (awaits_verb or opens or previous == "to")


def _phrase(
    question: str, run: Sequence[re.Match[str]], opening: re.Match[str] | None, named: Sequence[Span]
) -> Phrase:
    while len(run) > 1 and stem(run[-1][0]) in _LEANING_ADJECTIVES and run[-1][0].islower():
        run = run[:-1]
    start, end = run[0].start(), run[-1].end()
    word = base(opening[0]) if opening else ""
    shown = opening.start() if opening and word in ("the", "a", "an") else start
    text = re.sub(r"['\u2019]s?$", "", question[shown:end])
    stems = tuple(stem(token[0]) for token in run)
    is_named = any(span.start < end and start < span.end for span in named)
    last = base(run[-1][0])
    plural = last in _PLURALS or (last.endswith("s") and not last.endswith(("ss", "us", "is")))
    phrase = Phrase(
        text=text,
        span=Span(opening.start() if opening else start, end),
        stems=stems,
        head=stems[-1],
        named=is_named,
        plural=plural,
        definite=word in _DEFINITE,
    )
    return _anchored(phrase)


def _anchored(phrase: Phrase) -> Phrase:
    says = phrase.named or (not phrase.bare and any(not leans_only(word) and word.isalnum() for word in phrase.stems))
    return replace(phrase, anchored=says)


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
    compares = any(word in _COMPARING for word in said) or said[-1:] in (["more"], ["less"], ["most"], ["least"])
    return compares and not {"than", "or", "and", "between"} & set(said)
