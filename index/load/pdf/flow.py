"""Parts into the text of pages: sentences run on over columns and pages, and what repeats over pages stands where it cuts none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.load.pdf.parts import Line, PageParts, Part
from index.load.pdf.tables import lines_of

_CLOSED = re.compile(r"[.!?:;…。！？؟۔][\"'”’»)\]}]*$")
_DIVIDED = re.compile(r"[^\W\d_]-$")
_COMPOUND = re.compile(r"\b[^\W\d_]+-[^\W\d_]+\b")
_WORD = re.compile(r"[^\W\d_]+")
BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class PageText:
    """One page as it is stored.

    Attributes:
        before: What stands between it and the page before.
        asides: Its lines that repeat over the pages, in the order in which they stand in `text`.
    """

    text: str
    before: str
    asides: tuple[str, ...]


def set_asides(page: PageParts, running: Sequence[Line]) -> None:
    """Take the running lines out of the parts that hold them, and give every line that no part holds a part."""
    for line in running:
        for part in page.parts:
            if line not in part.lines or part.kind == "aside":
                continue
            part.lines.remove(line)
            if not part.lines:
                page.parts.remove(part)
            elif part.table is not None:
                part.table.drop(line.text)
            elif (rest := _without(part.text, line.text)) is not None:
                part.text = rest
            else:
                part.lines.append(line)
                continue
            page.dropped.append(line)
            break
    for line in page.dropped:
        kind = "aside" if line in running else "paragraph"
        _insert(page, Part(kind, line.text, line.box, [line]))


def _without(text: str, line: str) -> str | None:
    """The text of a part without a running line that the layout took for one of its own; None where that is not sure."""
    if text.startswith(line):
        return text[len(line) :].strip()
    if text.endswith(line):
        return text[: -len(line)].strip()
    places = [match.span() for match in re.finditer(rf"{re.escape(line)}(?!\w)", text)]
    if len(places) != 1:
        return None
    start, end = places[0]
    # No space stands before it where a word was divided: the word goes on.
    return text[:start] + text[end:].lstrip()


def _insert(page: PageParts, part: Part) -> None:
    if part.box.top > page.height / 2:
        at = max((n + 1 for n, other in enumerate(page.parts) if other.box.top <= part.box.top), default=0)
    else:
        at = next((n for n, other in enumerate(page.parts) if other.box.top > part.box.top), len(page.parts))
    page.parts.insert(at, part)


def page_texts(pages: Sequence[PageParts]) -> list[PageText]:
    """The text of every page."""
    heads: list[str] | None = None
    compounds = {word for page in pages for line in page.lines for word in _COMPOUND.findall(line.text)}
    words = {word for page in pages for line in page.lines for word in _WORD.findall(line.text)} if compounds else set()
    for page in pages:
        for part in page.parts:
            if part.table is not None:
                rows, heads = lines_of(part.table, heads)
                part.text = BETWEEN.join(rows)
            elif part.kind != "aside":
                heads = None
                if compounds:
                    part.text = _hyphenated(part, compounds, words)
        page.parts = [part for part in page.parts if part.text]
    joints = _joints(pages)
    texts = []
    for place, page in enumerate(pages):
        before = joints[place - 1] if place else None
        after = joints[place] if place < len(joints) else None
        parts = page.parts
        if before is not None or after is not None:
            parts = _clear(page.parts, before is not None, after is not None)
        text = _joined(parts)
        if after == "":
            text = text[:-1]
        asides = tuple(part.text for part in parts if part.kind == "aside")
        texts.append(PageText(text, BETWEEN if before is None else before, asides))
    return texts


def _hyphenated(part: Part, compounds: set[str], words: set[str]) -> str:
    """A word that was divided at its own hyphen keeps it, where the document writes it with one and never without."""
    text = part.text
    for line in part.lines:
        stem = _WORD.findall(line.text)[-1:] if _DIVIDED.search(line.text) else []
        for compound in [one for one in compounds if stem and one.startswith(f"{stem[0]}-")]:
            plain = compound.replace("-", "", 1)
            if plain not in words:
                text = re.sub(rf"\b{plain}\b", compound, text)
    return text


def _joints(pages: Sequence[PageParts]) -> list[str | None]:
    """What joins each page to the next."""
    joints: list[str | None] = []
    for page, following in pairwise(pages):
        single = sum(1 for part in page.parts if part.kind != "aside") < 2 < len(page.parts) + 1
        # A page of one paragraph has no place for its running lines but its edges.
        cut = single and bool(joints) and joints[-1] is not None
        joints.append(None if cut else _run_on(page, following))
    return joints


def _run_on(before: PageParts, after: PageParts) -> str | None:
    """What joins two pages: nothing inside a word, a space inside a sentence, None where a new part begins."""
    first = [part for part in after.parts if part.kind != "aside"]
    last = [part for part in before.parts if part.kind != "aside"]
    if not first or not last or not _goes_on(last[-1], first[0]):
        return None
    return "" if _DIVIDED.search(last[-1].text) and first[0].text[0].islower() else " "


def _goes_on(part: Part, following: Part) -> bool:
    if part.kind not in ("paragraph", "item") or following.kind != "paragraph" or _CLOSED.search(part.text):
        return False
    if abs(part.size - following.size) > 0.1 * max(part.size, 1.0):
        return False
    if following.text[0].islower():
        return True
    return len(part.text) >= 80 and "\n" not in part.text and _is_full(part.lines, following.text.split(maxsplit=1)[0])


def _is_full(lines: Sequence[Line], word: str) -> bool:
    """Whether the last line has no room for the word that follows, as lines have not that go on."""
    widths = [line.box.right - line.box.left for line in lines]
    letters = sum(len(line.text) for line in lines)
    needed = (len(word) + 1) * sum(widths) / max(1, letters)
    return bool(lines) and widths[-1] + needed > 0.95 * max(widths)


def _clear(parts: list[Part], at_start: bool, at_end: bool) -> list[Part]:
    """The parts with the asides off the edges at which a sentence runs on; they stay on their page."""
    text = [part for part in parts if part.kind != "aside"]
    head = [part for part in parts[: parts.index(text[0])] if at_start]
    foot = [part for part in parts[parts.index(text[-1]) + 1 :] if at_end]
    rest = [part for part in parts if part not in head and part not in foot]
    if not at_start:
        return [*foot, *rest]
    if not at_end:
        return [*rest, *head]
    return [rest[0], *head, *foot, *rest[1:]]


def _joined(parts: Sequence[Part]) -> str:
    pieces: list[str] = []
    for place, part in enumerate(parts):
        if not place:
            pieces.append(part.text)
        elif _goes_on(parts[place - 1], part):
            divided = _DIVIDED.search(pieces[-1]) and part.text[0].islower()
            pieces[-1:] = [pieces[-1][:-1], part.text] if divided else [pieces[-1], " ", part.text]
        else:
            items = part.kind == "item" == parts[place - 1].kind
            pieces += ["\n" if items else BETWEEN, part.text]
    return "".join(pieces)
