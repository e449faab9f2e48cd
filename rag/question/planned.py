"""A question for what came of something planned, in the words in which it is reported once it has happened."""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.values import Span
from rag.facts.dates import DateMention, dates
from rag.facts.outcomes import outcomes
from rag.facts.standing import LONGEST, asks_for_outcome, event_date, standing_of
from rag.facts.wording import fold

_PLANNED = re.compile(
    r"\b(?:of|with|at|from|in|to|did|were|was|have|has|how) (?P<what>(?:the|a|an|these|those|that|this) (?:[\w'-]+ ){1,6}?)(?:(?:that|which) )?(?:(?:was|were|had been|is|are) )?"
    r"(?:planned|scheduled|due|set|expected|announced|slated|arranged|called|foreseen|to (?:be held|open|begin|start|resume|take place))\b(?P<when>[^?.;]{0,80})",
    re.IGNORECASE,
)
_EVENTS = "talks|meetings?|summit|negotiations|round(?: of (?:talks|negotiations))?|sessions?|conference|dialogue|hearing|trial|vote|ballot|strike"
_DATED = re.compile(
    rf"\b(?P<what>(?:the|these|those|that|this) (?:[\w'-]+ ){{0,4}}?(?:{_EVENTS})(?: in [A-Z][\w'-]+)?),? (?:on|of|from|for|in|held on)\b(?P<when>[^?.;]{{1,80}})",
    re.IGNORECASE,
)
_DAY_FIRST = re.compile(
    rf"\b(?P<the>the|these|those|that|this) (?P<when>[^?.;]{{3,40}}?) (?P<what>{_EVENTS})\b", re.IGNORECASE
)
_ENDED = re.compile(
    r"\b(?:end(?:ed|s)|conclud\w+|finish\w+|clos(?:ed|es)|br(?:oke|oken|eaks?) (?:down|off|up)|collaps\w+|fail(?:ed|s|ure)?|fell (?:through|apart)"
    r"|wrapped up|adjourn\w+|produc(?:ed|es)|yield(?:ed|s)|result(?:ed|s)|led to|reach(?:ed|es)|seal(?:ed|s)|sign(?:ed|s)|struck|agreed|called off|cancel\w+)\b",
    re.IGNORECASE,
)
_COME_OF_IT = re.compile(r"^(?:the |an? )?(?:[\w'-]+ )?(?:outcome|result|upshot|fate|end) (?:of|from) ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """Something that was planned, and what is asked of it.

    Attributes:
        subject: "the talks". What happened is rarely told with the day for which it was planned.
        day: The day for which it was planned, as far as the question says.
    """

    subject: str
    day: DateMention | None

    @property
    def question(self) -> str:
        """How passages are read for the outcome."""
        return f"How did {self.subject} end?"

    @property
    def searches(self) -> tuple[str, ...]:
        """What is searched: the question, and how an outcome is told, good or bad (Gao et al., ACL 2023, by rule)."""
        return (
            self.question,
            f"{self.subject} ended with an agreement",
            f"{self.subject} failed and ended without agreement",
        )

    def told_in(self, text: str, sentence: Span, published: str | None) -> bool:
        """Whether a sentence tells how something ended, and is not of before the day for which it was planned."""
        said = text[sentence.start : sentence.end]
        if not (_ENDED.search(said) and outcomes(said)) or standing_of(text, sentence, published) == "expected":
            return False
        happened = event_date(text, sentence, published)
        return not self._before(happened) and not (published and published < self._day(published)[: len(published)])

    def known_after(self, published: str | None) -> bool:
        """Whether a source is known to have come out when the outcome could be known."""
        return bool(published) and self.day is not None

    def _before(self, other: DateMention | None) -> bool:
        """Whether a date lies before the day, as far as both are stated."""
        if other is None or self.day is None or None in (other.month, self.day.month):
            return False
        years = (other.year, self.day.year) if other.year and self.day.year else (0, 0)
        return (years[0], other.month, other.day or 31) < (years[1], self.day.month, self.day.day or 1)

    def _day(self, published: str) -> str:
        """The day in ISO 8601, in the year of a publication where the question names none; "" when it names no month."""
        if self.day is None or self.day.month is None:
            return ""
        return f"{self.day.year or int(published[:4]):04d}-{self.day.month:02d}-{self.day.day or 1:02d}"


def planned_event(question: str) -> PlannedEvent | None:
    """The planned event whose outcome a question asks for; None when it asks for something else.

    >>> planned_event("What was the result of the talks planned for 6 November?").subject
    'the talks'
    """
    if not asks_for_outcome(question):
        return None
    said = fold(question[:LONGEST])
    match = _PLANNED.search(said)
    if match is not None:
        named = dates(match["when"])
        return PlannedEvent(_COME_OF_IT.sub("", match["what"].strip()), named[0] if named else None)
    return _dated_event(said)


def _dated_event(said: str) -> PlannedEvent | None:
    """An event that is named with its day: it was planned for that day, or it ended then; both are asked alike.

    >>> _dated_event("How did the November 6 talks end?").subject
    'the talks'
    """
    for form in (_DATED, _DAY_FIRST):
        match = form.search(said)
        named = [one for one in dates(match["when"]) if one.day] if match else []
        if match is not None and named:
            the = match.groupdict().get("the")
            return PlannedEvent(f"{the} {match['what']}" if the else match["what"], named[0])
    return None
