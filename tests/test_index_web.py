"""Pages that were named: fetched from a real server in bounds, and never from where they must not come."""

from __future__ import annotations

import gzip
import json
import socket
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from index.errors import FileRefused
from index.files import SourceFile
from index.values import Refusal
from index.web import connection
from index.web.connection import is_public
from index.web.fetching import MOST_REDIRECTS, Fetcher, FetchLimits, normal
from rag.build import open_dossier
from rag.settings import load_settings
from tests.site import Page, Site, site
from ui.desk import LocalDesk

TEXT = "The ferry between Harrow Point and the islands will run again from spring, the harbour board said. " * 3
HTML = f"<html><head><title>Ferries</title></head><body><article><h1>Ferries</h1><p>{TEXT}</p></article></body></html>"


def _limits(**given: Any) -> FetchLimits:
    return FetchLimits(**{"max_bytes": 100_000, "page_s": 20.0, "pause_s": 0.0, "private": True, **given})


def _fetched(folder: Path, urls: Sequence[str], **given: Any) -> list[SourceFile | Refusal]:
    return list(Fetcher(folder, _limits(**given)).fetch(urls))


def _codes(found: Sequence[SourceFile | Refusal]) -> list[str]:
    return [one.code if isinstance(one, Refusal) else one.source.rsplit("/", 1)[-1] for one in found]


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [("/a/report", "text/html; charset=utf-8", "report.html"), ("/", "text/html", "127.0.0.1.html"), ("/a/report.pdf?v=2", "application/pdf", "report.pdf"),
     ("/notes.md", "text/plain", "notes.md"), ("/notes", "text/plain", "notes.txt"), ("/x.php", "application/pdf", "x.pdf"), ("/feed", "text/xml", "feed.xml"),
     ("/file.docx", "application/octet-stream", "file.docx"), ("/plain", None, "plain.html"), ("/%2e%2e%2fetc", "text/html", "etc.html")],
)  # fmt: skip
def test_a_page_is_a_file_named_by_what_its_server_says_it_is(
    tmp_path: Path, path: str, kind: str | None, name: str
) -> None:
    with site({path: Page(b"content", kind)}) as found:
        (page,) = _fetched(tmp_path, [found.url + path])
    assert isinstance(page, SourceFile)
    assert (page.name, page.source, page.path.parent) == (name, found.url + path, tmp_path)
    assert page.path.read_bytes() == b"content"


@pytest.mark.parametrize(
    ("given", "kept"),
    [("HTTP://Tarn.Example:80/A?q=1#part", "http://tarn.example/A?q=1"), ("https://tarn.example", "https://tarn.example/"),
     ("https://tärn.example/ä b", None), ("https://tärn.example/ä", "https://xn--trn-qla.example/%C3%A4"), ("http://[::1]:8080/", "http://[::1]:8080/"),
     ("ftp://tarn.example/", None), ("file:///etc/passwd", None), ("http://user:key@tarn.example/", None), ("http://", None), ("http://[::1", None),
     ("http://tarn.example:99999/", None), ("http://" + "a" * 3000, None), ("http://tarn.example\\@127.0.0.1/", None)],
)  # fmt: skip
def test_an_address_has_one_form_or_is_refused(given: str, kept: str | None) -> None:
    if kept is None:
        with pytest.raises(FileRefused):
            normal(given)
    else:
        assert normal(given) == kept


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1",
     "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2001:db8::1"],
)  # fmt: skip
def test_no_address_of_this_machine_or_its_network_is_public(address: str) -> None:
    assert not is_public(address)


