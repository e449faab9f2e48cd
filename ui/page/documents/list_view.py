"""The list of documents and the place where files are dropped, as markup; `documents.js` and `upload.js` do the pressing."""

from __future__ import annotations

from collections.abc import Sequence

from index.values import Document
from ui.page.documents.contents_view import field, narrowing
from ui.page.documents.listing import Listing, select
from ui.page.markup import Html, block, fill, join
from ui.words import count, date_with_source, listed, size_in_words, source_name, title_of, written

PAGE_ROWS = 50
ORDERS = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "outlet": "By outlet",
    "title": "By title",
    "added": "Last added",
}
FORMATS = "Text, Markdown, HTML, PDF, Word, PowerPoint, CSV, e-mail, EPUB"
FIRST_STEPS = Html(
    '<div class="first"><p><b>There are no documents yet.</b></p>'
    "<ol><li>Add files here, or run <code>dossier index FOLDER</code> on this machine.</li>"
    "<li>They are read, cut into passages and indexed; a page of text takes less than a second.</li>"
    "<li>Ask. Every sentence of an answer leads to the words it rests on.</li></ol></div>"
)


def drop_view(max_bytes: int, *, may_write: bool = True) -> str:
    """Where files are dropped; `upload.js` does the rest and reads the limit from here."""
    if not may_write:
        return block(Html('<p class="note">The key you signed in with may read these documents, not change them.</p>'))
    return block(
        fill(
            '<div class="drop"><p><b>Add documents</b></p><p>Drop files here, or <button type="button" class="quiet choose">choose files'
            '<i hidden>{max_bytes}</i></button></p><p class="note">{formats}; up to {limit} a file. They stay on this machine.</p></div>',
            max_bytes=max_bytes,
            formats=FORMATS,
            limit=size_in_words(max_bytes),
        ),
        "adding",
    )


def finding_view() -> str:
    """The search box and the order of the list; it stays while the list under it changes."""
    options = join(
        fill('<option value="{name}">{label}</option>', name=Html(name), label=ORDERS[name]) for name in ORDERS
    )
    return block(
        fill(
            '<div class="finding"><label for="find">Find by title, outlet, author or file</label>'
            '<input type="search" id="find" maxlength="200" autocomplete="off">'
            '<label for="order">Order</label><select id="order">{options}</select></div>',
            options=options,
        ),
        "finding",
    )


