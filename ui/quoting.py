"""Answers, documents and quotes as lines of text for an assistant: what a document says stays a quotation."""

from __future__ import annotations

from collections.abc import Sequence

from rag.values import Answer, Citation
from rag.views import DocumentView
from ui.terminal import flat, printable
from ui.words import date_with_source, listed


def answer_text(answer: Answer) -> str:
    """The answer with its numbers, its positions, and word for word what each number stands for."""
    lines = [f"Verdict: {answer.verdict}", quoted(answer.text)]
    for conflict in answer.conflicts:
        lines.append(f"They disagree on {quoted(conflict.about)}:")
        for one in conflict.positions:
            lines.append(f"- {quoted(one.value)} {_numbers(one.citations)} {who(one.publisher, one.published, None)}")
    lines.extend(map(_citation_line, answer.citations))
    return "\n".join(lines)


def _citation_line(one: Citation) -> str:
    when = date_with_source(one.published, one.published_precision, one.published_source)
    who = listed([one.publisher or "outlet not stated", one.author, when, one.title], ", ")
    later = f"; superseded by document {one.superseded_by}" if one.superseded_by else ""
    place = f"document {one.document_id}, characters {one.start} to {one.end}"
    return f'[{one.number}] "{quoted(one.quote)}" - {quoted(who)}; {place}{later}'


def _numbers(citations: Sequence[int]) -> str:
    return "".join(f"[{number}]" for number in citations)


def line(one: DocumentView) -> str:
    return f"{one.id}: {who(one.publisher, one.published, one.title)}, {one.characters} characters"


def who(publisher: str | None, published: str | None, title: str | None) -> str:
    return quoted(listed([publisher or "outlet not stated", published or "undated", title], ", "))


def quoted(text: str) -> str:
    return printable(flat(text))
