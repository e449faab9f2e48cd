"""The answerer that asks a language model; what it says is a proposal, and its quotes are found here, not by the model."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from index.errors import LanguageModelFailed
from index.sentences import sentence_spans
from rag.facts.instructions import instructs
from rag.facts.wording import words
from rag.gate.verify import short_stands, verify
from rag.llm import prompts
from rag.llm.model import UNKNOWN_WINDOW, LanguageModel, Message, never
from rag.llm.passages import MOST_ON_THIS_MACHINE, Excerpt, brief, tokens_of, whole
from rag.llm.quote import find_quotes
from rag.llm.reply import MAX_HEARD_CHARS, MAX_STATEMENT_CHARS, MAX_STATEMENTS, parse_reply, said_so_far
from rag.values import Draft, DraftStatement, Evidence, Quote

_MAX_LABEL_CHARS = 120
_LABEL_TOKENS = 60  # of a passage's number, source and date
_SPARE_TOKENS = 64  # what a chat template adds
_LEAST_TOKENS = 120
_LOOK_CHARS = 40  # of a reply between two looks for new statements
_LEAST_WORDS = 3  # a bare word is no statement: it may be what a passage told the model to say
_BRACKETED_COMMAND = re.compile(r"\[(/?[A-Z_]{2,30}|[0-9]{1,4}(?:[ ]?[,;-][ ]?[0-9]{1,4}){0,19})\]")


class LLMAnswerer:
    """Implements `rag.protocols.Answerer` with a language model."""

    def __init__(
        self,
        llm: LanguageModel,
        *,
        window: Callable[[], int] = lambda: UNKNOWN_WINDOW,
        max_tokens: int = 384,
        passages: int | None = None,
        short: bool = False,
        prose: bool = False,
        style: str | None = None,
    ) -> None:
        """
        Args:
            window: Tokens that the model reads and writes at once; asked before each prompt, since a refusal may teach it.
            max_tokens: Of the window, those that the reply needs.
            passages: Most passages in one prompt; None is as many as the window holds.
            short: Of a passage only the sentences around what the reader found, for models whose reading costs seconds.
            prose: For small models, which answer but neither write JSON nor cite well: no JSON is demanded, and for a sentence
                that the passages which it cites do not hold, quotes are looked for in every passage. `rag.gate.verify` judges
                both alike.
            style: How to write, said behind the rules.
        """
        if passages is not None and passages < 1:
            raise ValueError(f"passages must be 1 or more, got {passages}")
        self._llm = llm
        self._window = window
        self._max_tokens = max_tokens
        self._passages = passages
        self._short = short
        self._prose = prose
        self._style = style

    def styled(self, style: str | None) -> LLMAnswerer:
        """The same model, told to write in another way."""
        if style == self._style:
            return self
        other = copy.copy(self)
        other._style = style
        return other

    @property
    def name(self) -> str:
        return self._llm.name

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
        window = self._window()
        try:
            return self._asked(question, self._excerpts(question, evidence, window), hear, stopped)
        except LanguageModelFailed as error:
            if error.reason != "context-exceeded" or self._window() >= window:
                raise
        return self._asked(question, self._excerpts(question, evidence, self._window()), hear, stopped)

    def _excerpts(self, question: str, evidence: Sequence[Evidence], window: int) -> list[Excerpt]:
        """What goes into the prompt. Raises LanguageModelFailed when the window holds nothing beside the question."""
        labels = _LABEL_TOKENS * min(len(evidence), self._passages or len(evidence))
        bare = tokens_of(system_of(prose=self._prose, style=self._style)) + tokens_of(question) + labels
        tokens = window - self._max_tokens - bare - _SPARE_TOKENS
        if tokens < _LEAST_TOKENS:
            raise LanguageModelFailed(
                f"Language model '{self._llm.name}' reads {window} tokens at once, too few for the question and a passage beside "
                f"{self._max_tokens} of an answer. Give it a larger context, or lower DOSSIER_LLM_MAX_TOKENS.",
                reason="context-exceeded",
            )
        if self._short:
            return brief(evidence, tokens=tokens, most=self._passages or MOST_ON_THIS_MACHINE)
        return whole(evidence, tokens=tokens, most=self._passages)

    def _asked(
        self,
        question: str,
        excerpts: Sequence[Excerpt],
        hear: Callable[[DraftStatement], None] | None,
        stopped: Callable[[], bool],
    ) -> Draft:
        read = [one.item for one in excerpts]
        messages = build_messages(question, excerpts, prose=self._prose, style=self._style)
        schema = None if self._prose else answer_schema([item.number for item in read])
        heard = _Heard(read, hear, search=self._prose)
        try:
            completion = self._llm.complete(messages, json_schema=schema, hear=heard.take, stopped=stopped)
        except LanguageModelFailed:
            if not heard.statements:
                raise
            return self._draft(heard, "", broke_off=True)
        reply = parse_reply(completion.text)
        heard.add(reply.statements)
        if not heard.statements and any(instructs(one.text) for one in excerpts):
            raise LanguageModelFailed(
                "A passage tells its reader what to say, so the model's silence proves nothing.",
                reason="passage-instructs",
            )
        usage = {"prompt_tokens": completion.prompt_tokens, "completion_tokens": completion.completion_tokens}
        draft = self._draft(heard, reply.short, usage=usage)
        return draft if short_stands(reply.short, verify(draft, read), read) else replace(draft, short="")

    def _draft(
        self, heard: _Heard, short: str, *, usage: Mapping[str, int] | None = None, broke_off: bool = False
    ) -> Draft:
        return Draft(
            statements=tuple(heard.statements.values()),
            short=short,
            confidence=1.0 if heard.statements else 0.0,
            answered_by=f"llm:{self._llm.name}",
            degraded=broke_off,
            degraded_reason="broke-off" if broke_off else None,
            usage=usage,
        )


class _Heard:
    """The statements of a reply, taken out of it while it is written; what was once heard stays said."""

    def __init__(
        self, evidence: Sequence[Evidence], hear: Callable[[DraftStatement], None] | None, *, search: bool
    ) -> None:
        """
        Args:
            search: Quotes for a sentence that what it cites does not hold are looked for in every passage.
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
        quotes = _cited_quotes(text, cited, self._evidence)
        if not self._search or _held(quotes) == 1.0:
            return quotes
        found = _best_quotes(text, self._evidence)  # a small model often cites the number beside the right one
        return found if _held(found) > _held(quotes) else quotes


