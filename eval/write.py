"""The files of a report: each replaces its predecessor at once or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def write_texts(out: Path, texts: Mapping[str, str]) -> list[Path]:
    """Write texts by file name into a folder, which is made when it is missing."""
    out.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        aside = out / f".{name}.part"
        aside.write_text(text, encoding="utf-8")
        os.replace(aside, out / name)  # noqa: PTH105
    return [out / name for name in texts]
