"""The process that a crash test kills: takes files in and says what is acknowledged, one line each, at once."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from tests.fakes import WordHashEmbedder
from tests.storage import offered, own

CAP_BYTES = 1024**3


def main() -> None:
    """Arguments: data directory, folder of files, how many files go into one ingest; 0: rebuild, again and again."""
    data, folder, at_once = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_FSIZE, (CAP_BYTES, CAP_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    files = offered(folder)
    said: set[str] = set()
    with own(data) as directory:
        collection = directory.collection("default", WordHashEmbedder(), create=True)

        def acknowledge(stage: str, done: int, total: int) -> None:
            if stage == "index":
                say()

        def say() -> None:
            for document_id in collection.catalogue.chunk_counts():
                if document_id not in said:
                    said.add(document_id)
                    print(document_id, flush=True)

        print("ready", flush=True)
        while not at_once:
            collection.rebuild()
            print("rebuilt", flush=True)
        for start in range(0, len(files), at_once):
            collection.ingest(files[start : start + at_once], progress=acknowledge)
            say()
    print("done", flush=True)


if __name__ == "__main__":
    main()
