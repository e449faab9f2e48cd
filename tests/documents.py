"""Small documents in every format, made on the spot; none is committed."""

import io
import zipfile
from email.message import EmailMessage

from docx import Document
from fpdf import FPDF
from pptx import Presentation

FIRST = "The ferry between Harrow Point and the islands will run again from spring, the harbour board said."
SECOND = "Two of its three boats have new engines, and the third will be sold before the summer begins."


def pdf_bytes(pages, *, title=None, author=None, password=None):
    pdf = FPDF()
    pdf.set_font("helvetica", size=12)
    if title:
        pdf.set_title(title)
    if author:
        pdf.set_author(author)
    if password:
        pdf.set_encryption(owner_password="owner", user_password=password)
    for page in pages:
        pdf.add_page()
        if page:
            pdf.multi_cell(0, 6, page)
    return bytes(pdf.output())


def raw_pdf(content, *, filters=b"", length=None):
    """A one-page PDF around a content stream, to hold streams that no library would write."""
    length = len(content) if length is None else length
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d %s >>\nstream\n" % (length, filters) + content + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        out += b"%010d 00000 n \n" % offset
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def docx_bytes(paragraphs, *, table=None, title=None, author=None):
    document = Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if table:
        grid = document.add_table(rows=len(table), cols=len(table[0]))
        for row, values in enumerate(table):
            for column, value in enumerate(values):
                grid.cell(row, column).text = value
    document.core_properties.title = title or ""
    document.core_properties.author = author or ""
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def pptx_bytes(slides):
    presentation = Presentation()
    for title, text, notes in slides:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = text
        if notes:
            slide.notes_slide.notes_text_frame.text = notes
    buffer = io.BytesIO()
    presentation.save(buffer)
    return buffer.getvalue()


def zip_bytes(entries, *, stored=("mimetype",)):
    """A ZIP archive; `entries` maps names (or ZipInfo) to bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(
                name, content, compress_type=zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            )
    return buffer.getvalue()


def rewritten(archive_bytes, changes):
    """The same archive with entries replaced or added."""
    with zipfile.ZipFile(io.BytesIO(archive_bytes)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    return zip_bytes(entries | changes)


def epub_bytes(chapters, *, package=None):
    items = "".join(
        f'<item id="c{number}" href="text/c{number}.xhtml" media-type="application/xhtml+xml"/>'
        for number in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{number}"/>' for number in range(len(chapters)))
    entries = {
        "mimetype": b"application/epub+zip",
        "META-INF/container.xml": b'<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>',
        "OPS/book.opf": (
            package
            or f"""<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>
            <dc:title>Tides</dc:title><dc:creator>Ann Lee</dc:creator><dc:publisher>Harbour Books</dc:publisher><dc:date>2019-04-02</dc:date>
            </metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"""
        ).encode(),
    }
    for number, chapter in enumerate(chapters):
        entries[f"OPS/text/c{number}.xhtml"] = (
            f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>{chapter}</body></html>'.encode()
        )
    return zip_bytes(entries)


def mail_bytes(text, *, html=None, attachment=None):
    message = EmailMessage()
    message["From"] = "Ann Lée <ann@example.org>"
    message["To"] = "bo@example.org"
    message["Subject"] = "The ferry – again"
    message["Date"] = "Mon, 10 Nov 2025 09:00:00 +0500"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    if attachment:
        message.add_attachment(attachment, maintype="application", subtype="octet-stream", filename="plan.bin")
    return message.as_bytes()
