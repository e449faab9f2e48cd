"""Plain text and Markdown; Markdown may begin with front matter."""

from __future__ import annotations

import re

from index.load.decode import decode
from index.load.extracted import Extracted
from index.load.limits import check_text
from index.provenance import from_front_matter
from index.values import Provenance

_FRONT = re.compile(r"\ufeff?---[ \t]*\r?\n(?P<fields>.{0,65536}?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.S)
_PLAIN_FIELD = re.compile(r"(?P<name>[A-Za-z_]+)\s*:\s+(?P<value>\S.*?)\s*")
_QUOTES = "\"'"


def parse_text(content: bytes) -> Extracted:
    check_text(content)
    text, notes = decode(content)
    return Extracted((text,), "text/plain", notes=tuple(notes))


def parse_markdown(content: bytes) -> Extracted:
    check_text(content)
    text, notes = decode(content)
    match = _FRONT.match(text)
    if match is None:
        return Extracted((text,), "text/markdown", notes=tuple(notes))
    provenance, more = _front_matter(match.group("fields"))
    return Extracted(
        (text[match.end() :],), "text/markdown", provenance=provenance, notes=(*notes, *more), front=match.group(0)
    )


def _front_matter(source: str) -> tuple[Provenance, list[str]]:
    import yaml

    class Plain(yaml.SafeLoader):
        """Front matter without aliases, so that a few lines stay a few lines."""

        def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("aliases are not read")
            return super().compose_node(parent, index)

    try:
        fields = yaml.load(source, Loader=Plain)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError):
        plain = (_PLAIN_FIELD.fullmatch(line) for line in source.splitlines())
        fields = {match.group("name"): match.group("value").strip(_QUOTES) for match in plain if match}
        return from_front_matter(fields), ["front matter is not valid YAML and was read line by line"]
    if not isinstance(fields, dict):
        return Provenance(), ["front matter holds no fields"]
    return from_front_matter({str(name).lower(): value for name, value in fields.items()}), []
