"""How one question is answered where that differs from the settings: how sure an answer must be, and whether an LLM writes it."""

from __future__ import annotations

from typing import Literal

from rag.reading.judge import threshold_for
from rag.settings import Settings
from rag.values import Frozen, Kind

LONGEST_STYLE = 1000
Strictness = Literal["lenient", "normal", "strict"]
_STRICT_ERROR = 0.4
"""On the judge's pool, which is made of hard questions, half as many answers are shown as by the usual threshold."""
_LENIENT_ERROR = 0.69
"""A third more answers are shown; most of what comes in addition is wrong."""


class Manner(Frozen):
    """As asked with one question; the default changes nothing.

    Attributes:
        strictness: "normal" is the settings' threshold; the others are read off the judge's risk-coverage curve.
        llm: False keeps the question and the passages from the language model; True wants it, None takes it where there is one.
        read: How many passages are read; None is as many as the settings say.
        kind: What kind of question it is; None lets the classifier say.
        style: How a language model is to write, at most LONGEST_STYLE characters; "" is as the settings say.
        detect_filters: False lets the question itself restrict nothing, whatever it names.
    """

    strictness: Strictness = "normal"
    llm: bool | None = None
    read: int | None = None
    kind: Kind | None = None
    detect_filters: bool = True
    style: str = ""

    def applied_to(self, settings: Settings) -> Settings:
        """The settings that the question is answered with.

        >>> Manner(strictness="strict").applied_to(Settings()).answer_threshold
        0.6142
        """
        changes: dict[str, object] = {}
        usual = settings.answer_threshold
        if self.strictness == "strict":
            changes["answer_threshold"] = max(usual, threshold_for(_STRICT_ERROR))
        if self.strictness == "lenient":
            changes["answer_threshold"] = min(usual, threshold_for(_LENIENT_ERROR))
        if self.llm is False:
            changes["llm"] = None
        if self.read is not None:
            changes["read"] = self.read
        if self.style:
            changes["llm_style"] = self.style
        if not self.detect_filters:
            changes["detect_filters"] = False
        return settings.model_copy(update=changes) if changes else settings
