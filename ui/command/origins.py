"""Where each setting's value came from, for `dossier config`."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from index.errors import SettingInvalid
from rag.settings import CONFIG_FILE, Settings

PREFIX = "DOSSIER_"
MASK = "**********"
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@|(?<=[?&])(key|token|api_key|password)=[^&\s]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Origin:
    """A setting, its value as text with secrets masked, and what set it: argument, DOSSIER_NAME, dossier.toml or default."""

    name: str
    value: str
    where: str
    description: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def setting_origins(settings: Settings, given: Mapping[str, Any]) -> list[Origin]:
    """Every setting in the order of the class; `given` are those that came as arguments."""
    environment = {name.upper() for name in os.environ}
    in_file = _in_file()
    origins: list[Origin] = []
    for name, field in Settings.model_fields.items():
        if given.get(name) is not None:
            where = "argument"
        elif PREFIX + name.upper() in environment:
            where = PREFIX + name.upper()
        else:
            where = CONFIG_FILE if name in in_file else "default"
        origins.append(Origin(name, _shown(getattr(settings, name)), where, field.description or ""))
    return origins


def check_config_file() -> None:
    """Raises SettingInvalid when dossier.toml is there and cannot be read as TOML."""
    _in_file()


def _in_file() -> set[str]:
    path = Path(CONFIG_FILE)
    try:
        return set(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return set()
    except (OSError, ValueError) as error:
        raise SettingInvalid(f"{CONFIG_FILE} cannot be read: {error}. Mend it or move it away.") from error


def _shown(value: Any) -> str:
    if value is None:
        return "unset"
    if isinstance(value, SecretStr):
        return MASK
    return _CREDENTIALS.sub(lambda found: f"{MASK}@" if found[0].endswith("@") else f"{found[1]}={MASK}", str(value))
