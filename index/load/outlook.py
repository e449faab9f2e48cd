"""Outlook messages (msg): written out as an e-mail and read as one."""

from __future__ import annotations

import struct
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses
from typing import Any

from index.errors import FileRefused
from index.load.extracted import Extracted
from index.load.mail import MAX_ATTACHMENTS, read_message

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TYPE = 0x0C15  # PidTagRecipientType
_HEADS = {1: "To", 2: "Cc"}
_MOST_PEOPLE = 100
_BROKEN = (ValueError, LookupError, TypeError, AttributeError, OSError, OverflowError, AssertionError, struct.error)


def parse_outlook(content: bytes) -> Extracted:
    if not content.startswith(_COMPOUND):
        raise FileRefused("bad_type", "Its name says Outlook message, but it does not begin like one.")
    from oxmsg import Message

    try:
        said = Message.load(content)
        message = _written(said)
        attached = list(said.attachments)
        for one in attached[:MAX_ATTACHMENTS]:
            kept = one.file_bytes or b""
            name = " ".join((one.file_name or "attachment").split())[:200]
            message.add_attachment(kept, maintype="application", subtype="octet-stream", filename=name)
    except _BROKEN as error:
        raise FileRefused("parse_error", f"It is not a readable Outlook message ({type(error).__name__}).") from error
    extracted = read_message(message, "application/vnd.ms-outlook")
    if len(attached) <= MAX_ATTACHMENTS:
        return extracted
    raise FileRefused("too_complex", f"It has {len(attached):,} attachments; {MAX_ATTACHMENTS} are allowed.")


def _written(said: Any) -> EmailMessage:
    """The head and the text of a message."""
    message = EmailMessage(policy=policy.default)
    people: dict[str, list[Address]] = {"From": _addresses(said.sender or ""), "To": [], "Cc": []}
    for one in said.recipients[:_MOST_PEOPLE]:
        head = _HEADS.get(one.properties.int_prop_value(_TYPE) or 1)
        if head:
            people[head] += _addresses(f'"{_plain(one.name)}" <{_plain(one.email_address)}>')
    for head, addresses in people.items():
        if addresses:
            message[head] = addresses
    message["Subject"] = " ".join(_plain(said.subject or "").split())
    if said.sent_date is not None:
        message["Date"] = format_datetime(said.sent_date)
    if said.body and said.body.strip():
        message.set_content(said.body.replace("\x00", ""))
    elif html := said.html_body:
        message.set_content(html.replace("\x00", ""), subtype="html")
    else:
        message.set_content("")
    return message


def _addresses(named: str) -> list[Address]:
    found = []
    for name, address in getaddresses([named]):
        user, at, domain = address.partition("@")
        try:
            found.append(Address(_plain(name), user, domain) if at else Address(_plain(name or address), "", ""))
        except (ValueError, IndexError):
            found.append(Address(_plain(name or address), "", ""))
    return [one for one in found if one.display_name or one.addr_spec not in ("", "<>")]


def _plain(text: str) -> str:
    return " ".join(text.replace("\x00", "").replace('"', "'").split())[:300]
