"""Which rows and which column of a table a question speaks of.

A row is named by the words of the question that its cells hold, each weighing what it tells this row from the others (its inverse frequency
over the rows), and by a number that lies in a range of its ("38 kg" in "35 to 44"). The column is the one whose head the rest of the
question is nearest to, in its words and in the embedder's sense. No word of any language is known here but those of ranges.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

import numpy as np

from index.outline import Row, Table
from index.protocols import Embedder
from rag.answerers.table.values import Value, decimal_of, value_of, words_of
from rag.reading.judge import content_words

MOST_HEADS = 60
SENSE = 0.8
"""Weight of the embedder's cosine beside the share of a head's words that the question holds."""
OTHER_UNIT = 0.5
"""What a number in a range weighs where nothing says that both are of one unit."""
SAME = 1e-6


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question as tables are asked it.

    Attributes:
        words: Stems of its content words, numbers as they are compared.
        numbers: Each number with the stems of the words beside it.
    """

    text: str
    words: frozenset[str]
    numbers: tuple[tuple[Decimal, frozenset[str]], ...]

    @classmethod
    def of(cls, question: str) -> Wanted:
        content = [match[0] for match in content_words(question)]
        numbers = []
        for place, word in enumerate(content):
            number = decimal_of(word) if word[0].isdigit() else None
            if number is not None:
                beside = content[max(0, place - 1) : place] + content[place + 1 : place + 2]
                numbers.append((number, words_of(" ".join(beside))))
        return cls(question, words_of(" ".join(content)), tuple(numbers))


@dataclass(frozen=True, slots=True)
class Linked:
    """What a question names of one table.

    Attributes:
        rows: Those that it names best, all as well; every row where it names none.
        named: Stems that the rows are named by; without any, no row is told from another.
        score: How much tells these rows from the others.
        filters: Heads of the cells that the rows are named by.
        columns: (head, how near the question is to it), nearest first, without the filters.
        spoken: Heads of which the question holds a word.
    """

    table: Table
    rows: tuple[Row, ...]
    named: frozenset[str]
    score: float
    filters: frozenset[str]
    columns: tuple[tuple[str, float], ...]
    spoken: frozenset[str]


def link(wanted: Wanted, table: Table, embedder: Embedder) -> Linked:
    """The rows and columns of one table, by what the question says."""
    rows = table.rows
    held = [words_of(" ".join(cell.value for cell in row.cells)) & wanted.words for row in rows]
    weights = _weights(wanted.words, held)
    ranges = _in_ranges(wanted, rows)
    scores = [
        sum(weights[word] for word in words) + sum(found.values()) for words, found in zip(held, ranges, strict=True)
    ]
    best = max(scores, default=0.0)
    places = [n for n, score in enumerate(scores) if score > best - SAME] if best > SAME else list(range(len(rows)))
    chosen = tuple(rows[n] for n in places)
    words = frozenset(word for n in places for word in held[n] if weights[word] > SAME) if best > SAME else frozenset()
    within = {head for n in places if best > SAME for head in ranges[n]}
    filters = _filters(chosen, words) | within
    named = words | (frozenset(f"{number.normalize():f}" for number, _ in wanted.numbers) if within else frozenset())
    columns = _columns(wanted, table, chosen, named, filters, embedder)
    spoken = frozenset(head for head, _ in columns if words_of(head) & (wanted.words - named))
    return Linked(table, chosen, named, best, frozenset(filters), columns, spoken)


def _weights(words: frozenset[str], held: Sequence[frozenset[str]]) -> Mapping[str, float]:
    """Inverse frequency over the rows: nothing for a word that every row holds."""
    count = len(held)
    spread = {word: sum(word in found for found in held) for word in words}
    return {word: math.log(count / n) if n else 0.0 for word, n in spread.items()}


def _in_ranges(wanted: Wanted, rows: Sequence[Row]) -> list[dict[str, float]]:
    """For each row the heads under which a number of the question lies in a range, with what that tells."""
    found: list[dict[str, float]] = [{} for _ in rows]
    if not wanted.numbers or len(rows) < 2:
        return found
    for heads in dict.fromkeys(_range_heads(rows)):
        values = [_range_of(row, heads) for row in rows]
        unit = words_of(" ".join(heads))
        for number, beside in wanted.numbers:
            places = [n for n, value in enumerate(values) if value is not None and value.holds(number)]
            if not places or len(places) == len(rows):
                continue
            alike = any(beside & (unit | value.words) for n in places if (value := values[n]) is not None)
            for n in places:
                gained = math.log(len(rows) / len(places)) * (1.0 if alike else OTHER_UNIT)
                found[n][heads[0]] = max(found[n].get(heads[0], 0.0), gained)
    return found


def _range_heads(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """Columns that hold ranges, and neighbours that hold the two ends of one: "weight_from", "weight_to"."""
    heads = list(dict.fromkeys(cell.head for row in rows for cell in row.cells))[:MOST_HEADS]
    single = [
        (head,)
        for head in heads
        if any((cell := row.cell(head)) and (v := value_of(cell.value)).low != v.high for row in rows[:50])
    ]
    pairs = [
        (low, high)
        for low, high in pairwise(heads)
        if words_of(low) & words_of(high) and words_of(low) != words_of(high) and _ends(rows, low, high)
    ]
    return [*single, *pairs]


def _ends(rows: Sequence[Row], low: str, high: str) -> bool:
    """Whether two columns are the ends of ranges that follow one another."""
    found = [
        (value_of(a.value).number, value_of(b.value).number)
        for row in rows
        if (a := row.cell(low)) and (b := row.cell(high))
    ]
    if len(found) < len(rows) or any(a is None or b is None or a > b for a, b in found):
        return False
    ordered = sorted(found)
    return all(before[1] <= after[0] for before, after in pairwise(ordered))  # type: ignore[operator]


def _range_of(row: Row, heads: tuple[str, ...]) -> Value | None:
    cells = [row.cell(head) for head in heads]
    if any(cell is None for cell in cells):
        return None
    values = [value_of(cell.value) for cell in cells if cell is not None]
    if len(values) == 1:
        return values[0]
    return Value(values[0].words | values[1].words, values[0].low, values[1].high)


def _filters(rows: Sequence[Row], named: frozenset[str]) -> set[str]:
    """Heads of the cells that hold what the rows are named by, the fewest cells that hold it all."""
    heads: set[str] = set()
    for row in rows[:50]:
        left = set(named)
        for cell in sorted(row.cells, key=lambda cell: -len(words_of(cell.value) & named)):
            found = words_of(cell.value) & left
            if found:
                heads.add(cell.head)
                left -= found
    return heads


def _columns(
    wanted: Wanted, table: Table, rows: Sequence[Row], named: frozenset[str], filters: set[str], embedder: Embedder
) -> tuple[tuple[str, float], ...]:
    heads = [head for head in table.heads[:MOST_HEADS] if head not in filters]
    if not heads:
        return ()
    rest = wanted.words - named
    shown = [f"{head}: {cell.value}" if rows and (cell := rows[0].cell(head)) else head for head in heads]
    near = embedder.embed_passages(shown) @ np.asarray(embedder.embed_query(wanted.text))
    scored = []
    for head, sense in zip(heads, near, strict=True):
        words = words_of(head)
        scored.append((head, len(words & rest) / len(words) + SENSE * float(sense) if words else 0.0))
    return tuple(sorted(scored, key=lambda one: -one[1]))
