import pytest

from index.errors import FileRefused
from index.load import parse_file
from index.values import Published
from tests.documents import FIRST, SECOND

ACCENTS = "Café naïve in Málaga: the señor’s “crêpe” cost £5 – façade, Zürich, Ærø."


def load(folder, name, content):
    path = folder / "content"
    path.write_bytes(content)
    return parse_file(path, name, max_bytes=10_000_000)


def body_of(parsed):
    return "\n".join(parsed.text[span.start : span.end] for span in parsed.body)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "cp1252"]
)
def test_every_letter_of_every_encoding_is_kept(tmp_path, encoding):
    parsed = load(tmp_path, "a.txt", ACCENTS.encode(encoding))
    assert parsed.text == ACCENTS
    assert bool(parsed.notes) == (encoding not in ("utf-8", "utf-8-sig"))


def test_latin_1_is_read_and_said_so(tmp_path):
    text = "café naïve, garçon, Köln, año"
    parsed = load(tmp_path, "a.txt", text.encode("latin-1"))
    assert parsed.text == text
    assert parsed.notes == ("read as cp1252",)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (
            "Паром между мысом и островами снова пойдёт весной, сообщило правление порта. Два из трёх судов получили новые двигатели. "
            * 3,
            "cp1251",
        ),
        (
            "ハローポイントと島々を結ぶフェリーは春から再び運航すると港湾局が発表した。三隻のうち二隻は新しい機関を備える。"
            * 3,
            "shift_jis",
        ),
        (
            "Prom między przylądkiem a wyspami znów popłynie wiosną, ogłosił zarząd portu. Łódź, żagiel, źródło, ćma, świt. "
            * 3,
            "cp1250",
        ),
    ],
)
def test_another_encoding_is_read_right_or_refused_but_never_cut(tmp_path, text, encoding):
    try:
        parsed = load(tmp_path, "a.txt", text.encode(encoding))
    except FileRefused as refused:
        assert refused.code == "bad_encoding"
    else:
        assert parsed.text == text
        assert parsed.notes


def test_a_wrong_byte_order_mark_is_refused(tmp_path):
    with pytest.raises(FileRefused) as refused:
        load(tmp_path, "a.txt", b"\xef\xbb\xbf" + "naïve".encode("latin-1"))
    assert refused.value.code == "bad_encoding"


def test_front_matter_is_read_and_is_not_body(tmp_path):
    text = f"---\ntitle: Ferry returns\npublisher: Harrow Courier\nauthor: Ann Lee\npublished: 2024-03-01\nkind: analysis\n---\n\n{FIRST}\n\n## Boats\n\n{SECOND}\n"
    parsed = load(tmp_path, "a.md", text.encode())
    said = parsed.provenance
    assert (said.title, said.publisher, said.author, said.kind) == (
        "Ferry returns",
        "Harrow Courier",
        "Ann Lee",
        "analysis",
    )
    assert said.published == Published("2024-03-01", "day", "front matter")
    assert parsed.text == text
    assert body_of(parsed) == f"{FIRST}\n\n## Boats\n\n{SECOND}"


def test_the_first_heading_is_the_title_without_its_marks(tmp_path):
    parsed = load(tmp_path, "a.md", f"# The ferry returns\n\n{FIRST}\n".encode())
    assert parsed.provenance.title == "The ferry returns"
    assert body_of(parsed) == FIRST


def test_front_matter_that_is_not_yaml_is_read_line_by_line(tmp_path):
    parsed = load(tmp_path, "a.md", f"---\ntitle: Ferry: it returns\npublished: 2024-03-01\n---\n{FIRST}\n".encode())
    assert parsed.provenance.title == "Ferry: it returns"
    assert parsed.notes == ("front matter is not valid YAML and was read line by line",)


def test_front_matter_with_aliases_is_not_expanded(tmp_path):
    bomb = "a: &a [x, x]\n" + "\n".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]" for n in range(20)
    )
    parsed = load(tmp_path, "a.md", f"---\ntitle: T\n{bomb}\n---\n{FIRST}\n".encode())
    assert parsed.provenance.title == "T"


def test_front_matter_never_makes_python_objects(tmp_path):
    parsed = load(tmp_path, "a.md", f"---\ntitle: !!python/object/apply:os.getcwd []\n---\n{FIRST}\n".encode())
    assert body_of(parsed) == FIRST


def test_a_rule_at_the_top_is_no_front_matter(tmp_path):
    text = f"---\n{FIRST}\n"
    assert FIRST in body_of(load(tmp_path, "a.md", text.encode()))


def test_windows_newlines_in_front_matter_are_understood(tmp_path):
    parsed = load(tmp_path, "a.md", f"---\r\ntitle: T\r\n---\r\n{FIRST}\r\n".encode())
    assert (parsed.provenance.title, body_of(parsed)) == ("T", FIRST)
