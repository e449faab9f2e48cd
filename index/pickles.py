"""Pickles among a model's files: opening one can run any code, so a folder that holds one is not opened at all."""

from __future__ import annotations

from pathlib import Path

from index.errors import ModelUnavailable

_PICKLES = frozenset({".bin", ".ckpt", ".joblib", ".pickle", ".pkl", ".pt", ".pth"})


def refuse_pickles(folder: Path) -> None:
    """Raises ModelUnavailable when a model's folder holds a pickle, or a file named as one."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _PICKLES)
    if found:
        raise ModelUnavailable(
            f"Model folder {folder} holds {found[0].relative_to(folder)}, a pickle, which can run code when it is opened. "
            "Keep the weights as safetensors, and move the pickle out of the folder."
        )
