"""The head of the page and what stands on it before anything was asked, as markup."""

from __future__ import annotations

from collections.abc import Sequence

from index.values import Document
from ui.page.documents.list_view import FIRST_STEPS
from ui.page.markup import Html, block, fill, join
from ui.words import count, listed


def header_view(
    documents: Sequence[Document],
    collections: Sequence[str] = (),
    chosen: str | None = None,
    *,
    signed_in: bool = False,
) -> str:
    """The name of the page, how much it knows, the other collections when there are any, and the way out for who signed in."""
    outlets = {one.provenance.publisher for one in documents if one.provenance.publisher}
    known = listed(
        [count(len(documents), "document"), count(len(outlets), "outlet") if outlets else None]
        if documents
        else ["no documents yet"]
    )
    return block(
        fill(
            '<header class="top"><h1>Dossier</h1><p>Answers from your own documents, every sentence with its proof.</p>'
            '<p class="known">{picker}{known}{out}</p></header>',
            picker=_picker(collections, chosen) if len(collections) > 1 else Html(""),
            known=known,
            out=Html(' · <button type="button" class="quiet sign-out">Sign out</button>') if signed_in else Html(""),
        )
    )


def _picker(collections: Sequence[str], chosen: str | None) -> Html:
    options = join(
        fill(
            '<option value="{name}"{selected}>{name}</option>',
            name=name,
            selected=Html(" selected") if name == chosen else Html(""),
        )
        for name in collections
    )
    return fill(
        '<label class="sr" for="collection">Collection</label><select id="collection">{options}</select> ',
        options=options,
    )


def examples_view(questions: Sequence[str], greetings: Html | None = None) -> str:
    """Questions that have a good answer, and what the newest documents are greeted with."""
    if not questions:
        return block(greetings) if greetings else ""
    buttons = join(fill('<button type="button" class="example">{question}</button>', question=one) for one in questions)
    return block(
        fill(
            '<p class="label">For example</p><div class="examples">{buttons}</div>{greetings}',
            buttons=buttons,
            greetings=greetings,
        )
    )


def welcome_view(documents: Sequence[Document]) -> str:
    """What stands where the answer will be."""
    if not documents:
        return block(
            fill(
                '{steps}<p><button type="button" class="primary go-add">Add documents</button></p>', steps=FIRST_STEPS
            ),
            "answer",
        )
    return block(
        Html(
            '<p class="empty">Ask a question. The answer comes with numbered sources; each leads to the words it rests on.</p>'
        ),
        "answer",
    )
