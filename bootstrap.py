"""Set up `.venv` with every locked dependency. Standard library only; parses on old Pythons so that it can say they are old.

python3 bootstrap.py run    # what the product needs
python3 bootstrap.py dev    # that, and what the tests need
"""

import hashlib
import os
import platform
import subprocess
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
TORCH = "torch==2.13.0"
UV = "uv==0.13.8"
LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}
FRESH = "Then run the same make command again."


def main(which):
    if sys.version_info < (3, 11):
        stop(
            "Python %d.%d is too old: Dossier needs 3.11 or newer. Name a newer one: make PYTHON=python3.12 %s"
            % (sys.version_info[0], sys.version_info[1], "run")
        )
    lock = os.path.join(ROOT, LOCKS[which])
    stamp = os.path.join(VENV, ".installed-" + which)
    wanted = [fingerprint(lock), fingerprint(os.path.join(ROOT, "pyproject.toml"))]
    found = read(stamp).split()
    if found == wanted:
        return
    if not os.path.exists(PYTHON):
        say("Creating .venv with Python %s" % platform.python_version())
        run(
            [sys.executable, "-m", "venv", VENV],
            "The virtual environment could not be made. On Debian or Ubuntu: apt install python3-venv. " + FRESH,
        )
    if found[:1] != wanted[:1]:
        install_torch()
        say("Installing %s (hashes checked)" % LOCKS[which])
        pip(["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", lock], network_hint())
    pip(
        ["--no-deps", "--no-build-isolation", "--editable", ROOT], "The package itself could not be installed. " + FRESH
    )
    with open(stamp, "w") as file:
        file.write("\n".join(wanted))


def install_torch():
    """A CPU build: one that pip's own settings point to, else from PyTorch's CPU channel through uv; plain on a Mac."""
    if call([PYTHON, "-c", "import torch, sys; sys.exit(not torch.__version__.startswith('2.13.0'))"]) == 0:
        return
    say("Installing %s (CPU build)" % TORCH)
    if sys.platform == "darwin":
        return pip(["--no-deps", TORCH], network_hint())
    if call([PYTHON, "-m", "pip", "install", "-q", "--no-index", "--no-deps", TORCH]) == 0:
        return
    pip([UV], network_hint())
    run(
        [
            os.path.join(VENV, "bin", "uv"),
            "pip",
            "install",
            "--python",
            PYTHON,
            "--no-deps",
            "--torch-backend=cpu",
            TORCH,
        ],
        network_hint(),
    )


def pip(arguments, hint):
    run([PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check"] + arguments, hint)


def network_hint():
    return (
        "Packages could not be fetched. Check the network, or point pip at a package index (pip config set global.index-url URL). "
        + FRESH
    )


def fingerprint(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def read(stamp):
    """What was installed: the fingerprints of the lock and of pyproject.toml; nothing where nothing was."""
    if not os.path.exists(stamp):
        return ""
    with open(stamp) as file:
        return file.read()


def call(command):
    with open(os.devnull, "w") as nowhere:
        return subprocess.call(command, stdout=nowhere, stderr=nowhere)


def run(command, hint):
    done = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = done.communicate()[0].decode("utf-8", "replace")
    if done.returncode != 0:
        log = os.path.join(ROOT, "bootstrap.log")
        with open(log, "w") as file:
            file.write(output)
        stop("%s (details: bootstrap.log)" % hint)


def say(line):
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def stop(line):
    say(line)
    sys.exit(1)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in LOCKS:
        stop("Usage: python3 bootstrap.py run|dev")
    main(sys.argv[1])
