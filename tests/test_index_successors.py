"""A changed copy beside an old one: offered as its successor, marked by hand, and told wherever the old one is cited."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from index.collection import Collection
from index.errors import UnknownDocument
from index.files import SourceFile
from index.metadata import checked
from index.values import Document, IngestReport
from tests.fakes import WordHashEmbedder
from tests.storage import article, own

OTHERS = "\n".join(article(90 + number, 8) for number in range(3))


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with own(tmp_path / "data") as data:
        yield data.collection("default", WordHashEmbedder(), create=True)


def _policy(changed: int = 0, **front: str) -> str:
    """A text of twelve lines, of which the first few are others than in the first version."""
    lines = article(1, 12).splitlines()
    lines[:changed] = article(70 + changed, changed).splitlines() if changed else []
    head = "".join(f"{key}: {value}\n" for key, value in front.items())
    return head + "\n".join(lines) + "\n"


def _in(collection: Collection, folder: Path, texts: dict[str, str], **metadata: str) -> IngestReport:
    files = []
    for name, text in texts.items():
        path = folder / "papers" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        files.append(SourceFile(str(path), path, path.name, metadata=checked(metadata) if metadata else None))
    return collection.ingest(files)


def _named(collection: Collection, name: str) -> Document:
    return next(one for one in collection.documents() if one.sources[0].endswith(f"/{name}"))


def _offers(collection: Collection, report: IngestReport) -> dict[str, tuple[str, str]]:
    names = {one.id: Path(one.sources[0]).name for one in collection.documents()}
    return {names[one.old]: (names[one.new], one.why) for one in report.successors}


@pytest.mark.parametrize(
    ("old", "new"),
    [("Travel policy.txt", "Travel policy v2.txt"), ("Travel policy v2.txt", "Travel policy v10.txt"), ("Travel policy.txt", "travel-policy (1).txt"),
     ("Travel policy draft.txt", "Travel policy.txt"), ("Travel policy v3.txt", "Travel policy final.txt"), ("policy rev 1.txt", "policy rev 2.txt"),
     ("policy 2023 v1.txt", "policy 2024 v2.txt"), ("policy_v1.1.txt", "policy_v1.2.txt")],
)  # fmt: skip
@pytest.mark.parametrize("together", [True, False])
def test_what_its_name_says_is_a_newer_version_is_offered(
    collection: Collection, tmp_path: Path, old: str, new: str, together: bool
) -> None:
    texts = {new: _policy(3), old: _policy(), "other.txt": OTHERS}
    if together:
        report = _in(collection, tmp_path, texts)
    else:
        _in(collection, tmp_path, {old: texts.pop(old)})
        report = _in(collection, tmp_path, texts)
    assert _offers(collection, report) == {old: (new, "its name says that it is the newer version")}


def test_a_near_duplicate_of_a_later_date_is_offered_whatever_it_is_called(
    collection: Collection, tmp_path: Path
) -> None:
    report = _in(collection, tmp_path, {"b.txt": _policy(1, date="2025-03-01"), "a.txt": _policy(date="2024-11")})
    assert _offers(collection, report) == {"a.txt": ("b.txt", "dated 2025-03-01 after 2024-11")}


def test_a_later_day_in_force_is_offered(collection: Collection, tmp_path: Path) -> None:
    _in(collection, tmp_path, {"a.txt": _policy()}, effective="2025-01-01")
    report = _in(collection, tmp_path, {"b.txt": _policy(1)}, **{"valid from": "2026-01-01"})
    assert _offers(collection, report) == {"a.txt": ("b.txt", "in force from 2026-01-01 after 2025-01-01")}


def test_of_several_newer_versions_the_next_is_offered(collection: Collection, tmp_path: Path) -> None:
    report = _in(collection, tmp_path, {f"policy v{n}.txt": _policy(n) for n in (1, 2, 3)})
    assert {old: new for old, (new, _) in _offers(collection, report).items()} == {
        "policy v1.txt": "policy v2.txt",
        "policy v2.txt": "policy v3.txt",
    }


@pytest.mark.parametrize(
    "texts",
    [
        {"policy.txt": article(1, 12), "policy v2.txt": article(2, 12)},  # one name, and nothing in common
        {"a.txt": _policy(), "b.txt": _policy(1)},  # nothing says which is the newer one
        {"a.txt": _policy(date="2025"), "b.txt": _policy(1, date="2025-03")},  # nor does this
        {
            "a.txt": _policy(publisher="North Post", date="2025-01-01"),
            "b.txt": _policy(1, publisher="South Post", date="2025-01-02"),
        },  # a reprint
        {
            "policy v1.txt": _policy(date="2025-05-01"),
            "policy v2.txt": _policy(1, date="2024-05-01"),
        },  # name and date disagree
        {"deep/policy.txt": _policy(), "other/policy v2.txt": article(3, 12)},
    ],
    ids=range(6),
)
def test_what_is_no_successor_is_not_offered(collection: Collection, tmp_path: Path, texts: dict[str, str]) -> None:
    assert _in(collection, tmp_path, texts).successors == ()


def test_a_mark_is_told_undone_and_not_offered_again(collection: Collection, tmp_path: Path) -> None:
    _in(collection, tmp_path, {"policy.txt": _policy(), "policy v2.txt": _policy(2)})
    old, new = _named(collection, "policy.txt"), _named(collection, "policy v2.txt")
    assert collection.edit(old.id, metadata={"superseded_by": new.id}) == old.id
    assert (_named(collection, "policy.txt").superseded_by, new.superseded_by) == (new.id, None)
    report = _in(collection, tmp_path, {"policy v2.txt": _policy(3)})  # another revision under another id
    assert _named(collection, "policy.txt").superseded_by == _named(collection, "policy v2.txt").id != new.id
    assert report.successors == ()
    collection.edit(old.id, metadata={"superseded_by": None})
    assert _named(collection, "policy.txt").superseded_by is None
    collection.edit(old.id, metadata={"superseded_by": _named(collection, "policy v2.txt").id})
    collection.remove(_named(collection, "policy v2.txt").id)
    assert _named(collection, "policy.txt").superseded_by is None  # nothing stands in its place any more


def test_no_document_stands_in_its_own_place(collection: Collection, tmp_path: Path) -> None:
    _in(collection, tmp_path, {f"{name}.txt": article(number, 12) for number, name in enumerate("abc")})
    a, b, c = (_named(collection, f"{name}.txt") for name in "abc")
    collection.edit(a.id, metadata={"superseded_by": b.id})
    collection.edit(b.id, metadata={"superseded_by": c.id})
    for old, new in ((a, a), (b, a), (c, a), (c, c)):
        with pytest.raises(ValueError, match="superseded_by must be another document"):
            collection.edit(old.id, metadata={"superseded_by": new.id})
    with pytest.raises(UnknownDocument):
        collection.edit(a.id, metadata={"superseded_by": "doc_none"})
    assert replace(_named(collection, "a.txt"), metadata={}) == replace(a, metadata={}, superseded_by=b.id)
