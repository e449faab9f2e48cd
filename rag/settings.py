"""Every setting, its default and where its value came from. Read once, at the composition root."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from index.errors import SettingInvalid

CONFIG_FILE = "dossier.toml"
_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
_USUAL_PORT = re.compile(r"(?<=^http://)(.*):80$|(?<=^https://)(.*):443$")


def _listed(value: object) -> object:
    """Values with commas between, as the environment has them, as a list."""
    return [one.strip() for one in value.split(",") if one.strip()] if isinstance(value, str) else value


def _origin(value: str) -> str:
    """An origin as browsers write it.

    >>> _origin("HTTPS://App.Example.org:443/")
    'https://app.example.org'
    """
    found = value.lower().removesuffix("/")
    if found != "*" and not _ORIGIN.fullmatch(found):
        raise ValueError(f"must be as https://app.example.org, without a path, got {value!r}")
    return _USUAL_PORT.sub(r"\1\2", found)


class Settings(BaseSettings):
    """Settings from, in falling order: arguments, `DOSSIER_*` in the environment, `dossier.toml`, the defaults here."""

    model_config = SettingsConfigDict(env_prefix="DOSSIER_", toml_file=CONFIG_FILE, frozen=True, extra="forbid")

    data: Path = Field(Path(".dossier"), description="Directory that holds every collection.")
    collection: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")] = Field(
        "default", description="Collection used when none is named."
    )
    host: str = Field("127.0.0.1", description="Address the server listens on; only loopback without keys.")
    port: int = Field(7860, ge=1, le=65535, description="Port of the server.")
    hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = Field(
        (),
        description="Names that requests may give the server, with commas between; loopback names always, and on another "
        "address any name while none is set.",
    )
    origins: Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], NoDecode, BeforeValidator(_listed)] = Field(
        (),
        description="Other sites whose pages may call the API, as https://app.example.org, with commas between; '*' is every "
        "site, on a server without keys only; unset: none.",
    )
    root_path: str = Field(
        "",
        pattern=r"^((/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+)?$",
        max_length=200,
        description="Path under which a proxy shows this server, as /dossier; unset: at the root.",
    )
    key: SecretStr | None = Field(None, description="Key that commands show to a server that asks for one.")
    require_keys: bool = Field(False, description="Ask for a key even where only this machine can reach the server.")
    requests_per_minute: int = Field(
        30, ge=1, le=10_000, description="Questions that one key may ask in a minute; who needs no key has no limit."
    )

    embedder: str = Field(
        "packaged", description="'packaged' (all-MiniLM-L6-v2), a folder, or a model name already in the local cache."
    )
    reader: str = Field(
        "packaged",
        description="'packaged', a folder with model.onnx and tokenizer.json, or a span model in the transformers format.",
    )
    reranker: str | None = Field(
        None,
        description="A cross-encoder in the transformers format, in the reader's place for the order; unset: the reader.",
    )
    llm: str | None = Field(
        None,
        description="openai+http://HOST/v1?model=NAME, anthropic+https://HOST?model=NAME, ollama, llama://NAME "
        "(of 'dossier models list') or llama:///FILE.gguf; docs/language-models.md; unset: extractive answers, no LLM.",
    )
    models: Path | None = Field(
        None, description="Folder of the models that 'dossier models get' brings; unset: in the user's data directory."
    )
    llm_key: SecretStr | None = Field(None, description="Key for the LLM endpoint.")
    llm_timeout_s: float = Field(60.0, gt=0, le=600, description="Longest wait for an LLM's whole answer, in seconds.")
    llm_max_tokens: int = Field(384, ge=16, le=4096, description="Longest LLM answer, in tokens.")
    llm_context_tokens: int | None = Field(
        None,
        ge=256,
        le=10_000_000,
        description="Tokens that the LLM reads and writes at once; unset: it is asked, and 4096 where nobody says.",
    )
    llm_style: str | None = Field(
        None,
        max_length=1000,
        description="How the LLM is to write: language, tone, form. It changes nothing about what has to be proved.",
    )
    llm_passages: int | None = Field(
        None,
        ge=1,
        le=50,
        description="Most passages that the LLM reads, whole; unset: all that its window holds, and on this machine "
        "the sentences that matter of the best 4.",
    )
    llm_failures: int = Field(5, ge=1, le=1000, description="Failures in a row after which the LLM is left alone.")
    llm_rest_s: float = Field(30.0, ge=0, le=3600, description="Seconds for which a failing LLM is left alone.")
    llm_price_in: float | None = Field(
        None, ge=0, description="Price of a million tokens that the LLM reads; unset: answers have no cost."
    )
    llm_price_out: float | None = Field(
        None, ge=0, description="Price of a million tokens that the LLM writes; unset: answers have no cost."
    )

    languages: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = Field(
        ("en",),
        description="Languages, ISO 639-1, that the embedder and the reader know, or 'all'; in others the answer is a whole sentence.",
    )
    retrieve: int = Field(40, ge=1, le=200, description="Chunks taken from each retriever before fusion.")
    read: int = Field(10, ge=1, le=50, description="Passages that are read for one answer.")
    per_document: int = Field(4, ge=1, le=50, description="Most passages of one document among those read.")
    answer_threshold: float = Field(
        0.3, ge=0, le=1, description="Confidence under which the answer is 'the documents don't say' (ADR 0004)."
    )
    target_error: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Share of shown answers that may be wrong, by the curve of the judge's pool; it then sets answer_threshold.",
    )
    fusion: Literal["scores", "ranks"] = Field(
        "scores", description="'scores': cosine + weighted BM25; 'ranks': reciprocal rank fusion."
    )
    lexical_weight: float = Field(
        0.4, ge=0, le=10, description="Weight of the best BM25 score beside cosines (ADR 0006)."
    )
    rrf_k: int = Field(60, ge=1, le=1000, description="Damping of reciprocal rank fusion.")
    rerank: int = Field(
        20, ge=0, le=100, description="Passages that the reader puts in order; 0: the order of the search."
    )
    signals: bool = Field(True, description="Outlets, dates, names and numbers of the question change the order.")
    split_questions: bool = Field(True, description="A question that asks several things is searched part by part.")
    detect_filters: bool = Field(
        True, description="A question that names its sources in so many words searches only them."
    )

    keep_answers: int = Field(
        10_000,
        ge=0,
        le=1_000_000,
        description="Answers kept in a collection, to be shown, asked again and exported; 0: none.",
    )
    keep_originals: bool = Field(
        True,
        description="Keep the bytes of every file that goes in, so that it can be opened beside an answer; 'dossier rebuild' "
        "after a change applies it to what is there.",
    )
    answer_slots: int = Field(2, ge=1, le=64, description="Questions that a server works on at once.")
    answer_queue: int = Field(8, ge=0, le=1000, description="Questions that may wait for their turn.")
    queue_wait_s: float = Field(30.0, gt=0, le=600, description="Longest wait for a turn, in seconds.")
    answer_deadline_s: float = Field(120.0, gt=0, le=3600, description="Longest work on one question, in seconds.")

    sources_in_text: bool = Field(
        True,
        description="End the text of OpenAI-compatible answers with its sources, for clients that pass over annotations; a client "
        "that shows them says so in the header X-Dossier-Sources.",
    )

    log_format: Literal["text", "json"] = Field(
        "text", description="Logs of a server: for people or one JSON object a line."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        description="Least that a server logs; requests are 'info', health checks and parts of the page 'debug'.",
    )
    traces: str | None = Field(
        None,
        pattern=r"^https?://[^\s/]+/?$",
        description="OTLP endpoint (gRPC) for traces; unset: OTEL_EXPORTER_OTLP_ENDPOINT, or none.",
    )
    audit: bool | None = Field(
        None, description="Keep an audit trail in the data directory; unset: where callers need keys."
    )

    reports: Path = Field(
        Path("reports/eval"), description="Folder where 'dossier eval' writes; the page shows the report in it."
    )
    max_question_chars: int = Field(4000, ge=1, description="Longest question.")
    max_file_bytes: int = Field(25 * 1024 * 1024, ge=1, description="Largest file that is read.")
    max_files: int = Field(10_000, ge=1, description="Most files in one ingest.")
    max_pages: int = Field(500, ge=1, le=100_000, description="Most pages that 'dossier index URL' fetches at once.")
    fetch_timeout_s: float = Field(30.0, gt=0, le=600, description="Longest wait for one page, in seconds.")
    fetch_pause_s: float = Field(
        0.2, ge=0, le=60, description="Seconds between two pages of one site; more where it asks for more."
    )
    fetch_private: bool = Field(
        False, description="Fetch pages also from addresses of this machine and its network, such as an intranet."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """No .env file and no secrets directory: one file, one prefix."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def cost_of(self, usage: Mapping[str, int] | None) -> float | None:
        """What the tokens of an answer cost, in the currency of the prices; None without usage or prices."""
        if not usage or self.llm_price_in is None or self.llm_price_out is None:
            return None
        read, written = usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0)
        return (read * self.llm_price_in + written * self.llm_price_out) / 1_000_000

    def answer_hash(self) -> str:
        """Hash of the settings that can change an answer, 12 hex digits; secrets and addresses left out."""
        names = (
            "embedder",
            "reader",
            "reranker",
            "llm",
            "llm_max_tokens",
            "llm_context_tokens",
            "llm_passages",
            "llm_style",
            "retrieve",
            "read",
            "per_document",
            "answer_threshold",
            "target_error",
            "fusion",
            "lexical_weight",
            "rrf_k",
            "rerank",
            "languages",
            "signals",
            "split_questions",
            "detect_filters",
        )
        values = {name: str(getattr(self, name)) for name in names}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:12]


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; raises SettingInvalid with the setting's name and what mends it."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        raise SettingInvalid(
            f"Setting '{name}': {first['msg']}. Mend DOSSIER_{name.partition('.')[0].upper()} or {CONFIG_FILE}; 'dossier config' lists every setting."
        ) from error


