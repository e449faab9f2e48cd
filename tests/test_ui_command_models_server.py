"""`dossier models check` and `list --from`, and the doctor's line about the language model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rag.settings import Settings
from tests.commands import one_line
from tests.provider_stub import PROVIDERS, Provider, ProviderServer
from ui.command.app import app
from ui.command.checkup import language_model

KEY = "sk-key-of-the-test"


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings but those of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOSSIER_LLM_KEY", KEY)


@pytest.fixture
def vllm() -> Iterator[ProviderServer]:
    with ProviderServer(PROVIDERS["vLLM"]) as stub:
        yield stub


def models(*args: str) -> Result:
    return CliRunner().invoke(app, ["models", *args], prog_name="dossier")


def test_a_model_that_answers_is_checked_with_what_its_server_refuses(vllm: ProviderServer) -> None:
    done = models("check", "--llm", vllm.url)
    assert done.exit_code == 0 and done.stdout.startswith("ok   m-1")
    assert "16,384 tokens" in done.stdout and "response_format" in done.stdout
    told = json.loads(models("check", "--llm", vllm.url, "--json").stdout)
    assert (told["ok"], told["code"], told["window"], told["left_out"]) == (True, None, 16384, ["response_format"])


def test_a_key_that_is_refused_is_told_with_what_mends_it_and_never_shown() -> None:
    refusing = Provider(lambda _: (401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}))
    with ProviderServer(refusing) as stub:
        done = models("check", "--llm", stub.url)
        (finding,) = language_model(Settings(llm=stub.url, llm_key=KEY))
    assert done.exit_code == 1 and "HTTP 401" in done.stdout and "mend: Set DOSSIER_LLM_KEY" in done.stdout
    assert (finding.name, finding.ok) == ("language model", False) and "HTTP 401" in finding.detail
    assert KEY not in f"{done.output}{finding}"


def test_without_a_model_there_is_nothing_to_check() -> None:
    assert "No language model is set" in models("check").output
    assert language_model(Settings()) == []


def test_a_setting_that_is_none_is_one_line_for_the_doctor() -> None:
    (finding,) = language_model(Settings(llm="gpt-4"))
    assert not finding.ok and "no scheme" in finding.detail and finding.mend is not None


def test_a_server_lists_its_models_as_the_settings_that_name_them(vllm: ProviderServer) -> None:
    done = models("list", "--from", vllm.base)
    assert done.exit_code == 0
    assert done.stdout.split("\n")[0] == f"DOSSIER_LLM='{vllm.url}'  (16,384 tokens)"
    (told,) = json.loads(models("list", "--from", vllm.url, "--json").stdout)
    assert told == {"name": "m-1", "window": 16384, "setting": vllm.url}


def test_a_server_without_models_is_one_line_and_a_failure() -> None:
    with ProviderServer(Provider(lists={"data": []})) as stub:
        done = models("list", "--from", stub.base)
    assert done.exit_code == 1 and "lists no models" in done.stderr
    assert one_line(done.stderr)
