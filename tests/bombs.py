"""Files that attack a parser or lie about themselves, made on the spot; none is committed.

Numbers (F1 to F27) are those of the project's list of bad inputs.
"""

from __future__ import annotations

import io
import json
import pickle
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from tests.documents import FIRST, SECOND, docx_bytes, epub_bytes, pdf_bytes, pptx_bytes, raw_pdf, rewritten
from tests.documents import zip_bytes as archive

FLATE = b"/Filter /FlateDecode"
TEXT = b"BT /F1 12 Tf 72 700 Td (Ferry at noon) Tj ET"
ENTITY = b'<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
LAUGHS = (
    b'<!DOCTYPE w [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "&%c;&%c;">' % (98 + n, 97 + n, 97 + n) for n in range(20))
    + b"]>"
)
_LARGE = 100_000_000


@dataclass(frozen=True, slots=True)
class Bomb:
    """A file and the codes of which one must stand in the report; "read" among them, or no codes: it is read, and what is hostile in it is not.

    Attributes:
        case: Number in the list.
        name: File name, unique in the corpus.
    """

    case: str
    name: str
    make: Callable[[], bytes]
    codes: tuple[str, ...] = ()


def deflated(byte: bytes, count: int) -> bytes:
    """`count` times `byte`, packed without ever lying in memory."""
    packer = zlib.compressobj(9)
    block = byte * 1_000_000
    return b"".join(packer.compress(block) for _ in range(count // 1_000_000)) + packer.flush()


# ---- PDF


def with_object(content: bytes, number: int, body: bytes) -> bytes:
    """A PDF of `raw_pdf` with one more object; its table of offsets is left to be rebuilt."""
    return content.replace(b"xref\n0", b"%d 0 obj\n" % number + body + b"\nendobj\nxref\n0", 1)


def flate_bomb() -> bytes:
    return raw_pdf(deflated(b" ", _LARGE), filters=FLATE)


def nested_flate() -> bytes:
    inner = zlib.compress(zlib.compress(deflated(b"\x00", 2 * _LARGE), 9), 9)
    return raw_pdf(inner, filters=b"/Filter [/FlateDecode /FlateDecode /FlateDecode]")


def text_operators() -> bytes:
    operators = b"BT /F1 12 Tf " + b"(a) Tj 1 0 0 1 5 5 Tm " * 1_000_000 + b"ET"
    return raw_pdf(zlib.compress(operators, 9), filters=FLATE)


def many_pages(count: int = 4_000) -> bytes:
    """Pages that share one stream of text, so that a small file is long to read."""
    operators = b"BT /F1 12 Tf " + b"(a) Tj 1 0 0 1 5 5 Tm " * 5_000 + b"ET"
    content = raw_pdf(zlib.compress(operators, 9), filters=FLATE)
    return content.replace(b"/Kids [3 0 R] /Count 1", b"/Kids [" + b"3 0 R " * count + b"] /Count %d" % count)


def lzw_bomb() -> bytes:
    """Codes that each repeat the longest string so far: the output grows with the square of the input."""
    bits = [format(0, "09b")]
    for code in range(258, 4095):
        width = 9 if code < 511 else 10 if code < 1023 else 11 if code < 2047 else 12
        bits.append(format(code, f"0{width}b"))
    clear = format(256, "012b")
    body = clear[3:] + clear.join(["".join(bits)] * 20) + format(257, "012b")
    size = -(-len(body) // 8)
    return raw_pdf(int(body.ljust(size * 8, "0"), 2).to_bytes(size, "big"), filters=b"/Filter /LZWDecode")


def predictor_bomb() -> bytes:
    return raw_pdf(
        zlib.compress(bytes(1000)),
        filters=FLATE + b" /DecodeParms << /Predictor 15 /Columns 2000000000 /Colors 2000000000 >>",
    )


def outline_loop() -> bytes:
    content = raw_pdf(TEXT).replace(b"/Type /Catalog", b"/Type /Catalog /Outlines 6 0 R")
    return with_object(content, 6, b"<< /First 6 0 R /Next 6 0 R /Title (x) >>")


def page_loop() -> bytes:
    return raw_pdf(TEXT).replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]")


def parent_loop() -> bytes:
    """A page whose size is inherited from a chain that never ends."""
    content = raw_pdf(TEXT).replace(b"/MediaBox [0 0 612 792]", b"")
    return content.replace(b"/Type /Pages", b"/Type /Pages /Parent 2 0 R")


def form_loop() -> bytes:
    """A drawing that draws itself."""
    content = raw_pdf(b"/X1 Do").replace(b"/Resources <<", b"/Resources << /XObject << /X1 6 0 R >>")
    form = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X1 6 0 R >> >> /Length 6 >>"
    return with_object(content, 6, form + b"\nstream\n/X1 Do\nendstream")


def many_contents() -> bytes:
    """One stream of 100 kB that a page names 50,000 times."""
    content = raw_pdf(deflated(b"(a) Tj ", 1_000_000), filters=FLATE)
    return content.replace(b"/Contents 4 0 R", b"/Contents [" + b"4 0 R " * 50_000 + b"]")


def wide_cmap() -> bytes:
    """A font whose table says that it maps four thousand million characters."""
    table = b"1 begincodespacerange <00000000> <FFFFFFFF> endcodespacerange 1 beginbfrange <00000000> <FFFFFFFF> <0000> endbfrange"
    content = raw_pdf(TEXT).replace(
        b"/BaseFont /Helvetica", b"/BaseFont /Helvetica /Encoding /Identity-H /ToUnicode 6 0 R"
    )
    return with_object(content, 6, b"<< /Length %d >>\nstream\n" % len(table) + table + b"\nendstream")


def no_root() -> bytes:
    """No catalogue, and a table that claims 10 thousand million objects."""
    return b"%PDF-1.7\n" + raw_pdf(TEXT)[9:].replace(b"/Root 1 0 R", b"").replace(
        b"/Size 6", b"/Size 9999999999"
    ).replace(b"/Type /Catalog", b"/Type /Nothing")


def xref_loop() -> bytes:
    content = raw_pdf(TEXT)
    start = content.rindex(b"xref\n0")
    return content.replace(b"trailer\n<<", b"trailer\n<< /Prev %d" % start)


def many_objects() -> bytes:
    """A stream of objects that says it holds a thousand million of them."""
    packed = zlib.compress(b"1 0 " * 1000)
    return with_object(
        raw_pdf(TEXT).replace(b"/Root 1 0 R", b"/Root 1 0 R /XRefStm 7"),
        6,
        b"<< /Type /ObjStm /N 1000000000 /First 10 /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed)
        + packed
        + b"\nendstream",
    )


def xmp_entities() -> bytes:
    packet = b"<?xpacket begin='' ?>" + LAUGHS + b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>&t;</x:xmpmeta>"
    content = raw_pdf(TEXT).replace(b"/Type /Catalog", b"/Type /Catalog /Metadata 6 0 R")
    return with_object(
        content, 6, b"<< /Type /Metadata /Subtype /XML /Length %d >>\nstream\n" % len(packet) + packet + b"\nendstream"
    )


def deep_arrays() -> bytes:
    return raw_pdf(TEXT).replace(b"/MediaBox [0 0 612 792]", b"/MediaBox " + b"[" * 200_000 + b"]" * 200_000)


# ---- archives


def document_xml() -> bytes:
    with zipfile.ZipFile(io.BytesIO(docx_bytes([FIRST]))) as opened:
        return opened.read("word/document.xml").split(b"?>", 1)[1]


def with_entry(name: str | zipfile.ZipInfo, content: bytes) -> bytes:
    buffer = io.BytesIO(docx_bytes([FIRST]))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr(name, content)
    return buffer.getvalue()


def docx_bomb() -> bytes:
    """A few hundred kB that unpack to 300 MB of one paragraph."""
    buffer = io.BytesIO(docx_bytes([FIRST]))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as opened, opened.open("word/more.xml", "w") as entry:
        for _ in range(300):
            entry.write(b"a" * 1_000_000)
    return buffer.getvalue()


def lying_size() -> bytes:
    honest = with_entry("word/more.xml", b"<a>" + b"x" * 30_000_000 + b"</a>")
    return honest.replace((30_000_007).to_bytes(4, "little"), (1_000).to_bytes(4, "little"))


def dense_text() -> bytes:
    """Within the size and the ratio of an archive, but of more text than a document may hold."""
    runs = b"".join(b"<w:p><w:r><w:t>%x %s</w:t></w:r></w:p>" % (n, b"word " * 400) for n in range(11_000))
    whole = document_xml().replace(b"<w:body>", b"<w:body>" + runs)
    return rewritten(docx_bytes([FIRST]), {"word/document.xml": whole})


def many_entries() -> bytes:
    return rewritten(docx_bytes([FIRST]), {f"word/{number}.xml": b"" for number in range(10_000)})


def overlapping_entries() -> bytes:
    """Many entries of the directory that share the bytes of one."""
    whole = with_entry("word/shared.xml", b"x" * 900_000)
    at = whole.rindex(b"PK\x01\x02")
    end = whole.rindex(b"PK\x05\x06")
    record, tail = whole[at:end], bytearray(whole[end:])
    records = b"".join(record.replace(b"word/shared.xml", b"word/s%05d.xml" % n) for n in range(1_500))
    count = struct.unpack_from("<H", tail, 8)[0] - 1 + 1_500
    start = struct.unpack_from("<I", tail, 16)[0]
    struct.pack_into("<HHII", tail, 8, count, count, at - start + len(records), start)
    return whole[:at] + records + bytes(tail)


def symbolic_link() -> bytes:
    link = zipfile.ZipInfo("word/link")
    link.external_attr = 0o120777 << 16
    return with_entry(link, b"/etc/passwd")


def zip_in_zip() -> bytes:
    inner = archive({"a.bin": bytes(10_000_000)})
    for _ in range(5):
        inner = archive({f"{n}.zip": inner for n in range(10)})
    return inner


def epub_entities(head: bytes, name: str) -> bytes:
    book = epub_bytes([f"<p>{FIRST}</p>"])
    with zipfile.ZipFile(io.BytesIO(book)) as opened:
        content = opened.read(name)
    return rewritten(book, {name: head + content.replace(b"Tides", b"&t;&x;")})


# ---- text, tables, pages, messages


def random_bytes() -> bytes:
    return random.Random(20260101).randbytes(40_000)


def deep_html() -> bytes:
    return b"<html><body>" + b"<div>" * 200_000 + FIRST.encode()


def deep_json_ld() -> bytes:
    nested = "[" * 200_000 + "]" * 200_000
    script = f'<script type="application/ld+json">{nested}</script>'
    return f"<html><head>{script}</head><body><p>{FIRST}</p><p>{SECOND}</p></body></html>".encode()


def many_elements() -> bytes:
    return b"<html><body>" + b"<p>a</p>" * 400_000


def many_attributes() -> bytes:
    return b"<html><body><p " + b"".join(b"a%d=1 " % n for n in range(500_000)) + b">text</p>"


def nested_mail() -> bytes:
    parts = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(3_000))
    return b"From: ann@example.org\n" + parts + b"Content-Type: text/plain\n\ntext"


def yaml_aliases() -> bytes:
    lines = "\n".join(f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]" for n in range(20))
    return f"---\ntitle: Ferry\na: &a [x, x]\n{lines}\n---\n{FIRST}\n".encode()


class _Opened:
    """Unpickled, it would call a function of the pickle's choice."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return json.loads, ('{"unpickled": true}',)


def numpy_object() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([_Opened()], dtype=object), allow_pickle=True)
    return buffer.getvalue()


def torch_file() -> bytes:
    return archive({"archive/data.pkl": pickle.dumps(_Opened()), "archive/version": b"3"})


PAGE = b"<html><body><p>" + FIRST.encode() + b"</p></body></html>"
TOO_MUCH = ("too_complex", "parse_error", "no_text")


def corpus() -> Iterator[Bomb]:
    """Every file of the list that a parser sees; what is about folders and disks is tested with the code for those."""
    yield from _named()
    yield from _pdf()
    yield from _archives()
    yield from _texts()


def _named() -> Iterator[Bomb]:
    for suffix in ("txt", "md", "html", "pdf", "docx", "pptx", "csv", "eml", "epub"):
        yield Bomb("F1", f"empty.{suffix}", lambda: b"", ("empty",))
    yield Bomb("F1", "blank.txt", lambda: b" \n\t\r\n", ("no_text",))
    yield Bomb("F2", "words.pdf", lambda: b"These are plain words.", ("bad_type",))
    yield Bomb("F2", "words.docx", lambda: b"hello", ("bad_type",))
    yield Bomb("F2", "slides.docx", lambda: pptx_bytes([("Title", FIRST, None)]), ("bad_type",))
    for suffix in ("exe", "txt", "md", "html", "csv", "eml"):
        yield Bomb("F14", f"program.{suffix}", lambda: b"MZ\x90\x00" + bytes(4_000), ("bad_type",))
    yield Bomb("F14", "elf.txt", lambda: b"\x7fELF" + bytes(4_000), ("bad_type",))
    yield Bomb("F15", "random.txt", random_bytes, ("bad_type",))
    yield Bomb("F15", "random.csv", random_bytes, ("bad_type",))
    yield Bomb("F16", "page.pdf", lambda: pdf_bytes([FIRST])[:9] + PAGE + pdf_bytes([FIRST])[9:], ("bad_type",))
    yield Bomb("F16", "zip.pdf", lambda: pdf_bytes([FIRST]) + archive({"a.txt": b"text"}), ("bad_type",))
    yield Bomb("F16", "pdf.html", lambda: b"<!-- %PDF-1.4 -->" + PAGE, ("bad_type",))
    yield Bomb("F16", "zip.html", lambda: PAGE + archive({"a.txt": b"text"}), ("bad_type",))
    yield Bomb("F16", "zip.txt", lambda: FIRST.encode() + archive({"a.txt": b"text"}), ("bad_type",))
    yield Bomb("F16", "page.txt", lambda: PAGE, ("bad_type",))
    for name, make in (
        ("model.pkl", lambda: pickle.dumps(_Opened())),
        ("model.pt", torch_file),
        ("model.joblib", lambda: pickle.dumps(_Opened(), protocol=2)),
        ("model.npy", numpy_object),
        ("pickle.txt", lambda: pickle.dumps(_Opened())),
        ("pickle2.csv", lambda: pickle.dumps(_Opened(), protocol=2)),
        ("numpy.txt", numpy_object),
        ("torch.docx", torch_file),
    ):
        yield Bomb("F27", name, make, ("bad_type",))


def _pdf() -> Iterator[Bomb]:
    yield Bomb("F3", "half.pdf", lambda: pdf_bytes([FIRST, SECOND])[:600], ("parse_error",))
    yield Bomb("F4", "locked.pdf", lambda: pdf_bytes([FIRST], password="secret"), ("encrypted",))
    yield Bomb("F5", "scan.pdf", lambda: pdf_bytes(["", ""]), ("no_text",))
    yield Bomb("F6", "flate.pdf", flate_bomb, TOO_MUCH)
    yield Bomb("F6", "flate3.pdf", nested_flate, TOO_MUCH)
    yield Bomb("F7", "operators.pdf", text_operators, ("too_complex", "read"))  # the limits hold either way
    yield Bomb("F8", "lzw.pdf", lzw_bomb, TOO_MUCH)
    yield Bomb("F8", "predictor.pdf", predictor_bomb, TOO_MUCH)
    yield Bomb("F8", "pages-loop.pdf", page_loop, TOO_MUCH)
    yield Bomb("F8", "form-loop.pdf", form_loop, TOO_MUCH)
    yield Bomb("F8", "contents.pdf", many_contents, TOO_MUCH)
    yield Bomb("F8", "no-root.pdf", no_root, TOO_MUCH)
    yield Bomb("F8", "deep.pdf", deep_arrays, TOO_MUCH)
    yield Bomb("F8", "outline.pdf", outline_loop)
    yield Bomb("F8", "parents.pdf", parent_loop)
    yield Bomb("F8", "cmap.pdf", wide_cmap, TOO_MUCH)
    yield Bomb("F8", "xref-loop.pdf", xref_loop)
    yield Bomb("F8", "objects.pdf", many_objects, TOO_MUCH)
    yield Bomb("F8", "xmp.pdf", xmp_entities)


def _archives() -> Iterator[Bomb]:
    yield Bomb("F9", "bomb.docx", docx_bomb, ("too_complex",))
    yield Bomb("F9", "lying.docx", lying_size, ("parse_error", "too_complex"))
    yield Bomb("F9", "dense.docx", dense_text, ("too_complex",))
    yield Bomb("F9", "overlap.docx", overlapping_entries, ("parse_error", "too_complex"))
    for name, head in (("xxe.docx", ENTITY), ("wide-xxe.docx", ENTITY)):
        wide = name.startswith("wide")
        xml = head + document_xml().replace(FIRST.encode(), b"&x;")
        content = ('<?xml version="1.0" encoding="UTF-16"?>' + xml.decode()).encode("utf-16") if wide else xml
        yield Bomb(
            "F10",
            name,
            lambda content=content: rewritten(docx_bytes([FIRST]), {"word/document.xml": content}),
            ("parse_error",),
        )
    for name in ("OPS/book.opf", "META-INF/container.xml"):
        stem = name.split("/")[1].split(".")[0]
        yield Bomb("F10", f"xxe-{stem}.epub", lambda name=name: epub_entities(ENTITY, name), ("parse_error",))
        yield Bomb("F11", f"laughs-{stem}.epub", lambda name=name: epub_entities(LAUGHS, name), ("parse_error",))
    yield Bomb(
        "F11",
        "laughs.docx",
        lambda: rewritten(
            docx_bytes([FIRST]), {"word/document.xml": LAUGHS + document_xml().replace(FIRST.encode(), b"&t;")}
        ),
        ("parse_error",),
    )
    for number, name in enumerate(["../x", "/etc/x", "a/../../x", "..\\x", "C:\\x", "C:x"]):
        yield Bomb("F13", f"path{number}.docx", lambda name=name: with_entry(name, b"x"), ("parse_error",))
    yield Bomb("F13", "link.docx", symbolic_link, ("parse_error",))
    yield Bomb("F13", "entries.docx", many_entries, ("too_complex",))
    yield Bomb("F13", "nested.docx", zip_in_zip, ("bad_type",))
    yield Bomb("F13", "nested.zip", zip_in_zip, ("bad_type",))


def _texts() -> Iterator[Bomb]:
    yield Bomb("F17", "wrong-mark.txt", lambda: b"\xef\xbb\xbf" + "naïve".encode("latin-1"), ("bad_encoding",))
    yield Bomb("F17", "half-utf16.txt", lambda: FIRST.encode("utf-16")[:-1], ("bad_encoding",))
    yield Bomb("F19", "columns.csv", lambda: b"a," * 1_000_000 + b"\n1\n", ("too_complex",))
    yield Bomb("F19", "rows.csv", lambda: b"a,b\n" * 25_000, ("too_complex",))
    yield Bomb("F19", "cell.csv", lambda: b'a,b\n"' + b"x" * 2_000_000, ("parse_error",))
    yield Bomb("F19", "deep.html", deep_html, ("too_complex",))
    yield Bomb("F19", "elements.html", many_elements, ("too_complex",))
    yield Bomb("F19", "parts.eml", nested_mail, TOO_MUCH)
    yield Bomb("F19", "attributes.html", many_attributes, ("too_complex",))
    yield Bomb("F19", "deep-ld.html", deep_json_ld)
    yield Bomb("F19", "aliases.md", yaml_aliases)