def write_setting(name: str, value: float | str, path: Path = Path(CONFIG_FILE)) -> None:
    """Set one value in a settings file; every other line stays as it was, and the file is replaced at once or not at all.

    Raises:
        SettingInvalid: The file is not TOML, or would not say the same of everything else afterwards; it is left as it is.
    """
    line = f"{name} = {json.dumps(value, ensure_ascii=False)}"
    aside = path.with_name(f".{path.name}.part")
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        after = _with_line(before, name, line)
        if tomllib.loads(after) != {**tomllib.loads(before), name: value}:
            raise ValueError(f"its '{name}' cannot be told from its other lines")
        aside.touch(0o600)  # it may hold a key
        aside.write_text(after, encoding="utf-8")
        aside.chmod(stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644)
        os.replace(aside, path)  # noqa: PTH105
    except (OSError, ValueError) as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise SettingInvalid(f"{path} was left as it is ({error!s:.120}). Put this line into it: {line}") from error


def _with_line(text: str, name: str, line: str) -> str:
    """The text with the line in place of the setting's own, or before its first table."""
    table = _TABLE.search(text)
    top = text[: table.start()] if table else text
    own = re.compile(rf"^[ \t]*{re.escape(name)}[ \t]*=.*$", re.MULTILINE)
    if own.search(top):
        return own.sub(lambda _: line, top, count=1) + text[len(top) :]
    return f"{top}{'' if not top or top.endswith(chr(10)) else chr(10)}{line}\n{text[len(top) :]}"
