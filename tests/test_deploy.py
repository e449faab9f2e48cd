"""What is shipped to run Dossier on a server keeps what it promises; no container is needed to see it."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

import bootstrap
from rag.settings import Settings
from ui.command.app import app

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("index", "rag", "ui", "eval")
SECRET = re.compile(r"key|token|secret|password", re.I)


def _steps() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, continued lines joined."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    lines = (line.strip() for line in text.splitlines())
    return [(word, " ".join(rest.split())) for word, _, rest in (one.partition(" ") for one in lines) if word.isupper()]


def _only(instruction: str) -> str:
    [found] = [rest for word, rest in _steps() if word == instruction]
    return found


def _copied() -> list[str]:
    copies = [rest.split()[:-1] for word, rest in _steps() if word == "COPY"]
    return [name for names in copies if not names[0].startswith("--from") for name in names]


def _unit() -> list[tuple[str, str]]:
    lines = (ROOT / "deploy" / "dossier.service").read_text().splitlines()
    return [(name, value) for name, sign, value in (line.partition("=") for line in lines if line[:1] != "#") if sign]


def _service() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return found["services"]["dossier"]  # type: ignore[no-any-return]


# The image


def test_the_linter_finds_nothing_in_the_dockerfile() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    ran = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, "")


def test_what_the_image_copies_is_there_and_is_all_that_it_is_sent() -> None:
    copied = _copied()
    assert {*PACKAGES, "requirements.lock", "pyproject.toml"} <= set(copied)
    assert all((ROOT / name).exists() for name in copied)
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line[0] == "!"} == set(copied)


def test_everything_in_the_image_has_a_version_and_the_lock_has_hashes() -> None:
    images = {rest.split()[0] for word, rest in _steps() if word == "FROM"}
    assert len(images) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-[a-z]+", images.pop())
    runs = " ".join(rest for word, rest in _steps() if word == "RUN")
    assert bootstrap.TORCH in runs
    assert bootstrap.UV in runs
    assert "--require-hashes --only-binary :all: -r requirements.lock" in runs


def test_the_image_runs_as_nobody_and_holds_no_secret() -> None:
    user, group = _only("USER").split(":")
    assert int(user) > 1_000
    assert int(group) > 1_000
    named = [rest for word, rest in _steps() if word in ("ENV", "ARG")]
    assert not [text for text in named if SECRET.search(text)]


def test_the_servers_environment_names_settings_that_exist() -> None:
    texts = [(ROOT / name).read_text() for name in ("Dockerfile", "compose.yaml", "deploy/dossier.service")]
    named = {name.lower() for text in texts for name in re.findall(r"DOSSIER_([A-Z_]+)", text)}
    assert {"data", "host", "require_keys"} <= named
    assert named <= set(Settings.model_fields)


class _Answering(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/livez" else 404)
        self.end_headers()

    def log_message(self, *told: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), _Answering) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_health_check_tells_a_server_that_answers_from_one_that_does_not(
    server: HTTPServer, monkeypatch: pytest.MonkeyPatch, status: int, healthy: bool
) -> None:
    monkeypatch.setattr(_Answering, "status", status)
    _, _, command = _only("HEALTHCHECK").partition(" CMD ")
    arguments = json.loads(command)
    environment = {"DOSSIER_PORT": str(server.server_port), "PATH": os.environ["PATH"]}
    ran = subprocess.run([sys.executable, *arguments[1:]], env=environment, capture_output=True)
    assert (ran.returncode == 0) == healthy


# The package in it


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that the image's last step builds, of nothing but what it copies."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in _copied():
        source, target = ROOT / name, folder / "build" / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, "-w", str(folder), "."], cwd=folder / "build", check=True
    )
    [built] = folder.glob("*.whl")
    return built


def test_weights_scripts_and_styles_are_in_the_wheel_and_no_documents(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    needed = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and "office" not in path.parts  # only training reads it
    }
    assert {"rag/models/reader/model.onnx", "rag/models/judge.json", "ui/page/page.css", "ui/page/ask/ask.js"} <= held
    assert {name for name in needed if not name.endswith(".py")} <= held
    assert {name.split("/")[0] for name in held} == set(PACKAGES)


def test_the_installed_wheel_has_a_command_that_needs_no_checkout(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True)
    site = next((environment / "lib").glob("python3.*")) / "site-packages"
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    run = {"cwd": tmp_path, "capture_output": True, "text": True, "env": {"PATH": os.environ["PATH"]}}
    helped = subprocess.run([environment / "bin" / "dossier", "--help"], **run)  # type: ignore[call-overload]
    assert (helped.returncode, helped.stderr) == (0, "")
    assert "serve" in helped.stdout
    where = subprocess.run([python, "-c", "import ui, sys; print(ui.__file__)"], **run)  # type: ignore[call-overload]
    assert Path(where.stdout.strip()).is_relative_to(site)


def test_reading_leaves_nothing_in_the_home_of_its_user(tmp_path: Path) -> None:
    """The library that runs the reader would keep an id of the machine there, and report to its maker."""
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}
    code = "from rag.reading.reader import EncoderReader; EncoderReader().warm_up()"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
    assert list(tmp_path.rglob("*")) == []


# Compose and systemd


def test_compose_gives_the_container_nothing_that_it_does_not_need() -> None:
    service = _service()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["volumes"] == ["data:/data"]
    assert [place.split(":")[0] for place in service["tmpfs"]] == ["/tmp"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["environment"]["DOSSIER_REQUIRE_KEYS"] == "true"
    assert not {"privileged", "network_mode", "pid", "devices", "user"} & set(service)
    assert not [name for name in service["environment"] if SECRET.search(name.removesuffix("_KEYS"))]


def test_what_is_written_in_the_container_goes_to_the_volume_or_to_memory() -> None:
    told = dict(part.split("=", 1) for part in shlex.split(_only("ENV")))
    assert told["DOSSIER_DATA"] == "/data"
    assert json.loads(_only("VOLUME")) == ["/data"]
    assert told["HOME"] == told["TMPDIR"] == "/tmp"


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not on this machine; the next test reads the unit")
    unit = tmp_path / "dossier.service"
    text = (ROOT / "deploy" / "dossier.service").read_text()
    unit.write_text(
        text.replace("/opt/dossier/bin/dossier", f'"{sys.executable}"').replace("User=dossier", "User=daemon")
    )
    ran = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    assert (ran.returncode, [line for line in ran.stderr.splitlines() if "dossier.service" in line]) == (0, [])


def test_the_unit_confines_the_server() -> None:
    unit = dict(_unit())
    assert unit["User"] == "dossier"
    assert unit["ProtectSystem"] == "strict"
    for name in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "RestrictNamespaces"):
        assert unit[name] == "true"
    assert unit["CapabilityBoundingSet"] == unit["AmbientCapabilities"] == ""
    assert set(unit["RestrictAddressFamilies"].split()) == {"AF_INET", "AF_INET6", "AF_UNIX"}
    assert unit["MemoryMax"]
    told = dict(value.split("=", 1) for name, value in _unit() if name == "Environment")
    assert told["DOSSIER_DATA"] == f"/var/lib/{unit['StateDirectory']}"
    assert told["DOSSIER_REQUIRE_KEYS"] == "true"


# The pages that say how


def test_every_setting_is_in_the_table_with_its_default() -> None:
    rows = re.findall(r"^\| `DOSSIER_([A-Z_]+)` \| (.*?) \|", (ROOT / "docs" / "running.md").read_text(), re.MULTILINE)
    told = {name.lower(): value.strip("`") for name, value in rows}
    assert told == {name: _shown(field.get_default()) for name, field in Settings.model_fields.items()}
    assert len(rows) == len(told)


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("page", ["docs/running.md", "docs/upgrading.md", "docs/models.md"])
def test_every_command_that_a_page_names_exists(page: str) -> None:
    known = _commands(typer.main.get_command(app))
    code = re.findall(r"^ {4}.*$|`[^`\n]*`", (ROOT / page).read_text(), re.MULTILINE)
    called = re.compile(r"(?:^ {4}|^`|/bin/|--rm |dossier )dossier (?:--data \S+ )?((?:(?:keys|models) )?[a-z]+)")
    named = {name for piece in code for name in called.findall(piece)}
    assert named
    assert named <= known


def _commands(command: Any, before: str = "") -> set[str]:
    found = set()
    for name, one in getattr(command, "commands", {}).items():
        found |= {before + name} | _commands(one, f"{before}{name} ")
    return found
