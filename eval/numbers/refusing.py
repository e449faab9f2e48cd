"""Whether a person is told that the documents do not say, by the whole route, where a set knows that they do not.

Three ways of asking. Open: the set's documents and distractors in a real collection. Turns: the last turn of a conversation,
asked of the passages of all conversations; what an unanswerable turn asks for is in none of them. Closed: ten passages given with each question,
nothing searched, as NoMIRACL puts it to language models (Thakur et al., 2024).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.intervals import bootstrap_ratio
from eval.measures import contains_any, risk_coverage, shown_text
from eval.numbers.answerable import risk_at, risk_coverage_area
from eval.numbers.corpus import ingested, pooled
from eval.numbers.endtoend import Drafted, draft
from eval.numbers.figure import Figure, auroc_figure, mean_figure
from eval.numbers.questions import read_questions, sample
from eval.progress import Progress
from eval.sets.cases import EvaluationSet, SetDocument
from eval.sets.lines import read_lines
from index.protocols import Embedder
from index.values import Chunk, Document, Provenance
from rag.question.analyse import analyse
from rag.reading.extract import ExtractiveAnswerer
from rag.search.rerank import Reranker
from rag.values import Draft, Evidence, Hit

OPEN = ("squad2_dev", "clapnq", "timeqa_human")
SHORT_ANSWERS = frozenset({"squad2_dev", "timeqa_human"})
"""Sets whose accepted answers are short enough to be looked for in what is shown."""
TURNS, CLOSED = "mtrag_un", "nomiracl_en"
LIMIT = 400
POINTS = 60
"""Points of a curve that are kept."""


@dataclass(frozen=True, slots=True)
class Replied:
    """What a person would see of one question.

    Attributes:
        confidence: The route's own; -1 where it had nothing to show at any threshold.
        refused: It says that the documents do not say.
        right: What would be shown at any threshold holds an accepted answer; where a set has no short ones, that it is answerable.
    """

    confidence: float
    refused: bool
    answerable: bool
    right: bool


def measure_refusing(data: Path, *, limit: int | None = None, progress: Progress | None = None) -> dict[str, Any]:
    """Every set with the settings in force."""
    most = min(limit or LIMIT, LIMIT)
    found = {name: refusal_figures(ask_open(data / name, most, progress)) for name in OPEN}
    found[TURNS] = refusal_figures(ask_turns(data / TURNS, most, progress))
    found[CLOSED] = refusal_figures(ask_closed(data / CLOSED, most, progress))
    return found


def ask_open(folder: Path, limit: int | None, progress: Progress | None = None) -> list[Replied]:
    """Questions of a set, asked of a collection of its documents and distractors."""
    questions = sample(read_questions(folder), limit)
    asked = [(q.query.text, q.answerable, q.query.answers if folder.name in SHORT_ANSWERS else ()) for q in questions]
    with ingested(pooled([folder])) as (dossier, _):
        pipeline = dossier.pipeline()
        return replies(asked, lambda question: draft(pipeline, question), progress)


def ask_turns(folder: Path, limit: int | None, progress: Progress | None = None) -> list[Replied]:
    """The last turns of conversations, answerable or not; turns that are partly so, or underspecified, are left out."""
    fields = {"conversation": list, "documents": list, "answerability": list}
    lines = list(read_lines(folder / "dev" / "examples.jsonl.gz", fields))
    kinds = (["ANSWERABLE"], ["UNANSWERABLE"])
    turns = sample([line for line in lines if line["answerability"] in kinds], limit)
    asked = [(line["conversation"][-1]["text"], line["answerability"] == kinds[0], ()) for line in turns]
    documents = {item["doc_id"]: item for line in lines for item in line["documents"]}
    corpus = tuple(SetDocument(key, item.get("title") or "", item["text"]) for key, item in documents.items())
    with ingested(EvaluationSet(folder.name, corpus, (), "")) as (dossier, _):
        pipeline = dossier.pipeline()
        return replies(asked, lambda question: draft(pipeline, question), progress)


def replies(
    asked: Sequence[tuple[str, bool, Sequence[str]]], ask: Callable[[str], Drafted], progress: Progress | None = None
) -> list[Replied]:
    """Ask each (question, answerable, accepted answers)."""
    found = []
    for done, (question, answerable, accepted) in enumerate(asked, start=1):
        drafted = ask(question)
        answer = drafted.answer
        stated = answer.verdict != "not_stated"
        holds = not accepted or any(contains_any(text, accepted) for text in shown_text(answer))
        found.append(
            Replied(
                answer.confidence if stated else -1.0, not drafted.shown, answerable, answerable and stated and holds
            )
        )
        if progress:
            progress(done, len(asked))
    return found


def ask_closed(folder: Path, limit: int | None, progress: Progress | None = None) -> list[Replied]:
    """Questions with the passages that may answer them: the judge's confidence and the threshold decide."""
    from index.embed import open_embedder
    from rag.reading.reader import EncoderReader
    from rag.settings import load_settings

    settings = load_settings()
    embedder, reranker = open_embedder(settings.embedder), Reranker(EncoderReader(settings.reader))
    answerer = ExtractiveAnswerer()
    fields = {"question": str, "answerable": bool, "documents": list}
    examples = sample(list(read_lines(folder / "dev" / "examples.jsonl.gz", fields)), limit)
    found = []
    for done, example in enumerate(examples, start=1):
        passages = [(passage.get("title"), passage["text"]) for passage in example["documents"]]
        drafted = draft_of(example["question"], passages, embedder, reranker, answerer)
        confidence = drafted.confidence if drafted.statements else -1.0
        refused = confidence < settings.answer_threshold
        found.append(Replied(confidence, refused, example["answerable"], example["answerable"]))
        if progress:
            progress(done, len(examples))
    return found


