"""What the page does with what it is sent: by its own buttons, and by anyone who calls its events over HTTP."""

import html
import json
import logging
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from index.values import Document
from tests.fakes_page import MemoryDossier, make_document, served
from ui.page.actions import Actions

TEXT = "The harbour opened in 1902. Otto Lind built the bridge in 1911. The bridge cost 2 million crowns."


@pytest.fixture
def document() -> Document:
    return make_document(TEXT, title="A harbour and its bridge")


@pytest.fixture
def dossier(tmp_path: Path, document: Document) -> MemoryDossier:
    return MemoryDossier(tmp_path / "data", [document])


@pytest.fixture
def actions(dossier: MemoryDossier) -> Actions:
    return Actions(dossier)


def test_an_answer_comes_with_its_first_source_opened_at_the_quote(actions: Actions) -> None:
    answer, source, status, thread, conversation = actions.ask("Who built the bridge?", "")
    assert "Answered" in answer
    assert "<mark" in source
    assert "1 source" in status
    assert thread.startswith("thr_")
    assert conversation == ""


def test_a_conversation_goes_on_shows_what_came_before_and_begins_anew(actions: Actions) -> None:
    _, _, _, thread, _ = actions.ask("Who built the bridge?", "")
    second = actions.ask("And what did the bridge cost?", thread)
    assert second[3] == thread
    assert "Who built the bridge?" in second[4]
    earlier = re.search(r"ans&#95;\w+", second[4])
    assert earlier is not None
    assert "Otto Lind" in actions.recall(html.unescape(earlier[0]))[0]
    assert actions.begin()[3:] == ("", "")


def test_a_conversation_that_is_gone_begins_anew(actions: Actions) -> None:
    _, _, status, thread, conversation = actions.ask("Who built the bridge?", "thr_" + "0" * 32)
    assert "alarm" not in status
    assert thread not in ("", "thr_" + "0" * 32)
    assert conversation == ""


@pytest.mark.parametrize("command", ["", "a\x00b", "ans_" + "0" * 32, None, 7])
def test_an_answer_that_is_not_kept_is_not_recalled(actions: Actions, command: Any) -> None:
    shown, _source, status = actions.recall(command)
    assert "Otto Lind" not in shown
    assert "no longer kept" in shown or "alarm" in status or "nothing this page" in status


@pytest.mark.parametrize("question", ["", "   ", "\u200b\u200b", "\n\t"])
def test_a_blank_question_is_asked_back(actions: Actions, question: str) -> None:
    assert "Type a question first." in actions.ask(question, "")[2]


def test_a_question_may_have_four_thousand_characters_and_no_more(actions: Actions) -> None:
    assert "at most 4000" not in actions.ask("bridge " + "x" * 3993, "")[2]
    assert "at most 4000" in actions.ask("x" * 4001, "")[2]


@pytest.mark.parametrize("question", ["a\x00b", "\ud800 bridge", None, 7, ["x"]])
def test_a_question_that_is_no_text_is_refused(actions: Actions, question: Any) -> None:
    assert "alarm" in actions.ask(question, "")[2]


def test_an_error_shows_an_id_and_nothing_of_the_exception(actions: Actions, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="dossier"):
        said = "".join(actions.ask("break the bridge", ""))
    assert "secret" not in said
    name = caplog.records[0].getMessage()
    assert name.replace("_", "&#95;") in said


def test_nothing_to_search_yet_is_no_error(tmp_path: Path) -> None:
    empty = MemoryDossier(tmp_path / "none")
    answer, _, status, _, _ = Actions(empty).ask("Who built the bridge?", "")
    assert "no documents yet" in answer
    assert "alarm" not in status


def test_a_reference_opens_its_source_at_its_quote(actions: Actions, document: Document) -> None:
    start = TEXT.index("Otto")
    assert ">Otto Lind</mark>" in actions.show(f"{document.id} {start} {start + 9}")


