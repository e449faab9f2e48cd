"""A peer of a few lines, run as a real one is: ranks by shared words, and misbehaves as its name asks it to."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

ROW = "shared words"


def main(peer: str, folder: Path) -> None:
    job = json.loads((folder / "job.json").read_text())
    documents, queries = (
        [json.loads(line) for line in (folder / name).open(encoding="utf-8", newline="\n")]
        for name in ("documents.jsonl", "queries.jsonl")
    )
    with (folder / "runs.txt").open("a") as runs:
        runs.write("run\n")
    if peer == "fails":
        sys.exit("the model folder is empty")
    if peer == "hangs":
        threading.Event().wait()
    lines = []
    for query in queries:
        words = set(query["text"].lower().rstrip("?").split())
        found = [
            [document["id"], 0, len(document["text"]), len(words & set(document["text"].lower().split()))]
            for document in documents
        ]
        found.sort(key=lambda passage: -passage[3])
        lines.append(
            json.dumps({"row": ROW, "query_id": query["id"], "passages": [p for p in found if p[3]][: job["top_k"]]})
        )
    (folder / "rankings.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if peer != "stops early":
        done = {"key": job["key"], "versions": {"stub": "1.0", "model": job["model"]}}
        (folder / "done.json").write_text(json.dumps(done))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
