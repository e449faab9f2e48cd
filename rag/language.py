"""Questions in languages that the embedder and the reader do not know: words decide, and the answer is the sentence itself.

A model that was trained on English gives numbers for any text, and they mean nothing. So a bare answer is never taken from one
that does not know the language: what is shown is the sentence that holds most of what the question asks, as it stands.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from index.analysis import asked_terms, terms
from index.language import language_asked
from index.sentences import sentence_spans
from index.values import Span
from rag.search.fuse import Fusion, fuse_scores
from rag.values import Draft, DraftStatement, Evidence, Quote

NAME = "verbatim"
STATEMENTS = 2
ALL = "all"
by_words: Fusion = partial(fuse_scores, lexical_weight=10.0)
"""The words order passages; nearness only where the words say nothing."""
_NEARLY = 0.8
PREFIX = 5
"""Letters that two forms of a word share where no stemmer knows the language, or does not know the word."""
WEIGHTS = {"own": 1.0, "prefix": 0.45, "before": 0.2, "passage": 0.95, "number": 0.22, "letters": 0.3}
"""Of a sentence: the share of the question, by how rare its words are, that stands in it; that stands in it in another form; that
stands before it or in the title; the passage's BM25 beside the best; that it holds a number where one is asked for; the share of the
question's Han letters. Fitted on 1,300 questions in fifteen languages (docs/languages.md)."""
_ASKS_NUMBER = re.compile(
    r"何[年月日人歳回度個時]|いつ|いくつ|いくら|什[么麼]时候|什麼時候|多少|[几幾]|哪一?[年月日天]|何时|在哪年|언제|몇|얼마|เมื่อ|กี่|เท่า|ปีใด"
    r"|\b(?:quand|combien|année|date|wann|wie\s*viel\w*|jahr\w*|cuándo|cuánt\w+|año|quando|quant\w+|anno|ano|ile|kiedy|ilu|roku|когда|сколько|году?"
    r"|ne zaman|kaç\w*|hangi (?:yıl|tarih)\w*|متى|كم|عام|سنة|چند|سال|کب|کتن\w+|سن|कब|कितन\w+|वर्ष|साल|πότε|πόσ\w+|έτος|χρονιά|când|cât\w*|anul|wanneer|hoeveel)\b",
    re.I,
)
_HOLDS_NUMBER = re.compile(r"\d+|[一二三四五六七八九十百千两兩]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")


def asked_in(question: str, spoken: Collection[str], known: Collection[str]) -> str | None:
    """The language of a question when the models, which know `known`, do not know it; else None."""
    language = language_asked(question, spoken)
    return None if ALL in known or language in known else language


def without_headline(draft: Draft, evidence: Sequence[Evidence], known: Collection[str]) -> Draft:
    """The draft without its bare answer where that was read in a language that the models do not know."""
    if not draft.short or ALL in known:
        return draft
    languages = {item.number: item.document.language for item in evidence}
    cited = {languages.get(quote.evidence) for statement in draft.statements[:1] for quote in statement.quotes}
    return replace(draft, short="") if cited - {None, *known} else draft


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence of a passage: its terms, those around it, and, once judged, its score and how much of the question it covers."""

    evidence: Evidence
    span: Span
    terms: frozenset[str]
    around: frozenset[str]
    score: float = 0.0
    covered: float = 0.0

    @property
    def text(self) -> str:
        return self.evidence.document.text[self.span.start : self.span.end]


def read_by_words(question: str, evidence: Sequence[Evidence], spoken: Collection[str]) -> list[Evidence]:
    """The same evidence, the passage with the likeliest sentence first, numbered so."""
    best = {one.evidence.number: one.score for one in reversed(_ranked(question, evidence, spoken))}
    order = sorted(evidence, key=lambda item: (-best.get(item.number, 0.0), item.number))
    return [
        replace(item, number=number, hit=replace(item.hit, rank=number)) for number, item in enumerate(order, start=1)
    ]


def verbatim_draft(question: str, evidence: Sequence[Evidence], spoken: Collection[str]) -> Draft:
    """The likeliest sentence as it stands, and one more that is nearly as likely; no bare answer.

    Its confidence is how much of what the question asks stands in the sentence or around it, 0 to 1.
    """
    ranked = _ranked(question, evidence, spoken)
    if not ranked or not ranked[0].covered:
        return Draft((), "", 0.0, NAME)
    shown: dict[str, _Sentence] = {}
    for one in ranked:
        if len(shown) < STATEMENTS and one.covered >= _NEARLY * ranked[0].covered:
            shown.setdefault(one.text, one)
    statements = tuple(
        DraftStatement(text, (Quote(one.evidence.number, one.span.start, one.span.end, round(one.covered, 4)),))
        for text, one in shown.items()
    )
    return Draft(statements, "", round(ranked[0].covered, 4), NAME)


def _ranked(question: str, evidence: Sequence[Evidence], spoken: Collection[str]) -> list[_Sentence]:
    """The sentences of the passages that share a word with the question, likeliest first."""
    asked = frozenset(asked_terms(question, spoken))
    sentences = [one for item in evidence for one in _sentences(item)]
    held = Counter(term for one in sentences for term in one.terms & asked)
    rarity = {term: math.log(1 + (len(sentences) - held[term] + 0.5) / (held[term] + 0.5)) for term in asked}
    whole = sum(rarity.values()) or 1.0
    most = max((item.hit.lexical_score or 0.0 for item in evidence), default=0.0) or 1.0
    found = []
    for one in sentences:
        starts = {term[:PREFIX] for term in one.terms if len(term) >= PREFIX}
        shares = {
            "own": sum(rarity[term] for term in asked & one.terms) / whole,
            "prefix": sum(rarity[term] for term in asked - one.terms if term[:PREFIX] in starts) / whole,
            "before": sum(rarity[term] for term in asked & one.around - one.terms) / whole,
        }
        if not shares["own"] + shares["prefix"]:
            continue
        covered = min(1.0, sum(WEIGHTS[name] * share for name, share in shares.items()))
        score = covered + WEIGHTS["passage"] * (one.evidence.hit.lexical_score or 0.0) / most
        found.append(replace(one, score=score + _in_letters(question, one.text), covered=covered))
    return sorted(found, key=lambda one: (-one.score, one.evidence.number, one.span))


def _in_letters(question: str, sentence: str) -> float:
    """What the characters themselves say for a sentence: a number where one is asked for, and letters that are words."""
    gain = 0.0
    if _ASKS_NUMBER.search(question) and set(_HOLDS_NUMBER.findall(sentence)) - set(_HOLDS_NUMBER.findall(question)):
        gain += WEIGHTS["number"]
    if han := set(_HAN.findall(question)):
        gain += WEIGHTS["letters"] * len(han & set(sentence)) / len(han)
    return gain


def _sentences(item: Evidence) -> list[_Sentence]:
    chunk, document = item.hit.chunk, item.document
    spans = sentence_spans(document.text, chunk.start, chunk.end)
    held = [frozenset(terms(document.text[span.start : span.end], document.language)) for span in spans]
    title = frozenset(terms(document.provenance.title or "", document.language))
    return [
        _Sentence(item, span, own, title | (held[at - 1] if at else frozenset()))
        for at, (span, own) in enumerate(zip(spans, held, strict=True))
    ]