def draft_of(
    question: str,
    passages: Iterable[tuple[str | None, str]],
    embedder: Embedder,
    reranker: Reranker,
    answerer: ExtractiveAnswerer,
) -> Draft:
    """The extractive answer from given (title, text) passages, in the order of their cosines and then of the reader."""
    given = list(passages)
    cosines = embedder.embed_passages([f"{title or ''}\n{text}".strip() for title, text in given])
    scores = [float(score) for score in cosines @ embedder.embed_query(question)]
    order = sorted(range(len(given)), key=lambda place: -scores[place])
    evidence = [_evidence(rank, *given[place], scores[place]) for rank, place in enumerate(order, start=1)]
    return answerer.draft(question, reranker.rerank(analyse(question, publishers=()), evidence))


def _evidence(rank: int, title: str | None, text: str, cosine: float) -> Evidence:
    key = f"given-{rank}"
    document = Document(key, text, "text/plain", Provenance(title=title or None), (), (), key, 1, "")
    return Evidence(rank, Hit(Chunk(key, key, 0, 0, len(text), text), rank, cosine, dense_score=cosine), document)


def refusal_figures(replied: Sequence[Replied]) -> dict[str, Any]:
    """Precision, recall and F1 of refusals, both kinds of error, and what the confidence could do at any threshold.

    An error on the risk-coverage curve is an answer without an accepted answer in it, or to a question that has none.
    """
    confidences, answerable = [item.confidence for item in replied], [item.answerable for item in replied]
    both = [float(item.refused and not item.answerable) for item in replied]
    refused = [float(item.refused) for item in replied]
    should = [float(not item.answerable) for item in replied]
    curve = risk_coverage(confidences, [item.right for item in replied])
    return {
        "n": len(replied),
        "unanswerable": int(sum(should)),
        "precision": _ratio(both, refused),
        "recall": _ratio(both, should),
        "f1": _ratio([2 * value for value in both], [r + s for r, s in zip(refused, should, strict=True)]),
        "wrongly_answers": mean_figure([float(not i.refused) for i in replied if not i.answerable]).to_json(),
        "wrongly_refuses": mean_figure([float(i.refused) for i in replied if i.answerable]).to_json(),
        "auroc": auroc_figure(confidences, answerable).to_json(),
        "best_f1": best_f1(replied),
        "risk_coverage_area": risk_coverage_area(curve),
        "risk_at_coverage": {f"{share:.2f}": risk_at(curve, share) for share in (0.1, 0.25, 0.5, 0.75, 1.0)},
        "curve": thinned(curve),
    }


def _ratio(above: Sequence[float], below: Sequence[float]) -> dict[str, Any]:
    """A ratio of sums with its bootstrap interval; `n` counts the questions it rests on."""
    count = sum(map(bool, below))
    if not count:
        return Figure(None, 0).to_json()
    return Figure(sum(above) / sum(below), count, bootstrap_ratio(above, below)).to_json()


def best_f1(replied: Sequence[Replied]) -> dict[str, float]:
    """The highest F1 of refusals that any threshold reaches on these very questions, and that threshold: a ceiling, not a result."""
    best = {"f1": 0.0, "threshold": 0.0}
    ranked = sorted(replied, key=lambda item: item.confidence)
    should = sum(not item.answerable for item in replied)
    both = 0
    for count, item in enumerate(ranked, start=1):
        both += not item.answerable
        above = ranked[count].confidence if count < len(ranked) else 1.0
        f1 = 2 * both / (count + should) if should else 0.0
        if above > item.confidence and f1 > best["f1"]:
            best = {"f1": f1, "threshold": above}
    return best


def thinned(curve: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most POINTS points of a curve, evenly spread, its ends among them."""
    if len(curve) <= POINTS:
        return list(curve)
    last = len(curve) - 1
    return [curve[round(step * last / (POINTS - 1))] for step in range(POINTS)]
