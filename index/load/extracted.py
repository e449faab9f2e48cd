"""What a format's module hands over: blocks of raw text and what the format itself says about its source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from index.values import Provenance


def keywords(listed: str) -> list[str]:
    """
    >>> keywords("board; minutes, 2025")
    ['board', 'minutes', '2025']
    """
    return [word.strip() for word in re.split(r"[,;\n]", listed) if word.strip()]


@dataclass(frozen=True, slots=True)
class Extracted:
    """One file's text before cleaning.

    Attributes:
        blocks: Pages, slides or rows; one block for sources that only flow. Blocks are joined by a blank line.
        unit: What a block is. Pages are numbered in citations; each row is a span of its own in the body.
        debris: Whether headers, share bars and comment forms are looked for.
        quoted: Whether lines that begin with ">" quote an older message, which is then not body.
        joints: What stands between each block and the one before, where sentences run on; else a blank line.
        recognised: Blocks that were read by text recognition, by their place, and how sure of each it is, 0 to 1.
        asides: For each block its lines that repeat over the pages, such as running heads: stored, and never body.
        metadata: What the format says of itself besides provenance, as it says it.
        front: What stands before the blocks in the stored text and is never body, such as front matter.
    """

    blocks: tuple[str, ...]
    media_type: str
    unit: Literal["flow", "page", "row"] = "flow"
    provenance: Provenance = field(default_factory=Provenance)
    debris: bool = True
    quoted: bool = False
    notes: tuple[str, ...] = ()
    front: str = ""
    joints: tuple[str, ...] = ()
    asides: tuple[tuple[str, ...], ...] = ()
    recognised: tuple[tuple[int, float], ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
