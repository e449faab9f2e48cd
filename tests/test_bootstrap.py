"""The two commands say in one line what is missing."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_a_python_that_is_too_old_gets_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sys.path.insert(0, str(ROOT))
    try:
        import bootstrap
    finally:
        sys.path.remove(str(ROOT))
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit) as ended:
        bootstrap.main("run")
    line = capsys.readouterr().err
    assert ended.value.code == 1 and line.count("\n") == 1
    assert "3.9" in line and "3.11" in line and "make PYTHON=" in line


def test_an_old_python_can_at_least_read_the_set_up() -> None:
    ast.parse((ROOT / "bootstrap.py").read_text(encoding="utf-8"), feature_version=(3, 4))


@pytest.mark.slow
def test_no_network_gets_one_clear_line(tmp_path: Path) -> None:
    for name in ("bootstrap.py", "requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    outside = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "UV_"))}
    closed = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
        "PIP_NO_CACHE_DIR": "1",
    }
    done = subprocess.run(
        [sys.executable, "bootstrap.py", "run"],
        cwd=tmp_path,
        env=outside | closed,
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "Check the network" in last and "pip config set" in last


def test_an_unknown_set_up_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "bootstrap.py"), "everything"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "Usage" in done.stderr
