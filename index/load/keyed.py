"""JSON, JSON Lines, YAML, TOML and XML: each value a line under its path, lists of like objects as rows."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

from index.errors import FileRefused
from index.load.decode import decode
from index.load.extracted import Extracted
from index.load.limits import check_text
from index.load.office import refuse_entities
from index.load.table import MAX_ROWS

MAX_DEPTH = 60


def parse_json(content: bytes) -> Extracted:
    return _keyed(content, "application/json", "JSON", lambda text: json.loads(text))


def parse_jsonl(content: bytes) -> Extracted:
    def read(text: str) -> list[Any]:
        return [json.loads(line) for line in text.splitlines() if line.strip()]

    return _keyed(content, "application/jsonl", "JSON Lines", read)


def parse_yaml(content: bytes) -> Extracted:
    import yaml

    class Plain(yaml.SafeLoader):
        """Without aliases, so that a few lines stay a few lines."""

        def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("aliases are not read")
            return super().compose_node(parent, index)

    def read(text: str) -> Any:
        found = list(yaml.load_all(text, Loader=Plain))
        return found[0] if len(found) == 1 else found

    return _keyed(content, "application/yaml", "YAML", read, yaml.YAMLError)


def parse_toml(content: bytes) -> Extracted:
    return _keyed(content, "application/toml", "TOML", tomllib.loads)


def parse_xml(content: bytes) -> Extracted:
    """Elements under their paths; a document type or an entity is refused, and nothing outside the file is asked for."""
    refuse_entities(content)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_comments=True
    )
    try:
        root = etree.fromstring(content, parser=parser)
    except (etree.LxmlError, ValueError) as error:
        raise FileRefused("parse_error", "It is not well-formed XML.") from error
    return Extracted((_joined(_element(root, "", 0)),), "application/xml", debris=False)


def _keyed(
    content: bytes, kind: str, name: str, read: Callable[[str], Any], error: type[Exception] = ValueError
) -> Extracted:
    check_text(content)
    text, notes = decode(content)
    try:
        value = read(text)
    except (ValueError, error) as wrong:
        what = " ".join(str(wrong).split())[:120]
        raise FileRefused("parse_error", f"It is not readable {name} ({what}).") from wrong
    return Extracted((_joined(_lines(value, "", 0)),), kind, debris=False, notes=tuple(notes))


def _joined(lines: Iterator[str]) -> str:
    found: list[str] = []
    for line in lines:
        found.append(line)
        if len(found) > MAX_ROWS:
            raise FileRefused("too_complex", f"It has more than {MAX_ROWS:,} values. Split it.")
    return "\n".join(found)


def _lines(value: Any, path: str, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        raise FileRefused("too_complex", f"Its values are nested more than {MAX_DEPTH} deep.")
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _lines(inner, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(value, list):
        flat = all(not isinstance(one, (dict, list)) for one in value)
        if flat and value:
            yield _told(path, ", ".join(_scalar(one) for one in value))
        else:
            for number, one in enumerate(value, start=1):
                if isinstance(one, dict) and all(not isinstance(inner, (dict, list)) for inner in one.values()):
                    yield _told(
                        f"{path}[{number}]", "; ".join(f"{key}: {_scalar(inner)}" for key, inner in one.items())
                    )
                else:
                    yield from _lines(one, f"{path}[{number}]", depth + 1)
    elif value is not None and _scalar(value):
        yield _told(path, _scalar(value))


def _element(element: Any, path: str, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        raise FileRefused("too_complex", f"Its elements are nested more than {MAX_DEPTH} deep.")
    if not isinstance(element.tag, str):
        return
    name = etree.QName(element).localname
    own = f"{path}.{name}" if path else name
    attributes = "; ".join(
        f"{etree.QName(key).localname}: {value}" for key, value in element.attrib.items() if value.strip()
    )
    text = " ".join((element.text or "").split())
    text = re.sub(r"<[^<>]{1,200}>", " ", text)
    said = "; ".join(part for part in (" ".join(text.split()), attributes) if part)
    if said:
        yield _told(own, said)
    for child in element:
        yield from _element(child, own, depth + 1)
        if isinstance(child.tail, str) and child.tail.strip():
            yield _told(own, " ".join(child.tail.split()))


def _told(path: str, value: str) -> str:
    return f"{path}: {value}" if path else value


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(str(value).split())
