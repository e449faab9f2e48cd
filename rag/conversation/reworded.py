"""A follow-up in a language model's words, taken only when it leaves nothing out and adds nothing."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence

from index.errors import LanguageModelFailed
from rag.conversation.noun_phrases import take_apart
from rag.conversation.pointing import pointers
from rag.conversation.question_words import ASKING, RANKS
from rag.conversation.re_ask import read_correction
from rag.conversation.topics import Turn
from rag.facts.wording import FUNCTION_WORDS, NEGATIONS, content_words, negated, stem, words
from rag.llm import prompts
from rag.llm.generate import defuse
from rag.llm.model import LanguageModel, Message

_LONGEST_TOLD = 400
_FREE = FUNCTION_WORDS - RANKS - NEGATIONS - {"one", "once", "may"}
_SCHEMA = {
    "type": "object",
    "properties": {"question": {"type": "string"}},
    "required": ["question"],
    "additionalProperties": False,
}


def reword(question: str, turns: Sequence[Turn], language_model: LanguageModel) -> str | None:
    """The question as a model rewrites it; None when it fails, leaves something out or says something new."""
    told = "\n".join(
        prompts.EARLIER_TURN.format(question=_line(turn.query), answer=_line(turn.short) or prompts.UNKNOWN)
        for turn in turns
    )
    asked = prompts.FOLLOW_UP.format(turns=told, question=defuse(" ".join(question.split())))
    messages = [Message("system", prompts.FOLLOW_UP_SYSTEM), Message("user", asked)]
    try:
        worded = _question_in(language_model.complete(messages, json_schema=_SCHEMA).text)
    except LanguageModelFailed:
        return None
    return worded if _keeps(question, worded) and _adds_nothing(worded, question, turns) else None


def _line(text: str) -> str:
    return defuse(" ".join(text[:_LONGEST_TOLD].split()))


def _question_in(reply: str) -> str:
    """The one question of a reply: a JSON object's, or a single line's; "" when there is none."""
    try:
        value = json.loads(reply)
    except (ValueError, RecursionError):
        value = reply
    if isinstance(value, dict):
        value = value.get("question")
    if not isinstance(value, str):
        return ""
    line = value.strip()
    return "" if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in line) else line


def _keeps(question: str, worded: str) -> bool:
    """Whether a wording asks and says what the question itself does, and stands alone; what a correction takes back may go."""
    correction = read_correction(question)
    own = correction.new if correction else question
    said, kept = words(own), set(words(worded))
    wanted = RANKS.intersection(said) | (ASKING.intersection(said[:1]) if said[1:2] != ["about"] else set())
    stands = bool(kept) and not pointers(worded, take_apart(worded).phrases)
    return stands and content_words(own) <= content_words(worded) and wanted <= kept


def _adds_nothing(worded: str, question: str, turns: Sequence[Turn]) -> bool:
    """Whether every word that carries meaning was said before, so that no name, number or topic is invented.

    A question that denies nothing may only deny what the one before it does.
    """
    told = [text for turn in turns for text in (turn.question, turn.query, turn.short)]
    known = {stem(word) for text in (question, *told) for word in words(text)}
    denies = negated(question) or negated(turns[-1].query)
    return (denies or not negated(worded)) and all(word in _FREE or stem(word) in known for word in words(worded))
