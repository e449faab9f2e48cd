"""What is broken in a data directory, what mends it, and the mending of what is only a cache."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from index.builder import BuildFailed, Job, run_job
from index.catalogue import FILE_NAME, Catalogue
from index.collection import fingerprint_of
from index.directory import FOLDER, DataDirectory
from index.errors import DossierError, StorageFailed
from index.generation import manifest, read_record
from index.generations import FOLDER as GENERATIONS
from index.ingest import MODEL
from index.originals import Originals
from index.owner import OwnerLock, read_owner
from index.protocols import Embedder

LOW_SPACE_BYTES = 500 * 1024 * 1024
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: What, such as "lock", "space" or "default: catalogue".
        ok: Whether it is as it must be.
        detail: What was found.
        mend: The command that mends it, when it is not; None when there is nothing to do.
    """

    name: str
    ok: bool
    detail: str
    mend: str | None = None


def examine(path: Path, embedder: Embedder) -> list[Finding]:
    """Look at everything below a data directory; nothing is changed, except that an index that was not closed in order catches up.

    Args:
        path: The data directory.
        embedder: The one in the settings; only its fingerprint is used.
    """
    path = path.absolute()
    if not path.is_dir():
        return [Finding("directory", False, f"{path} does not exist.", "dossier index FOLDER")]
    findings = [_space(path)]
    try:
        lock = OwnerLock(path)
    except DossierError as error:
        owner = read_owner(path)
        mend = (
            f"stop process {owner.pid} ('kill {owner.pid}'), then run: dossier doctor"
            if owner
            else f"chmod -R u+rwX {path}"
        )
        return [*findings, Finding("lock", False, str(error), mend)]
    try:
        findings.append(Finding("lock", True, "No other process uses the directory."))
        folder = path / FOLDER
        names = (
            sorted(found.name for found in folder.iterdir() if found.is_dir() and not found.name.startswith("."))
            if folder.is_dir()
            else []
        )
        if not names:
            findings.append(Finding("collections", True, "There is no collection yet. Run: dossier index FOLDER"))
        for name in names:
            findings += examine_collection(folder / name, embedder)
    finally:
        lock.close()
    return findings


def repair(path: Path, embedder: Embedder) -> list[Finding]:
    """Build anew every search index that does not pass, then look again. The catalogue is never touched: it is the truth."""
    path = path.absolute()
    broken = {
        finding.name.partition(": ")[0]
        for finding in examine(path, embedder)
        if not finding.ok and finding.name.endswith(": index")
    }
    if broken:
        with DataDirectory.own(path) as data:
            for name in sorted(broken):
                try:
                    data.collection(name, embedder).rebuild()
                except DossierError:
                    continue  # the second look names it
    return examine(path, embedder)


def examine_collection(directory: Path, embedder: Embedder) -> list[Finding]:
    """Look at one collection that nobody has open."""
    name = directory.name
    if not (directory / FILE_NAME).is_file():
        return [
            Finding(
                f"{name}: catalogue",
                False,
                f"{directory / FILE_NAME} is missing.",
                f"restore a backup, or: rm -r {directory}",
            )
        ]
    try:
        catalogue = Catalogue(directory / FILE_NAME)
    except StorageFailed as error:
        return [
            Finding(
                f"{name}: catalogue",
                False,
                str(error),
                f"restore a backup, or: rm -r {directory} and dossier index FOLDER",
            )
        ]
    try:
        faults = list(catalogue_faults(catalogue))
        if faults:
            return [
                Finding(
                    f"{name}: catalogue",
                    False,
                    "; ".join(faults),
                    f"restore a backup, or: rm -r {directory} and dossier index FOLDER",
                )
            ]
        documents, chunks = len(catalogue.chunk_counts()), catalogue.chunk_count()
        findings = [
            Finding(
                f"{name}: catalogue",
                True,
                f"{documents} documents, {chunks} chunks, every chunk is a span of its document.",
            )
        ]
        findings.append(_originals(name, catalogue, directory, documents))
        findings.append(_model(name, catalogue, embedder))
        findings.append(_index(name, catalogue, directory))
        return findings
    except StorageFailed as error:
        return [
            Finding(
                f"{name}: catalogue",
                False,
                str(error),
                f"restore a backup, or: rm -r {directory} and dossier index FOLDER",
            )
        ]
    finally:
        catalogue.close()


