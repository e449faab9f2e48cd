"""File names that are paths, devices, markup or commands (S7, F20): a name is shown, and never opened, written or run."""

from __future__ import annotations

import re
import unicodedata
from itertools import product
from pathlib import Path

import httpx

from tests.fakes_ui import FakeDossier, serving

UPS = (
    "../",
    "..\\",
    "....//",
    "..%2f",
    "%2e%2e/",
    "..%c0%af",
    "..;/",
    "../" * 40,
    "a/../../",
    "./../",
    "%252e%252e%252f",
    "\u2025/",
)
TARGETS = (
    "outside/secret.txt",
    "etc/passwd.txt",
    "dossier.sqlite3",
    "keys.sqlite3",
    ".ssh/authorized_keys.txt",
    "x/\x00.txt",
    "con/nul.txt",
)
WHOLE = (
    "/etc/passwd", "/etc/cron.d/x.txt", "/proc/self/environ.txt", "/dev/zero.txt", "//host/share/x.txt", "\\\\host\\share\\x.txt", "C:\\x.txt", "C:x.txt",
    "file:///etc/passwd.txt", "http://127.0.0.1/x.txt", "~/x.txt", "~root/x.txt", "$HOME/x.txt", "${HOME}.txt", "`id`.txt", "$(id).txt", "; rm -rf x.txt",
    "| id.txt", "&& id.txt", "-rf.txt", "--help.txt", "*.txt", "?.txt", "[a-z].txt", "CON", "CON.txt", "NUL.txt", "COM1.txt", "LPT1.txt", "aux.h.txt",
    "a.txt:stream", "a.txt::$DATA", "a.txt.", "a.txt ", " a.txt", ".", "..", "...", ".txt", ".htaccess", ".env", "", " ", "\u3000.txt", "\u00a0.txt",
    "a\r\nX-Injected: 1.txt", "a\nb.txt", "a\tb.txt", "a\x00.txt", "a\x00.exe.txt", "a\x1b[31m.txt", "a\x7f.txt", "a\x85b.txt", "a\u2028b.txt",
    "\u202etxt.exe", "a\u202egpj.txt", "\u2066a\u2069.txt", "\u200ba.txt", "\ufeffa.txt", "a\U000e0041.txt", "é.txt", "e\u0301.txt", "ﬁ.txt", "／etc／passwd.txt",
    "＼＼host.txt", "‥/a.txt", "․․/a.txt", "<img src=x onerror=alert(1)>.txt", "<script>alert(1)</script>.txt", "'\"><svg onload=alert(1)>.txt",
    "javascript:alert(1).txt", "{{7*7}}.txt", "{x.__class__}.txt", "%s%n.txt", "%00.txt", "' OR 1=1 --.txt", "'; DROP TABLE documents; --.txt",
    "a" * 250 + ".txt", "a" * 5_000 + ".txt", "é" * 300 + ".txt", "a." * 2_000 + "txt", "/" * 2_000 + "a.txt", "../" * 1_500 + "a.txt", "a.txt/", "a.txt/..", "a.txt\\",
    "a/b/c.txt", "a.t\u202ext", "a.txt\u200b", "a.TXT", "a.tXt", "a.txt.exe", "a.exe", "a.pdf.txt", "a.txt\r\n", "=cmd|'/c calc'!A1.txt", "@SUM(1).txt", "+1.txt",
    "-1.txt", "\ud7ff.txt", "\ufffd.txt", "\U0001f600.txt", "con.txt.pdf", "a;b.txt", "a,b.txt", "a=b.txt", "a:b.txt", "a|b.txt", "a>b.txt", "a<b.txt", "a\"b.txt",
    "a'b.txt", "a\\b.txt", "a&b.txt", "a#b.txt", "a?b.txt", "a%b.txt", "a!b.txt", "a^b.txt", "a~b.txt", "a(b).txt", "a[b].txt", "a{b}.txt",
)  # fmt: skip
NAMES = (*(up + target for up, target in product(UPS, TARGETS)), *WHOLE)
BOUNDARY = "names-of-files"


def body(number: int, name: str) -> bytes:
    """An upload as a hostile client writes it: only a quote and a line break are escaped, or there would be no part."""
    told = (
        name.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "%0D").replace("\n", "%0A").replace("\x00", "%00")
    )
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{told}"\r\nContent-Type: text/plain\r\n\r\n'
    return f"{head}Note {number}.\r\n--{BOUNDARY}--\r\n".encode()


def sent(client: httpx.Client, number: int, name: str) -> int:
    """Send one file and wait until it was taken in; the status that it was answered with."""
    answer = client.post(
        "/v1/documents",
        content=body(number, name),
        headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
    )
    job = answer.json()
    while answer.status_code == 202 and job["status"] not in ("done", "failed"):
        job = client.get(f"/v1/jobs/{job['id']}").json()
    assert answer.status_code != 202 or job["status"] == "done", job
    return answer.status_code


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_two_hundred_hostile_names_lead_nowhere_outside_of_the_uploads(tmp_path: Path) -> None:
    assert len(NAMES) >= 200
    outside, data = tmp_path / "outside", tmp_path / "data"
    outside.mkdir()
    (outside / "secret.txt").write_text("canary")
    before = tree(outside)
    dossier = FakeDossier(data)
    collection = dossier.collection()
    names = (*NAMES, str(outside / "secret.txt"), "../../../outside/secret.txt")
    with serving(dossier) as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        statuses = [sent(client, number, name) for number, name in enumerate(names)]
    assert set(statuses) <= {202, 400, 422}
    taken = statuses.count(202)
    assert taken > 190
    assert len(collection.paths) == taken
    place = re.compile(re.escape(str(data)) + r"/uploads/[0-9a-f]{32}/[0-9a-f]{32}(?:\.[a-z0-9]{1,9})?")
    assert [path for path in collection.paths if not place.fullmatch(str(path))] == []
    assert tree(outside) == before
    assert [path for path in tree(tmp_path) if not path.startswith(("data/", "outside/"))] == []
    shown = [source for one in collection.documents() for source in one.sources if source.startswith("upload/")]
    assert [name for name in shown if "/" in name.removeprefix("upload/") or len(name) > 300] == []
    assert [name for name in shown if any(unicodedata.category(letter)[0] == "C" for letter in name)] == []
    assert "canary" not in "".join(one.text for one in collection.documents())
