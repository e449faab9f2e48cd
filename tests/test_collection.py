"""The tests are the same in every run: no id depends on the clock, the hash seed, the path, the order of files or the machine.

Workers that run beside each other refuse to begin where they found other tests, so that one such id fails the whole suite.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NEEDED = ("tests", "rag", "index", "ui", "eval", "seeds", "docs", "deploy", "pyproject.toml", "bootstrap.py")
ADDRESS = re.compile(r" at 0x[0-9a-f]{6,}")


def collected_elsewhere(files: list[str], clone: Path) -> list[str]:
    """The ids of these files in a copy of the checkout: later, in another folder, hash seed, time zone, home and machine."""
    for name in NEEDED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, clone / name)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DOSSIER_"))},
        "PYTHONPATH": str(clone),
        "PYTHONHASHSEED": "4001",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TZ": "Pacific/Auckland",
        "HOME": str(clone),
    }
    command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider", "-p", "no:xdist", *files]
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-3_000:]
    return [line for line in done.stdout.splitlines() if "::" in line]


@pytest.mark.slow
def test_the_same_tests_are_found_later_and_elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """What this session found, against what another finds; of one file alone, only that file is compared."""
    clone = tmp_path / "a clone"
    clone.mkdir()
    here = [item.nodeid for item in request.session.items]
    files = list(dict.fromkeys(name.split("::")[0] for name in here))
    found = set(here)
    there = [name for name in collected_elsewhere(files, clone) if name in found]
    assert sorted(found - set(there)) == []
    assert there == here
    assert [name for name in here if ADDRESS.search(name) or str(ROOT) in name] == []
