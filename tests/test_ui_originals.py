"""The original of a document over HTTP: to be saved, never run; its pages as pictures; and in words why there is none."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from index.directory import DataDirectory
from index.files import SourceFile
from rag.client import Dossier, DossierProblem
from tests.fakes import WordHashEmbedder
from tests.fakes_ui import FakeDossier, serving
from tests.storage import split_lines
from tests.test_index_pictures import SENTENCES, between_lines, boxed_at, drawn, one_column
from ui.remote import RemoteDesk

PAGE = b"<!doctype html><html><body><p>The ferry of Borvik leaves at noon.</p><script>alert(1)</script></body></html>"
TEXT = "Der Steinbruch von Lomar verkaufte 101 Blöcke.\r\n".encode()
NAMES = {"a": "report.pdf", "b": "page.html", "c": 'Bericht "Süd"\n; x.txt'}


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeDossier]:
    folder = tmp_path_factory.mktemp("originals")
    contents = {"a": drawn([one_column()]), "b": PAGE, "c": TEXT}
    files = []
    for key, name in NAMES.items():
        path = folder / f"{key}{name[name.rindex('.') :]}"
        path.write_bytes(contents[key])
        files.append(SourceFile(f"upload/{name}", path, path.name))
    fake = FakeDossier(folder / "fake")
    with DataDirectory.own(folder / "data", splitter=split_lines) as owned:
        collection = owned.collection("default", WordHashEmbedder(), create=True)
        assert collection.ingest(files).refused == ()
        fake.collections["default"] = collection  # type: ignore[assignment]
        yield fake


@pytest.fixture(scope="module")
def url(dossier: FakeDossier) -> Iterator[str]:
    with serving(dossier) as url:
        yield url


def _id(dossier: FakeDossier, key: str) -> str:
    return next(one.id for one in dossier.collection().documents() if one.sources == (f"upload/{NAMES[key]}",))


def test_a_file_comes_back_as_it_came_to_be_saved_and_never_run(dossier: FakeDossier, url: str) -> None:
    for key, content, kind in (("b", PAGE, "application/octet-stream"), ("c", TEXT, "text/plain; charset=utf-8")):
        response = httpx.get(f"{url}/v1/documents/{_id(dossier, key)}/file")
        assert (response.status_code, response.content) == (200, content)
        assert response.headers["content-type"] == kind
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["content-disposition"].startswith("attachment;")
        policies = response.headers.get_list("content-security-policy")
        assert "sandbox; default-src 'none'" in policies
        assert len(policies) == 2, "that of the server holds too"
        assert response.headers["cache-control"] == "no-store"


def test_a_name_with_any_characters_stays_in_its_header(dossier: FakeDossier, url: str) -> None:
    said = httpx.get(f"{url}/v1/documents/{_id(dossier, 'c')}/file").headers["content-disposition"]
    plain, _, encoded = said.partition("; filename*=UTF-8''")
    assert plain == 'attachment; filename="Bericht _S_d_; x.txt"'
    assert encoded == "Bericht%20%22S%C3%BCd%22%3B%20x.txt"


def test_a_page_is_a_picture_with_the_quote_boxed(dossier: FakeDossier, url: str) -> None:
    document = dossier.collection().document(_id(dossier, "a"))
    at = document.text.index(SENTENCES[3])
    where = {"start": at, "end": at + len(SENTENCES[3])}
    response = httpx.get(f"{url}/v1/documents/{document.id}/pages/1.png", params=where)
    assert (response.status_code, response.headers["content-type"]) == (200, "image/png")
    assert "sandbox; default-src 'none'" in response.headers.get_list("content-security-policy")
    picture = Image.open(io.BytesIO(response.content))
    assert boxed_at(picture, between_lines()) == [number == 3 for number in range(12)]
    bare = httpx.get(f"{url}/v1/documents/{document.id}/pages/1.png").content
    assert not any(boxed_at(Image.open(io.BytesIO(bare)), between_lines()))


@pytest.mark.parametrize(
    ("key", "path", "status", "code", "words"),
    [
        ("a", "pages/2.png", 404, "no-page", "1 pages; there is no page 2"),
        ("b", "pages/1.png", 404, "no-page", "text/html are not drawn"),
        ("a", "pages/0.png", 422, "invalid-request", ""),
        ("a", "pages/x.png", 422, "invalid-request", ""),
        ("a", "pages/1.png?start=3", 422, "invalid-request", "go together"),
        ("a", "pages/1.png?start=9&end=3", 422, "invalid-request", "before start"),
        ("a", "pages/1.png?start=-1&end=3", 422, "invalid-request", ""),
        ("a", "pages/1.jpg", 404, "not-found", ""),
        (None, "file", 404, "unknown-document", ""),
        (None, "pages/1.png", 404, "unknown-document", ""),
    ],
)
def test_what_is_not_there_is_said_in_words(
    dossier: FakeDossier, url: str, key: str | None, path: str, status: int, code: str, words: str
) -> None:
    document = _id(dossier, key) if key else "doc_none"
    response = httpx.get(f"{url}/v1/documents/{document}/{path}")
    assert (response.status_code, response.json()["type"]) == (status, f"urn:dossier:problem:{code}")
    assert words in response.json()["detail"]


def test_a_range_beyond_the_text_boxes_what_there_is(dossier: FakeDossier, url: str) -> None:
    page = f"{url}/v1/documents/{_id(dossier, 'a')}/pages/1.png"
    assert httpx.get(page, params={"start": 0, "end": 10**9}).status_code == 200
    assert httpx.get(page, params={"start": 10**9, "end": 10**9}).status_code == 200


def test_a_file_that_is_not_kept_is_not_found(tmp_path: Path) -> None:
    with serving(FakeDossier(tmp_path)) as url:
        document = httpx.get(f"{url}/v1/documents").json()["documents"][0]
        assert document["original_bytes"] is None
        for path, code in (("file", "no-original"), ("pages/1.png", "no-page")):
            response = httpx.get(f"{url}/v1/documents/{document['id']}/{path}")
            assert (response.status_code, response.json()["type"]) == (404, f"urn:dossier:problem:{code}")


def test_a_document_says_how_large_its_file_is(dossier: FakeDossier, url: str) -> None:
    assert httpx.get(f"{url}/v1/documents/{_id(dossier, 'b')}").json()["original_bytes"] == len(PAGE)


def test_the_client_and_the_remote_desk_bring_the_same(dossier: FakeDossier, url: str) -> None:
    document = _id(dossier, "a")
    with Dossier(url) as client:
        content = client.original(document)
        assert content == dossier.collection().original(document).content()  # type: ignore[attr-defined]
        assert Image.open(io.BytesIO(client.picture(document, 1, start=0, end=20))).format == "PNG"
        with pytest.raises(DossierProblem, match="no page 7"):
            client.picture(document, 7)
    desk = RemoteDesk(url, dossier.settings)
    file = desk.original(document, collection=None)
    assert (file.name, file.media_type, file.content) == ("report.pdf", "application/pdf", content)
    assert desk.picture(document, 1, collection=None, start=None, end=None).startswith(b"\x89PNG")
    desk.close()
