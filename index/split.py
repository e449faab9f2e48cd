"""A document's body into chunks of whole sentences, whose offsets are exact because they are never searched for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from index.errors import FileRefused
from index.sentences import iter_sentences
from index.values import Span

MAX_CHUNKS = 20_000
MAX_SENTENCES = 500_000
# A paragraph a little over the target stays whole.
_STRETCH = 1.5
_SURELY_TOO_LONG = 4
_REACH = 2_000
_CLAUSE_ENDS = (";", ":", ",", "—", "–", ")", "，", "、")
_HEADING_CHARS = 120
_SENTENCE_CLOSES = re.compile(r"[.!?…:;,。！？][\"'”’»)\]}]*$")

CountTokens = Callable[[Sequence[str]], list[int]]


def split(
    text: str, body: Sequence[Span], *, count_tokens: CountTokens, max_tokens: int, target_chars: int = 600
) -> list[Span]:
    """Cut the body into chunks of about `target_chars` characters.

    A chunk holds whole sentences, ends with a paragraph where that fits, never crosses a gap between body spans and overlaps
    no other. A heading goes with what follows it. Only a sentence that is too long for the model is cut, at a clause, else
    at a space, else anywhere.

    Args:
        text: The document's text; chunks are spans of it.
        body: The spans worth searching, in order.
        count_tokens: Tokens of each text as the model sees it, special tokens included.
        max_tokens: Most tokens in one chunk.
        target_chars: The length aimed at, in code points.

    Raises:
        FileRefused: too_complex, for more than MAX_CHUNKS chunks.
    """
    if max_tokens < 8:
        raise ValueError(f"max_tokens must be 8 or more, got {max_tokens}")
    if target_chars < 1:
        raise ValueError(f"target_chars must be 1 or more, got {target_chars}")
    chunks: list[list[Span]] = []
    for part in body:
        for paragraphs in _packed(text, _paragraphs(text, part), target_chars):
            chunks.append(paragraphs)
        _refuse_too_many(len(chunks))
    # What is far longer than any passage is halved before a token is counted.
    longest = max(_SURELY_TOO_LONG * target_chars, 8 * max_tokens)
    spans = _within_limit(text, _shortened(text, chunks, longest), count_tokens, max_tokens)
    _refuse_too_many(len(spans))
    return spans


def _refuse_too_many(count: int) -> None:
    if count > MAX_CHUNKS:
        raise FileRefused("too_complex", f"It makes more than {MAX_CHUNKS:,} chunks. Split the file into smaller ones.")


def _paragraphs(text: str, part: Span) -> list[list[Span]]:
    """Sentences by paragraph: a line break between two sentences begins a new one."""
    paragraphs: list[list[Span]] = []
    last = part.start
    for count, sentence in enumerate(iter_sentences(text, part.start, part.end)):
        if count == MAX_SENTENCES:
            raise FileRefused(
                "too_complex", f"It holds more than {MAX_SENTENCES:,} sentences. Split the file into smaller ones."
            )
        if not paragraphs or text.find("\n", last, sentence.start) >= 0:
            paragraphs.append([])
        paragraphs[-1].append(sentence)
        last = sentence.end
    return paragraphs


def _packed(text: str, paragraphs: list[list[Span]], target: int) -> list[list[Span]]:
    """Paragraphs into chunks of sentences, up to the target."""
    chunks: list[list[Span]] = []
    chunk: list[Span] = []
    is_heading = _is_heading(text)
    has_text = False
    for paragraph in paragraphs:
        if has_text and paragraph[-1].end - chunk[0].start > target:
            heading = _trailing_headings(text, chunk)
            chunks.append(chunk[: len(chunk) - len(heading)])
            chunk, has_text = heading, False
        chunk.extend(paragraph)
        has_text = has_text or not all(map(is_heading, paragraph))
        if chunk[-1].end - chunk[0].start > target * _STRETCH:
            *full, chunk = _balanced(chunk, target)
            chunks.extend(full)
    if chunk:
        chunks.append(chunk)
    return chunks


def _is_heading(text: str) -> Callable[[Span], bool]:
    """Whether a sentence is a heading: short, without a closing mark, alone on its line."""

    def check(sentence: Span) -> bool:
        if sentence.end - sentence.start > _HEADING_CHARS or text[sentence.start] in "-*•‣▪●–—|":
            return False
        if _SENTENCE_CLOSES.search(text, max(sentence.start, sentence.end - 8), sentence.end):
            return False
        return text[sentence.end : sentence.end + 1] in ("\n", "")

    return check


def _trailing_headings(text: str, chunk: list[Span]) -> list[Span]:
    """The headings at the end of a chunk, at most three, and never the whole chunk."""
    is_heading = _is_heading(text)
    count = 0
    while count < min(3, len(chunk) - 1) and is_heading(chunk[-1 - count]):
        count += 1
    return chunk[len(chunk) - count :]


def _balanced(sentences: list[Span], target: int) -> list[list[Span]]:
    """Sentences of a paragraph that is too long, in chunks of nearly equal length."""
    length = sentences[-1].end - sentences[0].start
    share = length / max(2, round(length / target))
    chunks: list[list[Span]] = [[]]
    for sentence in sentences:
        chunk = chunks[-1]
        if chunk:
            without = chunk[-1].end - chunk[0].start
            with_it = sentence.end - chunk[0].start
            if with_it > target * _STRETCH or (with_it > share and with_it - share > share - without):
                chunks.append([])
        chunks[-1].append(sentence)
    return chunks


def _shortened(text: str, chunks: list[list[Span]], longest: int) -> list[list[Span]]:
    short: list[list[Span]] = []
    pending = chunks[::-1]
    while pending:
        _refuse_too_many(len(short) + len(pending))
        chunk = pending.pop()
        if chunk[-1].end - chunk[0].start > longest:
            pending.extend(reversed(_halves(text, chunk)))
        else:
            short.append(chunk)
    return short


def _within_limit(text: str, chunks: list[list[Span]], count_tokens: CountTokens, max_tokens: int) -> list[Span]:
    """Halve what the model cannot read whole, until it can. Texts are counted in one batch per round."""
    fitting: list[Span] = []
    pending = chunks
    while pending:
        _refuse_too_many(len(fitting) + len(pending))
        # A token is one character or more and a model adds about two, so a short text always fits.
        doubtful = [chunk for chunk in pending if chunk[-1].end - chunk[0].start > max_tokens - 4]
        counts = count_tokens([text[chunk[0].start : chunk[-1].end] for chunk in doubtful]) if doubtful else []
        over = {chunk[0].start for chunk, count in zip(doubtful, counts, strict=True) if count > max_tokens}
        fitting.extend(Span(chunk[0].start, chunk[-1].end) for chunk in pending if chunk[0].start not in over)
        pending = [half for chunk in pending if chunk[0].start in over for half in _halves(text, chunk)]
    return sorted(fitting)


def _halves(text: str, chunk: list[Span]) -> list[list[Span]]:
    if len(chunk) > 1:
        middle = (chunk[0].start + chunk[-1].end) / 2
        at = min(range(1, len(chunk)), key=lambda index: abs(chunk[index].start - middle))
        return [chunk[:at], chunk[at:]]
    return [[half] for half in _cut(text, chunk[0])]


def _cut(text: str, sentence: Span) -> list[Span]:
    """One sentence in two: at the clause nearest to its middle, else at a space, else in the middle."""
    middle = (sentence.start + sentence.end) // 2
    reach = min(_REACH, (sentence.end - sentence.start) // 4)
    low, high = max(sentence.start + 1, middle - reach), min(sentence.end - 1, middle + reach)
    spaces = [match.start() for match in re.finditer(r"\s+", text[low:high])]
    spaces = [low + at for at in spaces]
    clauses = [at for at in spaces if text[at - 1] in _CLAUSE_ENDS]
    places = clauses or spaces
    if not places:
        return [Span(sentence.start, middle), Span(middle, sentence.end)]
    at = min(places, key=lambda place: abs(place - middle))
    after = at
    while text[after].isspace():
        after += 1
    return [Span(sentence.start, at), Span(after, sentence.end)]
