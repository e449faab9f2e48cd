"""An answer told while it is made: what is read, then each statement once it has passed, in the numbers of the whole answer."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answer.compose import compose_statements, views
from rag.answer.findings import Findings
from rag.gate.verify import VerifiedStatement
from rag.values import Answer, Citation, Evidence, EvidenceView, Statement


class Listener:
    """Hears an answer while it is made. This one lets everything pass."""

    def sources(self, evidence: Sequence[EvidenceView]) -> None:
        """Passages that are being read, best first; each call replaces the one before. Their `number` is not yet that of the answer."""

    def statement(self, statement: Statement, citations: Sequence[Citation]) -> None:
        """A checked statement, and those of its citations that are new or hold more than before."""

    def draft(self, answer: Answer, writing: str) -> None:
        """A whole answer without the language model, checked like any other, which the one that `writing` writes may replace."""

    def stopped(self) -> bool:
        """Whether nobody listens any more: a language model that is still writing is then hung up on."""
        return False


class Telling:
    """Tells a listener what has passed. `order` says which passages have their numbers, and is kept by the whole answer."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._told: list[VerifiedStatement] = []
        self._cited: dict[int, Citation] = {}
        self._evidence: Sequence[Evidence] = ()
        self.order: tuple[int, ...] = ()

    def sources(self, evidence: Sequence[Evidence]) -> None:
        """What is being read."""
        self._evidence = evidence
        self._listener.sources(views(evidence))

    def draft(self, answer: Answer, writing: str) -> None:
        """What stands until a language model has written; nothing where that is only that the documents do not say."""
        if answer.statements:
            self._listener.draft(answer, writing)

    def statements(self, passed: Sequence[VerifiedStatement]) -> None:
        """Statements that passed the gate; one whose text was told before is passed over."""
        for statement in passed:
            if statement.text not in {told.text for told in self._told}:
                self._tell(statement)

    def stopped(self) -> bool:
        return self._listener.stopped()

    def _tell(self, statement: VerifiedStatement) -> None:
        self._told.append(statement)
        self.order = tuple(dict.fromkeys((*self.order, *(quote.evidence for quote in statement.quotes))))
        shown, citations = compose_statements(Findings(tuple(self._told)), self._evidence, self.order)
        news = [one for one in citations if one.number in shown[-1].citations and self._cited.get(one.number) != one]
        self._cited |= {one.number: one for one in news}
        self._listener.statement(shown[-1], news)
