"""The routes of documents: listed, read, removed, sent, and how far an upload is."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote

from fastapi import APIRouter, File, Form, Query, Response, UploadFile
from fastapi import Path as PathParameter
from pydantic import Field

from index.edits import MAX_CHARS
from rag.views import DocumentsView, DocumentView, JobView, RemovedView, TextView, shown_name
from ui.access.caller import acting
from ui.desk import MOST_DOCUMENTS, LocalDesk
from ui.http.idempotency import IdempotentRoute
from ui.http.keeping import CollectionQuery, Id, Offset
from ui.http.openapi import problems
from ui.jobs import Jobs, Upload, UploadFolder
from ui.metadata import MOST_NAMED, MetadataFields, metadata_sent
from ui.problems import Problem
from ui.protocols import Dossier
from ui.requests import IsoDate, Line, Strict, check_collection, check_source

MOST_FILES = 1000
FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}
PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}
}
# What no browser runs, whatever it makes of it; anything else goes out as bytes.
_INERT = ("application/pdf", "text/plain", "text/csv", "text/markdown", "image/png", "image/jpeg", "application/vnd.")
_NOTHING_ACTIVE = "sandbox; default-src 'none'"
MOST_METADATA_BYTES = 1 << 20
_Field = Annotated[Line, Field(max_length=MAX_CHARS)]


class UploadRoute(IdempotentRoute):
    form: ClassVar[Any] = {
        "max_files": MOST_FILES,
        "max_fields": MOST_FILES + MOST_NAMED + 10,
        "max_part_size": MOST_METADATA_BYTES,
    }


class EditRequest(Strict):
    """What a person knows better than the file. "" says that it is not known; null takes an earlier correction back."""

    title: _Field | None = None
    publisher: _Field | None = None
    author: _Field | None = None
    published: IsoDate | Literal[""] | None = None
    metadata: MetadataFields | None = Field({}, description="Free keys to set; null takes back what was set by hand.")


def documents(desk: LocalDesk) -> APIRouter:
    router = APIRouter(prefix="/v1/documents", tags=["documents"], route_class=IdempotentRoute)

    @router.get("", summary="Every document, newest first")
    def list_documents(
        collection: CollectionQuery = None,
        offset: Offset = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_DOCUMENTS)] = 1000,
    ) -> DocumentsView:
        """Newest published first, then those without a date; the text is not in the list."""
        return desk.documents(collection=collection, offset=offset, limit=limit)

    @router.get("/{document_id}", summary="One document, without its text")
    def get_document(document_id: Id, collection: CollectionQuery = None) -> DocumentView:
        """Title, outlet, author and date, how each is known, and where the document came from."""
        return desk.document(document_id, collection=collection)

    @router.get("/{document_id}/text", summary="The stored text, or a span of it in code points")
    def read_text(
        document_id: Id,
        collection: CollectionQuery = None,
        start: Offset = 0,
        end: Annotated[int | None, Query(ge=0, le=10**9)] = None,
    ) -> TextView:
        """Offsets count code points, from 0; a span that goes past the end is cut. A citation links here."""
        return desk.text(document_id, collection=collection, start=start, end=end)

    @router.get(
        "/{document_id}/file",
        summary="The file that a document was read from",
        response_class=Response,
        responses=FILE,
        openapi_extra=problems("no-original"),
    )
    def read_file(document_id: Id, collection: CollectionQuery = None) -> Response:
        """The bytes as they came, to be saved: a browser neither shows nor runs them."""
        file = desk.original(document_id, collection=collection)
        inert = file.media_type.startswith(_INERT)
        return Response(
            file.content,
            media_type=file.media_type if inert else "application/octet-stream",
            headers={"Content-Disposition": _attached(file.name), "Content-Security-Policy": _NOTHING_ACTIVE},
        )

    @router.get(
        "/{document_id}/pages/{page}.png",
        summary="A page as a picture, with the quoted lines boxed",
        response_class=Response,
        responses=PICTURE,
        openapi_extra=problems("no-original", "no-page", "too-many-requests"),
    )
    def draw_page(
        document_id: Id,
        page: Annotated[int, PathParameter(ge=1, le=10**6, description="From 1, as in citations.")],
        collection: CollectionQuery = None,
        start: Annotated[
            int | None, Query(ge=0, le=10**9, description="With end: boxes the lines of this text.")
        ] = None,
        end: Annotated[int | None, Query(ge=0, le=10**9)] = None,
    ) -> Response:
        """Drawn of PDFs. Offsets are those of the document's text, as citations have them; what of it is on other pages is passed over."""
        picture = desk.picture(document_id, page, collection=collection, start=start, end=end)
        headers = {"Content-Security-Policy": _NOTHING_ACTIVE}
        return Response(picture, media_type="image/png", headers=headers)

    @router.patch(
        "/{document_id}",
        summary="Correct what is known of a document; it becomes a new revision",
        openapi_extra=problems("model-changed", "model-unavailable"),
    )
    def edit_document(document_id: Id, edit: EditRequest, collection: CollectionQuery = None) -> DocumentView:
        """What is left out stays as it is. The correction also holds for later versions of the same file; the id changes."""
        return desk.edit(document_id, edit.model_dump(exclude_unset=True), collection=collection)

    @router.delete("/{document_id}", summary="Remove a document; with erase, prove that no byte of it is left")
    def remove_document(document_id: Id, collection: CollectionQuery = None, erase: bool = False) -> RemovedView:
        """From this moment the document is never cited. With `erase`, its text and vectors are looked for in every file afterwards."""
        desk.remove(document_id, collection=collection, erase=erase)
        return RemovedView(id=document_id, erased=erase)

    return router


