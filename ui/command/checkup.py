"""`dossier doctor`: the models of the settings, then everything in the data directory."""

from __future__ import annotations

from collections.abc import Callable

from index.doctor import Finding, examine, repair
from index.embed import SentenceEmbedder
from index.errors import DossierError
from rag.reading.reader import EncoderReader
from rag.settings import Settings


def check_up(settings: Settings, *, mend: bool) -> list[Finding]:
    """What was looked at and what is broken; with `mend`, search indexes that do not pass are built anew first."""
    embedder = SentenceEmbedder(settings.embedder)
    findings = [
        _model("embedder", settings.embedder, lambda: embedder.embed_query("Does it run?")),
        _model("reader", settings.reader, EncoderReader(settings.reader).warm_up),
    ]
    if not findings[0].ok:
        detail = "Not looked at: without the embedder nobody can say whether its vectors fit."
        return [*findings, Finding("data", False, detail, "mend the embedder, then run: dossier doctor")]
    return [*findings, *(repair if mend else examine)(settings.data, embedder)]


def _model(name: str, setting: str, load: Callable[[], object]) -> Finding:
    try:
        load()
    except (DossierError, OSError, ValueError) as error:
        return Finding(name, False, str(error), f"set DOSSIER_{name.upper()} to 'packaged', or install Dossier again")
    return Finding(name, True, f"'{setting}' loads and runs.")
