"""What is in the collection and how to add to it, as markup."""

from __future__ import annotations

from collections.abc import Sequence

from index.values import Document
from ui.page.markup import Html, block, fill, join
from ui.words import count, listed, size_in_words, source_name, title_of, written

PAGE_ROWS = 50
NO_DOCUMENTS = Html(
    '<p class="empty"><b>There are no documents yet.</b> Add some under “Documents”, or run '
    "<code>dossier index FOLDER</code> on this machine.</p>"
)


def header_view(documents: Sequence[Document]) -> str:
    """The name of the page and how much it knows."""
    outlets = {one.provenance.publisher for one in documents if one.provenance.publisher}
    known = listed(
        [count(len(documents), "document"), count(len(outlets), "outlet") if outlets else None]
        if documents
        else ["no documents yet"]
    )
    return block(
        fill(
            '<header class="top"><h1>Dossier</h1><p>Answers from your own documents, every sentence with its proof.</p>'
            '<p class="known">{known}</p></header>',
            known=known,
        )
    )


def examples_view(questions: Sequence[str]) -> str:
    if not questions:
        return ""
    buttons = join(fill('<button type="button" class="example">{question}</button>', question=one) for one in questions)
    return block(fill('<p class="label">For example</p><div class="examples">{buttons}</div>', buttons=buttons))


def welcome_view(documents: Sequence[Document]) -> str:
    """What stands where the answer will be."""
    if not documents:
        return block(NO_DOCUMENTS, "answer")
    return block(
        Html(
            '<p class="empty">Ask a question. The answer comes with numbered sources; each leads to the words it rests on.</p>'
        ),
        "answer",
    )


def documents_view(documents: Sequence[Document], page: int = 0) -> str:
    """One page of the list; a page past the end is the last one."""
    if not documents:
        return block(NO_DOCUMENTS, "documents")
    pages = -(-len(documents) // PAGE_ROWS)
    page = max(0, min(page, pages - 1))
    titles = {one.id: title_of(one) for one in documents}
    rows = join(_row(one, titles) for one in documents[page * PAGE_ROWS : (page + 1) * PAGE_ROWS])
    outlets = sorted({one.provenance.publisher for one in documents if one.provenance.publisher})
    return block(
        fill(
            '<h2>What is in here</h2><p class="outlets">{outlets}</p><ul class="list">{rows}</ul>{pager}',
            outlets=listed([count(len(documents), "document"), _outlets(outlets)], ": "),
            rows=rows,
            pager=_pager(page, pages) if pages > 1 else Html(""),
        ),
        "documents",
    )


def _outlets(names: Sequence[str], most: int = 12) -> str | None:
    if not names:
        return None
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def _row(document: Document, titles: dict[str, str]) -> Html:
    said = document.provenance
    same = document.origin != document.id
    return fill(
        '<li class="document"><div class="said"><button type="button" class="open title">{title}<i hidden>{id} 0 0</i></button>'
        '<span class="byline">{byline}</span><span class="files">{files}</span>{same}{notes}</div>'
        '<div class="acts"><button type="button" class="quiet remove">Remove<span class="sr"> {title}</span></button>'
        '<span class="sure" hidden>Remove it? <button type="button" class="danger confirm">Remove<i hidden>{id}</i></button>'
        '<button type="button" class="quiet keep">Keep</button></span></div></li>',
        title=titles[document.id],
        id=document.id,
        byline=listed(
            [
                said.publisher,
                said.author,
                said.kind,
                written(said.published.date if said.published else None),
                count(document.chunk_count, "passage"),
            ]
        ),
        files=listed((source_name(source) for source in document.sources[:5]), ", "),
        same=fill(
            '<span class="note">Nearly the same as “{title}”; the two count as one source.</span>',
            title=titles.get(document.origin, "an older document"),
        )
        if same
        else Html(""),
        notes=fill('<span class="note">{notes}</span>', notes="; ".join(document.notes))
        if document.notes
        else Html(""),
    )


def _pager(page: int, pages: int) -> Html:
    def button(label: str, target: int) -> Html:
        if not 0 <= target < pages:
            return Html("")
        return fill(
            '<button type="button" class="quiet page">{label}<i hidden>{target}</i></button>',
            label=label,
            target=target,
        )

    return fill(
        '<p class="pager">{before} Page {page} of {pages} {after}</p>',
        before=button("Previous", page - 1),
        page=page + 1,
        pages=pages,
        after=button("Next", page + 1),
    )


def drop_view(max_bytes: int) -> str:
    """Where files are dropped; `upload.js` does the rest and reads the limit from here."""
    return block(
        fill(
            '<div class="drop"><p><b>Add documents</b></p><p>Drop files here, or <button type="button" class="quiet choose">choose files'
            '<i hidden>{max_bytes}</i></button></p><p class="note">Text, Markdown, HTML, PDF, Word, PowerPoint, CSV, e-mail, EPUB; '
            "up to {limit} a file. They stay on this machine.</p></div>",
            max_bytes=max_bytes,
            limit=size_in_words(max_bytes),
        ),
        "adding",
    )
