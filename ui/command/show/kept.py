"""Answers that were kept, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from ui.command.show.answer import VERDICTS
from ui.terminal import flat, write
from ui.words import listed

if TYPE_CHECKING:
    from rag.replay import Changes, Replay
    from rag.values import Citation
    from rag.views import AnswersView, ChangesView, FeedbackListView


def show_answers(console: Console, found: AnswersView) -> None:
    """One line for each kept answer, and how many there are."""
    for one in found.answers:
        said = flat(one.short, 80) or VERDICTS[one.verdict].rstrip(":.")
        stale = "  (before documents came or went)" if one.outdated else ""
        write(console, f"{one.id}  {one.asked_at}  {flat(one.question, 100)}  ->  {said}{stale}")
    write(console, f"{found.total} answers")


def show_replay(console: Console, replay: Replay) -> None:
    """What changed, or that nothing did, and why it may have."""
    changes = replay.changes
    write(console, flat(replay.old.answer.question), "bold")
    if not changes.changed:
        write(console, "Nothing changed but the wording." if changes.statements_new else "Nothing changed.")
    if changes.verdict:
        before, after = (one.replace("_", " ") for one in changes.verdict)
        write(console, f"verdict: was {before}, is {after}", indent=2)
    if changes.short:
        before, after = (flat(one) or "nothing" for one in changes.short)
        write(console, f"answer: was {before}, is {after}", indent=2)
    for sign, lines in (("-", _gone(changes)), ("+", _new(changes))):
        for line in lines:
            write(console, f"{sign} {flat(line)}", indent=2)
    for name, ids in (("came in", changes.documents_came), ("left", changes.documents_went)):
        for document_id in ids:
            write(console, f"document {document_id} {name} since", "dim", indent=2)
    if changes.settings:
        write(console, "the settings are others than then", "dim", indent=2)


def _gone(changes: Changes) -> list[str]:
    positions = [
        f"position: {listed([one.value, one.publisher, one.published], ', ')}" for one in changes.positions_gone
    ]
    return [*positions, *changes.statements_gone, *map(_source, changes.citations_gone)]


def _new(changes: Changes) -> list[str]:
    positions = [
        f"position: {listed([one.value, one.publisher, one.published], ', ')}" for one in changes.positions_new
    ]
    return [*positions, *changes.statements_new, *map(_source, changes.citations_new)]


def _source(citation: Citation) -> str:
    return f"source: {listed([citation.publisher, citation.published, citation.title], ', ') or citation.document_id}"


def show_changes(console: Console, found: ChangesView, limit: int) -> None:
    """The answers that changed, and how many were looked at."""
    for replay in found.changed:
        write(console, replay.old.answer.id, "dim")
        show_replay(console, replay)
    looked_at = f" The newest {limit} of them were asked again." if found.outdated > limit else ""
    write(console, f"{len(found.changed)} changed of {found.outdated} since which documents came or went.{looked_at}")


def show_feedback(console: Console, found: FeedbackListView) -> None:
    """One line for each judgement; its comment under it."""
    for one in found.feedback:
        why = ", ".join(reason.replace("_", " ") for reason in one.reasons)
        gold = "  (a gold case)" if one.gold else ""
        write(console, f"{one.id}  {one.given_at}  {one.answer_id}  {one.rating}{f': {why}' if why else ''}{gold}")
        if one.comment:
            write(console, flat(one.comment), "dim", indent=4)
    write(console, f"{found.total} judgements")
