"""An answer in the form that a client of OpenAI's API wants: text with [n], or JSON; where it ends; and what each [n] cites."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rag.values import Answer, Citation
from rag.views import View
from ui.http.ending import Ending, Finish
from ui.http.filling import filled, plain
from ui.http.parameters import Ignored
from ui.http.schema import WantedSchema

_MARKS = re.compile(r" ?((?:\[\d+\])+)")
_MARK = re.compile(r"\[(\d+)\]")
_LONGEST_QUOTE = 200
_UNHEARD = "No language model wrote this answer: its words are those of the documents."

UrlOf = Callable[[Citation], str]


class UrlCitation(View):
    """Where a mark leads: `content[start_index:end_index]` is the mark, in code points; the rest says what it cites.

    In JSON there are no marks; there it is the quote, or the whole content where the quote does not stand in it.
    """

    start_index: int
    end_index: int
    url: str
    title: str
    number: int
    quote: str
    publisher: str | None = None
    published: str | None = None
    author: str | None = None
    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Form:
    """How one request wants its answer.

    Attributes:
        as_json: As one JSON object: `schema` says which, where the client cares.
        sources: A list of the sources ends the text, for clients that pass over annotations.
        told: What was sent and changes nothing.
        wish: The parameter that wishes how a language model is to write; "" for none.
        prompt_tokens: What was sent, counted.
    """

    ending: Ending = field(default_factory=Ending)
    as_json: bool = False
    schema: WantedSchema | None = None
    sources: bool = False
    told: tuple[Ignored, ...] = ()
    wish: str = ""
    prompt_tokens: int = 0

    def ignored(self, answer: Answer) -> tuple[Ignored, ...]:
        """What the client wanted and did not get."""
        if not self.wish or answer.answered_by.startswith("llm:"):
            return self.told
        return (*self.told, Ignored(param=self.wish, why=_UNHEARD))


@dataclass(frozen=True, slots=True)
class Written:
    """An answer in its form. `refusal` says in words why there is no content; then `content` is empty."""

    content: str
    cited: tuple[UrlCitation, ...]
    finish: Finish
    refusal: str | None = None


class Writing:
    """An answer that is written while it is made: what was once sent stands."""

    def __init__(self, form: Form, url_of: UrlOf) -> None:
        self._form = form
        self._url_of = url_of
        self._whole = ""
        self._sent = 0
        self._source: tuple[str, str | None] | None = None

    def hear(self, statement: Mapping[str, Any]) -> str:
        """What may be sent once a statement was checked."""
        if self._form.as_json:
            return ""
        self._whole += self._sentence(statement)
        return self._next(self._form.ending.safe(self._whole))

    def end(self, answer: Answer) -> tuple[str, Written]:
        """What is still to be sent, and the whole."""
        if self._form.as_json:
            written = write(answer, self._form, self._url_of)
            return self._next(written.content), written
        if answer.text.startswith(self._whole):
            self._whole = answer.text
        elif answer.missing:  # what was told is not taken back
            self._whole += f" The documents don't say: {'; '.join(answer.missing)}"
        written = _as_text(self._whole, answer, self._form, self._url_of)
        return self._next(written.content), written

    def _next(self, text: str) -> str:
        rest, self._sent = text[self._sent :], max(self._sent, len(text))
        return rest

    def _sentence(self, statement: Mapping[str, Any]) -> str:
        """A statement as the whole text will most likely have it; it has the last word in `dossier`."""
        source = (statement.get("attribution", ""), statement.get("speaker"))
        lead = f"{source[0]}: " if source[0] and source != self._source else ""
        self._source = source
        marks = "".join(f"[{number}]" for number in statement.get("citations", ()))
        return f"{' ' if self._whole else ''}{lead}{_flat(statement['text'])}{' ' if marks else ''}{marks}"


def write(answer: Answer, form: Form, url_of: UrlOf) -> Written:
    """A whole answer in its form."""
    if not form.as_json:
        return _as_text(answer.text, answer, form, url_of)
    if form.schema is None:
        found: str | None = json.dumps(plain(answer, url_of), ensure_ascii=False)
    else:
        found = filled(form.schema, answer, url_of)
    if found is None:
        return Written("", (), "stop", refusal=answer.text)
    content, finish = form.ending.cut(found)
    return Written(content, tuple(_of_json(content, answer, url_of)), finish)


def _as_text(text: str, answer: Answer, form: Form, url_of: UrlOf) -> Written:
    content, finish = form.ending.cut(text + (sources_of(answer, url_of) if form.sources else ""))
    return Written(content, cited_in(content, answer, url_of), finish)


def sources_of(answer: Answer, url_of: UrlOf) -> str:
    """The list of the sources, to be put behind the text; "" where nothing is cited."""
    if not answer.citations:
        return ""
    lines = []
    for one in answer.citations:
        who = ", ".join(part for part in (one.title, one.publisher, one.published) if part) or one.document_id
        quote = _flat(one.quote)
        quote = quote if len(quote) <= _LONGEST_QUOTE else f"{quote[:_LONGEST_QUOTE].rstrip()}…"
        lines.append(f"[{one.number}] {_flat(who)}: “{quote}” {url_of(one)}")
    return "\n\nSources:\n" + "\n".join(lines)


def cited_in(content: str, answer: Answer, url_of: UrlOf) -> tuple[UrlCitation, ...]:
    """One for each mark of `content`; brackets that a document has in its own text are none."""
    cited = {citation.number: citation for citation in answer.citations}
    return tuple(
        _cited(cited[number], start, end, url_of) for start, end, number in _marks(content, answer) if number in cited
    )


def _of_json(content: str, answer: Answer, url_of: UrlOf) -> Iterator[UrlCitation]:
    for one in answer.citations:
        quote = json.dumps(one.quote, ensure_ascii=False)[1:-1]
        at = content.find(quote)
        yield _cited(one, *((at, at + len(quote)) if at >= 0 else (0, len(content))), url_of)


def _marks(content: str, answer: Answer) -> Iterator[tuple[int, int, int]]:
    """Start, end and number of each mark that stands behind a statement."""
    at = 0
    for statement in answer.statements:
        said = _flat(statement.text)
        found = content.find(said, at)
        behind = _MARKS.match(content, found + len(said)) if found >= 0 else None
        if behind is None:
            continue
        for mark in _MARK.finditer(content, behind.start(1), behind.end(1)):
            yield mark.start(), mark.end(), int(mark[1])
        at = behind.end()


def _cited(citation: Citation, start: int, end: int, url_of: UrlOf) -> UrlCitation:
    return UrlCitation(
        start_index=start,
        end_index=end,
        url=url_of(citation),
        title=citation.title or citation.publisher or citation.document_id,
        number=citation.number,
        quote=citation.quote,
        publisher=citation.publisher,
        published=citation.published,
        author=citation.author,
        document_id=citation.document_id,
        start=citation.start,
        end=citation.end,
    )


def _flat(text: str) -> str:
    return " ".join(text.split())
