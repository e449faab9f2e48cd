"""Makes the environment of the peers: their own packages at locked versions, torch as a CPU build."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

from index.errors import DossierError

ENVIRONMENT = Path("build/peers/env")
INSTALL = "python -m eval.peers install"
LOCK = Path(__file__).with_name("requirements.lock")
TORCH = "torch==2.13.0"
UV = "uv==0.13.8"


class PeersNotInstalled(DossierError):
    """The packages of the peers could not be fetched."""


def python_of(environment: Path) -> Path:
    """The interpreter of an environment, there or not."""
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def install(environment: Path = ENVIRONMENT) -> Path:
    """Make the environment, about 1.3 GB; one that holds the locked versions stays as it is.

    Returns:
        Its interpreter.

    Raises:
        PeersNotInstalled: With the last line that pip said.
    """
    python, stamp = python_of(environment), environment / "installed.lock"
    if python.exists() and stamp.exists() and stamp.read_bytes() == LOCK.read_bytes():
        return python
    venv.create(environment, clear=True, with_pip=True)
    _install_torch(python)
    _pip(python, "--no-deps", "--require-hashes", "--only-binary", ":all:", "--requirement", str(LOCK))
    stamp.write_bytes(LOCK.read_bytes())
    return python


def _install_torch(python: Path) -> None:
    """The build that pip's settings point to, else the CPU channel's: PyPI's own brings gigabytes of CUDA on Linux."""
    if sys.platform == "darwin":
        _pip(python, "--no-deps", TORCH)
        return
    try:
        _pip(python, "--no-index", "--no-deps", TORCH)
    except PeersNotInstalled:
        _pip(python, UV)
        options = ("--python", str(python), "--no-deps", "--torch-backend=cpu", TORCH)
        _call(python, "uv", "pip", "install", *options)


def _pip(python: Path, *arguments: str) -> None:
    _call(python, "pip", "install", "--quiet", "--disable-pip-version-check", *arguments)


def _call(python: Path, module: str, *arguments: str) -> None:
    command = [str(python), "-m", module, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
    if ended.returncode:
        said = (ended.stderr.strip() or ended.stdout.strip() or "nothing").splitlines()[-1]
        raise PeersNotInstalled(
            f"The peers could not be installed; pip said: {said[:300]}. Check the network and run: {INSTALL}"
        )
