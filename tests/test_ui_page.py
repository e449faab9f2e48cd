"""What the page does with what it is sent: by its own buttons, and by anyone who calls its events over HTTP."""

import asyncio
import html
import json
import logging
import re
import secrets
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.concurrency import run_in_threadpool

from index.values import Document, Filters
from tests.fakes_page import MemoryDossier, make_document, served
from ui.access.caller import LOCAL, SCOPE_KEY, Caller, acting, acting_as
from ui.access.permitted import Permitted
from ui.page.ask.actions import Actions, Turn
from ui.page.examples import Examples
from ui.page.places import UNCHANGED, for_caller_in_steps
from ui.slots import Slots

TEXT = "The harbour opened in 1902. Otto Lind built the bridge in 1911. The bridge cost 2 million crowns."


@pytest.fixture
def document() -> Document:
    return make_document(TEXT, title="A harbour and its bridge")


@pytest.fixture
def dossier(tmp_path: Path, document: Document) -> MemoryDossier:
    return MemoryDossier(tmp_path / "data", [document])


@pytest.fixture
def actions(dossier: MemoryDossier) -> Actions:
    return acting_on(dossier)


def acting_on(dossier: Any, slots: Slots | None = None) -> Actions:
    slots = slots or Slots()
    return Actions(dossier, slots, Examples(slots))


def told(steps: AsyncGenerator[Turn, None]) -> list[Turn]:
    """Every step of an event."""

    async def collected() -> list[Turn]:
        return [step async for step in steps]

    return asyncio.run(collected())


def asked(actions: Actions, question: Any, *, filters: Any = "", thread: str = "", choices: str = "") -> Turn:
    """What stands on the page after a question was answered."""
    return shown(told(actions.ask(question, filters, thread, choices)))


def shown(steps: list[Turn]) -> Turn:
    """The newest value of each component."""
    return Turn(
        *(next((one for one in reversed(values) if one != UNCHANGED), UNCHANGED) for values in zip(*steps, strict=True))
    )


def test_the_question_stands_on_the_page_before_its_answer(actions: Actions) -> None:
    steps = told(actions.ask("Who built the bridge?", "", "", ""))
    assert steps[0].question == ""
    assert "working" in steps[1].answer
    assert "Who built the bridge?" in html.unescape(steps[1].answer)
    assert "Answered" in steps[-1].answer
    assert "1 source" in steps[-1].status
    assert steps[-1].thread.startswith("thr_")
    assert steps[-1].conversation == ""


def test_a_conversation_goes_on_shows_its_turns_and_begins_anew(actions: Actions) -> None:
    thread = asked(actions, "Who built the bridge?").thread
    second = asked(actions, "And what did the bridge cost?", thread=thread)
    assert second.thread == thread
    assert "Who built the bridge?" in second.conversation
    first = re.search(r"ans&#95;\w+", second.conversation)
    assert first is not None
    earlier = actions.recall(html.unescape(first[0]), "")
    assert "Otto Lind" in earlier.answer
    assert earlier.thread == thread
    assert "newest" in earlier.conversation
    assert actions.begin("").thread == ""


def test_a_conversation_that_is_gone_begins_anew(actions: Actions) -> None:
    turn = asked(actions, "Who built the bridge?", thread="thr_" + "0" * 32)
    assert "alarm" not in turn.status
    assert turn.thread not in ("", "thr_" + "0" * 32)
    assert turn.conversation == ""


@pytest.mark.parametrize("command", ["", "a\x00b", "ans_" + "0" * 32, None, 7])
def test_an_answer_that_is_not_kept_is_not_recalled(actions: Actions, command: Any) -> None:
    turn = actions.recall(command, "")
    assert turn.answer == UNCHANGED
    assert "alarm" in turn.status


@pytest.mark.parametrize("question", ["", "   ", "\u200b\u200b", "\n\t"])
def test_a_blank_question_is_asked_back(actions: Actions, question: str) -> None:
    turn = asked(actions, question)
    assert "Type a question first." in turn.status
    assert turn.question == UNCHANGED


def test_a_question_may_have_four_thousand_characters_and_no_more(actions: Actions) -> None:
    assert "at most 4000" not in asked(actions, "bridge " + "x" * 3993).status
    assert "at most 4000" in asked(actions, "x" * 4001).status


@pytest.mark.parametrize("question", ["a\x00b", "\ud800 bridge", None, 7, ["x"]])
def test_a_question_that_is_no_text_is_refused(actions: Actions, question: Any) -> None:
    assert "alarm" in asked(actions, question).status


@pytest.mark.parametrize(
    "filters",
    [
        "x",
        "[]",
        '{"publisher": 3}',
        '{"since": "soon"}',
        '{"since": "2025-02-30"}',
        '{"detected": true}',
        '{"since": "2025-03", "until": "2024"}',
        '{"publisher": "\\u0000"}',
        "{" * 4000,
        None,
        7,
    ],
)
def test_filters_that_cannot_be_are_refused(actions: Actions, filters: Any) -> None:
    turn = asked(actions, "Who built the bridge?", filters=filters)
    assert "alarm" in turn.status
    assert turn.answer == UNCHANGED


