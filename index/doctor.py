"""What is broken in a data directory, what mends it, and the mending of what is only a cache."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from index.builder import BuildFailed, Job, run_job
from index.catalogue import FILE_NAME, Catalogue
from index.collection import fingerprint_of
from index.directory import FOLDER, DataDirectory
from index.erasure import pending_erasures
from index.errors import DossierError, StorageFailed
from index.faults import catalogue_faults
from index.generation import altered, manifest, read_record
from index.generations import FOLDER as GENERATIONS
from index.ingest import MODEL
from index.lost import holds_collection, refuse_lost
from index.mending import mend_catalogue
from index.originals import Originals
from index.owner import OwnerLock, read_owner
from index.protocols import Embedder

_SHOWN = 3
logger = logging.getLogger(__name__)
LOW_SPACE_BYTES = 500 * 1024 * 1024


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
    """Put back what of a catalogue can be, build anew every search index that does not pass, then look again.

    A row is changed only where its checksum, or another row, says what it was; passages whose vectors are lost are embedded again.
    """
    path = path.absolute()
    _mend_catalogues(path, embedder)
    broken = {
        finding.name.partition(": ")[0]
        for finding in examine(path, embedder)
        if not finding.ok and finding.name.endswith((": index", ": erasures"))
    }
    if broken:
        with DataDirectory.own(path) as data:
            for name in sorted(broken):
                try:
                    data.collection(name, embedder).rebuild()
                except DossierError:
                    continue  # the second look names it
    return examine(path, embedder)


def _mend_catalogues(path: Path, embedder: Embedder) -> None:
    if not path.is_dir():
        return
    try:
        lock = OwnerLock(path)
    except DossierError:
        return  # the look that follows names it
    with closing(lock):
        for file in sorted((path / FOLDER).glob(f"*/{FILE_NAME}")):
            try:
                refuse_lost(file.parent)
                with closing(Catalogue(file)) as catalogue:
                    sound = not any(catalogue_faults(catalogue))
                if not sound:
                    mend_catalogue(file, embedder, fingerprint_of(embedder))
            except DossierError as error:
                logger.warning("%s cannot be mended: %s", file, error)


def _mend(directory: Path) -> str:
    """What helps a catalogue that is damaged."""
    return f"dossier doctor --repair; what that cannot put back: restore a backup, or: rm -r {directory} and dossier index FOLDER"


def examine_collection(directory: Path, embedder: Embedder) -> list[Finding]:
    """Look at one collection that nobody has open."""
    name = directory.name
    if not holds_collection(directory):
        said = f"{directory / FILE_NAME} is missing."
        return [Finding(f"{name}: catalogue", False, said, f"restore a backup, or: rm -r {directory}")]
    try:
        refuse_lost(directory)
        catalogue = Catalogue(directory / FILE_NAME)
    except StorageFailed as error:
        return [
            Finding(
                f"{name}: catalogue",
                False,
                str(error),
                _mend(directory),
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
                    _mend(directory),
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
        findings += _erasures(name, catalogue)
        return findings
    except StorageFailed as error:
        return [
            Finding(
                f"{name}: catalogue",
                False,
                str(error),
                _mend(directory),
            )
        ]
    finally:
        catalogue.close()


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


def _erasures(name: str, catalogue: Catalogue) -> Iterator[Finding]:
    """What was begun and not finished; nothing when all of it was."""
    if pending := pending_erasures(catalogue):
        detail = f"Removed, but it is not proved yet that nothing is left of it: {', '.join(pending)}."
        yield Finding(f"{name}: erasures", False, detail, f"dossier erase {pending[0]} --collection {name}")


def _index(name: str, catalogue: Catalogue, directory: Path) -> Finding:
    """Check the live generation in a child process; what it changed is noted, so the next start need not check again."""
    mend = f"dossier rebuild --collection {name}"
    record = read_record(catalogue)
    if record is None and catalogue.chunk_count():
        return Finding(f"{name}: index", True, "The search index is not built yet; the first question builds it.")
    if record is None or not (directory / GENERATIONS / record.id).is_dir():
        if not catalogue.chunk_count():
            return Finding(f"{name}: index", True, "Nothing to search yet.")
        return Finding(f"{name}: index", False, "The search index is missing; it is a cache.", mend)
    path = directory / GENERATIONS / record.id
    if names := altered(record, path):
        detail = (
            f"The search index changed on the disk since it was closed, in {', '.join(names[:_SHOWN])}; it is a cache."
        )
        return Finding(f"{name}: index", False, detail, mend)
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
