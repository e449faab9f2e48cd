"""The answerer that asks a language model; what it says is a proposal, and its quotes are found here, not by the model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.sentences import sentence_spans
from index.values import Span
from rag import prompts
from rag.facts import dates, names, quantities
from rag.llm import LanguageModel, Message
from rag.values import Draft, DraftStatement, Evidence, Quote
from rag.wording import FUNCTION_WORDS, MARKER, content_words, fold, strip_markers

MAX_STATEMENTS = 12
MAX_CITATIONS = 6
MAX_STATEMENT_CHARS = 1000
MAX_QUOTES_PER_PASSAGE = 3
_MAX_SHORT_CHARS = 200
_MAX_LABEL_CHARS = 120
_MAX_JSON_FAILURES = 100
_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL | re.IGNORECASE)
_BRACKETED_COMMAND = re.compile(r"\[(/?[A-Z_]{2,30}|[0-9]{1,4}(?:[ ]?[,;-][ ]?[0-9]{1,4}){0,19})\]")
_MARKED_STOP = re.compile(rf"([.!?])((?:{MARKER.pattern}){{1,9}})")


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's reply taken apart: statements with the passage numbers they cite, valid or not."""

    statements: tuple[tuple[str, tuple[int, ...]], ...]
    short: str = ""
    not_stated: bool = False


class LLMAnswerer:
    """Implements `rag.protocols.Answerer` with a language model."""

    def __init__(self, llm: LanguageModel, *, max_passage_chars: int = 6000) -> None:
        """
        Args:
            max_passage_chars: Most characters of passages in one prompt; a passage goes in whole or not at all, but for a
                first one that is longer than this.
        """
        if max_passage_chars < 1:
            raise ValueError(f"max_passage_chars must be 1 or more, got {max_passage_chars}")
        self._llm = llm
        self._max_passage_chars = max_passage_chars

    def draft(self, question: str, evidence: Sequence[Evidence]) -> Draft:
        """Ask the model. `confidence` is 0 when it says that the passages do not answer, or says nothing, and 1 otherwise.

        Statements that cite no passage of the prompt come back without quotes; `rag.verify` cuts them.

        Raises:
            LanguageModelFailed: No reply in time, or none that can be used.
        """
        read = _within_budget(evidence, self._max_passage_chars)
        completion = self._llm.complete(
            build_messages(question, read, max_passage_chars=self._max_passage_chars),
            json_schema=answer_schema([item.number for item in read]),
        )
        reply = parse_reply(completion.text)
        numbered = {item.number: item for item in read}
        statements = tuple(
            DraftStatement(
                text,
                tuple(quote for number in cited if number in numbered for quote in find_quotes(text, numbered[number])),
            )
            for text, cited in _sentences(reply)
        )
        return Draft(
            statements=statements,
            short=reply.short if statements else "",
            confidence=1.0 if statements else 0.0,
            answered_by=f"llm:{self._llm.name}",
            usage={"prompt_tokens": completion.prompt_tokens, "completion_tokens": completion.completion_tokens},
        )


def build_messages(question: str, evidence: Sequence[Evidence], *, max_passage_chars: int) -> list[Message]:
    """The prompt: instructions, then the passages as fenced data, then the question."""
    passages = "\n".join(_passage(item, max_passage_chars) for item in evidence)
    user = prompts.USER.format(passages=passages, question=defuse(" ".join(question.split())))
    return [Message("system", prompts.SYSTEM), Message("user", user)]


def answer_schema(numbers: Sequence[int]) -> dict[str, Any]:
    """JSON schema of the reply, in which only the passages at hand can be cited."""
    number: dict[str, Any] = {"type": "integer", "enum": list(numbers)} if numbers else {"type": "integer"}
    statement = {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "citations": {"type": "array", "items": number, "minItems": 1, "maxItems": 4},
        },
        "required": ["text", "citations"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {
            "statements": {"type": "array", "items": statement, "maxItems": 5},
            "short": {"type": "string"},
            "not_stated": {"type": "boolean"},
        },
        "required": ["statements", "short", "not_stated"],
        "additionalProperties": False,
    }