def system_of(*, prose: bool, style: str | None = None) -> str:
    """The instructions, with which every prompt begins."""
    rules = prompts.PLAIN_SYSTEM if prose else prompts.SYSTEM
    return rules + prompts.STYLE.format(style=defuse(style.strip())) if style else rules


def build_messages(
    question: str, excerpts: Sequence[Excerpt], *, prose: bool = False, style: str | None = None
) -> list[Message]:
    """The prompt: instructions, then the passages as fenced data, then the question."""
    passages = "\n".join(_passage(one) for one in excerpts)
    user = prompts.USER.format(passages=passages, question=defuse(" ".join(question.split())))
    return [Message("system", system_of(prose=prose, style=style)), Message("user", user)]


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
    return max(found, key=_held, default=())


def _held(quotes: Sequence[Quote]) -> float:
    """How much of a text the best of its quotes' passages holds."""
    return max((quote.support for quote in quotes), default=0.0)


def _passage(one: Excerpt) -> str:
    provenance = one.item.document.provenance
    source = provenance.publisher or provenance.title or prompts.UNKNOWN
    published = provenance.published.date if provenance.published else prompts.UNKNOWN
    return prompts.PASSAGE.format(
        number=one.item.number, source=_label(source), published=_label(published), text=defuse(one.text)
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
