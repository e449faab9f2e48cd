"""An answer as it was kept, and what changed between it and the same question asked again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from rag.manner import Manner
from rag.values import Answer, Citation, FiltersView, Frozen, Position, Statement, Verdict

Said = TypeVar("Said", Citation, Position, Statement)


class KeptAnswer(Frozen):
    """An answer as it was given.

    Attributes:
        turn: Its place in its thread, from 1.
        asked: The filters and the date that came with the question; those it was searched with are in the answer.
        manner: How strictly it was to be answered, and whether by the language model.
        outdated: The collection has changed since.
        removed, erased: Documents that it read and that were removed since, or erased: of those no word is left in it.
    """

    asked_at: str
    turn: int | None = None
    asked: FiltersView = FiltersView()
    manner: Manner = Manner()
    answer: Answer
    outdated: bool = False
    removed: tuple[str, ...] = ()
    erased: tuple[str, ...] = ()


class Changes(Frozen):
    """The difference of two answers, the old one first.

    Attributes:
        changed: Verdict, short answer, positions, or which documents are cited. Statements that are only worded otherwise
            are listed and are no change.
        verdict, short: Before and after; None when they are the same.
        citations_gone, citations_new: Citations of documents that the other answer does not cite.
        positions_gone, positions_new: Values of conflicts and of the timeline.
        documents_came: Documents that the new answer read and that came in after the old one.
        documents_went: Documents that the old answer read and that have left since.
        settings, generation: Whether the settings, or the search index, are others than then.
    """

    changed: bool
    verdict: tuple[Verdict, Verdict] | None = None
    short: tuple[str, str] | None = None
    statements_gone: tuple[str, ...] = ()
    statements_new: tuple[str, ...] = ()
    citations_gone: tuple[Citation, ...] = ()
    citations_new: tuple[Citation, ...] = ()
    positions_gone: tuple[Position, ...] = ()
    positions_new: tuple[Position, ...] = ()
    documents_came: tuple[str, ...] = ()
    documents_went: tuple[str, ...] = ()
    settings: bool = False
    generation: bool = False


class Replay(Frozen):
    """A kept answer, the same question asked again, and what changed."""

    old: KeptAnswer
    new: Answer
    changes: Changes


def compare(old: Answer, new: Answer, *, came: Iterable[str] = (), went: Iterable[str] = ()) -> Changes:
    """What changed from `old` to `new`; `came` and `went` are documents that entered and left the collection between them."""
    statements = _differences(old.statements, new.statements, lambda one: _flat(one.text))
    citations = _differences(old.citations, new.citations, lambda one: one.document_id)
    positions = _differences(
        _positions(old), _positions(new), lambda one: (_flat(one.value), one.standing, one.publisher)
    )
    verdict = (old.verdict, new.verdict) if old.verdict != new.verdict else None
    short = (old.short, new.short) if _flat(old.short) != _flat(new.short) else None
    return Changes(
        changed=any((verdict, short, *citations, *positions)),
        verdict=verdict,
        short=short,
        statements_gone=tuple(one.text for one in statements[0]),
        statements_new=tuple(one.text for one in statements[1]),
        citations_gone=citations[0],
        citations_new=citations[1],
        positions_gone=positions[0],
        positions_new=positions[1],
        documents_came=tuple(came),
        documents_went=tuple(went),
        settings=old.settings_hash != new.settings_hash,
        generation=old.generation != new.generation,
    )


def _differences(
    old: Iterable[Said], new: Iterable[Said], key: Callable[[Said], object]
) -> tuple[tuple[Said, ...], tuple[Said, ...]]:
    """What only the old has, and what only the new has, each once and in its order."""
    before, after = ({key(one): one for one in reversed(list(found))} for found in (old, new))
    gone = [one for name, one in reversed(before.items()) if name not in after]
    come = [one for name, one in reversed(after.items()) if name not in before]
    return tuple(gone), tuple(come)


def _positions(answer: Answer) -> list[Position]:
    return [*(one for conflict in answer.conflicts for one in conflict.positions), *answer.timeline]


def _flat(text: str) -> str:
    return " ".join(text.split()).casefold()
