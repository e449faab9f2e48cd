"""Where a text tells, in so many words, that something came to pass or that it did not."""

from __future__ import annotations

import re

from index.values import Span
from rag.facts.dates import blank
from rag.facts.wording import negated

_GOOD = r"(?:agreement|deal|accord|pact|treaty|settlement|truce|ceasefire|contract|consensus|breakthrough|compromise)"
_SUCCEEDED = re.compile(
    rf"\b(?:reach|sign|struck|strik|clos|seal|conclud|secur|produc|yield|achiev)\w*(?: \w+){{0,3}}? {_GOOD}|\b{_GOOD}(?: \w+){{0,8}}? (?:was|were|has been|is) (?:\w+ )?(?:reached|signed|struck|sealed|secured)"
    r"|\b(?:agreed?|approv\w+|accept(?:ed|s)?|pass(?:ed|es)?|adopt(?:ed|s)?|ratif\w+|succe(?:ed|ss)\w*|won|wins?|back(?:ed|s)|endorsed?|upheld|grant(?:ed|s)"
    r"|cleared|confirmed|acquitted|went ahead|in favou?r|green light|resumed|reopened|reinstated|allowed)\b",
    re.IGNORECASE,
)
_FAILED = re.compile(
    rf"\b(?:without|no|any|short of)(?: \w+){{0,2}}? (?:{_GOOD}|result|outcome|progress|decision)"
    r"|\b(?:fail\w*|collaps\w*|br(?:oke|oken|eak|eaks|eaking) (?:down|off|up)|breakdown|reject\w*|refus\w*|deadlock\w*|stalemate|impasse|cancel\w*|abandon\w*|scrapp?\w*"
    r"|vot(?:ed|e) (?:it |the \w+ )?down|veto\w*|defeat\w*|inconclusive\w*|call(?:ed)? off|dismiss\w*|den(?:ied|ies|y)|convicted|guilty|lost|blocked|banned|thrown out"
    r"|overturned|struck down|turned down|suspended|postponed)\b",
    re.IGNORECASE,
)


def outcomes(said: str) -> list[Span]:
    """Where a text tells, in so many words, that something came to pass or did not.

    >>> [ "It ended without agreement."[span.start:span.end] for span in outcomes("It ended without agreement.") ]
    ['without agreement']
    """
    failed = [Span(*match.span()) for match in _FAILED.finditer(said)]
    return sorted(failed + [Span(*match.span()) for match in _SUCCEEDED.finditer(blank(said, failed))])


def came_to_pass(said: str) -> bool | None:
    """Whether something came to pass, as a text says; None when it says both, or neither."""
    failed = [Span(*match.span()) for match in _FAILED.finditer(said)]
    rest = blank(said, failed)
    succeeded = bool(_SUCCEEDED.search(rest))
    if bool(failed) == succeeded:
        return None
    return succeeded and not negated(rest)
