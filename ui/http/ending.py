"""Where the content of a completion ends: at a text that the client named, or after as many tokens as it wants.

A token is counted here as up to four letters or digits, or one other character, with the space before it: no model's own tokens,
since there may be no model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Finish = Literal["stop", "length"]
_WIDE = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"\s*(?:[{_WIDE}]|[^\W_{_WIDE}]{{1,4}}|[^\w\s]|_)|\s+")


def count_tokens(text: str) -> int:
    """
    >>> count_tokens("The harbour reopened. [1]")
    9
    """
    return sum(1 for _ in _TOKEN.finditer(text))


@dataclass(frozen=True, slots=True)
class Ending:
    """
    Attributes:
        stop: The content ends before the first of these.
        most_tokens: Most tokens; None is no bound.
    """

    stop: tuple[str, ...] = ()
    most_tokens: int | None = None

    def cut(self, text: str) -> tuple[str, Finish]:
        """The content of a whole text, and why it ends.

        >>> Ending(stop=(" [",)).cut("It sank. [1]")
        ('It sank.', 'stop')
        >>> Ending(most_tokens=2).cut("It sank. [1]")
        ('It sank', 'length')
        """
        end, finish = self._end(text)
        return text[:end], finish

    def safe(self, text: str) -> str:
        """So much of a text that still grows as will stand at its beginning whatever comes."""
        end, _ = self._end(text)
        held = max(map(len, self.stop), default=1) - 1
        return text[: end if end < len(text) else max(0, len(text) - held)]

    def _end(self, text: str) -> tuple[int, Finish]:
        found = [at for one in self.stop if (at := text.find(one)) >= 0]
        end = min(found, default=len(text))
        if self.most_tokens is not None:
            for number, token in enumerate(_TOKEN.finditer(text)):
                if number == self.most_tokens:
                    return (token.start(), "length") if token.start() < end else (end, "stop")
        return end, "stop"