def catalogue_faults(catalogue: Catalogue) -> Iterator[str]:
    """What is wrong with the truth itself: SQLite's own checks, then ours."""
    with catalogue.reading() as connection:
        said = [row[0] for row in connection.execute("PRAGMA integrity_check(10)")]
        if said != ["ok"]:
            yield f"SQLite finds it damaged: {'; '.join(said[:_SHOWN])}"
            return
        broken = connection.execute("PRAGMA foreign_key_check").fetchmany(_SHOWN)
        if broken:
            yield f"rows of {', '.join(sorted({row[0] for row in broken}))} refer to rows that are not there"
        checks = (
            ("chunks are not the span of their document that they say", _WRONG_SPANS),
            ("documents have not the number of chunks that they say", _WRONG_COUNTS),
            ("vectors differ in size from the others", _WRONG_VECTORS),
            ("documents have an origin that is not there", _WRONG_ORIGINS),
            ("documents come from nowhere", _NO_SOURCE),
        )
        for words, query in checks:
            count = int(connection.execute(f"SELECT count(*) FROM ({query})").fetchone()[0])  # noqa: S608
            if count:
                yield f"{count} {words}"


_WRONG_SPANS = """SELECT 1 FROM chunks JOIN documents ON documents.id = chunks.document
    WHERE substr(documents.text, chunks.start + 1, chunks.end - chunks.start) != chunks.text"""
_WRONG_COUNTS = """SELECT 1 FROM documents WHERE chunk_count != (SELECT count(*) FROM chunks WHERE chunks.document = documents.id)"""
_WRONG_VECTORS = """SELECT 1 FROM embeddings WHERE length(vector) !=
    (SELECT length(vector) FROM embeddings GROUP BY length(vector) ORDER BY count(*) DESC LIMIT 1)"""
_WRONG_ORIGINS = """SELECT 1 FROM documents WHERE origin NOT IN (SELECT id FROM documents)"""
_NO_SOURCE = """SELECT 1 FROM documents WHERE id NOT IN (SELECT document FROM sources)"""


def _space(path: Path) -> Finding:
    free = shutil.disk_usage(path).free
    used = sum(file.stat().st_size for file in path.rglob("*") if file.is_file() and not file.is_symlink())
    detail = f"{free // 1_000_000} MB free; the directory holds {used // 1_000_000} MB."
    if free < LOW_SPACE_BYTES + used:
        return Finding(
            "space",
            False,
            f"{detail} A rebuild may need as much again.",
            f"free space on the disk of {path} ('df -h {path}')",
        )
    return Finding("space", True, detail)


def _model(name: str, catalogue: Catalogue, embedder: Embedder) -> Finding:
    stored, own = catalogue.meta(MODEL), fingerprint_of(embedder)
    if stored is None or stored == own or not catalogue.chunk_count():
        return Finding(f"{name}: model", True, f"Vectors of {own}.")
    mend = f"dossier rebuild --reembed --collection {name}"
    return Finding(f"{name}: model", False, f"The vectors are of {stored}, the settings say {own}.", mend)


def _originals(name: str, catalogue: Catalogue, directory: Path, documents: int) -> Finding:
    """Every kept file is there and holds the bytes that were read; what a crash left beside them is removed."""
    originals = Originals(catalogue, directory)
    originals.sweep(staged=True)
    broken = originals.damaged()
    if broken:
        named = originals.names_of(broken)
        more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
        detail = f"{len(broken)} originals are missing or changed: {', '.join(named[:_SHOWN])}{more}."
        return Finding(f"{name}: originals", False, detail, f"dossier rebuild --collection {name}")
    kept = originals.kept()
    without = documents - originals.count_documents()
    detail = f"{len(kept)} originals, {sum(kept.values()) // 1_000_000} MB, each as it came."
    if without:
        detail += f" {without} of {documents} documents have none; 'dossier index' on their files keeps them."
    return Finding(f"{name}: originals", True, detail)


def _index(name: str, catalogue: Catalogue, directory: Path) -> Finding:
    """Check the live generation in a child process; what it changed is noted, so the next start need not check again."""
    mend = f"dossier rebuild --collection {name}"
    record = read_record(catalogue)
    if record is None or not (directory / GENERATIONS / record.id).is_dir():
        if not catalogue.chunk_count():
            return Finding(f"{name}: index", True, "Nothing to search yet.")
        return Finding(f"{name}: index", False, "The search index is missing; it is a cache.", mend)
    path = directory / GENERATIONS / record.id
    try:
        with catalogue.writing() as connection:
            connection.execute("UPDATE generations SET clean = 0 WHERE id = ?", (record.id,))
        applied = run_job(Job("mend", catalogue.path, path, record.applied))
        found = manifest(path)
    except (BuildFailed, StorageFailed) as error:
        return Finding(
            f"{name}: index", False, f"The search index does not pass its check; it is a cache: {error}", mend
        )
    with catalogue.writing() as connection:
        connection.execute(
            "UPDATE generations SET applied = ?, clean = 1, manifest = ? WHERE id = ?",
            (applied, json.dumps(found), record.id),
        )
    return Finding(f"{name}: index", True, f"Generation {record.id} holds every chunk and finds it.")
