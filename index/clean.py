"""Text as it is stored: one kind of newline, no invisible characters, drop caps joined. Everything later counts in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_NEWLINES = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")
# What a reader cannot see, and what turns the order of what they do see.
_INVISIBLE = (
    ("control", re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")),
    ("direction-changing", re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")),
    ("zero-width", re.compile("[\u00ad\u034f\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff]")),
    ("tag", re.compile("[\U000e0000-\U000e0fff]")),
    # Joiners shape letters in Persian, Hindi and emoji; beside ASCII they only hide.
    ("zero-width", re.compile("(?<![^\x00-\x7f])[\u200c\u200d]+|(?<![\u200c\u200d])[\u200c\u200d]++(?![^\x00-\x7f])")),
)

_DROP_CAP = re.compile(
    r"(?:(?<=\n)|\A)[ \t\u00a0]*(?P<quote>[\"“‘']?)(?P<letter>[^\W\d_])[ \t\u00a0]*\n(?:[ \t\u00a0]*\n){0,3}[ \t\u00a0]*"
    r"(?P<rest>[^\W\d_][\w'’-]*)(?P<line>[^\n]*)"
)
_SAME_LINE_CAP = re.compile(
    r"(?:(?<=\n)|\A)(?P<quote>[\"“‘']?)(?P<letter>[^\W\d_]) (?P<rest>[^\W\d_]{2,}\b)(?P<line>[^\n]*)"
)
_SHORTEST_OPENING = 40
_LONGEST_SEARCHED = 200_000
# After A, I and O a fragment may be a word of its own; these begin articles often enough to know.
_OPENING_WORDS = frozenset(
    """about according across after again against ahead all almost along already also although always amid among an and another any
    anyone are army around as at authorities if in indeed inside instead international into is islamabad israel it its iran iraq
    india italy of off officials on once one only or other our out over""".split()
)


def clean_blocks(blocks: Sequence[str], *, drop_caps: bool) -> tuple[list[str], list[str]]:
    """Normalise every block and, where `drop_caps`, join drop caps.

    Returns:
        The blocks, and one note per kind of repair with its count over all of them.
    """
    repairs: Counter[str] = Counter()
    cleaned = [_normalised(block, repairs) for block in blocks]
    if drop_caps:
        cleaned = [_joined(block, repairs) for block in cleaned]
    return cleaned, [
        f"{repair.split()[0]} {_count(count, repair.split(maxsplit=1)[1])}"
        for repair, count in repairs.items()
        if count
    ]


def normalise(raw: str) -> tuple[str, list[str]]:
    """One kind of newline, and nothing that a reader cannot see; NFC is left alone.

    >>> normalise("a\\r\\nb\\u200b")
    ('a\\nb', ['removed 1 zero-width character'])
    """
    (text,), notes = clean_blocks([raw], drop_caps=False)
    return text, notes


def join_drop_caps(text: str) -> tuple[str, list[str]]:
    """Put a first letter that layout set apart back in front of its word.

    The letter stands alone on a line and the paragraph goes on in lower case below it; or one space before it, when the whole
    word occurs elsewhere in the text and the rest of it does not. Lists that are lettered A, B, C stay as they are.
    """
    repairs: Counter[str] = Counter()
    joined = _joined(text, repairs)
    return joined, [f"joined {_count(count, 'drop cap')}" for count in repairs.values() if count]


def _normalised(raw: str, repairs: Counter[str]) -> str:
    text, lone = _SURROGATES.subn("\ufffd", _NEWLINES.sub("\n", raw))
    repairs["replaced lone surrogate"] += lone
    for kind, pattern in _INVISIBLE:
        text, count = pattern.subn("", text)
        repairs[f"removed {kind} character"] += count
    return text


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _joined(text: str, repairs: Counter[str]) -> str:
    words = _Words(text)
    joined = 0

    def join(match: re.Match[str]) -> str:
        nonlocal joined
        quote, letter, rest, line = match.group("quote", "letter", "rest", "line")
        opening = len(rest) + len(line) >= _SHORTEST_OPENING
        if not (letter.isupper() and rest[0].islower() and opening):
            return match.group(0)
        joined += 1
        space = " " if letter in "AIO" and words.stand_apart(letter, rest) else ""
        return f"{quote}{letter}{space}{rest}{line}"

    def join_on_line(match: re.Match[str]) -> str:
        nonlocal joined
        quote, letter, rest, line = match.group("quote", "letter", "rest", "line")
        opening = len(rest) + len(line) >= _SHORTEST_OPENING
        if not (letter.isupper() and rest.islower() and opening and words.belong_together(letter, rest)):
            return match.group(0)
        joined += 1
        return f"{quote}{letter}{rest}{line}"

    if not _is_lettered(text):
        text = _DROP_CAP.sub(join, text)
    text = _SAME_LINE_CAP.sub(join_on_line, text)
    repairs["joined drop cap"] += joined
    return text


def _is_lettered(text: str) -> bool:
    letters = {match.group("letter").upper() for match in _DROP_CAP.finditer(text)}
    return any(chr(ord(letter) + 1) in letters for letter in letters if letter < "Z")


class _Words:
    """Which words a text uses; read once, when first asked."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: frozenset[str] | None = None

    def _holds(self, word: str) -> bool:
        if self._known is None:
            found = re.finditer(r"[^\W\d_]+", self._text[:_LONGEST_SEARCHED].lower())
            once: set[str] = set()
            # The fragment itself is in the text: only a fragment seen twice counts as a word.
            twice: set[str] = set()
            for match in found:
                (twice if match.group(0) in once else once).add(match.group(0))
            self._once, self._known = frozenset(once), frozenset(twice)
        return word in self._known

    def stand_apart(self, letter: str, rest: str) -> bool:
        """Whether letter and rest are two words, as in "A nation"."""
        fragment = re.match(r"[^\W\d_]+", rest.lower())
        head = fragment.group(0) if fragment else rest.lower()
        whole = letter.lower() + head
        if whole in _OPENING_WORDS or len(head) == 1:
            return False
        repeated = self._holds(head)
        return repeated or whole not in self._once

    def belong_together(self, letter: str, rest: str) -> bool:
        """Whether the text itself says that letter and rest are one word."""
        return not self._holds(rest.lower()) and letter.lower() + rest.lower() in self._once
