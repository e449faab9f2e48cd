"""Models on this machine: the folder they lie in, and the file or folder that a name stands for."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from urllib.parse import quote, urlsplit

import platformdirs

from index.errors import ModelUnavailable
from rag.models.table import Model, find

SCHEME = "llama"
STAGED = ".part"


def models_folder(setting: Path | None = None) -> Path:
    """The folder that holds models: the setting `models`, else the user's data directory as the platform has it."""
    return setting or platformdirs.user_data_path("dossier", appauthor=False) / "models"


def path_of(model: Model, folder: Path) -> Path:
    """Where the model lies, or would lie. Raises ModelUnavailable for one that comes with Dossier and is not installed."""
    if model.packaged is None:
        return folder / model.stored_as
    module, _, inside = model.packaged.partition("/")
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise ModelUnavailable(
            f"Model '{model.name}' comes with Dossier, but its package is not installed. Install Dossier again."
        )
    return Path(spec.submodule_search_locations[0]) / inside


def is_here(model: Model, folder: Path) -> bool:
    """Whether every file of the model is there in its full size; hashes are checked when it is fetched."""
    try:
        path = path_of(model, folder)
        return all(file_of(model, path, file.path).stat().st_size == file.size_bytes for file in model.files)
    except (OSError, ModelUnavailable):
        return False


def file_of(model: Model, path: Path, name: str) -> Path:
    """A file of the model that lies at `path`."""
    return path if len(model.files) == 1 and not model.packaged else path / name


def resolve(name: str, folder: Path) -> Path:
    """The file or folder of the model called `name`.

    Raises:
        ModelUnavailable: No model is called so, or it is not on this machine, or not whole.
    """
    model = find(name)
    path = path_of(model, folder)
    if not is_here(model, folder):
        found = "is not whole" if path.exists() else "is not on this machine"
        raise ModelUnavailable(f"Model '{name}' {found} ({path}). Run: dossier models get {name}")
    return path


def located(llm: str, setting: Path | None = None) -> str:
    """The address of a language model with the file in place of a name: `llama://NAME` becomes `llama:///FOLDER/NAME.gguf`.

    Every other address comes back as it is.

    Raises:
        ModelUnavailable: The name stands for no language model, or for one that is not on this machine.
    """
    name = named(llm)
    if name is None:
        return llm
    if find(name).role != "llm":
        raise ModelUnavailable(f"Model '{name}' writes no answers. Run: dossier models list")
    return address_of(resolve(name, models_folder(setting)))


def address_of(path: Path) -> str:
    """The address of a language model in a file."""
    return f"{SCHEME}://{quote(path.absolute().as_posix())}"


def named(llm: str | None) -> str | None:
    """The model that an address calls by its name; None when it does not."""
    if not llm or not llm.startswith(f"{SCHEME}://"):
        return None
    try:
        parts = urlsplit(llm)
    except ValueError:
        return None
    return parts.netloc if parts.netloc and not (parts.path.strip("/") or parts.query or parts.fragment) else None


def setting_of(model: Model, folder: Path) -> tuple[str, str]:
    """The setting that makes Dossier use the model, and its value."""
    if model.role == "llm":
        return "llm", f"{SCHEME}://{model.name}"
    return "embedder", "packaged" if model.packaged else str(path_of(model, folder).absolute())