def test_a_filter_that_was_set_goes_with_the_question_and_can_be_taken_away(
    actions: Actions, dossier: MemoryDossier
) -> None:
    turn = asked(actions, "Who built the bridge?", filters='{"publisher": "The Harbour Post", "since": "2025"}')
    assert dossier.heard[-1].filters == Filters("The Harbour Post", "2025")
    again = shown(told(actions.drop("since", turn.thread, turn.asked)))
    assert dossier.heard[-1].filters == Filters("The Harbour Post")
    bare = shown(told(actions.drop("publisher", again.thread, again.asked)))
    assert dossier.heard[-1].filters == Filters()
    assert not dossier.heard[-1].settings.detect_filters
    shown(told(actions.again(bare.thread, bare.asked)))
    assert not dossier.heard[-1].settings.detect_filters
    asked(actions, "Who built the bridge?", thread=bare.thread)
    assert dossier.heard[-1].settings.detect_filters


@pytest.mark.parametrize("command", ["", "question", "publisher ", None, 3])
def test_only_a_filter_can_be_taken_away(actions: Actions, command: Any) -> None:
    turn = asked(actions, "Who built the bridge?")
    assert "alarm" in shown(told(actions.drop(command, turn.thread, turn.asked))).status


def test_nothing_is_asked_again_before_anything_was_asked(actions: Actions) -> None:
    assert "nothing to ask again" in shown(told(actions.again("", None))).status


def test_an_error_shows_an_id_a_way_to_try_again_and_nothing_of_the_exception(
    actions: Actions, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="dossier"):
        turn = asked(actions, "break the bridge")
    assert "secret" not in "".join(map(str, turn))
    name = caplog.records[0].getMessage()
    assert name.replace("_", "&#95;") in turn.status
    assert 'class="quiet retry"' in turn.status
    assert "break the bridge" in turn.answer


def test_an_answer_that_is_stopped_says_so_and_can_be_asked_again(actions: Actions, dossier: MemoryDossier) -> None:
    async def stopped() -> list[Turn]:
        steps = []
        async for step in actions.ask("Who built the bridge on hold?", "", "", ""):
            steps.append(step)
            if step.running != UNCHANGED and step.running:
                actions.stop(step.running)
        dossier.go.set()
        return steps

    turn = shown(asyncio.run(stopped()))
    assert "Stopped" in turn.answer
    assert "retry" in turn.answer
    assert turn.running == ""


def test_a_made_up_answer_cannot_be_stopped(actions: Actions) -> None:
    actions.stop("0" * 32)


def test_who_finds_no_place_in_the_line_is_told_when_to_come_back(dossier: MemoryDossier) -> None:
    slots = Slots(1, queue=0)
    with slots.one():
        turn = asked(acting_on(dossier, slots), "Who built the bridge?")
    assert "Try again in" in turn.status
    assert "retry" in turn.status


def test_nothing_to_search_yet_is_no_error(tmp_path: Path) -> None:
    turn = asked(acting_on(MemoryDossier(tmp_path / "none")), "Who built the bridge?")
    assert "Add documents" in turn.answer
    assert "alarm" not in turn.status


def test_a_reference_opens_its_source_at_its_quote_with_the_others_beside(actions: Actions, document: Document) -> None:
    start = TEXT.index("Otto")
    source = actions.show(f"{document.id} {start} {start + 9} 0 11", "")
    assert ">Otto Lind</mark>" in source
    assert '<span class="also">The harbour</span>' in source
    assert "Quote 2 of 2" in source


@pytest.mark.parametrize(
    "command",
    [
        "",
        "x",
        "ID 1",
        "ID -1 5",
        "ID 5 1",
        "ID 0 999999",
        "ID 0 5 7",
        "ID 0 5 7 999999",
        "ID 0 99999999999999999999",
        "ID a b",
        "ID ² 3",
        "ID  1 2",
        "x" * 5000,
        None,
        3,
    ],
)
def test_a_reference_that_no_button_has_shows_no_source(actions: Actions, document: Document, command: Any) -> None:
    given = command.replace("ID", document.id) if isinstance(command, str) else command
    found = actions.show(given, "")
    assert "<mark" not in found
    assert "alarm" in found


@pytest.mark.parametrize("name", ["doc_0000", "../../etc/passwd", "a\x01b"])
def test_an_unknown_document_is_said_to_be_gone(actions: Actions, name: str) -> None:
    found = actions.show(f"{name} 0 1", "")
    assert "no longer in the collection" in found or "alarm" in found


def test_a_removed_document_is_gone_from_the_answers(
    actions: Actions, dossier: MemoryDossier, document: Document
) -> None:
    dossier.collection().remove(document.id)
    assert "no longer in the collection" in actions.show(f"{document.id} 0 5", "")


