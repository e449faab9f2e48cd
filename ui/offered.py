"""What an `index` command offers: the files and pages a person named, without Dossier's own data directory among them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from index.files import FoundFiles, SourceFile, find_files
from index.values import Metadata
from rag.settings import Settings
from ui.protocols import Progress


@contextmanager
def offered(
    named: Sequence[Path | str],
    settings: Settings,
    *,
    progress: Progress | None = None,
    metadata: Metadata | None = None,
) -> Iterator[FoundFiles]:
    """The files below the paths, and the pages at the addresses, which are fetched and lie in a folder while the block lasts.

    Args:
        metadata: What is said of every one of them.
    """
    from index.web.fetching import Fetcher, FetchLimits, is_address

    paths = [Path(one) for one in named if not is_address(str(one))]
    addresses = [str(one) for one in named if is_address(str(one))]
    found = files_under(paths, settings)
    with tempfile.TemporaryDirectory(prefix="dossier-") as folder:
        if addresses:
            limits = FetchLimits(
                max_bytes=settings.max_file_bytes,
                page_s=settings.fetch_timeout_s,
                max_pages=settings.max_pages,
                pause_s=settings.fetch_pause_s,
                private=settings.fetch_private,
            )
            pages = list(Fetcher(Path(folder), limits).fetch(addresses, progress))
            found = replace(
                found,
                files=(*found.files, *(one for one in pages if isinstance(one, SourceFile))),
                refusals=(*found.refusals, *(one for one in pages if not isinstance(one, SourceFile))),
            )
        yield replace(found, files=tuple(replace(one, metadata=metadata) for one in found.files))


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
