import pytest

from index.errors import SettingInvalid
from rag.settings import load_settings


@pytest.fixture(autouse=True)
def an_empty_working_directory(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)


def test_an_argument_beats_the_environment_which_beats_the_file(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "dossier.toml").write_text('port = 1111\nread = 3\ncollection = "papers"\n')
    monkeypatch.setenv("DOSSIER_PORT", "2222")
    monkeypatch.setenv("DOSSIER_READ", "4")
    settings = load_settings(port=3333)
    assert (settings.port, settings.read, settings.collection) == (3333, 4, "papers")


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "0"), ("READ", "many"), ("COLLECTION", "../up"), ("LLM_TIMEOUT_S", "nan")]
)
def test_a_wrong_setting_is_named_with_what_mends_it(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"DOSSIER_{name}", value)
    with pytest.raises(SettingInvalid, match=f"DOSSIER_{name}"):
        load_settings()


def test_an_unknown_line_in_the_file_is_named(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "dossier.toml").write_text("prot = 1\n")
    with pytest.raises(SettingInvalid, match="prot"):
        load_settings()


def test_the_answer_hash_changes_with_what_changes_answers_and_hides_the_key() -> None:
    plain = load_settings()
    assert load_settings(read=3).answer_hash() != plain.answer_hash()
    assert load_settings(port=1234).answer_hash() == plain.answer_hash()
    keyed = load_settings(llm_key="sk-canary")
    assert keyed.answer_hash() == plain.answer_hash() and "sk-canary" not in repr(keyed)
