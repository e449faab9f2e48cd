"""What a language model wrote, taken apart: JSON, JSON that was cut off or wrapped in prose, or prose with [n]."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from index.sentences import sentence_spans
from rag.facts.wording import MARKER, fold, strip_markers
from rag.llm import prompts

MAX_STATEMENTS = 12
MAX_STATEMENT_CHARS = 1000
MAX_CITATIONS = 6
MAX_HEARD_CHARS = 20_000
_MAX_SHORT_CHARS = 200
_MAX_JSON_FAILURES = 100
_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL | re.IGNORECASE)
_SAYS_NOT_STATED = re.compile(r'"not_stated"\s*:\s*true')
_MARKED_STOP = re.compile(rf"([.!?])((?:{MARKER.pattern}){{1,9}})")


_NAMED_PASSAGE = re.compile(
    r"(?i)(?<![.!?]),?\s\(?(?:(?:as\s)?(?:stated|mentioned|reported|said|written)\sin|according\sto|based\son|in|from|see)\s"
    r"(?:the\s)?(?:passages?\s(?:in\s)?)?passages?\s(?:(?:number|no\.)\s)?\[?([0-9]{1,4})\]?\)?"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's reply taken apart: statements with the passage numbers they cite, valid or not."""

    statements: tuple[tuple[str, tuple[int, ...]], ...]
    short: str = ""
    not_stated: bool = False


def parse_reply(text: str) -> Reply:
    """What a model said, as JSON, as JSON cut off or wrapped in prose, or as sentences with [n]; junk gives no statements."""
    spoken = _THOUGHT.sub("", text).strip()
    whole = next((value for value in _json_objects(spoken) if "statements" in value or "not_stated" in value), None)
    if whole is not None:
        return _from_json(whole)
    pieces = [value for value in _json_objects(spoken) if "text" in value]
    if pieces:
        return _from_json({"statements": pieces})
    if spoken.upper().startswith(prompts.NOT_STATED) or not spoken:
        return Reply((), not_stated=True)
    return Reply(tuple((_plain(part), _markers(part)) for part in _marked_sentences(spoken))[:MAX_STATEMENTS])


def said_so_far(text: str) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """The statements that are whole in a reply which is still being written: closed JSON objects, or sentences that another follows.

    >>> said_so_far('{"statements": [{"text": "It rained.", "citations": [1]}, {"text": "Then')
    (('It rained.', (1,)),)
    >>> said_so_far("It rained. [1] Then the su")
    (('It rained.', (1,)),)
    """
    spoken = _THOUGHT.sub("", text[:MAX_HEARD_CHARS]).lstrip()
    if "{" in spoken:
        pieces = [] if _SAYS_NOT_STATED.search(spoken) else [v for v in _json_objects(spoken) if "text" in v]
        return _from_json({"statements": pieces}).statements
    if spoken.upper().startswith(prompts.NOT_STATED):
        return ()
    sentences = _marked_sentences(spoken)
    if sentences and not any(character.isalpha() for character in strip_markers(sentences[-1])):
        sentences.pop()  # a marker that is being written belongs to the sentence before it
    return tuple((_plain(part), _markers(part)) for part in sentences[:-1])[:MAX_STATEMENTS]


def _json_objects(text: str) -> Iterator[dict[str, Any]]:
    """JSON objects in a text, in order; those inside one that was cut off count, those inside a whole one do not."""
    decoder = json.JSONDecoder()
    position, failures = text.find("{"), 0
    while position >= 0 and failures < _MAX_JSON_FAILURES:
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            failures += 1
            end = position + 1
        else:
            yield value
        position = text.find("{", end)


def _from_json(value: Mapping[str, Any]) -> Reply:
    offered = value.get("statements")
    statements = []
    for part in offered if isinstance(offered, list) else []:
        if isinstance(part, str):
            statements.append((_plain(part), _markers(part)))
        elif isinstance(part, dict) and isinstance(part.get("text"), str):
            cited = (*_numbers(part.get("citations")), *_markers(part["text"]))
            statements.append((_plain(part["text"]), tuple(dict.fromkeys(cited))[:MAX_CITATIONS]))
    if value.get("not_stated") is True:
        return Reply((), not_stated=True)
    short = value.get("short")
    return Reply(
        tuple(statements[:MAX_STATEMENTS]),
        _plain(short)[:_MAX_SHORT_CHARS].strip() if isinstance(short, str) else "",
    )


def _plain(text: str) -> str:
    """Without markers, and without the halves of characters that JSON escapes can smuggle in."""
    return strip_markers(text.encode("utf-8", "replace").decode())


def _numbers(citations: object) -> list[int]:
    found: list[int] = []
    for part in citations[:50] if isinstance(citations, list) else [citations]:
        if isinstance(part, str):
            found += [int(digits) for digits in re.findall("[0-9]{1,4}", fold(part[:100]))]
        elif isinstance(part, int) and not isinstance(part, bool):
            found.append(part)
    return found


def _markers(text: str) -> tuple[int, ...]:
    found = [int(digits) for marker in MARKER.findall(text) for digits in re.findall("[0-9]+", marker)]
    return tuple(dict.fromkeys(found))[:MAX_CITATIONS]


def _marked_sentences(text: str) -> list[str]:
    """Sentences with the markers that follow them, also when those stand behind the full stop or are words.

    >>> _marked_sentences("It rained.[2] It cleared, according to passage 3.")
    ['It rained[2].', 'It cleared [3].']
    """
    numbered = _NAMED_PASSAGE.sub(r" [\1]", text[: MAX_STATEMENTS * MAX_STATEMENT_CHARS])
    inward = _MARKED_STOP.sub(r"\2\1", numbered)
    return [inward[span.start : span.end] for span in sentence_spans(inward)]
