"""The support checker's word on what the rules let pass: a statement in other words than its quotes, which they may not carry, or deny."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rag.gate.verify import VerifiedStatement
from rag.protocols import SupportChecker
from rag.values import Evidence, Status

WEAK_SUPPORT = 0.3
"""Under this probability of support a statement is shown with a warning, and cut where the rules doubt it too (ADR 0006)."""
CONTRADICTED = 0.8
"""From this probability of a contradiction on the same: the checker is not sure enough to cut by itself (ADR 0011)."""


def check_support(
    statements: Iterable[VerifiedStatement], evidence: Sequence[Evidence], checker: SupportChecker
) -> tuple[VerifiedStatement, ...]:
    """The statements with `checks["support"]` and `checks["contradiction"]`.

    What its quotes contradict or hardly support loses a step: verified, weak, unsupported. Verbatim statements support themselves and are not read. The checker can only take away: what the rules cut stays cut.
    """
    texts = {item.number: item.document.text for item in evidence}
    return tuple(_checked(statement, texts, checker) for statement in statements)


def _checked(statement: VerifiedStatement, texts: dict[int, str], checker: SupportChecker) -> VerifiedStatement:
    if statement.status == "unsupported" or statement.checks.get("verbatim"):
        return statement
    quoted = " ".join(texts[quote.evidence][quote.start : quote.end] for quote in statement.quotes)
    (relation,) = checker.relations(statement.text, [quoted])
    status: Status = statement.status
    if relation.refute >= CONTRADICTED or relation.support < WEAK_SUPPORT:
        status = "weak" if status == "verified" else "unsupported"
    found = {"support": round(relation.support, 4), "contradiction": round(relation.refute, 4)}
    return replace(statement, status=status, checks={**statement.checks, **found})
