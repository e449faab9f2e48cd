"""What the page weighs on its way: its document goes out compressed, and nothing else is touched."""

from pathlib import Path

import httpx

from tests.fakes_page import MemoryDossier, make_document, served


def test_the_document_of_the_page_goes_out_compressed_where_the_browser_takes_that(tmp_path: Path) -> None:
    with (
        served(MemoryDossier(tmp_path, [make_document("The harbour opened in 1902.", title="A")])) as url,
        httpx.Client(base_url=url) as client,
    ):
        page = client.get("/", headers={"Accept-Encoding": "gzip"})
        assert page.headers["content-encoding"] == "gzip"
        assert page.num_bytes_downloaded < 60_000 < len(page.content)
        assert "content-encoding" not in client.get("/", headers={"Accept-Encoding": "identity"}).headers
        assert "content-encoding" not in client.get("/openapi.json", headers={"Accept-Encoding": "gzip"}).headers
        icon = client.get("/favicon.ico")
        assert icon.headers["content-type"] == "image/svg+xml"
        assert icon.text.startswith("<svg")
