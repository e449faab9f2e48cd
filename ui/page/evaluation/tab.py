"""The tab of the last evaluation report."""

from __future__ import annotations

from contextlib import suppress

import gradio as gr

from index.errors import UnknownCollection, UnknownDocument
from ui.access.caller import acting
from ui.page.choices import chosen
from ui.page.evaluation.reports import Report, ReportUnusable, last_report
from ui.page.evaluation.view import MOST_QUOTES, WORST, evaluation_view, no_report_view
from ui.page.places import QUIET, Frame, for_caller, markup
from ui.page.said import sorry
from ui.protocols import Dossier


def evaluation_tab(frame: Frame) -> None:
    """Build the tab inside the one that is open."""
    actions = EvaluationActions(frame.dossier)
    gr.on(list(frame.changed), for_caller(actions.evaluation), frame.choices, markup("evaluation"), **QUIET)


class EvaluationActions:
    """What the tab shows."""

    def __init__(self, dossier: Dossier) -> None:
        self._dossier = dossier

    def evaluation(self, choices: str) -> str:
        """The report, to whoever may see the collection that it was made of: it quotes its documents."""
        try:
            name = chosen(choices).collection
            gold = self._gold_cases(name)
            try:
                report = last_report(self._dossier.settings.reports)
            except ReportUnusable as error:
                return no_report_view(gold, name, str(error))
            if report is None or not acting().may_see(report.origin.collection):
                return no_report_view(gold, name)
            return evaluation_view(report, gold, name, self._present(report, name))
        except Exception as error:  # noqa: BLE001 - said on the page
            return sorry(error)

    def _present(self, report: Report, name: str | None) -> frozenset[str]:
        """Which of the documents that the worst questions quote are in the collection."""
        quoted = {one.document_id for case in report.failing[:WORST] for one in case.citations[:MOST_QUOTES]}
        found = set()
        for document_id in quoted:
            with suppress(UnknownDocument, UnknownCollection):
                found.add(self._dossier.collection(name).document(document_id).id)
        return frozenset(found)

    def _gold_cases(self, name: str | None) -> int:
        try:
            return len(self._dossier.collection(name).feedback.gold_cases())
        except UnknownCollection:
            return 0
