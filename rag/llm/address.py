"""The setting DOSSIER_LLM taken apart: which kind of server, where, and what it is asked with."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from index.errors import SettingInvalid

FORMS = (
    "openai+http://HOST/v1?model=NAME, openai+https://HOST/v1?model=NAME, anthropic+https://HOST?model=NAME, "
    "ollama, ollama?model=NAME, llama:///ABSOLUTE/FILE.gguf or llama://NAME of 'dossier models list'"
)
OLLAMA = "127.0.0.1:11434"
"""Where Ollama listens unless it was told otherwise."""
_VERSION = "api-version"


@dataclass(frozen=True, slots=True)
class Address:
    """A server that runs language models.

    Attributes:
        model: "" where the server is to be asked which one it has.
        base: What its paths are put behind.
        place: Where it is, in words that may be shown.
        parameters: What every address is given behind a question mark.
    """

    kind: Literal["openai", "anthropic"]
    model: str
    base: str
    place: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    ollama: bool = False

    @property
    def local(self) -> bool:
        """Whether it is this machine, whose processor the model then most likely has to share."""
        host = (urlsplit(self.base).hostname or "").rstrip(".")
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    @property
    def key_header(self) -> str:
        """The header that the key travels in; Azure's deployments want one of their own."""
        if self.kind == "anthropic":
            return "x-api-key"
        return "api-key" if _VERSION in self.parameters else "authorization"

    def shown(self, model: str) -> str:
        """The setting that names one of its models."""
        if self.ollama:
            return f"ollama?model={model}"
        version = f"&{_VERSION}={self.parameters[_VERSION]}" if _VERSION in self.parameters else ""
        return f"{self.kind}+{self.base}?model={model}{version}"


def read_address(url: str, *, name: str = "DOSSIER_LLM", any_model: bool = False) -> Address:
    """What a setting names.

    Args:
        name: What to call the setting in a complaint.
        any_model: The model may be missing, and so may the kind: what is meant is the server.

    Raises:
        SettingInvalid: It is none of the forms.
    """
    try:
        parts = urlsplit(url)
        port = parts.port  # a bad port is only noticed when it is read
    except ValueError as error:
        raise SettingInvalid(f"{name} is not a URL ({error}). Give {FORMS}") from error
    query = parse_qs(parts.query)
    models = query.pop("model", [] if any_model else [""])
    if (parts.scheme, parts.netloc, parts.path) == ("", "", "ollama"):
        if query or len(models) > 1:
            raise SettingInvalid(f"{name}=ollama takes one parameter, model: ollama?model=NAME")
        return Address("openai", "".join(models), f"http://{OLLAMA}/v1", f"Ollama on {OLLAMA}", ollama=True)
    kind, plus, scheme = parts.scheme.partition("+")
    if any_model and not plus:
        kind, scheme = "openai", parts.scheme
    if kind not in ("openai", "anthropic") or scheme not in ("http", "https") or not parts.hostname:
        said = f"{parts.scheme}://" if parts.scheme else "no scheme"
        raise SettingInvalid(f"{name} starts with {said!r}. Give {FORMS}")
    if "@" in parts.netloc:
        raise SettingInvalid(
            f"{name} holds a user or a password. Leave them out, and put the key into DOSSIER_LLM_KEY."
        )
    version = query.pop(_VERSION, [])
    if query or len(version) > 1 or len(models) > 1 or not (any_model or models[0]):
        raise SettingInvalid(
            f"{name} must have exactly one parameter, model (and for Azure's deployments {_VERSION}). Give {FORMS}"
        )
    place = f"{parts.hostname}:{port}" if port else str(parts.hostname)
    base = f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    return Address(
        "anthropic" if kind == "anthropic" else "openai",
        "".join(models),
        base,
        place,
        {_VERSION: version[0]} if version else {},
    )


def check_key(key: str | None) -> str:
    """The key as it is sent; "none" for a server that asks for none.

    Raises:
        SettingInvalid: It could not stand in a header. It is never shown.
    """
    if not key:
        return "none"
    if "\n" in key or "\r" in key:
        raise SettingInvalid(
            "DOSSIER_LLM_KEY holds a line break. Set it again without one: export DOSSIER_LLM_KEY=\"$(tr -d '\\r\\n' < FILE)\""
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise SettingInvalid(
            "DOSSIER_LLM_KEY holds a space or a character that no key has. Copy it again, and set DOSSIER_LLM_KEY anew."
        )
    return key