def test_every_step_is_on_behalf_of_its_caller_and_between_two_nobody_acts(dossier: MemoryDossier) -> None:
    mine = Caller("key_1", frozenset({"mine"}))
    request: Any = SimpleNamespace(request=SimpleNamespace(scope={SCOPE_KEY: mine}))
    met: list[str] = []

    async def action(value: str) -> AsyncGenerator[str, None]:
        met.append(acting().name)
        yield value
        met.append(await run_in_threadpool(lambda: acting().name))
        yield value

    async def outside() -> None:
        async for _ in for_caller_in_steps(action)(request, "x"):
            with pytest.raises(LookupError):
                acting()

    asyncio.run(outside())
    assert met == ["key_1", "key_1"]


def test_a_caller_gets_no_answer_from_a_foreign_collection(dossier: MemoryDossier) -> None:
    actions = acting_on(Permitted(dossier))
    with acting_as(Caller("key_1", frozenset({"mine"}))):
        turn = asked(actions, "Who built the bridge?", choices='{"collection": "default"}')
        assert "Otto Lind" not in "".join(map(str, turn))
        assert "Otto Lind" not in actions.show(
            f"{next(iter(dossier.collection().kept))} 0 11", '{"collection": "default"}'
        )
    with acting_as(LOCAL):
        assert "Otto Lind" in asked(actions, "Who built the bridge?").answer


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
    answered = call(url, "ask", "Who built the bridge?", "", None, "")
    assert answered is not None
    assert "1911" in answered[0]
    opened = call(url, "show", f"{document.id} 0 11", "")
    assert opened is not None
    assert ">The harbour</mark>" in opened[0]


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


def test_the_turns_of_a_long_conversation_are_turned_a_page_at_a_time(actions: Actions) -> None:
    thread = ""
    for number in range(13):
        turn = asked(actions, f"Who built the bridge, asked {number}?", thread=thread)
        thread = turn.thread

    def turns(markup: str) -> list[int]:
        return [int(one) for one in re.findall(r'class="question">Who built the bridge, asked (\d+)', markup)]

    def way(markup: str, label: str) -> str:
        return html.unescape(re.search(rf"{label}<i hidden>(.*?)</i>", markup)[1])  # type: ignore[index]

    assert turns(turn.conversation) == [11, 10, 9, 8, 7]
    assert "Later turns" not in turn.conversation
    middle = actions.earlier(way(turn.conversation, "7 earlier turns"), "").conversation
    assert turns(middle) == [6, 5, 4, 3, 2]
    last = actions.earlier(way(middle, "2 earlier turns"), "").conversation
    assert turns(last) == [1, 0]
    assert "earlier turn" not in last
    assert turns(actions.earlier(way(last, "Later turns"), "").conversation) == [6, 5, 4, 3, 2]
    assert turns(actions.open(thread, "").conversation) == [11, 10, 9, 8, 7]


@pytest.mark.parametrize("command", ["", "thr_x", "thr_x 1", "thr_x a b", "thr_x -1 2", "thr_x 1 99999999", None, 7])
def test_turns_that_no_button_asks_for_are_refused(actions: Actions, command: Any) -> None:
    turn = actions.earlier(command, "")
    assert turn.conversation == UNCHANGED
    assert "alarm" in turn.status


def test_a_thread_of_another_key_is_not_there_and_its_shared_answer_is(dossier: MemoryDossier) -> None:
    actions = acting_on(Permitted(dossier))
    ada, ben = (Caller(name, None) for name in ("key_ada", "key_ben"))
    with acting_as(ada):
        mine = asked(actions, "Who built the bridge?")
        assert "Who built the bridge?" in html.unescape(actions.rail("", "", ""))
    answer = re.search(r"ans&#95;\w+", mine.answer)
    assert answer is not None
    with acting_as(ben):
        assert "Who built the bridge?" not in html.unescape(actions.rail("", "", ""))
        assert "alarm" in actions.open(mine.thread, "").status
        shared = actions.recall(html.unescape(answer[0]), "")
        assert "Otto Lind" in shared.answer
        assert (shared.thread, shared.conversation) == ("", "")


@pytest.mark.parametrize("command", ["{", "[]", '{"page": -1}', '{"find": 7}', '{"more": 1}', "x" * 3000, 7])
def test_a_list_of_conversations_that_no_script_asks_for_is_refused(actions: Actions, command: Any) -> None:
    assert "alarm" in actions.rail(command, "", "")


def test_a_page_past_the_end_of_the_conversations_is_the_last_one(actions: Actions) -> None:
    asked(actions, "Who built the bridge?")
    assert "Who built the bridge?" in html.unescape(actions.rail('{"page": 900}', "", ""))
    assert "No conversation has these words" in actions.rail('{"find": "lighthouse"}', "", "")


def test_a_question_is_asked_again_as_the_kind_that_was_chosen(actions: Actions) -> None:
    first = asked(actions, "Who built the bridge?")
    again = shown(told(actions.read_as("list", first.thread, first.asked)))
    assert again.asked.manner.kind == "list"
    assert '<option value="list" selected>' in again.answer
    assert "alarm" in shown(told(actions.read_as("poem", first.thread, first.asked))).status
