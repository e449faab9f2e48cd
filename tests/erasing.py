"""The process that a test kills in the middle of an erasure: opens a collection, says so, and erases one document."""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

import index.erasure
from index.catalogue import Catalogue
from index.generations import Generations
from index.originals import Originals
from tests.fakes import WordHashEmbedder
from tests.storage import own

CAP_BYTES = 1024**3
STEPS: dict[str, tuple[Any, str]] = {
    "sweep": (Originals, "sweep"),
    "rebuild": (Generations, "rebuild"),
    "drain": (Generations, "drain"),
    "scrub": (Catalogue, "scrub"),
    "look": (index.erasure, "files_holding"),
}
"""Where an erasure can be cut: at the beginning of each of its steps after the row is gone."""


def _die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Arguments: data directory, id of a document, and the step at which the process kills itself; "" for none."""
    data, document_id, step = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    resource.setrlimit(resource.RLIMIT_FSIZE, (CAP_BYTES, CAP_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with own(data) as directory:
        collection = directory.collection("default", WordHashEmbedder())
        if step:
            setattr(*STEPS[step], _die)
        print("ready", flush=True)
        collection.erase(document_id)
        print("erased", flush=True)


if __name__ == "__main__":
    main()
