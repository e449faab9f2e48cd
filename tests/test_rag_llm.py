"""Language models: which settings open which, and that every failure is one kind of error, in time."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from index.errors import DossierError, LanguageModelFailed, ModelUnavailable, SettingInvalid
from rag.gguf import physical_cores
from rag.llm import Completion, Message, open_llm
from tests.llm_stub import BROKEN, REPLIES, StubServer

HELLO = [Message("system", "Be brief."), Message("user", "Hello?")]


def ask(
    url: str, *, key: str | None = None, timeout_s: float = 20.0, schema: dict[str, object] | None = None
) -> Completion:
    llm = open_llm(url, key=key, timeout_s=timeout_s, max_tokens=32)
    try:
        return llm.complete(HELLO, json_schema=schema)
    finally:
        llm.close()


def test_importing_costs_nothing_without_a_language_model() -> None:
    code = "import sys, rag.llm, rag.generate; print([n for n in ('llama_index', 'openai', 'xllamacpp') if n in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
    )
    assert run.stdout.strip() == "[]"


def test_a_completion_carries_text_and_token_counts() -> None:
    with StubServer("good") as stub:
        completion = ask(stub.url)
    assert completion == Completion(REPLIES["good"], 11, 7)
    assert stub.requests[0]["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello?"},
    ]
    assert (stub.requests[0]["temperature"], stub.requests[0]["max_tokens"], stub.requests[0]["model"]) == (
        0.0,
        32,
        "stub-1",
    )


def test_only_the_given_key_is_sent_and_nothing_about_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "from-the-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    with StubServer("good") as stub:
        ask(stub.url)
        ask(stub.url, key="given")
    assert [headers["authorization"] for headers in stub.headers] == ["Bearer none", "Bearer given"]
    for headers in stub.headers:
        assert "from-the-environment" not in str(headers)
        assert set(headers) <= {
            "host",
            "accept",
            "accept-encoding",
            "connection",
            "content-length",
            "content-type",
            "authorization",
            "user-agent",
        } | {"idempotency-key"}
        assert headers["user-agent"] == "dossier"


def test_a_schema_is_sent_and_left_out_for_servers_that_refuse_it() -> None:
    schema = {"type": "object"}
    with StubServer("good") as stub:
        ask(stub.url, schema=schema)
        assert stub.requests[0]["response_format"]["json_schema"]["schema"] == schema
    with StubServer("no_schema") as stub:
        llm = open_llm(stub.url, key=None, timeout_s=20, max_tokens=32)
        assert [llm.complete(HELLO, json_schema=schema).text for _ in range(2)] == [REPLIES["good"]] * 2
        assert ["response_format" in request for request in stub.requests] == [True, False, False]
        llm.close()


@pytest.mark.parametrize("mode", [*BROKEN, "empty"])
def test_every_failure_is_a_language_model_failure(mode: str) -> None:
    with StubServer(mode) as stub, pytest.raises(LanguageModelFailed, match="stub-1") as caught:
        slow = mode in ("hang", "drip", "drip_headers")
        ask(stub.url, timeout_s=2.0 if slow else 20.0)
    assert "DOSSIER_LLM" in str(caught.value)
    assert "SECRET" not in str(caught.value)
    assert len(stub.requests) == 1
    expected = {
        "429": "HTTP 429",
        "500": "HTTP 500",
        "hang": "within 2 s",
        "drip": "within 2 s",
        "drip_headers": "within 2 s",
        "huge": "bytes",
        "gzip": "bytes",
    }
    assert expected.get(mode, "") in str(caught.value)


@pytest.mark.parametrize("mode", ["hang", "drip", "drip_headers"])
def test_a_call_that_was_given_up_leaves_no_thread_behind(mode: str) -> None:
    with StubServer(mode) as stub:
        with pytest.raises(LanguageModelFailed):
            ask(stub.url, timeout_s=1.0)
        left = [thread for thread in threading.enumerate() if thread.name == "bounded-call"]
        for thread in left:
            thread.join(timeout=20)
        assert not any(thread.is_alive() for thread in left)


def test_a_server_that_is_not_there_is_a_language_model_failure() -> None:
    with StubServer("good") as stub:
        url = stub.url
    with pytest.raises(LanguageModelFailed):
        ask(url)


def test_a_failure_does_not_spoil_the_next_call() -> None:
    with StubServer("drip") as stub:
        llm = open_llm(stub.url, key=None, timeout_s=2.0, max_tokens=32)
        with pytest.raises(LanguageModelFailed):
            llm.complete(HELLO)
        stub.mode = "good"
        assert llm.complete(HELLO).text == REPLIES["good"]
        llm.close()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1/v1?model=m", "'http://'"),
        ("gpt-4", "no scheme"),
        ("", "no scheme"),
        ("openai+http:///v1?model=m", "openai"),
        ("openai+http://127.0.0.1/v1", "model"),
        ("openai+http://127.0.0.1/v1?model=", "model"),
        ("openai+http://127.0.0.1/v1?model=a&model=b", "model"),
        ("openai+http://127.0.0.1/v1?model=a&key=b", "model"),
        ("openai+http://user:pass@127.0.0.1/v1?model=a", "DOSSIER_LLM_KEY"),
        ("openai+http://127.0.0.1:99999/v1?model=a", "URL"),
        ("openai+http://[::1/v1?model=a", "URL"),
        ("llama://host/file.gguf", "llama"),
        ("llama:file.gguf", "llama"),
    ],
)
def test_a_bad_setting_is_refused_with_the_forms_that_work(url: str, says: str) -> None:
    with pytest.raises(SettingInvalid, match="DOSSIER_LLM") as caught:
        open_llm(url, key=None, timeout_s=1, max_tokens=32)
    assert says in str(caught.value)
    assert "pass@" not in str(caught.value)


def test_a_missing_or_foreign_model_file_is_named(tmp_path: Path) -> None:
    foreign = tmp_path / "my model.gguf"
    for path, says in ((tmp_path / "none.gguf", "no model file"), (foreign, "not a GGUF")):
        foreign.write_bytes(b"PK\x03\x04")
        with pytest.raises(ModelUnavailable, match=says):
            open_llm(f"llama://{path.as_posix().replace(' ', '%20')}", key=None, timeout_s=1, max_tokens=32)


def test_a_missing_library_is_named_with_what_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF")
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelUnavailable, match=r"pip install 'dossier\[gguf\]'"):
        open_llm(f"llama://{path}", key=None, timeout_s=1, max_tokens=32)


@pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None, reason="xllamacpp is not installed (pip install 'dossier[gguf]')"
)
def test_a_damaged_gguf_file_is_a_language_model_failure(tmp_path: Path) -> None:
    path = tmp_path / "damaged.gguf"
    path.write_bytes(b"GGUF" + bytes(range(256)) * 20)
    with pytest.raises(LanguageModelFailed, match=r"damaged\.gguf"):
        ask(f"llama://{path}")


def test_errors_of_models_are_one_family() -> None:
    assert issubclass(LanguageModelFailed, DossierError)
    assert physical_cores() >= 1
