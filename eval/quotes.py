"""Random questions made from a corpus, to prove that no answer quotes what is not there: `python -m eval.quotes`.

The questions need not make sense; whatever is answered, every quote must stand at its offsets in the stored document.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eval.intervals import wilson
from eval.measures import citation_faults
from eval.observe import Answering, stored_text
from eval.progress import Progress, progress_bar
from eval.run import EXIT_FAILED
from index.errors import DossierError, EmptyCollection
from index.protocols import Corpus
from index.sentences import sentence_spans
from index.values import Document

if TYPE_CHECKING:
    from rag.values import Answer

QUESTIONS = 1000
SEED = 20251116
MAX_SENTENCE_CHARS = 600
NAME = re.compile(r"[A-Z][\w'’-]+(?: (?:of |the )?[A-Z][\w'’-]+)*")
NUMBER = re.compile(r"\$?\d[\d,.]*\d|\d")
DATE = re.compile(
    r"(?:\d{1,2} )?(?:January|February|March|April|May|June|July|August|September|October|November|December)(?: \d{1,2})?(?:,? \d{4})?"
)
WH = (
    "Who",
    "What",
    "When",
    "Where",
    "Why",
    "How",
    "Which",
    "How many",
    "How much",
    "On what date",
    "According to whom",
)

app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True)
class QuoteCheck:
    """What a run of random questions found.

    Attributes:
        kinds: Questions by the way they were made.
        citations: Quotes compared with the stored documents.
        statements: Statements compared with the quotes that they cite; only extractive answers promise this.
        failures: One line per fault, with its question.
    """

    questions: int
    kinds: dict[str, int]
    verdicts: dict[str, int]
    citations: int
    statements: int
    failures: tuple[str, ...] = field(default=())


def random_questions(documents: Sequence[Document], count: int, *, seed: int = SEED) -> list[tuple[str, str]]:
    """`count` (kind, question) pairs from the sentences of `documents`; the same seed gives the same questions.

    Raises:
        ValueError: The documents hold no sentence of three words.
    """
    sentences = [text for document in documents for text in _sentences(document)]
    if not sentences:
        raise ValueError("documents must hold 1 or more sentences of three words, got none")
    chance = random.Random(seed)  # noqa: S311
    vocabulary = sorted({word for sentence in sentences for word in re.findall(r"\w+", sentence)})
    makers = list(_makers(vocabulary).items())
    found: list[tuple[str, str]] = []
    while len(found) < count:
        kind, make = makers[len(found) % len(makers)]
        found.append((kind, make(chance, chance.choice(sentences))))
    return found


def check_quotes(
    pipeline: Answering, collection: Corpus, questions: Sequence[tuple[str, str]], *, progress: Progress | None = None
) -> QuoteCheck:
    """Answer every question and check every quote and statement of every answer against the stored documents."""
    read = stored_text(collection)
    verdicts: Counter[str] = Counter()
    citations = statements = 0
    failures: list[str] = []
    for done, (_, question) in enumerate(questions, start=1):
        answer = pipeline.answer(question)
        verdicts[answer.verdict] += 1
        citations += len(answer.citations)
        statements += len(answer.statements)
        failures += [f"{question!r}: {fault}" for fault in (*citation_faults(answer, read), *statement_faults(answer))]
        if progress:
            progress(done, len(questions))
    kinds = Counter(kind for kind, _ in questions)
    return QuoteCheck(len(questions), dict(kinds), dict(verdicts), citations, statements, tuple(failures))


def statement_faults(answer: Answer) -> list[str]:
    """Statements of an extractive answer that are not, white space aside, words of a quote that they cite."""
    if answer.answered_by != "extractive":
        return []
    quotes = {citation.number: " ".join(citation.quote.split()) for citation in answer.citations}
    return [
        f"statement {statement.text!r:.80} is in none of its quotes"
        for statement in answer.statements
        if not any(" ".join(statement.text.split()) in quotes.get(number, "") for number in statement.citations)
    ]


@app.command()
def main(
    collection: Annotated[
        str | None, typer.Option(help="Collection to ask; the one in the settings by default.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=100_000, help="Questions to ask.")] = QUESTIONS,
    seed: Annotated[int, typer.Option(help="Another seed makes other questions.")] = SEED,
    out: Annotated[Path | None, typer.Option(help="Write the result as JSON.")] = None,
) -> None:
    """Ask random questions made from a collection; exit 1 when a quote is not verbatim at its offsets."""
    from rag.build import open_dossier
    from rag.settings import load_settings

    try:
        with open_dossier(load_settings()) as dossier, progress_bar() as progress:
            corpus = dossier.collection(collection)
            documents = corpus.documents()
            if not documents:
                raise EmptyCollection(f"Collection '{corpus.name}' holds no document. Run: dossier index FOLDER")
            found = check_quotes(
                dossier.pipeline(collection), corpus, random_questions(documents, count, seed=seed), progress=progress
            )
    except (DossierError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAILED) from error
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(asdict(found), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    typer.echo(summary(found))
    for failure in found.failures:
        typer.echo(failure, err=True)
    if found.failures:
        raise typer.Exit(EXIT_FAILED)


def summary(found: QuoteCheck) -> str:
    """What was asked, what was compared, and how many faults there were."""
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(found.verdicts.items()))
    bound = (
        f"; at 95 % at most {1 - wilson(found.citations, found.citations).low:.2%} of quotes"
        if found.citations and not found.failures
        else ""
    )
    return (
        f"{found.questions} random questions ({verdicts}): {found.citations} quotes and {found.statements} statements compared "
        f"with the stored documents, {len(found.failures)} faults{bound}"
    )


def _sentences(document: Document) -> list[str]:
    texts = (" ".join(document.text[span.start : span.end].split()) for span in sentence_spans(document.text))
    return [text[:MAX_SENTENCE_CHARS] for text in texts if len(text.split()) >= 3]


Maker = Callable[[random.Random, str], str]


def _makers(vocabulary: Sequence[str]) -> dict[str, Maker]:
    """Ways to make a question of a sentence; each gives some text that is not blank for any sentence."""
    return {
        "name": lambda chance, text: f"{chance.choice(WH)} {chance.choice(('is', 'did', 'says', 'leads', 'met'))} {_pick(chance, NAME, text)}?",
        "number": lambda chance, text: NUMBER.sub(chance.choice(("how many", "what number")), text, count=1).rstrip(".") + "?",
        "date": lambda chance, text: f"What happened on {_pick(chance, DATE, text)}?",
        "opening": lambda chance, text: f"{chance.choice(WH)} {' '.join(text.split()[: chance.randint(2, 12)])}?",
        "ending": lambda chance, text: f"{chance.choice(WH)} {' '.join(text.split()[-chance.randint(2, 8) :])}",
        "sentence": lambda chance, text: text,
        "mixed words": lambda chance, text: " ".join(chance.choices(vocabulary, k=chance.randint(1, 12))) + "?",
        "shuffled": lambda chance, text: " ".join(chance.sample(text.split(), len(text.split()))),
        "typos": lambda chance, text: f"{chance.choice(WH)} " + "".join(char for char in text if char == " " or chance.random() > 0.1) + "?",
        "crossed": lambda chance, text: f"{chance.choice(WH)} {_pick(chance, NAME, text)} {' '.join(chance.choices(vocabulary, k=4))}?",
    }  # fmt: skip


def _pick(chance: random.Random, pattern: re.Pattern[str], text: str) -> str:
    found: list[str] = pattern.findall(text) or text.split()
    return chance.choice(found)


if __name__ == "__main__":
    sys.exit(app(prog_name="python -m eval.quotes"))
