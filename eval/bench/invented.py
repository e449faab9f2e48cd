"""Invented, dated, news-like articles for benchmarks: as many as wanted, the same for the same seed, nobody's text."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

SEED = 20251116
PARAGRAPHS = 9
_SYLLABLES = "ba den kor lim mar nel os pra quin ras sel tor ul ven wis yar zo hal ged fin".split(" ")
_SUBJECTS = (
    "The council of {place}",
    "{name}, who leads the port of {place}",
    "A spokesperson for {name}",
    "The union",
    "{name}",
    "Two witnesses",
)
_VERBS = (
    "said",
    "denied",
    "reported",
    "told reporters in {place}",
    "wrote in a letter",
    "confirmed",
    "warned",
    "expects",
)
_OBJECTS = (
    "that {number} people had left {place} since {day}",
    "that the {thing} would cost {number} crowns and not {number} as planned",
    "that talks about the {thing} with {name} had failed on {day}",
    "that the {thing} near {place} reopens on {day}, {number} days late",
    "that {share} percent of the {thing} was lost in the flood of {day}",
    "that nobody had asked {name} about the {thing}",
)
_TAILS = (
    "",
    ", although {name} disagrees",
    ", according to {place} Radio",
    ", {number} more than the year before",
    "; the {thing} stays closed",
)
_THINGS = (
    "bridge",
    "harbour wall",
    "school roof",
    "grain store",
    "ferry",
    "water plant",
    "night train",
    "archive",
    "fish market",
    "dam",
)


def write_articles(folder: Path, count: int, *, seed: int = SEED) -> None:
    """Write `count` Markdown files with front matter, of about 4,500 characters each."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)  # noqa: S311
    for number in range(count):
        (folder / f"article-{number:05d}.md").write_text(_article(chance), encoding="utf-8")


def invented_questions(count: int, *, seed: int = SEED) -> Iterator[str]:
    """Questions in the words of the articles."""
    chance = random.Random(seed + 1)  # noqa: S311
    for _ in range(count):
        yield _fill(
            chance,
            chance.choice(
                (
                    "How many people left {place}?",
                    "What did {name} say about the {thing}?",
                    "When does the {thing} near {place} reopen?",
                )
            ),
        )


def _article(chance: random.Random) -> str:
    title = _fill(chance, "{thing} in {place}: {name} answers").capitalize()
    head = f"---\ntitle: '{title}'\npublisher: {_word(chance)} Courier\nauthor: {_fill(chance, '{name}')}\npublished: {_day(chance).isoformat()}\n---\n\n"
    return (
        head
        + "\n\n".join(" ".join(_sentence(chance) for _ in range(chance.randint(3, 6))) for _ in range(PARAGRAPHS))
        + "\n"
    )


def _sentence(chance: random.Random) -> str:
    return _fill(
        chance,
        " ".join(
            (chance.choice(_SUBJECTS), chance.choice(_VERBS), chance.choice(_OBJECTS) + chance.choice(_TAILS) + ".")
        ),
    )


def _fill(chance: random.Random, pattern: str) -> str:
    """Each place in the pattern gets words of its own."""
    parts = pattern.split("{")
    return parts[0] + "".join(
        _words(chance, name) + rest for name, _, rest in (part.partition("}") for part in parts[1:])
    )


def _words(chance: random.Random, name: str) -> str:
    if name == "day":
        return f"{_day(chance):%d %B}".lstrip("0")
    if name == "number":
        return chance.choice(
            (
                f"{chance.randint(2, 900)}",
                f"{chance.randint(1, 900)},{chance.randint(0, 999):03d}",
                f"{chance.randint(11, 99) / 10} million",
            )
        )
    if name == "share":
        return str(chance.randint(1, 99))
    if name == "thing":
        return chance.choice(_THINGS)
    return f"{_word(chance)} {_word(chance)}" if name == "name" else _word(chance)


def _word(chance: random.Random) -> str:
    return "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 3))).capitalize()


def _day(chance: random.Random) -> date:
    return date(2019, 1, 1) + timedelta(days=chance.randrange(2500))
