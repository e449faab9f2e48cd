"""Commands as a person runs them: in this process against a real server, or in one of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from typer.testing import CliRunner, Result

from index.owner import OwnerLock
from tests.fakes_ui import FakeDossier, serving
from ui.command.app import app

ROOT = Path(__file__).resolve().parents[1]
Invoke = Callable[..., Result]


@contextmanager
def invoking(dossier: FakeDossier) -> Iterator[Invoke]:
    """Runs commands against a server that owns the data directory."""
    lock = OwnerLock(dossier.settings.data)
    with serving(dossier) as url:
        lock.announce(url)
        yield lambda *args: CliRunner().invoke(app, ["--data", str(dossier.settings.data), *args], prog_name="dossier")
    lock.close()


def run(
    *args: str, cwd: Path, env: dict[str, str] | None = None, timeout_s: float = 120
) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DOSSIER_")}
    return subprocess.run(
        [sys.executable, "-m", "ui", *args],
        cwd=cwd,
        env={**inherited, "PYTHONPATH": str(ROOT), **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )


def one_line(text: str) -> bool:
    return text.count("\n") == 1 and text.endswith("\n") and text.startswith("dossier: ")
