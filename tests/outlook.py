"""Outlook messages made on the spot: a compound file of one storage in another, and the properties of a message in it."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import UTC, datetime

Tree = Mapping[str, "bytes | Tree"]
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
STRING, BINARY, NUMBER, TIME = 0x001F, 0x0102, 0x0003, 0x0040


def message_bytes(
    *,
    subject: str = "The third boat",
    body: str | None = "The third boat will be sold before the summer begins.",
    html: str | None = None,
    sender: tuple[str, str] = ("Ilse Brandt", "ilse@tarn.example"),
    to: tuple[tuple[str, str], ...] = (("Otto Weiss", "otto@tarn.example"),),
    cc: tuple[tuple[str, str], ...] = (),
    sent: datetime | None = datetime(2025, 11, 16, 8, 30, tzinfo=UTC),
    attachments: Mapping[str, bytes] | None = None,
) -> bytes:
    attached = attachments or {}
    people = [(1, one) for one in to] + [(2, one) for one in cc]
    said: dict[int, object] = {0x0037: subject, 0x0C1A: sender[0], 0x5D01: sender[1], 0x1000: body, 0x0039: sent}
    if html is not None:
        said |= {0x1013: html.encode(), 0x3FDE: 65001}
    head = struct.pack("<8x4I8x", len(people), len(attached), len(people), len(attached))
    tree: dict[str, bytes | Tree] = dict(_properties(head, said))
    for number, (kind, (name, address)) in enumerate(people):
        tree[f"__recip_version1.0_#{number:08X}"] = _properties(bytes(8), {0x0C15: kind, 0x3001: name, 0x39FE: address})
    for number, (name, content) in enumerate(attached.items()):
        tree[f"__attach_version1.0_#{number:08X}"] = _properties(bytes(8), {0x3701: content, 0x3707: name, 0x3705: 1})
    return compound(tree)


def _properties(head: bytes, said: Mapping[int, object]) -> dict[str, bytes | Tree]:
    """The stream of properties, and one more for each that has no fixed length."""
    streams: dict[str, bytes | Tree] = {}
    for name, value in said.items():
        if isinstance(value, int):
            head += struct.pack("<HHIi4x", NUMBER, name, 6, value)
        elif isinstance(value, datetime):
            ticks = int((value - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000
            head += struct.pack("<HHIQ", TIME, name, 6, ticks)
        elif isinstance(value, str | bytes):
            kind, content = (STRING, value.encode("utf-16-le")) if isinstance(value, str) else (BINARY, value)
            head += struct.pack("<HHII4x", kind, name, 6, len(content) + (2 if kind == STRING else 0))
            streams[f"__substg1.0_{name:04X}{kind:04X}"] = content
    return {"__properties_version1.0": head, **streams}


def compound(tree: Tree) -> bytes:
    """A compound file of version 3; short streams lie in its mini stream."""
    entries: list[list[object]] = []  # name, type, right, child, content
    _lay_out("Root Entry", tree, entries)
    mini, minifat, large = bytearray(), [], []
    places: dict[int, tuple[int, int]] = {}
    for number, (_, kind, _, _, content) in enumerate(entries):
        if kind != 2:
            continue
        assert isinstance(content, bytes)
        if len(content) >= _CUTOFF:
            large.append((number, content))
        elif content:
            first, count = len(minifat), -(-len(content) // _MINI)
            minifat += [*range(first + 1, first + count), _END]
            mini += content.ljust(count * _MINI, b"\0")
            places[number] = (first, len(content))
    sectors: list[bytes] = []
    fat: list[int] = []

    def put(content: bytes) -> int:
        first, count = len(sectors), max(1, -(-len(content) // _SECTOR))
        for at in range(count):
            sectors.append(content[at * _SECTOR : (at + 1) * _SECTOR].ljust(_SECTOR, b"\0"))
        fat.extend([*range(first + 1, first + count), _END])
        return first

    for number, content in large:
        places[number] = (put(content), len(content))
    minis = struct.pack(f"<{len(minifat)}I", *minifat)
    minifat_at = put(minis + b"\xff" * (-len(minis) % _SECTOR))
    places[0] = (put(bytes(mini)), len(mini))
    directory = b"".join(
        _entry(*entry[:4], *places.get(number, (_END if number else 0, 0))) for number, entry in enumerate(entries)
    )
    directory_at = put(directory + _entry("", 0, _FREE, _FREE, 0, 0) * (-len(entries) % 4))
    count = 1
    while count * _SECTOR // 4 < len(fat) + count:
        count += 1
    fat_at = len(sectors)
    table = [*fat, *[_FAT] * count]
    table += [_FREE] * (count * _SECTOR // 4 - len(table))
    difat = [*range(fat_at, fat_at + count), *[_FREE] * (109 - count)]
    header = struct.pack(
        "<8s16xHHHHH6xIII4xIIIII109I", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, count, directory_at,
        _CUTOFF, minifat_at, max(1, -(-len(minis) // _SECTOR)), _END, 0, *difat,
    )  # fmt: skip
    return header + b"".join(sectors) + struct.pack(f"<{len(table)}I", *table)


def _lay_out(name: str, content: bytes | Tree, entries: list[list[object]]) -> int:
    """Append an entry and what is below it; siblings hang on one another to the right."""
    number = len(entries)
    if isinstance(content, bytes):
        entries.append([name, 2, _FREE, _FREE, content])
        return number
    entries.append([name, 5 if number == 0 else 1, _FREE, _FREE, b""])
    before: int | None = None
    for child in sorted(content, key=lambda one: (len(one), one.upper())):
        place = _lay_out(child, content[child], entries)
        entries[number if before is None else before][3 if before is None else 2] = place
        before = place
    return number


def _entry(name: object, kind: object, right: object, child: object, start: int, size: int) -> bytes:
    encoded = str(name).encode("utf-16-le")
    length = len(encoded) + 2 if name else 0
    return struct.pack("<64sHBBIII16x4x16xIQ", encoded, length, kind, 1, _FREE, right, child, start, size)
