"""What a figure was measured on: commit, code, corpus, versions. Two reports compare when these are known."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ANSWERING_PACKAGES = ("index", "rag")
ANSWERING_FILES = (".py", ".json", ".onnx")
LIBRARIES = (
    "dossier",
    "chromadb",
    "tantivy",
    "sentence-transformers",
    "transformers",
    "torch",
    "onnxruntime",
    "tokenizers",
)


def code_hash(root: Path = ROOT) -> str:
    """Hash of the packages that answer, their weights too: an observation made by others is not reused."""
    digest = hashlib.sha256()
    for package in ANSWERING_PACKAGES:
        for path in sorted(path for path in (root / package).rglob("*") if path.suffix in ANSWERING_FILES):
            digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def corpus_hash(document_ids: Iterable[str]) -> str:
    """Hash of the documents in a collection; their ids derive from their content."""
    return hashlib.sha256("\n".join(sorted(document_ids)).encode()).hexdigest()[:12]


def commit(root: Path = ROOT) -> str | None:
    """The commit that is checked out, read from the repository's own files; None outside a repository."""
    git = root / ".git"
    try:
        if git.is_file():
            git = (root / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()).resolve()
        head = (git / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        common = git / "commondir"
        home = (git / common.read_text(encoding="utf-8").strip()) if common.exists() else git
        if (home / name).exists():
            return (home / name).read_text(encoding="utf-8").strip()
        packed = (home / "packed-refs").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), None)


def versions() -> dict[str, str]:
    """Python, machine and the libraries that a figure depends on."""
    found = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
