"""Every provider that docs/language-models.md names works at the first try, and says what is wrong when it does not."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from index.errors import LanguageModelFailed, SettingInvalid
from rag.llm import address as addresses
from rag.llm.address import check_key, read_address
from rag.llm.breaker import Breaker, GuardedModel
from rag.llm.check import check_model
from rag.llm.failure import REASONS, reason_in_words
from rag.llm.generate import answer_schema
from rag.llm.model import UNKNOWN_WINDOW, LlamaIndexModel, Message, open_llm
from rag.llm.server import Server
from tests.provider_stub import PROVIDERS, REPLY, WINDOWS, Provider, ProviderServer, Refusal

SECRET, KEY = "SECRET ECHO", "sk-key-of-the-test"
HELLO = [Message("system", "Be brief."), Message("user", SECRET)]
DOCS = Path(__file__).parents[1] / "docs" / "language-models.md"


@pytest.fixture(scope="module", autouse=True)
def library() -> None:
    """Imported once, so that no deadline below is spent on it."""
    with closing(open_llm("openai+http://127.0.0.1:1/v1?model=m", key=None, timeout_s=60, max_tokens=32)) as llm:
        llm.warm_up()


def opened(stub: ProviderServer, **more: Any) -> LlamaIndexModel:
    return open_llm(stub.url, key=KEY, timeout_s=60, max_tokens=32, **more)


def answered(status: int, body: Any) -> Provider:
    return Provider(lambda _: (status, body))


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_provider_answers_at_the_first_question_and_is_known_at_the_second(name: str) -> None:
    provider = PROVIDERS[name]
    with ProviderServer(provider) as stub, closing(opened(stub)) as llm:
        assert llm.complete(HELLO, json_schema=answer_schema([1])).text == REPLY
        asked = len(stub.bodies)
        assert llm.complete(HELLO, json_schema=answer_schema([1])).text == REPLY
        assert len(stub.bodies) == asked + 1
        assert stub.keys[-1] == (f"Bearer {KEY}" if provider.key_header == "authorization" else KEY)
        assert llm.window() == WINDOWS.get(name, UNKNOWN_WINDOW)
        assert all(("api-version=2024-10-21" in path) == bool(provider.query) for path in stub.paths)


def test_the_page_has_a_line_for_each_provider() -> None:
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    named = [name for name in PROVIDERS if name not in ("whole answers only", "no reason given")]
    assert [name for name in named if not any(line.startswith(f"| {name}") for line in lines)] == []


def test_what_is_refused_is_left_out_and_the_rest_is_still_sent() -> None:
    with ProviderServer(PROVIDERS["OpenAI"]) as stub, closing(opened(stub)) as llm:
        llm.complete(HELLO, json_schema=answer_schema([1]))
        last = stub.bodies[-1]
        assert set(last) == {"messages", "model", "max_completion_tokens", "response_format", "stream"}
        assert (last["stream"], last["max_completion_tokens"]) == (False, 256)
        assert llm.dialect.refused == {"max_tokens", "temperature", "seed", "stream"}
    with ProviderServer(PROVIDERS["LM Studio"]) as stub, closing(opened(stub)) as llm:
        llm.complete(HELLO)
        assert stub.bodies[-1]["messages"] == [{"role": "user", "content": f"Be brief.\n\n{SECRET}"}]
    with ProviderServer(PROVIDERS["no reason given"]) as stub, closing(opened(stub)) as llm:
        llm.complete(HELLO, json_schema=answer_schema([1]))
        assert {"temperature", "messages"} <= set(stub.bodies[-1]) and "seed" not in stub.bodies[-1]


def test_a_model_that_thinks_away_its_room_gets_more() -> None:
    with ProviderServer(Provider(thinks=100)) as stub, closing(opened(stub)) as llm:
        assert llm.complete(HELLO).text == REPLY
        assert [body["max_tokens"] for body in stub.bodies] == [32, 256]


FAILURES: dict[str, tuple[Refusal, str]] = {
    "401": ((401, {"error": {"message": f"Incorrect API key provided: {KEY}. {SECRET}"}}), "unauthorized"),
    "403": ((403, SECRET), "unauthorized"),
    "Gemini's key": (
        (400, [{"error": {"message": "API key not valid. Please pass a valid API key."}}]),
        "unauthorized",
    ),
    "402": ((402, {"error": {"message": "Insufficient credits"}}), "no-credit"),
    "quota": ((429, {"error": {"message": SECRET, "code": "insufficient_quota"}}), "no-credit"),
    "429": ((429, {"error": {"message": SECRET}}), "rate-limited"),
    "404": ((404, {"error": {"message": "model 'm-1' not found, try pulling it first"}}), "model-not-found"),
    "another model": ((400, {"error": {"message": "m-1 is not a valid model ID"}}), "model-not-found"),
    "too long": (
        (400, {"error": {"message": f"maximum context length is 2048 tokens. {SECRET}", "code": 400}}),
        "context-exceeded",
    ),
    "500": ((500, SECRET), "server-error"),
    "always refused": ((400, {"error": {"message": SECRET}}), "parameter-refused"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_every_failure_has_its_reason_and_no_word_of_what_was_sent(
    case: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.llm.model._PAUSES_S", (0.01,))
    (status, body), code = FAILURES[case]
    with ProviderServer(answered(status, body)) as stub, closing(opened(stub)) as llm:
        guarded = GuardedModel(llm, Breaker(failures=5, rest_s=60))
        with caplog.at_level(logging.WARNING, "dossier"), pytest.raises(LanguageModelFailed) as caught:
            guarded.complete(HELLO, json_schema=answer_schema([1]))
        assert len(stub.bodies) <= 10
    assert caught.value.reason == code
    for said in (str(caught.value), caplog.text, reason_in_words(code)):
        assert SECRET not in said and KEY not in said
    assert code in caplog.text and REASONS[code].mend in str(caught.value)


def test_a_server_that_is_not_there_is_unreachable_and_one_that_hangs_up_is_of_no_use() -> None:
    with ProviderServer(Provider()) as stub:
        url = stub.url
    with closing(open_llm(url, key=None, timeout_s=0.6, max_tokens=32)) as llm:
        checked = check_model(llm)
        assert (checked.code, checked.ok, checked.mend) == ("unreachable", False, REASONS["unreachable"].mend)
        assert llm.window() == UNKNOWN_WINDOW


def test_a_check_says_what_is_left_out_and_how_much_is_read() -> None:
    with ProviderServer(PROVIDERS["vLLM"]) as stub, closing(opened(stub)) as llm:
        checked = check_model(llm)
    assert checked.ok and (checked.window, checked.left_out) == (16384, ("response_format",))
    assert "16,384 tokens" in checked.said and "response_format" in checked.said


def test_a_window_that_is_set_is_not_asked_for_and_a_refusal_teaches_a_smaller_one() -> None:
    with (
        ProviderServer(
            answered(400, {"error": {"message": "request exceeds the context size", "n_ctx": 2048}})
        ) as stub,
        closing(opened(stub, window=9000)) as llm,
    ):
        assert llm.window() == 9000 and not stub.paths
        with pytest.raises(LanguageModelFailed):
            llm.complete(HELLO)
        assert llm.window() == 2048


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProviderServer]:
    with ProviderServer(PROVIDERS["Ollama"]) as stub:
        monkeypatch.setattr(addresses, "OLLAMA", stub.place)
        yield stub


def test_ollama_alone_takes_the_one_model_that_it_has(ollama: ProviderServer) -> None:
    with closing(open_llm("ollama", key=None, timeout_s=60, max_tokens=32)) as llm:
        assert llm.complete(HELLO).text == REPLY
        assert (llm.name, llm.local, llm.window()) == ("m-1", True, 8192)


def test_of_several_one_has_to_be_chosen_and_one_that_only_embeds_is_none(
    ollama: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = {"data": [{"id": "a"}, {"id": "b"}]}
    ollama.provider = Provider(lists=two)
    with pytest.raises(SettingInvalid, match=r"a, b.*ollama\?model=a"):
        Server(read_address("ollama"), "none").pick()
    ollama.provider = Provider(lists=two, facts={"/api/show": {"capabilities": ["embedding"]}})
    with pytest.raises(LanguageModelFailed, match="lists no models"):
        Server(read_address("ollama"), "none").pick()


def test_a_server_that_lists_no_models_is_told_apart_from_one_that_has_no_list() -> None:
    for lists in ({"data": []}, {"data": None}, "x"):
        with ProviderServer(Provider(lists=lists)) as stub:
            assert Server(read_address(stub.base, any_model=True), "none").models() == ()
    with ProviderServer(Provider(lists=None)) as stub, pytest.raises(LanguageModelFailed, match="no list of models"):
        Server(read_address(stub.base, any_model=True), "none").models()


@pytest.mark.parametrize(
    ("key", "says"), [("sk-1\n", "line break"), ("sk-\r\n2", "line break"), ("sk 1", "space"), ("sk-é", "character")]
)
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(key: str, says: str) -> None:
    with pytest.raises(SettingInvalid, match=says) as caught:
        open_llm("openai+http://127.0.0.1:1/v1?model=m", key=key, timeout_s=1, max_tokens=32)
    assert "sk" not in str(caught.value).removeprefix("DOSSIER_LLM_KEY")
    assert check_key(None) == "none"
