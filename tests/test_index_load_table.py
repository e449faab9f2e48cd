import pytest

from index.errors import FileRefused
from index.load import parse_file
from index.split import split
from tests.fakes import WordHashEmbedder


def load(folder, content, name="a.csv"):
    path = folder / "content"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return parse_file(path, name, max_bytes=25_000_000)


def rows(parsed):
    return [parsed.text[span.start : span.end] for span in parsed.body]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_a_row_names_its_columns_whatever_separates_them(tmp_path, mark):
    content = "\n".join(
        mark.join(cells) for cells in (["Boat", "Engine", "Seats"], ["Tern", "new", "40"], ["Gull", "", "12"])
    )
    assert rows(load(tmp_path, content)) == ["Boat: Tern; Engine: new; Seats: 40", "Boat: Gull; Seats: 12"]


def test_each_row_is_a_chunk_of_its_own(tmp_path):
    parsed = load(tmp_path, "Boat,Seats\nTern,40\nTern,40\nGull,12\n")
    spans = split(parsed.text, parsed.body, count_tokens=WordHashEmbedder().count_tokens, max_tokens=256)
    assert tuple(spans) == parsed.body


def test_quoted_cells_may_hold_separators_and_line_breaks(tmp_path):
    assert rows(load(tmp_path, 'Boat,Note\n"Tern, the old","two\nlines ""quoted"""\n')) == [
        'Boat: Tern, the old; Note: two lines "quoted"'
    ]


def test_numbers_in_the_first_row_are_values_and_columns_are_numbered(tmp_path):
    parsed = load(tmp_path, "Tern,40.5\nGull,12\n")
    assert rows(parsed) == ["Column 1: Tern; Column 2: 40.5", "Column 1: Gull; Column 2: 12"]
    assert parsed.notes == ("columns are numbered: the first row does not name them",)


def test_years_may_name_columns(tmp_path):
    assert rows(load(tmp_path, "Boat,2019,2020\nTern,4,5\n")) == ["Boat: Tern; 2019: 4; 2020: 5"]


def test_a_longer_row_keeps_its_cells(tmp_path):
    assert rows(load(tmp_path, "Boat,Seats\nTern,40,spare\n")) == ["Boat: Tern; Seats: 40; Column 3: spare"]


def test_too_many_columns_or_rows_are_refused(tmp_path):
    for content in ("a," * 1_000_000 + "\n1\n", "a,b\n" * 20_100):
        with pytest.raises(FileRefused) as refused:
            load(tmp_path, content)
        assert refused.value.code == "too_complex"


def test_a_cell_that_never_ends_is_refused(tmp_path):
    with pytest.raises(FileRefused) as refused:
        load(tmp_path, 'a,b\n"' + "x" * 2_000_000)
    assert refused.value.code == "parse_error"


def test_letters_beyond_ascii_are_kept(tmp_path):
    assert rows(load(tmp_path, "Boat;Port\nTärna;Åhus\n".encode("cp1252"))) == ["Boat: Tärna; Port: Åhus"]
