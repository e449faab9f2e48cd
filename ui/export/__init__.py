"""A kept answer as a file for people, spreadsheets or programs, every sentence with where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rag.replay import KeptAnswer
from ui.export.rows import as_csv
from ui.export.sheet import sheet_of

Format = Literal["markdown", "docx", "csv", "json"]


@dataclass(frozen=True, slots=True)
class Exported:
    """A file: its name, its media type and its bytes."""

    name: str
    media_type: str
    content: bytes


def export_answer(kept: KeptAnswer, form: Format) -> Exported:
    """The answer in one of the forms. What was erased since is not in it, and it says so."""
    return exported(kept.answer.id, form, _FORMS[form][2](kept))


def exported(answer_id: str, form: Format, content: bytes) -> Exported:
    """The file of an answer, from its bytes."""
    return Exported(f"{answer_id}.{_FORMS[form][0]}", _FORMS[form][1], content)


def check_format(name: str) -> Format:
    """Raises ValueError for a form that there is not."""
    for form in _FORMS:
        if form == name:
            return form
    raise ValueError(f"--format must be {', '.join(_FORMS)}, got {name!r}")


def _markdown(kept: KeptAnswer) -> bytes:
    from ui.export.markdown import as_markdown

    return as_markdown(sheet_of(kept))


def _word(kept: KeptAnswer) -> bytes:
    from ui.export.word import as_docx

    return as_docx(sheet_of(kept))


def _json(kept: KeptAnswer) -> bytes:
    return kept.model_dump_json(indent=2).encode()


_FORMS: dict[Format, tuple[str, str, Callable[[KeptAnswer], bytes]]] = {
    "markdown": ("md", "text/markdown; charset=utf-8", _markdown),
    "docx": ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", _word),
    "csv": ("csv", "text/csv; charset=utf-8", as_csv),
    "json": ("json", "application/json", _json),
}
