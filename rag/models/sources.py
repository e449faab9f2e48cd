"""Models out of a folder, a file or a web address that the user names, and out of the Hugging Face hub."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, urlsplit

import httpx

from index.errors import ModelUnavailable
from index.pickles import refuse_pickles
from rag.models.staging import BLOCK_BYTES, Report, Staging
from rag.models.table import File

HUB = "https://huggingface.co"
_TRIES = 3
_TIMEOUT_S = 30.0


def fetch_place(place: str, staged: Staging, report: Report) -> None:
    """Fetch from a folder, a file or an http(s) address; an address that ends with / is a folder.

    Raises:
        ModelUnavailable: There is no such place, it lacks a file, holds a pickle, or breaks off.
        StorageFailed: There is no room.
    """
    if urlsplit(place).scheme in ("http", "https"):
        if len(staged.model.files) > 1 and not place.endswith("/"):
            place += "/"
        return _fetch_web(place, staged, report)
    return _fetch_folder(Path(place).expanduser(), staged, report)


def fetch_hub(staged: Staging, report: Report) -> None:
    """Fetch from the Hugging Face hub, or the mirror that HF_ENDPOINT names, at the commit in the table."""
    hub = staged.model.hub
    if hub is None:
        raise ModelUnavailable(f"Model '{staged.model.name}' is not in the table of the hub. Leave --hub out.")
    endpoint = os.environ.get("HF_ENDPOINT", HUB).rstrip("/")
    _fetch_web(f"{endpoint}/{hub.repository}/resolve/{hub.revision}/", staged, report)


def _fetch_folder(place: Path, staged: Staging, report: Report) -> None:
    found = [_source(place, file, staged) for file in staged.model.files]
    if place.is_dir() and len(staged.model.files) > 1:
        refuse_pickles(place)
    staged.need(staged.model.size_bytes)
    total, done = staged.model.size_bytes, 0
    for path, file in zip(found, staged.model.files, strict=True):
        try:
            source = path.open("rb")
        except OSError as error:
            raise ModelUnavailable(
                f"{path} cannot be read: {error.strerror}. Name another place with --from."
            ) from error
        with source, staged.file(file.path).open("wb") as into:
            for block in iter(lambda: source.read(BLOCK_BYTES), b""):  # noqa: B023
                into.write(block)
                done += len(block)
                if done > total:
                    raise ModelUnavailable(
                        f"{path} is not the published file: it has more than {file.size_bytes:,} bytes."
                    )
                report(done, total)


def _source(place: Path, file: File, staged: Staging) -> Path:
    """The file of a place: itself, or in it under the publisher's name or ours."""
    model = staged.model
    if len(model.files) > 1:
        names = [place / file.path]
    else:
        names = [place / file.path, place / model.stored_as] if place.is_dir() else [place]
    for path in names:
        if path.is_file():
            return path
    raise ModelUnavailable(
        f"{names[0]} is not there. Give a folder that holds {file.path}, the file, or an http(s) address: "
        f"dossier models get {model.name} --from PLACE"
    )


def _fetch_web(address: str, staged: Staging, report: Report) -> None:
    model, done = staged.model, 0
    held = {file.path: _size(staged.file(file.path)) for file in model.files}
    staged.need(sum(max(file.size_bytes - held[file.path], 0) for file in model.files))
    with httpx.Client(follow_redirects=True, timeout=_TIMEOUT_S) as client:
        for file in model.files:
            url = address + quote(file.path) if address.endswith("/") else address
            with staged.file(file.path).open("ab") as into:
                for came in _resumed(client, url, file, into):
                    report(done + came, model.size_bytes)
            done += file.size_bytes


def _resumed(client: httpx.Client, url: str, file: File, into: BinaryIO) -> Iterator[int]:
    """Bytes that are there, while they come; a connection that breaks is taken up where it broke."""
    host = urlsplit(url).hostname
    if into.tell() > file.size_bytes:
        _restart(into)
    for last in [False] * (_TRIES - 1) + [True]:
        try:
            if into.tell() < file.size_bytes:
                yield from _rest(client, url, file, into)
            if into.tell() == file.size_bytes:
                return
            raise httpx.ReadError("the connection was closed")
        except httpx.HTTPError as error:
            if last and isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                raise ModelUnavailable(f"{host} cannot be reached. What has come is kept. Try again later.") from error
            if last:
                raise ModelUnavailable(
                    f"{host} broke off at {into.tell():,} of {file.size_bytes:,} bytes of {file.path} ({type(error).__name__}). "
                    "What has come is kept. Run the same command again to go on."
                ) from error
        except httpx.InvalidURL as error:
            raise ModelUnavailable(f"--from is no address: {error}.") from error


def _rest(client: httpx.Client, url: str, file: File, into: BinaryIO) -> Iterator[int]:
    begun = into.tell()
    headers = {"accept-encoding": "identity"} | ({"range": f"bytes={begun}-"} if begun else {})
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code not in (200, 206):
            raise ModelUnavailable(
                f"{urlsplit(url).hostname} answered HTTP {response.status_code} for {file.path}. Name another place with --from."
            )
        if response.status_code == 200:  # it sends the whole again
            _restart(into)
        for block in response.iter_raw(BLOCK_BYTES):
            if into.tell() + len(block) > file.size_bytes:
                _restart(into)
                raise ModelUnavailable(
                    f"{urlsplit(url).hostname} sends another file than {file.path}: more than {file.size_bytes:,} bytes."
                )
            into.write(block)
            yield into.tell()


def _restart(into: BinaryIO) -> None:
    into.truncate(0)
    into.seek(0)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
