"""Plain text and Markdown; Markdown may begin with front matter."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace

from index.errors import FileRefused
from index.load.decode import decode
from index.load.extracted import Extracted
from index.load.limits import check_text
from index.load.rows import headed
from index.provenance import FIELDS, from_front_matter

_CELLS = re.compile(r"(?<!\\)\|")
_FRONT = re.compile(
    r"\ufeff?(?:---[ \t]*\r?\n(?P<fields>.{0,65536}?)\r?\n(?:---|\.\.\.)|\+\+\+[ \t]*\r?\n(?P<toml>.{0,65536}?)\r?\n\+\+\+)[ \t]*(?:\r?\n|\Z)",
    re.S,
)
_PLAIN_FIELD = re.compile(r"(?P<name>[A-Za-z_]+)\s*:\s+(?P<value>\S.*?)\s*")
_SECRET = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY")
_LOOKED_AT = 1 << 16
_PIPES = re.compile(
    r"(?:^[ \t]{0,3}\|?[^\n|]*\|[^\n]*\n)^[ \t]{0,3}\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)*\|?[ \t]*(?:\n|\Z)(?:^[ \t]{0,3}\|?[^\n|]*\|[^\n]*(?:\n|\Z))*",
    re.M,
)
_QUOTES = "\"'"


def parse_text(content: bytes) -> Extracted:
    check_text(content)
    text, notes = decode(content)
    return Extracted((text,), "text/plain", notes=tuple(notes))


def parse_plain(content: bytes) -> Extracted:
    """Text of any kind; what is no text, or holds a private key, is refused."""
    if _SECRET.search(content[:_LOOKED_AT]):
        raise FileRefused("hidden", "It holds a private key.")
    extracted = parse_text(content)
    return replace(extracted, debris=False)


def parse_markdown(content: bytes) -> Extracted:
    check_text(content)
    text, notes = decode(content)
    match = _FRONT.match(text)
    if match is None:
        return Extracted((with_headed_tables(text),), "text/markdown", notes=tuple(notes))
    fields, more = _toml(match["toml"]) if match["toml"] is not None else _yaml(match["fields"])
    return Extracted(
        (with_headed_tables(text[match.end() :]),),
        "text/markdown",
        provenance=from_front_matter(fields),
        notes=(*notes, *more),
        front=match.group(0),
        metadata={name: value for name, value in fields.items() if name not in FIELDS},
    )


def with_headed_tables(text: str) -> str:
    """Tables of pipes with the head before each cell, so that a row can be read and cited alone.

    >>> with_headed_tables("| Room | Beds |\\n|---|---|\\n| Alder | 2 |\\n")
    'Room: Alder; Beds: 2\\n'
    """

    def headed_rows(match: re.Match[str]) -> str:
        lines = [line for line in match[0].split("\n") if line.strip()]
        rows = [[cell.strip().replace("\\|", "|") for cell in _CELLS.split(line.strip().strip("|"))] for line in lines]
        heads, *body = [rows[0], *rows[2:]]
        return "\n".join(line for row in body if (line := headed(row, heads))) + "\n"

    return _PIPES.sub(headed_rows, text)


def _toml(source: str) -> tuple[dict[str, object], list[str]]:
    try:
        fields = tomllib.loads(source.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, ValueError, RecursionError):
        return {}, ["front matter is not valid TOML and was not read"]
    return {name.lower(): value for name, value in fields.items()}, []


def _yaml(source: str) -> tuple[dict[str, object], list[str]]:
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
        return {name.lower(): value for name, value in fields.items()}, [
            "front matter is not valid YAML and was read line by line"
        ]
    if not isinstance(fields, dict):
        return {}, ["front matter holds no fields"]
    return {str(name).lower(): value for name, value in fields.items()}, []