def test_public_addresses_are() -> None:
    assert (
        is_public("93.184.216.34")
        and is_public("2606:2800:220:1:248:1893:25c8:1946")
        and is_public("64:ff9b::5db8:d822")
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0177.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_a_private_address_is_not_asked_however_it_is_written(tmp_path: Path, host: str) -> None:
    with site({"/": Page(b"secret")}) as found:
        port = found.url.rsplit(":", 1)[1]
        assert _codes(_fetched(tmp_path, [f"http://{host}:{port}/"], private=False)) == ["private_address"]
        assert found.asked == []


def _public_but(monkeypatch: pytest.MonkeyPatch, *private: str) -> None:
    monkeypatch.setattr(connection, "is_public", lambda address: address not in private)


def test_a_redirect_to_a_private_address_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _public_but(monkeypatch, "127.0.0.2")
    with site({"/": Page(b"secret")}, host="127.0.0.2") as inside:
        with site({"/out": Page(status=302, headers={"Location": f"{inside.url}/"})}) as outside:
            assert _codes(_fetched(tmp_path, [f"{outside.url}/out"], private=False)) == ["private_address"]
        assert inside.asked == []


def test_a_name_that_stands_for_another_address_a_moment_later_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is connected to is what was resolved and checked: the second answer of a name server is not asked for."""
    _public_but(monkeypatch, "127.0.0.2")
    answers: list[str] = []
    resolve = socket.getaddrinfo

    def rebound(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host == "rebind.example":
            answers.append("127.0.0.1" if len(answers) % 2 == 0 else "127.0.0.2")
            host = answers[-1]
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    with site({"/": Page(b"public")}) as found:
        port = found.url.rsplit(":", 1)[1]
        first = Fetcher(tmp_path, _limits(private=False))
        (page,) = first.fetch([f"http://rebind.example:{port}/"])
    # robots.txt was asked at the first address; the page itself resolved to the second one and was refused.
    assert isinstance(page, Refusal) and page.code == "private_address"
    assert answers == ["127.0.0.1", "127.0.0.2"]


def test_a_name_of_which_one_address_is_private_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _public_but(monkeypatch, "127.0.0.2")
    resolve = socket.getaddrinfo

    def both(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host != "both.example":
            return resolve(host, *args, **kwargs)
        return [*resolve("127.0.0.1", *args, **kwargs), *resolve("127.0.0.2", *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with site({"/": Page(b"x")}) as found:
        assert _codes(_fetched(tmp_path, [f"http://both.example:{found.url.rsplit(':', 1)[1]}/"], private=False)) == [
            "private_address"
        ]
        assert found.asked == []


def test_redirects_are_followed_and_the_page_keeps_the_address_it_was_named_by(tmp_path: Path) -> None:
    pages = {"/old": Page(status=301, headers={"Location": "/new.pdf"}), "/new.pdf": Page(b"%PDF", "application/pdf")}
    with site(pages) as found:
        (page,) = _fetched(tmp_path, [f"{found.url}/old"])
    assert isinstance(page, SourceFile) and (page.source, page.name) == (f"{found.url}/old", "new.pdf")


def test_a_circle_of_redirects_ends(tmp_path: Path) -> None:
    with site({"/a": Page(status=302, headers={"Location": "/a"})}) as found:
        assert _codes(_fetched(tmp_path, [f"{found.url}/a"])) == ["unreachable"]
        assert found.asked.count("/a") == MOST_REDIRECTS + 1


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/", "http://a:b@127.0.0.1/", "http://[::1"])
def test_a_redirect_leads_to_web_pages_only(tmp_path: Path, location: str) -> None:
    with site({"/a": Page(status=302, headers={"Location": location})}) as found:
        assert _codes(_fetched(tmp_path, [f"{found.url}/a"])) == ["bad_type"]


def test_sizes_times_and_packings_are_bounded(tmp_path: Path) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    pages = {
        "/large": Page(b"x" * 100_001),
        "/endless": Page(b"x" * 200, headers={"Content-Length": "100000"}, drip_s=0.2),
        "/bomb": Page(bomb, headers={"Content-Encoding": "gzip"}),
        "/packed": Page(gzip.compress(b"packed"), headers={"Content-Encoding": "gzip"}),
        "/cut": Page(gzip.compress(b"x" * 900)[:-9], headers={"Content-Encoding": "gzip"}),
        "/other": Page(zlib.compress(b"x"), headers={"Content-Encoding": "deflate"}),
        "/head": Page(b"x", headers={f"X-{n}": "y" * 8000 for n in range(90)}),
        "/gone": Page(b"x", status=410),
        "/broken": Page(b"x", status=500),
    }
    with site(pages) as found:
        urls = [found.url + path for path in pages if path != "/endless"]
        codes = _codes(_fetched(tmp_path, urls))
        assert codes == [
            "too_large",
            "too_large",
            "packed",
            "unreachable",
            "parse_error",
            "unreachable",
            "missing",
            "unreachable",
        ]
        assert _codes(_fetched(tmp_path, [f"{found.url}/endless"], page_s=1.0)) == ["unreachable"]
    assert _codes(_fetched(tmp_path, [f"{found.url}/packed"])) == ["unreachable"]  # nobody listens there any more


def test_a_site_that_asks_not_to_be_fetched_is_not(tmp_path: Path) -> None:
    rules = b"User-agent: *\nDisallow: /private/\nAllow: /private/open\n\nUser-agent: dossier\nDisallow: /not-us*\nDisallow: /private/\n"
    pages = {
        "/robots.txt": Page(rules, "text/plain"),
        **{path: Page(b"x") for path in ("/a", "/private/b", "/not-us/c")},
    }
    pages["/to"] = Page(status=302, headers={"Location": "/private/b"})
    with site(pages) as found:
        codes = _codes(_fetched(tmp_path, [found.url + path for path in ("/a", "/private/b", "/not-us/c", "/to")]))
        assert codes == ["a", "robots", "robots", "robots"]
        assert found.asked.count("/robots.txt") == 1 and "/private/b" not in found.asked
    with site({"/robots.txt": Page(status=503), "/a": Page(b"x")}) as found:
        assert _codes(_fetched(tmp_path, [f"{found.url}/a"])) == ["unreachable"]
        assert found.asked == ["/robots.txt"]


def _sitemap(*urls: str, root: str = "urlset") -> bytes:
    inside = "".join(f"<url><loc> {one} </loc></url>" for one in urls)
    return (
        f'<?xml version="1.0"?><{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{inside}</{root}>'.encode()
    )


def test_the_pages_of_a_sitemap_come_in_its_place(tmp_path: Path) -> None:
    def laid_out(url: str) -> Mapping[str, Page]:
        return {
            "/sitemap.xml": Page(_sitemap(f"{url}/one.xml", f"{url}/two.xml.gz", root="sitemapindex"), "application/xml"),
            "/one.xml": Page(_sitemap(f"{url}/a?x=1&amp;y=2", f"{url}/b", "http://elsewhere.example/c"), "text/xml"),
            "/two.xml.gz": Page(gzip.compress(_sitemap(f"{url}/b", f"{url}/d")), "application/gzip"),
            **{path: Page(b"x") for path in ("/a?x=1&y=2", "/b", "/d")},
        }  # fmt: skip

    with site(laid_out) as found:
        fetched = _fetched(tmp_path, [f"{found.url}/sitemap.xml"])
        assert _codes(fetched) == ["other_site", "a?x=1&y=2", "b", "d"]
        few = _fetched(tmp_path, [f"{found.url}/sitemap.xml"], max_pages=2)
        assert _codes(few)[-1] == "quota" and sum(isinstance(one, SourceFile) for one in few) <= 2
    with site(lambda url: {"/s.xml": Page(_sitemap(f"{url}/s.xml", root="sitemapindex"), "text/xml")}) as loop:
        assert _fetched(tmp_path, [f"{loop.url}/s.xml"]) == []


def test_another_xml_file_is_a_page_and_no_sitemap(tmp_path: Path) -> None:
    with site({"/data.xml": Page(b"<?xml version='1.0'?><a><loc>http://x.example/</loc></a>", "text/xml")}) as found:
        assert _codes(_fetched(tmp_path, [f"{found.url}/data.xml"])) == ["data.xml"]


@pytest.fixture
def served() -> Any:
    pages = {
        "/ferries": Page(HTML.encode("utf-16"), "text/html"),
        "/café": Page(b"", "text/html"),
        "/latin": Page(
            HTML.replace("islands", "îles").replace("<head>", '<head><meta charset="iso-8859-1">').encode("latin-1")
        ),
        "/picture": Page(b"\x89PNG\r\n", "image/png"),
    }
    with site(pages) as found:
        yield found


def test_pages_go_in_under_their_address_and_a_changed_one_takes_its_own_place(tmp_path: Path, served: Site) -> None:
    settings = load_settings(data=tmp_path / "data", fetch_private=True, fetch_pause_s=0)
    desk = LocalDesk(open_dossier(settings))
    try:
        named = [f"{served.url}{path}" for path in ("/ferries", "/latin", "/picture", "/missing")]
        report = desk.index(named, collection=None, progress=None, metadata={"project": "Harbour"})
        assert [one.code for one in report.refused] == ["missing", "bad_type"]
        documents = desk.documents(collection=None).documents
        assert {one.sources[0] for one in documents} == {f"{served.url}/ferries", f"{served.url}/latin"}
        assert all(one.title == "Ferries" and one.metadata["project"] == "Harbour" for one in documents)
        latin = next(one for one in documents if one.sources[0].endswith("latin"))
        assert "îles" in desk.text(latin.id, collection=None, start=0, end=None).text
        assert desk.index(named[:1], collection=None, progress=None).unchanged == 1
        served.pages["/ferries"] = Page(HTML.replace("spring", "autumn").encode())
        assert len(desk.index(named[:1], collection=None, progress=None).replaced) == 1
        assert json.loads(json.dumps(desk.documents(collection=None).total)) == 2
    finally:
        desk.close()


def test_nothing_private_is_fetched_unless_it_is_set(tmp_path: Path, served: Site) -> None:
    desk = LocalDesk(open_dossier(load_settings(data=tmp_path / "data")))
    try:
        (refused,) = desk.index([f"{served.url}/ferries"], collection=None, progress=None).refused
        assert (refused.code, served.asked) == ("private_address", [])
    finally:
        desk.close()