def uploads(dossier: Dossier, jobs: Jobs) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["documents"], route_class=UploadRoute, form_limits=UploadRoute.form)
    folders = UploadFolder(dossier.settings.data)
    largest = dossier.settings.max_file_bytes

    @router.post(
        "/documents",
        status_code=202,
        summary="Send files; the job says how far they are",
        openapi_extra=problems("unknown-collection", "file-too-large", "busy", "shutting-down"),
    )
    def upload(
        file: Annotated[list[UploadFile], File(min_length=1, description="One or more files.")],
        source: Annotated[list[str] | None, Form(description="A stable key for each file, in order.")] = None,
        collection: Annotated[str | None, Form()] = None,
        replace: Annotated[
            bool, Form(description="Files sent without a key take the place of what was sent under the same name.")
        ] = False,
        metadata: Annotated[
            str | None, Form(description="JSON: an object that holds for every file, or a list with one for each.")
        ] = None,
        tags: Annotated[list[str] | None, Form(max_length=MOST_NAMED, description="Tags for every file.")] = None,
    ) -> JobView:
        """Nothing is skipped in silence: the report of the job lists every file that was refused, and why.

        A key is where a file comes from: what is sent under it again replaces what it held. Without keys a file's name is no more than a
        name: another content under it is kept beside the first, and the report says so, unless `replace` is set.
        """
        name = check_collection(collection)
        if name is not None:
            acting().check(name, write=True)  # the job would fail, but later
        keys = _keys(file, source)
        said = metadata_sent(metadata, tags or (), len(file))
        for one in file:
            if (one.size or 0) > largest:
                raise Problem(
                    "file-too-large", f"A file may have {largest} bytes; {shown_name(one.filename or '')} has more."
                )
        folder = folders.new()
        files = [
            Upload(
                key,
                folders.store(folder, one.file, PurePosixPath(shown_name(one.filename or "")).suffix),
                shown,
                keeps=source is None and not replace,
                metadata=about,
            )
            for key, one, shown, about in zip(keys, file, _names(file), said, strict=True)
        ]
        return jobs.submit(name, folder, files)

    @router.get("/jobs/{job_id}", summary="How far an upload is")
    def job(job_id: Id) -> JobView:
        """Jobs are remembered for a while after they end; only the caller who sent an upload sees its job."""
        return jobs.view(job_id)

    return router


def _attached(name: str) -> str:
    """The header that has a browser save a file under its name, whatever characters that has."""
    plain = "".join(char if char.isascii() and char.isprintable() and char not in '"\\' else "_" for char in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _names(files: list[UploadFile]) -> list[str]:
    return [shown_name(one.filename or "") for one in files]


def _keys(files: list[UploadFile], sources: list[str] | None) -> list[str]:
    """The key of each file in the collection: what the caller says, or "upload/NAME"."""
    if sources is None:
        return [f"upload/{name}" for name in _names(files)]
    if len(sources) != len(files):
        raise Problem("invalid-request", f"source: {len(files)} files were sent with {len(sources)} keys")
    for source in sources:
        check_source(source)
    return sources
