"""Which words of a sentence tell whether it speaks of something still to come or of what happened.

Word lists and the order of words, no grammar: verbs with their auxiliaries, and which of them stand in the main clause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Force = Literal["expected", "hint", "reported", "arranged"]
"""What a cue says: still to come; perhaps, unless a verb reports; happened; agreed on now for a day to come."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A word that tells, and where it stands.

    Attributes:
        main: It stands in the main clause, as far as one can see.
        past: An expectation that the source itself looks back on ("was to", "had been expected to").
        joined: What stands between it and the cue before: "and", "but", a comma; "" when nothing does.
    """

    force: Force
    start: int
    main: bool = True
    past: bool = False
    joined: str = ""


_TOKEN = re.compile(r"[^\W_]+(?:['-][^\W_]+)*|[;:,()\"-]")
_PRESENT_BE = frozenset("is are am be being isn't aren't 're".split())
_PAST_BE = frozenset("was were wasn't weren't".split())
_BE = _PRESENT_BE | _PAST_BE | {"been"}
_HAVE = frozenset("has have had hasn't haven't hadn't having".split())
_ADVERBS = frozenset(
    """not also now still only initially originally previously widely reportedly currently tentatively already first
    then soon finally never ever just provisionally generally once long later""".split()
)
_DUE = frozenset(
    """expected scheduled planned slated poised likely supposed meant bound tipped intended forecast projected hoped
    anticipated predicted set due about billed earmarked destined unlikely""".split()
)
_DUE_WITH_VERB = frozenset("set about meant intended bound supposed hoped".split())
_WANTING_NOW = frozenset("hoping planning aiming intending expecting preparing seeking awaiting considering".split())
_NOT_TO_COME = frozenset("blame become prove".split())
_CONTRAST = frozenset("but however though although yet".split()) | {";"}
_ENDS_CLAUSE = frozenset({",", ";", ":", '"', "(", ")", "-"})
_MODALS = frozenset("will shall won't would wouldn't may might could".split())
_NOT_BEFORE_VERB = frozenset(
    "to of for in with by at on from into will would is are be can could may might not".split()
)
_DUE_DAYS = frozenset(
    "on in at by for next tomorrow this later before monday tuesday wednesday thursday friday saturday sunday".split()
)
_EVENTS = frozenset(
    """meet hold open resume begin start visit sign discuss vote launch return close build host face play release join
    reopen cut raise be end finish arrive leave decide speak take go travel reconvene convene publish appear run expire
    complete continue attend announce present retire fly land sail rule hear review pay receive deliver""".split()
)
_NO_VERB = frozenset("the a an his her its their our your my this that these those one some any all each".split())
_WANTING = frozenset(
    "hope hopes aim aims plan plans intend intends expect expects anticipate anticipates await awaits propose proposes "
    "want wants forecast forecasts predict predicts foresee foresees envisage envisages".split()
)
_WANTED = frozenset(
    "hoped aimed planned intended expected anticipated wanted scheduled slated hoping aiming planning".split()
)
_NOUN_BEFORE = _NO_VERB | frozenset(
    """of for with in on and new high fading raised announced unveiled abandoned dropped no more no-one despite amid
    dashed cancelled had has have business peace""".split()
)
_SAYING = frozenset(
    """said says say saying told tells announced announces added adds warned warns noted stated claimed argued believed
    believes insisted explained confirmed suggested revealed acknowledged estimated asked replied reported wrote
    stressed emphasised emphasized predicted indicated hinted thought think thinks quoted""".split()
)
_CONTENT = _SAYING | _WANTING | _WANTED | _DUE | {"so"}
"""What stands before a "that" whose clause says what is told, not which thing is meant."""
_ARRANGING = frozenset(
    "end ends fail fails collapse collapses agreed decided voted arranged called convened set booked fixed proposed chose invited committed".split()
)
_IRREGULAR = frozenset(
    """began met broke fell won lost took gave came went held sank died left rose made found struck shot cut hit fought
    sent spent built bought sold brought caught taught felt kept led paid ran saw stood spoke told threw wrote became
    grew knew flew drew swore stole chose drove fled hung shut split burst beat put got sat lay understood withdrew
    overthrew overtook did didn't couldn't ended signed agreed failed concluded""".split()
)
_NO_PAST = frozenset(
    """need indeed speed feed seed breed exceed proceed succeed hundred red bed shed united limited armed so-called
    weed reed deed greed bleed embed wed unprecedented concerned related unlimited sacred naked""".split()
)
_SUBORDINATORS = frozenset(
    "after before when while although though because if unless since until till whereas once whether despite following".split()
)
_RELATIVES = frozenset("who which that whose whom where what how why".split())
_HABITS = frozenset("have often always sometimes usually regularly frequently later eventually rather".split())


def decisive_cue(sentence: str) -> Cue | None:
    """The cue that decides: the first of the main clause, but a verb outweighs a hint, and an outcome a past expectation."""
    found = list(_cues(sentence))
    found = [cue for cue in found if cue.main] or found
    verbs = [cue for cue in found if cue.force != "hint"]
    if not verbs:
        return found[0] if found else None
    first = verbs[0]
    for cue in verbs[1:]:
        if first.force in ("reported", "arranged") and cue.force == "expected" and not cue.joined:
            return cue  # "the bridge damaged in the storm will reopen"
        if first.past and cue.force == "reported" and cue.joined in _CONTRAST:
            return cue  # "was due to open but was delayed"
        if cue.joined in _CONTRAST:
            break
    return first


def _cues(sentence: str) -> Iterator[Cue]:
    """Every cue of a sentence in order, with what is known of its clause."""
    tokens = list(_TOKEN.finditer(sentence))
    words = [token[0].lower() for token in tokens]
    clause, closing, relative, joined, skip = True, False, False, "", 0
    for at, word in enumerate(words):
        if word in _ENDS_CLAUSE or word in _CONTRAST or word == "and":
            closing, clause = not clause, clause or word in _ENDS_CLAUSE
            relative = relative and word not in _ENDS_CLAUSE
            joined = word if joined not in _CONTRAST else joined
        before = words[at - 1] if at else ""
        if (
            word in _SUBORDINATORS
            or (word in _RELATIVES and before == ",")
            or (not closing and _participle_clause(words, at))
        ):
            clause = False
        elif word in _RELATIVES and not (word == "that" and before in _CONTENT):
            relative = True
        if at < skip:
            continue
        force, past, skip = _force(tokens, words, at)
        if force is not None:
            yield Cue(force, tokens[at].start(), clause and not relative, past, joined)
            relative, joined = relative and force == "hint", ""


def _force(tokens: Sequence[re.Match[str]], words: Sequence[str], at: int) -> tuple[Force | None, bool, int]:
    """What the word at a place says, whether it looks back on an expectation, and where to read on."""
    word, before = words[at], words[at - 1] if at else ""
    after = words[at + 1] if at + 1 < len(words) else ""
    if word in _MODALS or word.endswith("'ll"):
        return _modal(tokens[at][0], before, after), word == "would", at + 1
    if word in _BE or word in _HAVE:
        return _auxiliary(words, at)
    if word in _WANTING:
        return ("hint" if not at or before in _NOUN_BEFORE else "expected"), False, at + 1
    if word in _WANTED or (word == "due" and after in _DUE_DAYS):
        return "hint", False, at + 1
    if word == "to" and at and after in _EVENTS:
        return "hint", False, at + 1
    if before in _NOT_BEFORE_VERB or before in _NO_VERB or word in _SAYING:
        return None, False, at + 1
    return _past(word), False, at + 1


def _modal(raw: str, before: str, after: str) -> Force | None:
    """What "will", "would", "may" say; a name (Will), a month (May) and a noun (his will) say nothing."""
    word = raw.lower()
    if (
        (raw[0].isupper() and word in ("will", "may"))
        or before in _NO_VERB
        or before.endswith("'s")
        or before == "free"
    ):
        return None
    if word == "could":
        return "reported" if after == "not" else None if after == "have" else "hint"
    return None if after in _HABITS else "expected"


def _auxiliary(words: Sequence[str], at: int) -> tuple[Force | None, bool, int]:
    """What a form of "be" or "have" says with the words that follow it."""
    word, place = words[at], _past_adverbs(words, at + 1)
    past = word in _PAST_BE or word == "had"
    following = words[place] if place < len(words) else ""
    if word in _HAVE and following != "been":
        if "yet" in words[at:place] and following == "to":
            return "expected", past, place
        if following == "to" or following in _SAYING:
            return None, False, place + 1
        if following in _WANTED:
            return "expected", past, place + 1
        if past or _past(following):
            return _past(following) or "reported", False, place + 1
        return None, False, place
    perfect = word in _HAVE
    if perfect:
        place = _past_adverbs(words, place + 1)
        following = words[place] if place < len(words) else ""
    if _still_to_come(words, place):
        return "expected", past, place + 1
    if following in _SAYING:
        return None, False, place + 1
    if past or perfect:
        return _past(following) or "reported", False, place + 1
    return None, False, place + (1 if _past(following) else 0)


def _still_to_come(words: Sequence[str], place: int) -> bool:
    """Whether what follows "be" tells of an expectation: "due to open", "to meet", "hoping for"."""
    following, then, verb = (*words[place : place + 3], "", "", "")[:3]
    if following == "to":
        return then.isalpha() and then not in _NO_VERB and then not in _NOT_TO_COME
    if following == "due":
        return (then == "to" and verb in _EVENTS) or then in _DUE_DAYS
    if following in _DUE_WITH_VERB:
        return (then == "to" and verb.isalpha() and verb not in _NO_VERB) or (following == "set" and then == "for")
    return following in _DUE or following in _WANTING_NOW or (following == "going" and then == "to" and verb in _EVENTS)


def _past(word: str) -> Force | None:
    """What a verb in the past says; one of arranging says something only with a day to come."""
    if word in _ARRANGING:
        return "arranged"
    if word in _IRREGULAR or (word.endswith("ed") and len(word) > 3 and word not in _NO_PAST):
        return "reported"
    return None


def _past_adverbs(words: Sequence[str], at: int) -> int:
    while at < len(words) and words[at] in _ADVERBS:
        at += 1
    return at


def _participle_clause(words: Sequence[str], at: int) -> bool:
    """Whether "Asked about it, ..." or ", closed since March, ..." begins here."""
    return words[at].endswith("ed") and len(words[at]) > 3 and (at == 0 or words[at - 1] == ",")
