"""Evidence to statements that passed the gate: the language model's where there is one and something of it stands."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from index.errors import LanguageModelFailed
from rag.answer.telling import Telling
from rag.gate.support import check_support
from rag.gate.verify import VerifiedStatement, short_stands, supported, verify
from rag.protocols import Answerer, SupportChecker
from rag.values import Draft, DraftStatement, Evidence

logger = logging.getLogger("dossier")


@dataclass(frozen=True, slots=True)
class Gate:
    """Everything a statement must pass before anybody sees it.

    Attributes:
        verified_only: Weak statements are cut too: a model that always says something fills its answer with them.
    """

    evidence: Sequence[Evidence]
    checker: SupportChecker | None
    verified_only: bool = False

    def passed(self, draft: Draft) -> tuple[VerifiedStatement, ...]:
        """The statements of a draft that may be shown."""
        found = supported(verify(draft, self.evidence))
        if self.checker is not None:
            found = supported(check_support(found, self.evidence, self.checker))
        return tuple(one for one in found if one.status == "verified") if self.verified_only else found


Checked = tuple[Draft, tuple[VerifiedStatement, ...]]
"""A draft, and what passed of it."""


def written(
    question: str,
    gate: Gate,
    language_model: Answerer,
    extracted: Checked,
    telling: Telling,
    *,
    least: float,
    stands: bool = False,
) -> Checked:
    """A language model's draft and what passed of it, told as it comes; the extracted one when nothing of it stands.

    Args:
        least: Confidence that a draft of which anything passed has at least: what was told is not taken back.
        stands: The extracted one stays also where the model says that the passages do not answer.
    """
    heard: list[DraftStatement] = []
    passed: list[VerifiedStatement] = []

    def hear(statement: DraftStatement) -> None:
        heard.append(statement)
        found = gate.passed(Draft((statement,), "", 1.0, "heard"))
        passed.extend(found)
        telling.statements(found)

    try:
        draft = language_model.draft(question, gate.evidence, hear=hear, stopped=telling.stopped)
    except LanguageModelFailed as error:
        return _instead(extracted, usage=None, reason=error.reason)
    for statement in draft.statements:
        if statement not in heard:
            hear(statement)
    if not draft.statements and not stands:
        return draft, ()
    if not passed:
        logger.info("what the language model said was cut: no passage proves it")
        return _instead(extracted, usage=draft.usage, reason="nothing-supported")
    short = draft.short if short_stands(draft.short, passed, gate.evidence) else ""
    share = draft.confidence * len(passed) / len(draft.statements)
    return replace(draft, short=short, confidence=round(max(least, share), 4)), tuple(passed)


def _instead(extracted: Checked, *, usage: Mapping[str, int] | None, reason: str) -> Checked:
    """The extracted draft in place of a language model's, which was paid for all the same."""
    draft, passed = extracted
    return replace(draft, degraded=True, degraded_reason=reason, usage=usage), passed
