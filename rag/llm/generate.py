"""The answerer that asks a language model; what it says is a proposal, and its quotes are found here, not by the model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from index.errors import LanguageModelFailed
from index.sentences import sentence_spans
from rag.facts.wording import words
from rag.gate.verify import short_stands, verify
from rag.llm import prompts
from rag.llm.model import LanguageModel, Message, never
from rag.llm.quote import find_quotes, instructs
from rag.llm.reply import MAX_HEARD_CHARS, MAX_STATEMENT_CHARS, MAX_STATEMENTS, parse_reply, said_so_far
from rag.values import Draft, DraftStatement, Evidence, Quote

_MAX_LABEL_CHARS = 120
_LOOK_CHARS = 40  # of a reply between two looks for new statements
_LEAST_WORDS = 3  # a bare word is no statement: it may be what a passage told the model to say
_BRACKETED_COMMAND = re.compile(r"\[(/?[A-Z_]{2,30}|[0-9]{1,4}(?:[ ]?[,;-][ ]?[0-9]{1,4}){0,19})\]")


class LLMAnswerer:
    """Implements `rag.protocols.Answerer` with a language model."""

    def __init__(self, llm: LanguageModel, *, max_passage_chars: int = 6000, prose: bool = False) -> None:
        """
        Args:
            max_passage_chars: Most characters of passages in one prompt; a passage goes in whole or not at all, but for a
                first one that is longer than this.
            prose: For small models, which answer but neither write JSON nor cite: no JSON is demanded, and for a sentence that
                cites nothing, quotes that hold it are looked for in every passage. `rag.gate.verify` judges both alike.
        """
        if max_passage_chars < 1:
            raise ValueError(f"max_passage_chars must be 1 or more, got {max_passage_chars}")
        self._llm = llm
        self._max_passage_chars = max_passage_chars
        self._prose = prose

    def draft(
        self,
        question: str,
        evidence: Sequence[Evidence],
        *,
        hear: Callable[[DraftStatement], None] | None = None,
        stopped: Callable[[], bool] = never,
    ) -> Draft:
        """Ask the model.

        `confidence` is 0 when the model says that the passages do not answer, or says nothing, and 1 otherwise: a model's own
        estimate is worth nothing, so what may be shown is decided by `rag.gate.verify`. `short` is "" unless the quotes prove it.
        Statements that cite no passage of the prompt come back without quotes; `rag.gate.verify` cuts them. A reply that breaks off
        leaves a degraded draft of the statements that were whole.

        Args:
            hear: Called with each statement of the draft, in order, as soon as the model has written it.
            stopped: Whether nobody waits for the draft any more.

        Raises:
            LanguageModelFailed: No statement in time, or no reply that can be used.
        """
        read = _within_budget(evidence, self._max_passage_chars)
        messages = build_messages(question, read, max_passage_chars=self._max_passage_chars)
        schema = None if self._prose else answer_schema([item.number for item in read])
        heard = _Heard(read, hear, search=self._prose)
        try:
            completion = self._llm.complete(messages, json_schema=schema, hear=heard.take, stopped=stopped)
        except LanguageModelFailed:
            if not heard.statements:
                raise
            return self._draft(heard, "", degraded=True)
        reply = parse_reply(completion.text)
        heard.add(reply.statements)
        if not heard.statements and any(instructs(item.hit.chunk.text) for item in read):
            raise LanguageModelFailed("A passage tells its reader what to say, so the model's silence proves nothing.")
        usage = {"prompt_tokens": completion.prompt_tokens, "completion_tokens": completion.completion_tokens}
        draft = self._draft(heard, reply.short, usage=usage)
        return draft if short_stands(reply.short, verify(draft, read), read) else replace(draft, short="")

    def _draft(
        self, heard: _Heard, short: str, *, usage: Mapping[str, int] | None = None, degraded: bool = False
    ) -> Draft:
        return Draft(
            statements=tuple(heard.statements.values()),
            short=short,
            confidence=1.0 if heard.statements else 0.0,
            answered_by=f"llm:{self._llm.name}",
            degraded=degraded,
            usage=usage,
        )


class _Heard:
    """The statements of a reply, taken out of it while it is written; what was once heard stays said."""

    def __init__(
        self, evidence: Sequence[Evidence], hear: Callable[[DraftStatement], None] | None, *, search: bool
    ) -> None:
        """
        Args:
            search: Quotes for a sentence that cites nothing are looked for in every passage.
        """
        self._evidence = evidence
        self._hear = hear
        self._search = search
        self._text = ""
        self._looked = 0
        self.statements: dict[str, DraftStatement] = {}

    def take(self, piece: str) -> None:
        """One more piece of the reply."""
        if len(self._text) >= MAX_HEARD_CHARS or len(self.statements) == MAX_STATEMENTS:
            return
        self._text += piece
        if len(self._text) - self._looked >= max(_LOOK_CHARS, self._looked // 16):  # few looks, however long the reply
            self._looked = len(self._text)
            self.add(said_so_far(self._text))

    def add(self, said: Iterable[tuple[str, tuple[int, ...]]]) -> None:
        """Statements with the numbers that they cite; those already heard are passed over."""
        for text, cited in _sentences(said):
            if text in self.statements or len(self.statements) == MAX_STATEMENTS:
                continue
            self.statements[text] = statement = DraftStatement(text, self._quotes(text, cited))
            if self._hear is not None:
                self._hear(statement)

    def _quotes(self, text: str, cited: Sequence[int]) -> tuple[Quote, ...]:
        if len(words(text)) < _LEAST_WORDS:
            return ()
        if self._search and not cited:
            return _best_quotes(text, self._evidence)
        return _cited_quotes(text, cited, self._evidence)


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


def _cited_quotes(text: str, cited: Sequence[int], evidence: Sequence[Evidence]) -> tuple[Quote, ...]:
    numbered = {item.number: item for item in evidence}
    return tuple(quote for number in cited if number in numbered for quote in find_quotes(text, numbered[number]))


def _best_quotes(text: str, evidence: Sequence[Evidence]) -> tuple[Quote, ...]:
    """Quotes of the one passage that holds most of the text."""
    found = [find_quotes(text, item) for item in evidence]
    return max(found, key=lambda quotes: max((quote.support for quote in quotes), default=0.0), default=())


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


def _sentences(said: Iterable[tuple[str, tuple[int, ...]]]) -> list[tuple[str, tuple[int, ...]]]:
    """One entry per sentence, so that a false one does not take a true one with it."""
    single: list[tuple[str, tuple[int, ...]]] = []
    for text, cited in said:
        short = text[:MAX_STATEMENT_CHARS]
        single += [(short[span.start : span.end], cited) for span in sentence_spans(short)]
    return single
