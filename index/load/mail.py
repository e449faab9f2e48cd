"""E-mail messages: the text a person wrote, from whom, about what, and the day it was sent."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.errors import HeaderParseError, MessageError
from email.message import EmailMessage
from pathlib import PurePath

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
MAX_ATTACHMENTS, DEEPEST = 50, 3
_MOST_PEOPLE = 100
_SHOWN_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_BROKEN = (MessageError, HeaderParseError, ValueError, LookupError, TypeError, AttributeError, IndexError)
_KNOWN_HEADERS = ("From", "To", "Subject", "Date", "Received", "Message-ID")


def parse_mail(content: bytes) -> Extracted:
    """The head, the plain text of a message, else its HTML, and its attachments under their names."""
    if not _FIRST_HEADER.match(content.lstrip(b"\r\n")):
        raise FileRefused("bad_type", "Its name says e-mail, but it does not begin with a message's headers.")
    try:
        message = message_from_bytes(content.lstrip(b"\r\n"), policy=policy.default)
        assert isinstance(message, EmailMessage)
        if not any(name in message for name in _KNOWN_HEADERS):
            raise FileRefused("bad_type", "Its name says e-mail, but it has no sender, recipient, subject or date.")
    except _BROKEN as error:
        raise FileRefused("parse_error", f"It is not a readable message ({type(error).__name__}).") from error
    return read_message(message, "message/rfc822")


def read_message(message: EmailMessage, media_type: str) -> Extracted:
    """A message of whatever format, once it stands as an e-mail. Raises FileRefused."""
    try:
        if sum(1 for _ in message.walk()) > MAX_PARTS:
            raise FileRefused("too_complex", f"It has more than {MAX_PARTS:,} parts.")
        text, notes = _message(message)
        provenance, head = _provenance(message), _head(message)
    except _BROKEN as error:
        raise FileRefused("parse_error", f"It is not a readable message ({type(error).__name__}).") from error
    return Extracted(
        (text,),
        media_type,
        provenance=provenance,
        debris=False,
        quoted=True,
        notes=tuple(notes),
        metadata=head,
    )


def parse_mailbox(content: bytes) -> Extracted:
    """Every message of a mailbox, one after another, each under its head."""
    if not content.startswith(b"From "):
        raise FileRefused("bad_type", "Its name says mailbox, but it does not begin with a message.")
    raw = re.split(rb"(?m)^From [^\n]{1,300}\n", content)[1:]
    if len(raw) > MAX_PARTS:
        raise FileRefused("too_complex", f"It has {len(raw):,} messages; {MAX_PARTS:,} are allowed. Split it.")
    texts: list[str] = []
    notes: list[str] = []
    for number, one in enumerate(raw, start=1):
        try:
            message = message_from_bytes(one, policy=policy.default)
            assert isinstance(message, EmailMessage)
            text, _ = _message(message)
            texts.append(text)
        except (FileRefused, *_BROKEN) as error:
            notes.append(f"message {number} could not be read ({type(error).__name__})")
    return Extracted(tuple(texts), "application/mbox", unit="page", debris=False, quoted=True, notes=tuple(notes[:20]))


def parse_saved_page(content: bytes) -> Extracted:
    """The page of a web archive (MHTML)."""
    from index.load.html import read_html

    try:
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        part = next((one for one in message.walk() if one.get_content_type() == "text/html"), None)
        if part is None:
            raise FileRefused("bad_type", "Its name says web archive, but no page is in it.")
        payload = part.get_payload(decode=True)
        source, notes = _decoded(payload if isinstance(payload, bytes) else b"", part.get_content_charset())
    except _BROKEN as error:
        raise FileRefused("parse_error", f"It is not a readable web archive ({type(error).__name__}).") from error
    text, provenance, metadata, more = read_html(source)
    return Extracted((text,), "multipart/related", provenance=provenance, notes=(*notes, *more), metadata=metadata)


def _message(message: EmailMessage, depth: int = 0) -> tuple[str, list[str]]:
    """Who wrote to whom and when, what, and what was attached."""
    head = [f"{name}: {' '.join(str(message[name]).split())[:500]}" for name in _SHOWN_HEADERS if message[name]]
    attached = list(message.iter_attachments()) if message.is_multipart() else []
    try:
        text, notes = _body(message)
    except FileRefused:
        if not attached:
            raise
        text, notes = "", []
    sections = ["\n".join(head), text]
    for part in attached[:MAX_ATTACHMENTS]:
        name = " ".join((part.get_filename() or part.get_content_type()).split())[:200]
        try:
            sections.append(f"Attachment: {name}\n\n{_attachment(part, name, depth)}")
        except (FileRefused, *_BROKEN) as refused:
            why = str(refused) if isinstance(refused, FileRefused) else type(refused).__name__
            notes.append(f"attachment {name} not read: {why}")
    if len(attached) > MAX_ATTACHMENTS:
        notes.append(f"{len(attached) - MAX_ATTACHMENTS} more attachments not read")
    return "\n\n".join(section for section in sections if section.strip()), notes


def _attachment(part: EmailMessage, name: str, depth: int) -> str:
    """The text of an attachment, read as a file of its name is; a message in a message up to three deep."""
    from index.load import extract, refuse_unread

    if part.get_content_type() == "message/rfc822":
        if depth >= DEEPEST:
            raise FileRefused("too_complex", f"messages are nested more than {DEEPEST} deep")
        inner = part.get_payload(0)
        return _message(inner, depth + 1)[0] if isinstance(inner, EmailMessage) else ""
    suffix = PurePath(name).suffix.lower()
    refuse_unread(suffix)
    if suffix in (".eml", ".mbox", ".mht", ".mhtml"):
        raise FileRefused("too_complex", "mail inside of mail is read only where it is sent as a message")
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes) or not payload:
        raise FileRefused("empty", "It holds 0 bytes.")
    return "\n\n".join(extract(payload, suffix).blocks)


def _body(message: EmailMessage) -> tuple[str, list[str]]:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        raise FileRefused("no_text", "It holds no text part.")
    payload = part.get_payload(decode=True)
    text, notes = _decoded(payload if isinstance(payload, bytes) else b"", part.get_content_charset())
    if part.get_content_type() == "text/html":
        from index.load.html import read_html

        text, _, _, more = read_html(text)
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


def _head(message: EmailMessage) -> dict[str, object]:
    """Sender, recipients, subject and day of a message."""
    when = published_by_header(str(message["Date"])) if message["Date"] else None
    return {
        "from": _people(message["From"]),
        "to": _people(message["To"]),
        "cc": _people(message["Cc"]),
        "subject": " ".join(str(message["Subject"] or "").split()),
        "date": when.date if when else None,
    }


def _people(header: object) -> list[str]:
    """ "Name <address>" of everybody in a header."""
    return [" ".join(str(one).split()) for one in getattr(header, "addresses", ())[:_MOST_PEOPLE]]


def _provenance(message: EmailMessage) -> Provenance:
    sender = message["From"]
    addresses = getattr(sender, "addresses", ())
    names = [" ".join((address.display_name or address.addr_spec).split()) for address in addresses[:10]]
    return Provenance(
        title=" ".join(str(message["Subject"] or "").split())[:300] or None,
        author=", ".join(name for name in names if name)[:300] or None,
        published=published_by_header(str(message["Date"])) if message["Date"] else None,
    )
