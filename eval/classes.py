"""The class of an answer as the person who asked would see it: good, half of it, wrong and shown, or wrongly refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from eval.cases import GoldCase

if TYPE_CHECKING:
    from rag.values import Answer

Class = Literal["good", "half", "wrong", "refused"]
CLASSES: tuple[Class, ...] = ("good", "half", "wrong", "refused")
CLASS_WORDS = {"good": "good", "half": "half", "wrong": "wrong shown", "refused": "wrongly refused"}

_BETWEEN_THOUSANDS = re.compile(r"(?<=\d)[, \u00a0\u202f'](?=\d{3}\b)")
_SET_ASIDE = re.compile(r"[^\w%$€£°.,:/-]+")
"""Everything but words, numbers and what stands in amounts, times, dates and codes."""


def classify(case: GoldCase, answer: Answer) -> Class:
    """What an answer is worth against its gold case.

    good: what was wanted is shown, or nothing is where nothing is stated.
    half: a part of it is, or it stands only in the quotes.
    wrong: something is shown that is not it, a form of `not_in_headline` is the headline, sources are said to disagree that do
        not, or there is an answer where there is none.
    refused: "not stated", although the documents state it.
    """
    refused = answer.verdict == "not_stated"
    if not case.answerable:
        return "good" if refused else "wrong"
    if refused:
        return "refused"
    if shows(answer.short, case.not_in_headline):
        return "wrong"
    quotes = " ".join(citation.quote for citation in answer.citations)
    everything = f"{answer.short} {answer.text} {quotes}"
    if case.positions:
        seen = sum(shows(everything, forms) for forms in case.positions)
        whole = seen == len(case.positions) and answer.verdict == "conflicting"
        return _graded(whole, partly=seen > 0)
    if answer.verdict == "conflicting":
        return "wrong"
    if case.items:
        seen = sum(shows(f"{answer.short} {answer.text}", forms) for forms in case.items)
        return _graded(seen >= (case.min_items or len(case.items)), partly=seen > 0)
    if answer.short:
        return _graded(shows(answer.short, case.answers), partly=False)
    return _graded(shows(answer.text, case.answers), partly=shows(everything, case.answers))


def shows(text: str, forms: Iterable[str]) -> bool:
    """Whether one of the forms stands in the text as whole words; case, width, and how thousands are set apart do not count.

    >>> shows("It costs 1,250 € a month", ["1250 €"]), shows("It costs 11,250 €", ["1250 €"])
    (True, False)
    """
    folded = _folded(text)
    return any(
        re.search(rf"(?<!\w){re.escape(part)}(?!\w)", folded) is not None for form in forms if (part := _folded(form))
    )


def _graded(whole: bool, *, partly: bool) -> Class:
    return "good" if whole else "half" if partly else "wrong"


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return _SET_ASIDE.sub(" ", _BETWEEN_THOUSANDS.sub("", plain)).strip()
