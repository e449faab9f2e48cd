"""An open Dossier as one caller may see it: the only way from a door of the server to a collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from ui.access.caller import acting
from ui.problems import Problem
from ui.protocols import Collection, Dossier, Pipeline, Surveyor

if TYPE_CHECKING:
    from index.protocols import Embedder
    from index.stored import Counts
    from rag.llm.model import LanguageModel
    from rag.protocols import Reader
    from rag.settings import Settings


READS: dict[str, frozenset[str] | None] = {
    "documents": None,
    "document": None,
    "original": None,
    "picture": None,
    "undated": None,
    "answers": frozenset({"keep", "answer", "newest", "thread", "threads", "count", "seen", "came_since"}),
    "feedback": frozenset({"add", "judgement", "newest", "gold_cases", "count"}),
}
"""What a read key may call of a collection; who may ask has the answer kept and may judge it."""


class Reading:
    """Something of which only some names may be touched; of a name with names of its own, only those."""

    def __init__(self, target: object, names: Mapping[str, frozenset[str] | None]) -> None:
        self._target = target
        self._names = names

    def __getattr__(self, name: str) -> Any:
        if name not in self._names:
            raise Problem("read-only-key", "This key may read, not write.")
        found, inner = getattr(self._target, name), self._names[name]
        return found if inner is None else Reading(found, dict.fromkeys(inner))


class Owned:
    """A collection in which the conversations are those of one caller."""

    def __init__(self, collection: Collection, owner: str) -> None:
        self._collection = collection
        self.answers = collection.answers.owned_by(owner)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)


class Permitted:
    """`ui.protocols.Dossier` over another, where a foreign collection is a missing one. The other stays the owner's to close."""

    def __init__(self, dossier: Dossier) -> None:
        self._dossier = dossier

    @property
    def settings(self) -> Settings:
        return self._dossier.settings

    @property
    def language_model(self) -> LanguageModel | None:
        return self._dossier.language_model

    @property
    def embedder(self) -> Embedder:
        return self._dossier.embedder

    @property
    def ranker(self) -> Reader:
        return self._dossier.ranker

    def names(self) -> list[str]:
        return [name for name in self._dossier.names() if acting().may_see(name)]

    def collection(self, name: str | None = None, *, create: bool = False) -> Collection:
        opened = self._dossier.collection(self._checked(name, write=create), create=create)
        found = cast("Collection", Owned(opened, acting().name))
        return found if acting().may_write else cast("Collection", Reading(found, READS))

    def size(self, name: str) -> Counts:
        return self._dossier.size(self._checked(name))

    def remove(self, name: str) -> None:
        self._dossier.remove(self._checked(name, write=True))

    def pipeline(self, name: str | None = None, *, settings: Settings | None = None) -> Pipeline:
        return self._dossier.pipeline(self._checked(name), settings=settings)

    def surveyor(self, name: str | None = None) -> Surveyor:
        return self._dossier.surveyor(self._checked(name))

    def warm_up(self) -> None:
        self._dossier.warm_up()

    def close(self) -> None:
        """Nothing: this is a view."""

    def _checked(self, name: str | None, *, write: bool = False) -> str:
        caller = acting()
        wanted = name or caller.own_default(self.settings.collection)
        caller.check(wanted, write=write)
        return wanted
