"""One question to the language model of the settings, about a passage that stands here: does it answer, and with what."""

from __future__ import annotations

import time
from dataclasses import dataclass

from index.errors import LanguageModelFailed
from rag.llm import prompts
from rag.llm.failure import REASONS
from rag.llm.generate import answer_schema, system_of
from rag.llm.model import LlamaIndexModel, Message

_PASSAGE = "The market hall of Tarn was reopened on 4 May 2019, after two years of repairs."
_QUESTION = "In which year was the market hall of Tarn reopened?"
_ANSWER = "2019"


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of it.

    Attributes:
        code: Why it failed, one of `rag.llm.failure.REASONS`; None when it answered.
        said: What was found, in a sentence. Never a word that was sent, but for the model's name and where it runs.
        mend: What mends it; None when there is nothing to mend.
        left_out: Parameters that its server refused, and that are left out from then on.
    """

    model: str
    place: str
    code: str | None
    said: str
    mend: str | None = None
    window: int | None = None
    left_out: tuple[str, ...] = ()
    seconds: float | None = None

    @property
    def ok(self) -> bool:
        return self.code is None


def check_model(llm: LlamaIndexModel) -> Checked:
    """Ask it, as any question asks: what its server refuses is found out on the way."""
    passage = prompts.PASSAGE.format(number=1, source="Tarn Courier", published="2019-05-05", text=_PASSAGE)
    messages = [
        Message("system", system_of(prose=llm.small)),
        Message("user", prompts.USER.format(passages=passage, question=_QUESTION)),
    ]
    began = time.monotonic()
    try:
        reply = llm.complete(messages, json_schema=None if llm.small else answer_schema([1])).text
    except LanguageModelFailed as error:
        return Checked(llm.name, llm.place, error.reason, str(error), REASONS[error.reason].mend)
    seconds = round(time.monotonic() - began, 1)
    window, left_out = llm.window(), tuple(sorted(llm.dialect.refused))
    said = f"It answered in {seconds:g} s and reads {window:,} tokens at once"
    if left_out:
        said += f"; its server refuses {', '.join(left_out)}, which is left out"
    if _ANSWER not in reply:
        said += ". It did not find the year that stands in the passage: a larger model will answer better"
    return Checked(llm.name, llm.place, None, f"{said}.", None, window, left_out, seconds)
