import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from index.errors import FileRefused
from index.load import parse_file
from index.sandbox import ParserLimits, ParserProcess
from tests.bombs import many_pages
from tests.documents import FIRST, SECOND, docx_bytes, pdf_bytes

ROOT = Path(__file__).resolve().parents[1]
FORMATS = ("html", "pdf", "office", "table", "mail", "epub", "text", "decode")


@pytest.fixture(scope="module")
def parser():
    with ParserProcess() as process:
        yield process


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def refusal(parser, path):
    with pytest.raises(FileRefused) as refused:
        parser.parse(path, path.name)
    return refused.value.code


def still_works(parser, folder):
    path = write(folder, "good.txt", FIRST.encode())
    return parser.parse(path, path.name).text == FIRST


def test_the_child_gives_what_the_function_gives(parser, tmp_path):
    for path in (
        write(
            tmp_path,
            "a.txt",
            f"Title of it\n\nBy Ann Lee\n\n3 May 2020\n\nN\n\neighbours “met” – {FIRST}\n\n{SECOND}".encode(),
        ),
        write(tmp_path, "a.pdf", pdf_bytes([FIRST, SECOND], author="Ann Lee")),
        write(tmp_path, "a.docx", docx_bytes([FIRST, SECOND])),
    ):
        assert parser.parse(path, path.name) == parse_file(path, path.name, max_bytes=10_000_000)


def test_a_refusal_keeps_its_code_and_the_child(parser, tmp_path):
    assert still_works(parser, tmp_path)
    child = parser.pid
    assert refusal(parser, write(tmp_path, "a.pdf", b"no pdf")) == "bad_type"
    assert refusal(parser, tmp_path / "gone.txt") == "missing"
    assert parser.pid == child


def test_a_pdf_that_takes_too_much_cpu_time_refuses_that_file_only(tmp_path):
    path = write(tmp_path, "a.pdf", many_pages())
    assert path.stat().st_size < 200_000
    with ParserProcess(ParserLimits(cpu_s=1)) as parser:
        assert refusal(parser, path) == "too_complex"
        assert parser.pid is None
        assert still_works(parser, tmp_path)


def test_a_file_that_takes_too_long_refuses_that_file_only(tmp_path):
    path = write(tmp_path, "a.pdf", many_pages())
    with ParserProcess(ParserLimits(wall_s=1.0)) as parser:
        assert refusal(parser, path) == "too_complex"
        assert still_works(parser, tmp_path)


def test_a_file_that_takes_too_much_memory_refuses_that_file_only(tmp_path):
    path = write(tmp_path, "a.txt", "😀 ".encode() * 4_000_000)
    with ParserProcess(ParserLimits(memory_bytes=100 * 1024 * 1024)) as parser:
        assert refusal(parser, path) == "too_complex"
        assert still_works(parser, tmp_path)


def test_a_child_that_died_between_two_files_is_replaced_without_a_word(tmp_path):
    with ParserProcess() as parser:
        assert still_works(parser, tmp_path)
        child = parser.pid
        os.kill(child, signal.SIGKILL)
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        assert still_works(parser, tmp_path)
        assert parser.pid != child


def test_closing_leaves_no_process(tmp_path):
    parser = ParserProcess()
    assert still_works(parser, tmp_path)
    child = parser.pid
    parser.close()
    parser.close()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_child_is_replaced_before_leaks_grow(tmp_path, monkeypatch):
    monkeypatch.setattr("index.sandbox._FILES_PER_CHILD", 2)
    with ParserProcess() as parser:
        children = []
        for _ in range(4):
            assert still_works(parser, tmp_path)
            children.append(parser.pid)
    assert children[0] == children[1] != children[2] == children[3]


def test_threads_may_share_one_parser(parser, tmp_path):
    texts = {}

    def parse(number):
        path = write(tmp_path, f"{number}.txt", f"{FIRST} {number}".encode())
        texts[number] = parser.parse(path, path.name).text

    threads = [threading.Thread(target=parse, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == {number: f"{FIRST} {number}" for number in range(12)}


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.socket()",
        "import socket; socket.getaddrinfo('localhost', 80)",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import os; os.fork()",
        "open('/tmp/dossier-written-by-a-parser', 'w')",
        "import os; os.remove('/tmp/dossier-written-by-a-parser')",
    ],
)
def test_a_parser_can_reach_no_network_no_process_and_no_file_to_write(attempt):
    code = f"""
from index.load.worker import lock_down
lock_down(1 << 30)
try:
    exec({attempt!r})
except (PermissionError, OSError) as error:
    assert 'a parser may not' in str(error), error
    print('refused')
"""
    done = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.stdout, done.returncode) == ("refused\n", 0), done.stderr


def test_the_child_knows_no_secret_of_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("DOSSIER_LLM_KEY", "canary-key")
    with ParserProcess() as parser:
        assert still_works(parser, tmp_path)
        environment = Path(f"/proc/{parser.pid}/environ")
        if not environment.exists():
            pytest.skip("this system shows no environment of a process")
        assert b"canary-key" not in environment.read_bytes()


def test_the_child_imports_parsers_and_nothing_heavy():
    modules = "; ".join(f"import index.load.{name}" for name in FORMATS)
    code = f"import sys, index.load.worker; {modules}; print(sorted(set(sys.modules) & {{'torch', 'chromadb', 'llama_index', 'transformers', 'nltk', 'numpy'}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"


def test_it_works_from_a_main_module_without_a_guard(tmp_path):
    path = write(tmp_path, "a.txt", FIRST.encode())
    code = f"from pathlib import Path\nfrom index.sandbox import ParserProcess\nwith ParserProcess() as parser:\n    print(parser.parse(Path({str(path)!r}), 'a.txt').text)\n"
    script = write(tmp_path, "script.py", code.encode())
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        check=True,
    )
    assert done.stdout == f"{FIRST}\n"
