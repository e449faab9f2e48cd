"""E-mail messages: the text a person wrote, from whom, about what, and the day it was sent."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.errors import HeaderParseError, MessageError
from email.message import EmailMessage

from index.dates import published_by_header
from index.errors import FileRefused
from index.load.decode import decode
from index.load.extracted import Extracted
from index.values import Provenance

MAX_PARTS = 1_000
_FIRST_HEADER = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:From |(?:From|To|Cc|Subject|Date|Received|Return-Path|Message-ID|MIME-Version|Delivered-To|Reply-To|Content-Type|X-[\w-]+|DKIM-Signature|ARC-[\w-]+|Authentication-Results)\s*:)",
    re.I,
)
_KNOWN_HEADERS = ("From", "To", "Subject", "Date", "Received", "Message-ID")


def parse_mail(content: bytes) -> Extracted:
    """The plain text of a message, else its HTML; attachments are named in the notes and not read."""
    if not _FIRST_HEADER.match(content.lstrip(b"\r\n")):
        raise FileRefused("bad_type", "Its name says e-mail, but it does not begin with a message's headers.")
    try:
        message = message_from_bytes(content.lstrip(b"\r\n"), policy=policy.default)
        assert isinstance(message, EmailMessage)
        if not any(name in message for name in _KNOWN_HEADERS):
            raise FileRefused("bad_type", "Its name says e-mail, but it has no sender, recipient, subject or date.")
        if sum(1 for _ in message.walk()) > MAX_PARTS:
            raise FileRefused("too_complex", f"It has more than {MAX_PARTS:,} parts.")
        text, notes = _body(message)
        provenance = _provenance(message)
        names = [part.get_filename() or part.get_content_type() for part in message.iter_attachments()]
    except (MessageError, HeaderParseError, ValueError, LookupError, TypeError, AttributeError, IndexError) as error:
        raise FileRefused("parse_error", f"It is not a readable message ({type(error).__name__}).") from error
    if names:
        notes.append(f"{len(names)} attachment" + ("" if len(names) == 1 else "s") + " not read")
    return Extracted((text,), "message/rfc822", provenance=provenance, debris=False, quoted=True, notes=tuple(notes))


def _body(message: EmailMessage) -> tuple[str, list[str]]:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        raise FileRefused("no_text", "It holds no text part.")
    payload = part.get_payload(decode=True)
    text, notes = _decoded(payload if isinstance(payload, bytes) else b"", part.get_content_charset())
    if part.get_content_type() == "text/html":
        from index.load.html import read_html

        text, _, more = read_html(text)
        notes += more
    return text, notes


def _decoded(payload: bytes, charset: str | None) -> tuple[str, list[str]]:
    """As the part says, when every byte agrees; else by the rules for any text file."""
    if charset and not charset.startswith(("utf-7", "idna", "puny", "raw", "unicode")):
        try:
            return payload.decode(charset), []
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(payload)


def _provenance(message: EmailMessage) -> Provenance:
    sender = message["From"]
    addresses = getattr(sender, "addresses", ())
    names = [" ".join((address.display_name or address.addr_spec).split()) for address in addresses[:10]]
    return Provenance(
        title=" ".join(str(message["Subject"] or "").split())[:300] or None,
        author=", ".join(name for name in names if name)[:300] or None,
        published=published_by_header(str(message["Date"])) if message["Date"] else None,
    )
