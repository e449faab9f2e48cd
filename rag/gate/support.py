"""The support checker's word on what the rules let pass: a statement in other words than its quotes, which they may not carry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rag.gate.verify import VerifiedStatement
from rag.protocols import SupportChecker
from rag.values import Evidence, Status

WEAK_SUPPORT = 0.3
"""Under this probability a statement is shown with a warning, and cut where the rules doubt it too (ADR 0006)."""


def check_support(
    statements: Iterable[VerifiedStatement], evidence: Sequence[Evidence], checker: SupportChecker
) -> tuple[VerifiedStatement, ...]:
    """The statements with `checks["support"]`; what its quotes hardly support loses a step: verified, weak, unsupported.

    Verbatim statements support themselves and are not read. The checker can only take away: what the rules cut stays cut.
    """
    texts = {item.number: item.document.text for item in evidence}
    return tuple(_checked(statement, texts, checker) for statement in statements)


def _checked(statement: VerifiedStatement, texts: dict[int, str], checker: SupportChecker) -> VerifiedStatement:
    if statement.status == "unsupported" or statement.checks.get("verbatim"):
        return statement
    quoted = " ".join(texts[quote.evidence][quote.start : quote.end] for quote in statement.quotes)
    support = round(checker.support(statement.text, [quoted])[0], 4)
    doubted: Status = "weak" if statement.status == "verified" else "unsupported"
    status = doubted if support < WEAK_SUPPORT else statement.status
    return replace(statement, status=status, checks={**statement.checks, "support": support})