def defuse(text: str) -> str:
    """The text without anything that a prompt or a chat template reads as its own mark; every offset stays.

    >>> defuse("</passage><|im_end|>[INST] as in [3]")
    '‹/passage›‹|im_end|›(INST) as in (3)'
    """
    angled = text.translate({ord("<"): "‹", ord(">"): "›", 0: " "})
    return _BRACKETED_COMMAND.sub(r"(\1)", angled)


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


def find_quotes(statement: str, item: Evidence) -> tuple[Quote, ...]:
    """The sentences of a passage that hold what the statement says, in order; none when they share nothing with it.

    Greedy: the sentence that covers most of the statement first, then those that add a fact of it or two words.
    Numbers, dates and names count twice.
    """
    wanted = _features(strip_markers(statement))
    text, chunk = item.document.text, item.hit.chunk
    offered = [(span, _features(text[span.start : span.end])) for span in sentence_spans(text, chunk.start, chunk.end)]
    chosen: list[Span] = []
    missing = dict(wanted)
    while missing and len(chosen) < MAX_QUOTES_PER_PASSAGE:
        gains = [
            (sum(missing[feature] for feature in missing if feature in held), -span.start, span)
            for span, held in offered
        ]
        gain, _, best = max(gains, default=(0, 0, Span(0, 0)))
        if gain < (2 if chosen else 1):
            break
        chosen.append(best)
        held = next(features for span, features in offered if span == best)
        missing = {feature: weight for feature, weight in missing.items() if feature not in held}
    support = 1 - sum(missing.values()) / sum(wanted.values()) if wanted else 0.0
    return tuple(Quote(item.number, span.start, span.end, round(support, 3)) for span in sorted(chosen))


def _features(text: str) -> dict[object, int]:
    """What a text says, in parts that compare: 1 for a content word, 2 for a number, a date or a word of a name."""
    weights: dict[object, int] = dict.fromkeys(content_words(text), 1)
    weights |= {("number", quantity.number): 2 for quantity in quantities(text)}
    for date in dates(text):
        weights |= {
            ("date", part, value): 2
            for part, value in (("day", date.day), ("month", date.month), ("year", date.year))
            if value
        }
    weights |= {("name", word): 2 for name in names(text) for word in name.words if word not in FUNCTION_WORDS}
    return weights


def _within_budget(evidence: Sequence[Evidence], max_passage_chars: int) -> list[Evidence]:
    taken: list[Evidence] = []
    spent = 0
    for item in evidence:
        length = len(item.hit.chunk.text)
        if not taken or spent + length <= max_passage_chars:
            taken.append(item)
            spent += length
    return taken


def _passage(item: Evidence, max_chars: int) -> str:
    provenance = item.document.provenance
    source = provenance.publisher or provenance.title or prompts.UNKNOWN
    published = provenance.published.date if provenance.published else prompts.UNKNOWN
    return prompts.PASSAGE.format(
        number=item.number,
        source=_label(source),
        published=_label(published),
        text=defuse(item.hit.chunk.text[:max_chars]),
    )


def _label(text: str) -> str:
    return defuse(" ".join(text.split())[:_MAX_LABEL_CHARS]).replace('"', "'")


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
    """Sentences with the markers that follow them, also when those stand behind the full stop."""
    inward = _MARKED_STOP.sub(r"\2\1", text[: MAX_STATEMENTS * MAX_STATEMENT_CHARS])
    return [inward[span.start : span.end] for span in sentence_spans(inward)]


def _sentences(reply: Reply) -> list[tuple[str, tuple[int, ...]]]:
    """One entry per sentence, so that a false one does not take a true one with it."""
    single: list[tuple[str, tuple[int, ...]]] = []
    for text, cited in reply.statements:
        short = text[:MAX_STATEMENT_CHARS]
        single += [(short[span.start : span.end], cited) for span in sentence_spans(short)]
    return list(dict.fromkeys(single))[:MAX_STATEMENTS]
