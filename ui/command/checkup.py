"""`dossier doctor`: the models of the settings, then everything in the data directory."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from index.doctor import Finding, examine, repair
from index.embed import open_embedder
from index.errors import DossierError
from rag.reading.reader import EncoderReader
from rag.settings import Settings
from ui.access.keys import FILE_NAME as KEYS
from ui.access.keys import Keys
from ui.observe.audit import END, NAME, altered


def check_up(settings: Settings, *, mend: bool) -> list[Finding]:
    """What was looked at and what is broken; with `mend`, search indexes that do not pass are built anew first."""
    embedder = open_embedder(settings.embedder)
    findings = [
        _model("embedder", settings.embedder, lambda: embedder.embed_query("Does it run?")),
        _model("reader", settings.reader, EncoderReader(settings.reader).warm_up),
        *language_model(settings),
    ]
    if not findings[0].ok:
        detail = "Not looked at: without the embedder nobody can say whether its vectors fit."
        return [*findings, Finding("data", False, detail, "mend the embedder, then run: dossier doctor")]
    return [*findings, *(repair if mend else examine)(settings.data, embedder), *keys(settings), *trail(settings)]


def language_model(settings: Settings) -> list[Finding]:
    """Whether the language model answers one question; nothing where none is set."""
    from ui.command.models_server import checked_model

    try:
        checked = checked_model(settings)
    except DossierError as error:
        return [Finding("language model", False, str(error), "mend DOSSIER_LLM, then run: dossier models check")]
    if checked is None:
        return []
    return [Finding("language model", checked.ok, f"{checked.model} ({checked.place}): {checked.said}", checked.mend)]


def keys(settings: Settings) -> list[Finding]:
    """Whether every key is as it was made; nothing where there is none."""
    if not (settings.data / KEYS).exists():
        return []
    try:
        with closing(Keys(settings.data)) as kept:
            damaged, count = kept.damaged(), len(kept.every())
    except DossierError as error:
        return [
            Finding("keys", False, str(error), f"rm {settings.data / KEYS}, then run: dossier keys create --name NAME")
        ]
    if not damaged:
        return [Finding("keys", True, f"{count} keys, each as it was made.")]
    detail = f"Not as they were made, so that nobody is let in by them: {', '.join(damaged)}."
    return [Finding("keys", False, detail, "dossier keys revoke ID, then: dossier keys create --name NAME")]


def trail(settings: Settings) -> list[Finding]:
    """What became of the audit trail; nothing where none was kept."""
    if not (settings.data / NAME).exists() and not (settings.data / END).exists():
        return []
    if (where := altered(settings.data)) is None:
        return [Finding("audit trail", True, "Every line is as it was written.")]
    mend = "find out who changed it; move it out of the data directory to begin a new one"
    return [Finding("audit trail", False, f"It was altered at {where}.", mend)]


def _model(name: str, setting: str, load: Callable[[], object]) -> Finding:
    try:
        load()
    except (DossierError, OSError, ValueError) as error:
        return Finding(name, False, str(error), f"set DOSSIER_{name.upper()} to 'packaged', or install Dossier again")
    return Finding(name, True, f"'{setting}' loads and runs.")
