"""What an `index` command offers: the files a person named, without Dossier's own data directory among them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from index.files import FoundFiles, find_files
from rag.settings import Settings


def files_under(paths: Sequence[Path], settings: Settings) -> FoundFiles:
    """The files of `paths`. The data directory, which by default lies in the folder one works in, is no document and no refusal."""
    found = find_files(paths, max_files=settings.max_files)
    own = os.path.abspath(settings.data)  # noqa: PTH100 - as the walk spells it: no link is resolved
    inside = own.rstrip("/") + "/"
    return replace(
        found,
        files=tuple(one for one in found.files if not one.source.startswith(inside)),
        refusals=tuple(one for one in found.refusals if one.source != own and not one.source.startswith(inside)),
    )
