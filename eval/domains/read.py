"""Find the domains in a folder: each has files/, gold.jsonl and perhaps a file `sealed`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.cases import GoldProblem, LocatedCase
from eval.gold import GoldInvalid, load_gold
from index.errors import DossierError
from index.values import Document

GOLD, FILES, SEALED = "gold.jsonl", "files", "sealed"


class NoDomain(DossierError):
    """A domain that was named is not there."""

    code = "no-domain"


@dataclass(frozen=True, slots=True)
class Domain:
    """A corpus and the questions about it.

    Attributes:
        sealed: Only counts of it may leave a run: no question, no answer, no quote.
    """

    name: str
    folder: Path
    sealed: bool

    @property
    def gold(self) -> Path:
        return self.folder / GOLD

    @property
    def files(self) -> Path:
        return self.folder / FILES


def find_domains(folder: Path) -> list[Domain]:
    """The folder itself when it is a domain, else the domains directly in it, by name; empty when there is none."""
    if _is_domain(folder):
        return [_domain(folder)]
    return [_domain(path) for path in sorted(folder.iterdir()) if path.is_dir() and _is_domain(path)]


def choose_domains(found: Sequence[Domain], names: Iterable[str]) -> list[Domain]:
    """Those named, in their order; all when none is named. Raises NoDomain."""
    known = {domain.name: domain for domain in found}
    wanted = list(dict.fromkeys(names)) or list(known)
    if unknown := [name for name in wanted if name not in known]:
        raise NoDomain(f"There is no domain {', '.join(unknown)}. There are: {', '.join(known)}.")
    return [known[name] for name in wanted]


def load_cases(domain: Domain, documents: Iterable[Document]) -> list[LocatedCase]:
    """The questions of a domain, tied to its documents.

    Raises:
        GoldInvalid: With every line that is wrong; of a sealed domain only the numbers of the lines.
    """
    try:
        return load_gold(domain.gold, documents)
    except GoldInvalid as error:
        if not domain.sealed:
            raise
        lines = sorted({problem.line for problem in error.problems})
    raise GoldInvalid(domain.gold, [GoldProblem(line, None, "wrong; the domain is sealed") for line in lines])


def _is_domain(folder: Path) -> bool:
    return (folder / GOLD).is_file() and (folder / FILES).is_dir()


def _domain(folder: Path) -> Domain:
    return Domain(folder.resolve().name, folder, (folder / SEALED).exists())
