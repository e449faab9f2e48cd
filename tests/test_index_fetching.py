"""No file makes its reader fetch anything (S8, F12): 50 forms of an address in seven formats, and a loopback sink that stays empty."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from index.errors import FileRefused
from index.load import parse_file
from index.sandbox import ParserProcess
from tests.documents import FIRST, SECOND, docx_bytes, epub_bytes, mail_bytes, pptx_bytes, raw_pdf, rewritten
from tests.sink import Sink, sinking

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
ADDRESSES = (
    "http://127.0.0.1:{port}/{n}",
    "http://localhost:{port}/{n}",
    "http://2130706433:{port}/{n}",
    "http://0x7f.1:{port}/{n}",
    "http://0177.0.0.1:{port}/{n}",
    "http://[::ffff:127.0.0.1]:{port}/{n}",
    "//127.0.0.1:{port}/{n}",
    "http://user:secret@127.0.0.1:{port}/{n}",
    "ftp://127.0.0.1:{port}/{n}",
    "\\\\127.0.0.1@{port}\\{n}",
)
IN_PAGES = (
    "<img src='{to}'>",
    "<img srcset='{to} 2x' src='a.png'>",
    "<script src='{to}'></script>",
    "<link rel=stylesheet href='{to}'>",
    "<link rel=preload as=image href='{to}'><link rel=dns-prefetch href='{to}'>",
    "<style>@import url({to});</style>",
    "<iframe src='{to}'></iframe>",
    "<object data='{to}'></object><embed src='{to}'>",
    "<video poster='{to}'><source src='{to}'></video>",
    "<audio src='{to}'></audio>",
    "<svg><image href='{to}'/><use xlink:href='{to}#a'/></svg>",
    "<base href='{to}'><img src='a.png'>",
    "<meta http-equiv=refresh content='0;url={to}'>",
    "<body background='{to}'>",
    "<p style='background:url({to})'>x</p>",
    "<form action='{to}'><input type=image src='{to}'></form>",
    "<a href='{to}' ping='{to}'>x</a>",
    "<math><mtext href='{to}'>x</mtext></math>",
    "<applet codebase='{to}' code=A></applet>",
    "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='{to}'/>",
    "<video><track src='{to}'></video>",
    "<input type=image src='{to}'><frameset><frame src='{to}'></frameset>",
    "<link rel=canonical href='{to}'><link rel=amphtml href='{to}'>",
    '<script type="application/ld+json">{{"@context": "{to}", "@id": "{to}", "@type": "NewsArticle"}}</script>',
)
BEFORE_PAGES = (
    "<!DOCTYPE html SYSTEM '{to}'>",
    "<!DOCTYPE html [<!ENTITY % x SYSTEM '{to}'> %x;]>",
    "<?xml-stylesheet href='{to}'?>",
)
IN_MARKDOWN = ("![x]({to})", "[x]: {to}\n\n![y][x]", "<img src='{to}'>", "<{to}>", "---\nimage: {to}\n---")
IN_TABLES = ('"=WEBSERVICE(""{to}"")"', '"=IMAGE(""{to}"")"')
RELATION_TYPES = ("attachedTemplate", "image", "oleObject", "aFChunk", "subDocument", "frame", "hyperlink", "header")
IN_BOOKS = (
    '<item id="r" href="{to}" media-type="application/xhtml+xml"/>',
    '<item id="r" href="{to}" media-type="image/png" properties="cover-image"/>',
)
IN_PDF = ("/URI ({to})", "/F ({to})")


def page(before: str, inside: str) -> bytes:
    return (
        f"{before}<html><head><title>x</title></head><body>{inside}<p>{FIRST}</p><p>{SECOND}</p></body></html>".encode()
    )


def related(kind: str, to: str) -> bytes:
    relation = f'<Relationship Id="rIdX" Type="{RELATIONS}/{kind}" Target="{to}" TargetMode="External"/>'
    xml = f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{relation}</Relationships>'
    return rewritten(docx_bytes([FIRST]), {"word/_rels/settings.xml.rels": xml.encode()})


def book(item: str, chapter: str) -> bytes:
    items = f'<item id="c0" href="text/c0.xhtml" media-type="application/xhtml+xml"/>{item}'
    package = f'<package xmlns="http://www.idpf.org/2007/opf"><manifest>{items}</manifest><spine><itemref idref="c0"/><itemref idref="r"/></spine></package>'
    return epub_bytes([f"{chapter}<p>{FIRST}</p>"], package=package)


def forms() -> Iterator[tuple[str, bytes]]:
    """File name and content of each form; addresses take turns."""
    n = 0

    def to() -> str:
        nonlocal n
        n += 1
        return ADDRESSES[n % len(ADDRESSES)].format(port="{port}", n=n)

    for inside in IN_PAGES:
        yield "a.html", page("", inside.format(to=to()))
    for before in BEFORE_PAGES:
        yield "a.html", page(before.format(to=to()), "")
    yield "a.html", page("", "".join(f"<img src='{to()}'>" for _ in ADDRESSES))
    for text in IN_MARKDOWN:
        yield "a.md", f"{text.format(to=to())}\n\n{FIRST}".encode()
    for cell in IN_TABLES:
        yield "a.csv", f"Boat,Link\nTern,{cell.format(to=to())}\n".encode()
    for kind in RELATION_TYPES:
        yield "a.docx", related(kind, to())
    yield "a.docx", rewritten(docx_bytes([FIRST]), {"word/x.xml": f"<!DOCTYPE x SYSTEM '{to()}'><x/>".encode()})
    yield (
        "a.pptx",
        rewritten(pptx_bytes([("T", FIRST, None)]), {"ppt/x.xml": f"<!DOCTYPE x SYSTEM '{to()}'><x/>".encode()}),
    )
    for item in IN_BOOKS:
        yield "a.epub", book(item.format(to=to()), f"<img src='{to()}'/>")
    yield "a.eml", mail_bytes("", html=f"<img src='{to()}'><p>{FIRST}</p>")
    external = f'From: a@example.org\nContent-Type: message/external-body; access-type=URL; URL="{to()}"\n\nContent-Type: text/plain\n\n'
    yield "a.eml", external.encode()
    for action in IN_PDF:
        made = raw_pdf(b"BT /F1 12 Tf (Ferry at noon) Tj ET")
        yield (
            "a.pdf",
            made.replace(
                b"/Type /Catalog", b"/Type /Catalog /OpenAction << /S /URI %s >>" % action.format(to=to()).encode()
            ),
        )


@pytest.fixture
def sink() -> Iterator[Sink]:
    with sinking() as sink:
        urllib.request.urlopen(f"{sink.url}/reachable").close()
        assert sink.seen.pop() == "/reachable"
        sink.seen.clear()
        yield sink


@pytest.mark.parametrize("in_child", [False, True], ids=["without the sandbox", "in the child"])
def test_no_address_in_a_file_is_ever_visited(sink: Sink, tmp_path: Path, in_child: bool) -> None:
    seen = read = 0
    with ParserProcess() as child:
        for number, (name, content) in enumerate(forms()):
            path = tmp_path / f"{number}-{name}"
            path.write_bytes(content.replace(b"{port}", str(sink.port).encode()))
            seen += 1
            with suppress(FileRefused):
                parsed = child.parse(path, name) if in_child else parse_file(path, name, max_bytes=1_000_000)
                read += bool(parsed.text)
    print(f"{seen} forms, {read} read, {seen - read} refused")
    assert seen >= 50 and read >= 40
    assert sink.seen == []