def documents_view(documents: Sequence[Document], wanted: Listing | None = None, *, may_write: bool = True) -> str:
    """One page of the list; a page past the end is the last one."""
    wanted = wanted or Listing()
    if not documents:
        return block(FIRST_STEPS, "documents")
    found = select(documents, wanted)
    pages = max(1, -(-len(found) // PAGE_ROWS))
    page = min(wanted.page, pages - 1)
    titles = {one.id: title_of(one) for one in documents}
    return block(
        fill(
            '<h2 class="of-list" tabindex="-1">{heading}</h2>{scope}{rows}{pager}',
            heading="Documents",
            scope=_scope(wanted, len(found), len(documents)),
            rows=_rows(found[page * PAGE_ROWS : (page + 1) * PAGE_ROWS], titles, may_write=may_write),
            pager=_pager(page, pages) if pages > 1 else Html(""),
        ),
        "documents",
    )


def _scope(wanted: Listing, found: int, total: int) -> Html:
    """What narrows the list, and the way back to all of it."""
    if not wanted.narrowed:
        return Html("")
    parts = [
        f"“{wanted.find.strip()}”" if wanted.find.strip() else None,
        wanted.outlet,
        _period(wanted),
        "without a date" if wanted.undated else None,
        "that repeat another" if wanted.copies else None,
    ]
    return fill(
        '<p class="scope" role="status">{found} of {total}: {parts} {all}</p>',
        found=f"{found:,}",
        total=count(total, "document"),
        parts=listed(parts, ", "),
        all=narrowing("Show all", field("all", "yes")),
    )


def _period(wanted: Listing) -> str | None:
    since, until = wanted.since, wanted.until
    if since and until:
        return written(since) if since == until else f"{written(since)} to {written(until)}"
    return f"from {written(since)}" if since else f"until {written(until)}" if until else None


def _rows(found: Sequence[Document], titles: dict[str, str], *, may_write: bool) -> Html:
    if not found:
        return Html('<p class="empty">No document is like that.</p>')
    return fill('<ul class="list">{rows}</ul>', rows=join(_row(one, titles, may_write=may_write) for one in found))


def _row(document: Document, titles: dict[str, str], *, may_write: bool) -> Html:
    said, title = document.provenance, titles[document.id]
    return fill(
        '<li class="document"><div class="said"><button type="button" class="open title">{title}<i hidden>{id} 0 0</i></button>'
        '<span class="byline">{byline}</span>{date}<span class="files">{files}</span>{same}{notes}</div>{writing}</li>',
        title=title,
        id=document.id,
        byline=listed([said.publisher, said.author, said.kind, *_size(document)]),
        date=_date(document, may_write=may_write),
        files=listed((source_name(source) for source in document.sources[:5]), ", "),
        same=_same(document, titles),
        notes=fill('<span class="note">{notes}</span>', notes="; ".join(document.notes))
        if document.notes
        else Html(""),
        writing=join((_acts(document.id, title), _fields(document), _sure(title))) if may_write else Html(""),
    )


def _size(document: Document) -> list[str]:
    pages = [count(len(document.page_starts), "page")] if document.page_starts else []
    return [*pages, count(document.chunk_count, "passage"), count(len(document.text), "character")]


def _date(document: Document, *, may_write: bool) -> Html:
    published = document.provenance.published
    if published is None:
        set_one = Html(' <button type="button" class="quiet edit-date">Set a date</button>') if may_write else Html("")
        return fill(
            '<span class="dated undated"><b>No date.</b> It passes no filter by date.{set_one}</span>', set_one=set_one
        )
    return fill(
        '<span class="dated">{date}</span>',
        date=date_with_source(published.date, published.precision, published.source),
    )


def _same(document: Document, titles: dict[str, str]) -> Html:
    if document.origin == document.id:
        return Html("")
    return fill(
        '<span class="note">Nearly the same as “{title}”; the two count as one source.</span>',
        title=titles.get(document.origin, "an older document"),
    )


def _acts(document_id: str, title: str) -> Html:
    return fill(
        '<div class="acts"><i hidden class="id">{id}</i>'
        '<button type="button" class="quiet edit">Edit<span class="sr"> {title}</span></button> '
        '<button type="button" class="quiet remove">Remove<span class="sr"> {title}</span></button></div>',
        id=document_id,
        title=title,
    )


def _fields(document: Document) -> Html:
    """What can be set by hand, hidden until “Edit” is pressed."""
    said = document.provenance
    inputs = join(
        fill(
            '<label>{label}<input class="value" name="{name}" value="{value}" maxlength="300" autocomplete="off"{more}></label>',
            label=label,
            name=Html(name),
            value=value,
            more=Html(' placeholder="2025-11-16, 2025-11 or 2025"') if name == "published" else Html(""),
        )
        for name, label, value in (
            ("title", "Title", said.title),
            ("publisher", "Outlet", said.publisher),
            ("author", "Author", said.author),
            ("published", "Published", said.published.date if said.published else None),
        )
    )
    return fill(
        '<div class="fields" hidden>{inputs}<p class="note">What you set here stays when the file is read again.</p>'
        '<p class="wrong alarm" role="alert" hidden></p><p class="acts"><button type="button" class="primary save">Save</button> '
        '<button type="button" class="quiet cancel">Cancel</button></p></div>',
        inputs=inputs,
    )


def _sure(title: str) -> Html:
    return fill(
        '<div class="sure" hidden><p><b>Remove “{title}”?</b> It can no longer be found or cited.</p>'
        '<p class="note">Erase goes further: every file of the collection is searched until it is proven that no byte of the text '
        "or its vectors is left. That takes longer, and kept answers lose what they quoted of it.</p>"
        '<p class="wrong alarm" role="alert" hidden></p>'
        '<p class="acts"><button type="button" class="danger confirm">Remove</button> '
        '<button type="button" class="danger erase">Erase</button> '
        '<button type="button" class="quiet keep">Keep</button></p></div>',
        title=title,
    )


def _pager(page: int, pages: int) -> Html:
    def button(label: str, target: int) -> Html:
        if not 0 <= target < pages:
            return Html("")
        return fill(
            '<button type="button" class="quiet page">{label}{page}</button>',
            label=label,
            page=field("page", str(target)),
        )

    return fill(
        '<p class="pager">{before} Page {page} of {pages} {after}</p>',
        before=button("Previous", page - 1),
        page=page + 1,
        pages=pages,
        after=button("Next", page + 1),
    )