@pytest.mark.parametrize(
    "command",
    [
        "",
        "x",
        "ID 1",
        "ID -1 5",
        "ID 5 1",
        "ID 0 999999",
        "ID 0 99999999999999999999",
        "ID a b",
        "ID ² 3",
        "ID  1 2",
        "x" * 500,
        None,
        3,
    ],
)
def test_a_reference_that_no_button_has_shows_no_source(actions: Actions, document: Document, command: Any) -> None:
    given = command.replace("ID", document.id) if isinstance(command, str) else command
    shown = actions.show(given)
    assert "<mark" not in shown
    assert "alarm" in shown


@pytest.mark.parametrize("name", ["doc_0000", "../../etc/passwd", "a\x01b"])
def test_an_unknown_document_is_said_to_be_gone(actions: Actions, name: str) -> None:
    assert "no longer in the collection" in actions.show(f"{name} 0 1") or "alarm" in actions.show(f"{name} 0 1")


def test_a_removed_document_is_gone_from_the_answers(
    actions: Actions, dossier: MemoryDossier, document: Document
) -> None:
    dossier.collection().remove(document.id)
    assert "no documents yet" in actions.load()[0]
    assert "no longer in the collection" in actions.show(f"{document.id} 0 5")


@pytest.fixture
def url(dossier: MemoryDossier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    with served(dossier) as where:
        yield where


def call(url: str, name: str, *values: object) -> list[Any] | None:
    """Call an event as a browser does, by the name of its function; what it returned, or None when it failed."""
    with httpx.Client(base_url=url, timeout=30) as client:
        config = client.get("/config").json()
        number = next(one["id"] for one in config["dependencies"] if one["api_name"] == name)
        session = secrets.token_hex(6)
        body = {"data": list(values), "fn_index": number, "session_hash": session}
        client.post("/gradio_api/queue/join", json=body).raise_for_status()
        with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as stream:
            for line in stream.iter_lines():
                message = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
                if message.get("msg") == "process_completed":
                    return message["output"].get("data") if message["success"] else None
    return None


def test_every_event_answers_over_http_to_what_its_buttons_send(url: str, document: Document) -> None:
    answered = call(url, "ask", "Who built the bridge?", None)
    assert answered is not None
    assert "1911" in answered[0]
    shown = call(url, "show", f"{document.id} 0 11")
    assert shown is not None
    assert ">The harbour</mark>" in shown[0]


def test_a_made_up_file_of_the_machine_is_neither_read_nor_copied(url: str, tmp_path: Path) -> None:
    foreign = tmp_path / "private.txt"
    foreign.write_text("Not for the page.")
    for name in ("ask", "show", "turn"):
        given = {"path": str(foreign), "orig_name": "x.txt", "meta": {"_type": "gradio.FileData"}}
        assert "Not for the page" not in json.dumps(call(url, name, given))
    assert [path for path in (tmp_path / "gradio").rglob("*") if path.is_file()] == []


def test_the_page_takes_no_files_beside_the_api(url: str, tmp_path: Path) -> None:
    answer = httpx.post(f"{url}/gradio_api/upload", files={"files": ("a.txt", b"some words")})
    assert answer.status_code in (404, 413)
    assert [path for path in (tmp_path / "gradio").rglob("*") if path.is_file() and path.stat().st_size > 1] == []


def test_an_exception_does_not_reach_the_wire(url: str) -> None:
    assert "secret" not in json.dumps(call(url, "ask", "break the bridge"))


def test_a_page_that_is_not_the_page_is_not_served(url: str) -> None:
    for path in ("/docs", "/gradio_api/runs", "/gradio_api/openapi.json", "/gradio_api/queue/status"):
        assert httpx.get(url + path).status_code == 404


def test_nothing_is_told_of_other_hosts_and_no_history_is_kept(url: str) -> None:
    config = httpx.get(f"{url}/config").json()
    assert config["analytics_enabled"] is False
    assert config["show_error"] is False
    assert config["footer_links"] == []
    assert not config.get("run_history")
