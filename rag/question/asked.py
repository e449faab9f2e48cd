"""What kind of value a question asks for, seen from its words; "text" when it asks for none that compares."""

from __future__ import annotations

import re
from typing import Literal

from rag.facts.wording import fold
from rag.values import ConflictKind

Asked = ConflictKind | Literal["text"]

_BE = r"(?:is|are|was|were|has|have|had|do|does|did|will|would|can|could|should)"
_MEASURE = (
    r"(?:number|share|percentage|proportion|amount|size|value|worth|cost|price|fee|fine|salary|population|length|height|depth|weight|speed"
    r"|distance|rate|total|sum|toll|turnout|budget|volume|revenue|profit|loss|turnover|area|age|capacity|score|margin|temperature|figure|count)"
)
_QUANTITY = re.compile(
    r"\bhow (?:many|much|large|big|long|old|far|high|tall|deep|wide|heavy|fast|often|strong|hot|cold|great)\b"
    rf"|\bwhat(?:'s| {_BE})? (?:the |its |their )?(?:[\w'-]+ ){{0,3}}?{_MEASURE}\b|\bwhat (?:percentage|share|proportion|number)\b"
    rf"|\b(?:at|by|for) what (?:[\w'-]+ )?{_MEASURE}\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\bwhen\b(?! (?:it comes|asked)\b)|\b(?:what|which) (?:date|day|month|year)\b|\bwhat (?:is|was) the date\b|\bsince when\b|\bhow (?:recently|soon)\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"\bwho\b(?! (?:all|else)\b)|\bwhose\b|\bwhom\b|\bwhat (?:is|was) the name\b|\bwhat'?s the name\b"
    r"|\bwhere\b|\b(?:which|what) (?:[\w'-]+ )?(?:person|man|woman|company|firm|bank|team|club|party|candidate|court|agency|ministry|city|town|village|country"
    r"|state|island|river|port|airport|university|school|hospital|newspaper|outlet|organi[sz]ation|group|player|driver|team|minister|judge|author|ship|vessel)\b",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"\bwho (?:are|were|have|all|else)\b|\bwhere (?:are|were)\b|\b(?:which|what) (?:[\w'-]+ )?(?:people|men|women|companies|firms|banks|teams|clubs|parties|candidates"
    r"|countries|cities|towns|villages|states|islands|ports|players|groups|outlets|organi[sz]ations|ministers)\b|\b(?:names|list|examples?) of\b"
    r"|\bwho (?:[\w'-]+ )?(?:attend|participat|spoke|speak|took part|take part|join|support|oppos|said|says|commented|reacted|mediat|host)",
    re.IGNORECASE,
)
_YES_NO = re.compile(rf"^\W*(?:and |but |so )?{_BE}(?:n't)?\b(?![^?]*\bor\b)", re.IGNORECASE)
_OUTCOME = re.compile(
    r"\b(?:outcome|result|verdict|ruling|decision|upshot)\b|\bhow did\b[^?]{0,80}\b(?:end|go|conclude|finish|turn out|rule|vote|decide|respond|react)\b"
    r"|\bwhat (?:came|became|happened)\b|\bwhat did (?:[\w'-]+ ){1,4}(?:decide|rule)\b",
    re.IGNORECASE,
)


def asks_yes_no(question: str) -> bool:
    """Whether yes or no would answer.

    >>> asks_yes_no("Did the vote pass?"), asks_yes_no("Is it red or green?")
    (True, False)
    """
    return bool(_YES_NO.search(fold(question)))


def kind_asked(question: str) -> Asked:
    """The kind of value that would answer, where sources that give different ones disagree.

    A question for several names ("who attended") asks for a list: different names do not disagree.

    >>> [kind_asked(text) for text in ("How many came?", "When did it end?", "Who leads it?", "Did the vote pass?", "Why?")]
    ['quantity', 'date', 'name', 'outcome', 'text']
    """
    text = fold(question)
    if _QUANTITY.search(text):
        return "quantity"
    if _DATE.search(text):
        return "date"
    if _OUTCOME.search(text) or asks_yes_no(question):
        return "outcome"
    if _NAME.search(text):
        return "text" if _SEVERAL.search(text) else "name"
    return "text"
