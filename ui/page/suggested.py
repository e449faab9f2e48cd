"""Questions that the documents themselves suggest: what they count, when they say that things happened, who people are.

Read off the order of English words by rule, so that the same documents always suggest the same questions. None of them is shown
before it was asked: see `ui.page.examples`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, islice, zip_longest

from index.sentences import iter_sentences
from index.values import Document
from rag.facts.dates import dates
from rag.facts.names import names
from rag.facts.quantities import quantities
from rag.facts.wording import FUNCTION_WORDS
from rag.speech.source_phrase import HUMANS, ROLES

MOST_DOCUMENTS = 60
MOST_CHARS = 12_000
MOST_SENTENCES = 150
_KINDS = ("count", "date", "person", "view", "subject")
_LONGEST_SENTENCE = 400
_LONGEST_QUESTION = 90

_NOUNS = r"(?:[\w’'-]+\s){0,2}(?:[a-z][\w-]+[^s\W]s|people|men|women|children|troops|police)"
_COUNTED = re.compile(
    rf"\s+(?P<what>{_NOUNS})\s+(?:have been|had been|has been|were|was|are)\s+(?P<done>[a-z]+(?:ed|en|wn|rt|ut|ld|lt|nd|nk))\b"
)
_HOLDS = re.compile(
    r"(?P<who>[A-Z][\w-]+(?: [A-Z][\w-]+){0,2}) (?:still |now |also )?(?P<does>[a-z]{3,}s)(?: about| approximately| around| over| some| nearly)? $"
)
_HELD = re.compile(r"\s+(?P<what>(?:[\w-]+ )?[a-z][\w-]+[^s\W]s)\b")
_NUMBER_OF = re.compile(r"\bnumber of (?P<what>[\w-]+ [\w-]+(?: in [A-Z][\w-]+)?)\b")
_COST = re.compile(r"^(?P<what>(?:The|A|An) [\w-]+(?: [\w-]+)?) (?:cost|will cost|has cost)\b")
_BE_DONE = re.compile(
    r"^(?P<what>(?:[Tt]he |[Aa]n? )?[A-Z]?[\w’'-]+(?: [\w’'-]+){0,5}?) (?P<be>was|were) (?P<done>[a-z]+(?:ed|en|wn|lt|ld|nd|rn))\b"
)
_DID = re.compile(r"\b(?P<done>[a-z]{3,}ed) (?P<what>the [a-z-]+(?: [a-z-]+)?) (?:in|on|at|with|after|from)\b")
_IS = re.compile(
    r"(?:^|\s)(?P<who>[A-Z][\w’'-]+(?: (?:al-|bin |de )?[A-Z][\w’'-]+){1,3}), (?:a|an|the) (?P<what>[a-z][^,.;:]{4,70})[,.;]"
)
_SAYS = re.compile(
    r"(?P<who>[A-Z][\w’'-]+(?: [A-Z][\w’'-]+){1,3})(?:,[^,]{3,60},)? (?:also )?(?:said|says|warned|warns|argued|argues|wants|expects|thinks|believes|sees)\b"
)
_TOPIC = re.compile(
    r"\b(?:about|on|for|against|over) (?P<what>the [a-z-]+|(?![A-Z][a-z]+day\b)[A-Z][\w-]+(?: [A-Z][\w-]+)?)\b"
)
_NO_SUBJECT = frozenset(
    "it he she they this that these those there which who what we i you one some many most all".split()
)
_FUNCTION = frozenset("the a an of in on at to and or by with for from as than last next first second".split())


def suggested_questions(documents: Sequence[Document]) -> list[str]:
    """Questions of several kinds in turn, those before that more documents have the words for; figures first, as they differ most."""
    kinds: defaultdict[str, dict[str, None]] = defaultdict(dict)
    words: Counter[str] = Counter()
    for document in documents[:MOST_DOCUMENTS]:
        text = document.text[:MOST_CHARS]
        words.update(set(_words(text)))
        for sentence in islice(_sentences(text), MOST_SENTENCES):
            for kind, question in _of_sentence(sentence):
                if len(question) <= _LONGEST_QUESTION:
                    kinds[kind][question] = None
    ordered = [
        sorted(kinds[kind], key=lambda one: -_shared(one, words)) for kind in ("count", "date", "person", "view")
    ]
    return [one for one in chain.from_iterable(zip_longest(*ordered)) if one]


def _sentences(text: str) -> Iterator[str]:
    for span in iter_sentences(text):
        sentence = " ".join(text[span.start : span.end].split())
        if 20 <= len(sentence) <= _LONGEST_SENTENCE and not sentence.startswith(("#", "|", "-", "---")):
            yield sentence


def _of_sentence(sentence: str) -> Iterator[tuple[str, str]]:
    yield from (("count", one) for one in _counts(sentence))
    yield from (("date", one) for one in _dates(sentence))
    for found in _IS.finditer(sentence):
        if _is_name(found["who"]) and set(found["what"].split()) & (HUMANS | ROLES):
            yield "person", f"Who is {found['who']}?"
    said = _SAYS.search(sentence)
    topic = _TOPIC.search(sentence, said.end()) if said else None
    if said and topic and _is_name(said["who"]) and not dates(topic["what"]):
        yield "view", f"What does {said['who']} say about {topic['what']}?"
    for name in names(sentence):
        if len(name.words) in (2, 3) and not name.initial and _is_name(name.text):
            yield "subject", f"What is said about {name.text}?"


def _counts(sentence: str) -> Iterator[str]:
    for quantity in quantities(sentence):
        if quantity.unit in ("ordinal", "percent"):
            continue
        if counted := _COUNTED.match(sentence, quantity.span.end):
            yield f"How many {counted['what']} were {counted['done']}?"
        holds, held = _HOLDS.search(sentence[: quantity.span.start]), _HELD.match(sentence, quantity.span.end)
        if holds and held and quantity.unit in ("", "person"):
            yield f"How many {held['what']} does {holds['who']} {_lemma(holds['does'])}?"
        if cost := _COST.match(sentence):
            yield f"What did {_lowered(cost['what'])} cost?"
        if (number := _NUMBER_OF.search(sentence)) and number.end() <= quantity.span.start:
            yield f"What is the number of {number['what']}?"


def _dates(sentence: str) -> Iterator[str]:
    if not any(one.month for one in dates(sentence)):
        return
    found = _BE_DONE.match(sentence)
    if found and found["what"].split()[0].lower() not in _NO_SUBJECT:
        yield f"When {found['be']} {_lowered(found['what'])} {found['done']}?"
    elif did := _DID.search(sentence):
        yield f"When was {did['what']} {did['done']}?"


def _is_name(words: str) -> bool:
    """Not "What Pakistan" or "On Friday": a first word that any sentence may open with."""
    return words.split()[0].lower() not in FUNCTION_WORDS | _NO_SUBJECT


def _lemma(verb: str) -> str:
    """
    >>> [_lemma(verb) for verb in ("hosts", "carries", "reaches")]
    ['host', 'carry', 'reach']
    """
    if verb.endswith("ies"):
        return verb[:-3] + "y"
    return verb[:-2] if verb.endswith(("ches", "shes", "sses", "xes")) else verb[:-1]


def _lowered(subject: str) -> str:
    first, _, rest = subject.partition(" ")
    return f"{first.lower()} {rest}" if first in ("The", "A", "An") else subject


def _words(text: str) -> Iterator[str]:
    return (word.lower() for word in re.findall(r"[^\W\d_]{3,}", text) if word.lower() not in _FUNCTION)


def _shared(question: str, words: Counter[str]) -> float:
    """In how many documents its rarest word stands: one that several speak of comes before one of a single document."""
    return min((words[word] for word in _words(question) if words[word]), default=0)
