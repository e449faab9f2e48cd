"""Language models: which settings open which, and that every failure is one kind of error, in time."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from index.errors import DossierError, LanguageModelFailed, ModelUnavailable, SettingInvalid
from rag.llm.generate import answer_schema
from rag.llm.gguf import physical_cores
from rag.llm.model import Completion, Message, NobodyWaits, never, open_llm, unheard
from tests.llm_stub import BROKEN, REPLIES, StubServer

HELLO = [Message("system", "Be brief."), Message("user", "Hello?")]
ENDLESS = ("hang", "drip", "drip_headers", "trickle")
VENDORS = ("url", "anthropic_url")


@pytest.fixture(scope="module", autouse=True)
def libraries() -> None:
    """Imported once, so that no deadline below is spent on it."""
    with StubServer("good") as stub:
        for vendor in VENDORS:
            with closing(open_llm(getattr(stub, vendor), key=None, timeout_s=60, max_tokens=32)) as llm:
                llm.warm_up()


def ask(
    url: str,
    *,
    key: str | None = None,
    timeout_s: float = 60.0,
    schema: dict[str, object] | None = None,
    hear: Callable[[str], None] = unheard,
    stopped: Callable[[], bool] = never,
) -> Completion:
    with closing(open_llm(url, key=key, timeout_s=timeout_s, max_tokens=32)) as llm:
        return llm.complete(HELLO, json_schema=schema, hear=hear, stopped=stopped)


def test_importing_costs_nothing_without_a_language_model() -> None:
    code = "import sys, rag.llm.model, rag.llm.generate; print([n for n in ('llama_index', 'openai', 'anthropic', 'xllamacpp') if n in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
    )
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("vendor", VENDORS)
def test_warming_up_sends_nothing(vendor: str) -> None:
    with (
        StubServer("good") as stub,
        closing(open_llm(getattr(stub, vendor), key=None, timeout_s=1, max_tokens=32)) as llm,
    ):
        llm.warm_up()
        assert stub.requests == []


def test_a_model_of_anthropic_is_asked_in_its_own_words() -> None:
    with StubServer("good") as stub:
        assert ask(stub.anthropic_url) == Completion(REPLIES["good"], 11, 7)
    (asked,) = stub.requests
    assert (asked["system"], asked["model"], asked["max_tokens"], asked["stream"]) == ("Be brief.", "stub-1", 32, True)
    assert [message["role"] for message in asked["messages"]] == ["user"]
    assert stub.prompt() == "Be brief.\nHello?"
    assert "tools" not in asked


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


@pytest.mark.parametrize(("vendor", "header"), [("url", "authorization"), ("anthropic_url", "x-api-key")])
def test_only_the_given_key_is_sent_and_nothing_about_this_machine(
    vendor: str, header: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.setenv(name, "from-the-environment")
    for name in ("OPENAI_CUSTOM_HEADERS", "ANTHROPIC_CUSTOM_HEADERS"):
        monkeypatch.setenv(name, "X-Api-Key: from-the-environment\nX-Me: from-the-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")
    with StubServer("good") as stub:
        ask(getattr(stub, vendor))
        ask(getattr(stub, vendor), key="given")
    assert [headers[header].removeprefix("Bearer ") for headers in stub.headers] == ["none", "given"]
    for headers in stub.headers:
        assert "from-the-environment" not in str(headers)
        assert set(headers) <= {
            "host",
            "accept",
            "accept-encoding",
            "connection",
            "content-length",
            "content-type",
            "user-agent",
            "idempotency-key",
            "anthropic-version",
            header,
        }
        assert headers["user-agent"] == "dossier"


def test_a_schema_is_sent_and_left_out_for_servers_that_refuse_it() -> None:
    schema = {"type": "object"}
    with StubServer("good") as stub:
        ask(stub.url, schema=schema)
        assert stub.requests[0]["response_format"]["json_schema"]["schema"] == schema
        ask(stub.anthropic_url, schema=answer_schema([1]))
        asked = stub.requests[1]["output_config"]["format"]["schema"]
        assert asked["properties"]["statements"]["items"]["required"] == ["text", "citations"]
    for vendor, option in (("url", "response_format"), ("anthropic_url", "output_config")):
        with StubServer("no_schema") as stub:
            llm = open_llm(getattr(stub, vendor), key=None, timeout_s=60, max_tokens=32)
            assert [llm.complete(HELLO, json_schema=answer_schema([1])).text for _ in range(2)] == [REPLIES["good"]] * 2
            assert [option in request for request in stub.requests] == [True, False, False]
            llm.close()


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("mode", [*BROKEN, "empty"])
def test_every_failure_is_a_language_model_failure_in_time(
    mode: str, vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.llm.model._PAUSES_S", (0.01, 0.01, 0.01))
    with StubServer(mode) as stub, pytest.raises(LanguageModelFailed, match="stub-1") as caught:
        ask(getattr(stub, vendor), timeout_s=0.5 if mode in ENDLESS else 60.0)
    assert "DOSSIER_LLM" in str(caught.value)
    assert "SECRET" not in str(caught.value)
    expected = {"429": "HTTP 429", "500": "HTTP 500", "huge": "bytes", "gzip": "bytes"}
    assert ("within 0.5 s" if mode in ENDLESS else expected.get(mode, "")) in str(caught.value)
    asked_whole = mode in ("html", "not_json", "no_choices", "empty")  # once more, for an answer that is not in pieces
    assert len(stub.requests) <= (4 if mode == "429" else 2 if asked_whole else 1)


@pytest.mark.parametrize("mode", ENDLESS)
def test_a_call_that_was_given_up_leaves_no_thread_behind(mode: str) -> None:
    with StubServer(mode) as stub:
        with pytest.raises(LanguageModelFailed):
            ask(stub.url, timeout_s=0.3)
        end_of_calls()


def end_of_calls() -> None:
    left = [thread for thread in threading.enumerate() if thread.name == "bounded-call"]
    for thread in left:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in left)


@pytest.mark.parametrize("mode", ENDLESS)
def test_a_model_that_nobody_waits_for_is_hung_up_on(mode: str) -> None:
    with StubServer(mode) as stub:
        with pytest.raises(NobodyWaits):
            ask(stub.url, timeout_s=60, stopped=lambda: bool(stub.requests))
        assert stub.gone.wait(120)
        end_of_calls()


def test_pieces_are_heard_as_they_come_and_a_hearer_may_hang_up() -> None:
    def hang_up(piece: str) -> None:
        raise KeyError(piece)

    heard: list[str] = []
    with StubServer("stops") as stub:
        with pytest.raises(LanguageModelFailed):
            ask(stub.url, timeout_s=1, hear=heard.append)
        assert REPLIES["good"].startswith("".join(heard)) and len(heard) > 5
        with pytest.raises(KeyError):
            ask(stub.url, timeout_s=60, hear=hang_up)
        end_of_calls()


def test_a_busy_server_is_asked_again_when_it_says_so() -> None:
    with StubServer("busy 0") as stub:
        assert ask(stub.url).text == REPLIES["good"]
    assert len(stub.requests) == 2


@pytest.mark.parametrize("after", ["60", "99999", "999999999", "-1", "soon", "Fri, 31 Dec 1999 23:59:59 GMT", "²"])
def test_a_wait_that_would_outlast_the_deadline_is_not_begun(after: str) -> None:
    with StubServer(f"busy {after}") as stub:
        if after.isdecimal() and len(after) < 6:
            with pytest.raises(LanguageModelFailed, match="HTTP 429"):
                ask(stub.url, timeout_s=50)
            assert len(stub.requests) == 1
        else:
            assert ask(stub.url, timeout_s=50).text == REPLIES["good"]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_server_that_is_not_there_is_a_language_model_failure(vendor: str) -> None:
    with StubServer("good") as stub:
        url = getattr(stub, vendor)
    with pytest.raises(LanguageModelFailed, match="DOSSIER_LLM"):
        ask(url, timeout_s=0.6)


def test_a_failure_does_not_spoil_the_next_call() -> None:
    with StubServer("drip") as stub:
        llm = open_llm(stub.url, key=None, timeout_s=1.0, max_tokens=32)
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
        ("openai+ftp://127.0.0.1/v1?model=m", "openai"),
        ("anthropic+https://?model=m", "anthropic"),
        ("anthropic+https://127.0.0.1/m", "model"),
        ("anthropic://127.0.0.1?model=m", "anthropic"),
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
    with pytest.raises(ModelUnavailable, match=r"pip install 'xllamacpp>=2026\.10'"):
        open_llm(f"llama://{path}", key=None, timeout_s=1, max_tokens=32)
    with pytest.raises(ModelUnavailable, match=r"pip install 'anthropic>=0\.75,<1'"):
        open_llm("anthropic+https://127.0.0.1?model=m", key=None, timeout_s=1, max_tokens=32)


@pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None,
    reason="xllamacpp is not installed (pip install 'xllamacpp>=2026.10')",
)
def test_a_small_file_is_taken_for_a_small_model(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF")
    assert open_llm(f"llama://{path}", key=None, timeout_s=1, max_tokens=32).small
    with path.open("r+b") as file:
        file.truncate(3 * 1024**3)
    assert not open_llm(f"llama://{path}", key=None, timeout_s=1, max_tokens=32).small


@pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None,
    reason="xllamacpp is not installed (pip install 'xllamacpp>=2026.10')",
)
def test_a_damaged_gguf_file_is_a_language_model_failure(tmp_path: Path) -> None:
    path = tmp_path / "damaged.gguf"
    path.write_bytes(b"GGUF" + bytes(range(256)) * 20)
    with pytest.raises(LanguageModelFailed, match=r"damaged\.gguf"):
        ask(f"llama://{path}")


def test_errors_of_models_are_one_family() -> None:
    assert issubclass(LanguageModelFailed, DossierError)
    assert physical_cores() >= 1
