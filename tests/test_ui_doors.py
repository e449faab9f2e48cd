"""Every door of one freshly started server gives the same checked answer: curl, the Python client, OpenAI's client, MCP, the
command line, and what the page asks through."""

from __future__ import annotations

import asyncio
import html
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client, StdioServerParameters, stdio_client

from rag.client import Dossier
from rag.values import Answer
from tests.commands import ROOT, run
from ui.access.keys import Keys

QUESTIONS = ("How many members voted in favour of ending the strike?", "Who discovered the planet Neptune?")
COMPARED = {"verdict", "text", "short", "statements", "citations", "conflicts", "missing"}


@dataclass(frozen=True)
class Server:
    url: str
    data: Path
    key: str


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, harbour_files: Path) -> Iterator[Server]:
    """`dossier serve` in a process of its own; three documents are sent to it."""
    folder = tmp_path_factory.mktemp("doors")
    data = folder / "data"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DOSSIER_")}
    with subprocess.Popen(
        [sys.executable, "-m", "ui", "--data", str(data), "serve", "--port", str(port)],
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as child:
        url = f"http://127.0.0.1:{port}"
        assert child.stdout is not None
        assert url in child.stdout.readline().decode()  # it listens from here on
        with Dossier(url) as dossier:
            assert len(dossier.add(sorted(harbour_files.iterdir())).added) == 3
        _, key = Keys(data).create("doors", may_write=False)
        yield Server(url, data, key)
        child.terminate()
        child.wait(30)


def by_curl(server: Server, question: str) -> dict[str, Any]:
    command = ["curl", "--silent", "--fail", "--noproxy", "*", f"{server.url}/v1/answer"]
    sent = ["--json", json.dumps({"question": question})]
    done = subprocess.run([*command, *sent], capture_output=True, check=True, timeout=120)
    return json.loads(done.stdout)


def by_python(server: Server, question: str) -> dict[str, Any]:
    with Dossier(server.url) as dossier:
        return dossier.ask(question).model_dump(mode="json")


def by_stream(server: Server, question: str) -> dict[str, Any]:
    with Dossier(server.url) as dossier:
        *_, answer = dossier.stream(question)
    assert isinstance(answer, Answer)
    return answer.model_dump(mode="json")


def by_openai(server: Server, question: str) -> dict[str, Any]:
    openai = pytest.importorskip("openai")
    with openai.OpenAI(
        base_url=f"{server.url}/v1", api_key=server.key, http_client=httpx.Client(trust_env=False)
    ) as client:
        completion = client.chat.completions.create(
            model="dossier",
            messages=[{"role": "user", "content": question}],
            extra_headers={"X-Dossier-Sources": "annotations"},
        )
    answer: dict[str, Any] = completion.dossier
    message = completion.choices[0].message
    assert message.content == answer["text"]
    cited = [one.url_citation for one in message.annotations or []]
    assert {(one.quote, one.publisher, one.published) for one in cited} == {
        (one["quote"], one["publisher"], one["published"]) for one in answer["citations"]
    }
    for one in cited:
        assert message.content[one.start_index : one.end_index] == f"[{one.number}]"
        assert httpx.get(one.url, trust_env=False).json()["text"] == one.quote
    return answer


def by_mcp(server: Server, question: str) -> dict[str, Any]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "HF_HUB_OFFLINE") if name in os.environ}
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-m", "ui", "--data", str(server.data), "mcp"],
        env={**kept, "PYTHONPATH": str(ROOT)},
        cwd=str(server.data.parent),
    )

    async def ask() -> dict[str, Any]:
        async with Client(stdio_client(parameters)) as client:
            result = await client.call_tool("ask", {"question": question})
        assert result.structured_content is not None
        return result.structured_content

    return asyncio.run(ask())


def by_command(server: Server, question: str) -> dict[str, Any]:
    done = run("--data", str(server.data), "ask", question, "--json", cwd=server.data.parent)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def by_page(server: Server, question: str) -> dict[str, Any]:
    """As the page's script asks; what it shows is markup, so that the answer is taken from those that are kept."""
    with httpx.Client(base_url=server.url, trust_env=False, timeout=120) as client, Dossier(server.url) as dossier:
        events = client.get("/config").json()["dependencies"]
        number = next(one["id"] for one in events if one["api_name"] == "ask")
        body = {"data": [question, "", None, ""], "fn_index": number, "session_hash": "doors"}
        client.post("/gradio_api/queue/join", json=body).raise_for_status()
        with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": "doors"}) as told:
            last = next(line for line in told.iter_lines() if "process_completed" in line)
        answer = dossier.answer(dossier.answers(limit=1).answers[0].id).answer
        assert answer.question == question
        assert json.loads(last.removeprefix("data: "))["success"]
        for citation in answer.citations:
            assert html.escape(citation.quote, quote=False) in last.encode().decode("unicode_escape")
    return answer.model_dump(mode="json")


DOORS = {
    "curl": by_curl,
    "python": by_python,
    "stream": by_stream,
    "openai": by_openai,
    "mcp": by_mcp,
    "command": by_command,
    "page": by_page,
}


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS)
def test_every_door_gives_the_same_answer(server: Server, question: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not here")
    found = {name: ask(server, question) for name, ask in DOORS.items()}
    compared = {name: {key: answer[key] for key in COMPARED} for name, answer in found.items()}
    assert all(one == compared["curl"] for one in compared.values()), compared
    assert len({answer["id"] for answer in found.values()}) == len(DOORS)
    stated = compared["curl"]["verdict"] == "answered"
    assert stated == (question == QUESTIONS[0])
    assert bool(compared["curl"]["citations"]) == stated
