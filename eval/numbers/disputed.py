"""Documents that contradict each other, one public example at a time: is every valid answer shown, is the disagreement?

The closed setting of these sets: each example's documents are a collection of their own, taken in and asked like any other.
ramdocs (Wang et al., arXiv 2504.13079) asks for all valid answers and none of the wrong ones. conflictnq and rgb_fact_en set
true passages against false ones, and we show who says what instead of choosing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.measures import contains_any
from eval.numbers.figure import mean_figure, ratio_figure
from eval.numbers.questions import sample
from eval.progress import Progress
from eval.sets.cases import EvaluationSet, SetDocument
from eval.sets.corpus import index_set
from eval.sets.lines import read_lines
from rag.values import Answer

AMBIGUOUS = "ramdocs"
OPPOSED = {
    "conflictnq": ("real_short", "real", "fake_short", "fake"),
    "rgb_fact_en": ("answer", "positive", "fake_answer", "wrong"),
}
"""Of each set: the field of the true answer and the type of its documents, then the same of the false one."""
LIMIT = 150
EXAMPLES = "dev/examples.jsonl.gz"

Ask = Callable[[str, Sequence[str]], Answer]
"""A question over these texts and no others."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A question with several valid answers, and texts of which some say something wrong."""

    question: str
    texts: tuple[str, ...]
    valid: tuple[str, ...]
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Opposed:
    """A question that two groups of texts answer differently; each answer in all its accepted forms."""

    question: str
    true: tuple[str, ...]
    true_texts: tuple[str, ...]
    false: tuple[str, ...]
    false_texts: tuple[str, ...]


def read_ambiguous(folder: Path) -> list[Ambiguous]:
    """The examples of a folder in ramdocs' format. Raises NoSet or SetInvalid."""
    fields = {"question": str, "documents": list, "gold_answers": list, "wrong_answers": list}
    return [
        Ambiguous(
            raw["question"],
            tuple(document["text"] for document in raw["documents"]),
            tuple(raw["gold_answers"]),
            tuple(raw["wrong_answers"]),
        )
        for raw in read_lines(folder / EXAMPLES, fields)
    ]


def read_opposed(folder: Path) -> list[Opposed]:
    """The examples of a set in OPPOSED of which the false texts hold their answer word for word."""
    true, true_type, false, false_type = OPPOSED[folder.name]
    found = [
        Opposed(raw["question"], _forms(raw[true]), _texts(raw, true_type), _forms(raw[false]), _texts(raw, false_type))
        for raw in read_lines(folder / EXAMPLES, {"question": str, "documents": list, false: str})
    ]
    return [item for item in found if _held(item.false, item.false_texts)]


def _forms(value: Any) -> tuple[str, ...]:
    """One answer, or several forms of it."""
    return (value,) if isinstance(value, str) else tuple(form for part in value for form in _forms(part))


def _texts(raw: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    return tuple(document["text"] for document in raw["documents"] if document["type"] == kind)


def _held(forms: Sequence[str], texts: Sequence[str]) -> bool:
    return any(contains_any(text, forms) for text in texts)


def said(answer: Answer) -> tuple[str, ...]:
    """What an answer claims: its bare answer, its positions and its sentences; nothing when it is "not stated"."""
    if answer.verdict == "not_stated":
        return ()
    positions = (position.value for conflict in answer.conflicts for position in conflict.positions)
    return (answer.short, *positions, *(statement.text for statement in answer.statements))


def stated_as_true(answer: Answer, forms: Sequence[str]) -> bool:
    """It is said, and not only as a position that is marked as outvoted."""
    positions = [position for conflict in answer.conflicts for position in conflict.positions]
    holding = [position for position in positions if contains_any(position.value, forms)]
    marked = bool(holding) and all(position.outvoted for position in holding)
    return not marked and _held(forms, said(answer))


def score_ambiguous(answers: Sequence[tuple[Ambiguous, Answer]]) -> dict[str, Any]:
    """Figures over answers.

    - exact: every valid answer is said, and no wrong one but as outvoted;
    - recall: valid answers that are said; precision: of the valid and wrong ones that are stated as true, the valid ones;
    - refused: questions that are not answered at all.
    """
    valid = [[_held([form], said(answer)) for form in case.valid] for case, answer in answers]
    wrong = [[stated_as_true(answer, [form]) for form in case.wrong] for case, answer in answers]
    counts = list(zip(map(sum, valid), map(sum, wrong), strict=True))
    exact = [float(all(good) and not any(bad)) for good, bad in zip(valid, wrong, strict=True)]
    return {
        "n": len(answers),
        "exact": mean_figure(exact).to_json(),
        "recall": ratio_figure([(sum(good), len(good)) for good in valid]).to_json(),
        "precision": ratio_figure([(good, good + bad) for good, bad in counts]).to_json(),
        "refused": mean_figure([float(answer.verdict == "not_stated") for _, answer in answers]).to_json(),
    }


def score_opposed(answers: Sequence[tuple[Opposed, Answer, Answer]]) -> dict[str, Any]:
    """Figures over (example, answer from all texts, answer from the false texts alone).

    - shown: both answers are said, and the verdict is "conflicting"; of examples whose true texts hold their answer too;
    - conflicting: the verdict is, whatever is said;
    - follows: from the false texts alone, their answer is said: an answer comes from the documents, whatever is true.
    """
    shown = [
        float(all_.verdict == "conflicting" and _held(case.true, said(all_)) and _held(case.false, said(all_)))
        for case, all_, _ in answers
        if _held(case.true, case.true_texts)
    ]
    return {
        "n": len(answers),
        "shown": mean_figure(shown).to_json(),
        "conflicting": mean_figure([float(all_.verdict == "conflicting") for _, all_, _ in answers]).to_json(),
        "follows": mean_figure([float(_held(case.false, said(alone))) for case, _, alone in answers]).to_json(),
    }


def measure_disputed(data: Path, *, limit: int | None = None, progress: Progress | None = None) -> dict[str, Any]:
    """Every set, with the settings in force."""
    with closed_setting() as ask:
        return ask_sets(data, ask, min(limit or LIMIT, LIMIT), progress)


def ask_sets(data: Path, ask: Ask, limit: int, progress: Progress | None = None) -> dict[str, Any]:
    """Figures of every set, from the answers to at most `limit` examples of each."""
    ambiguous = sample(read_ambiguous(data / AMBIGUOUS), limit)
    opposed = {name: sample(read_opposed(data / name), limit) for name in OPPOSED}
    counted = _counting(ask, len(ambiguous) + 2 * sum(map(len, opposed.values())), progress)

    def both(case: Opposed) -> tuple[Opposed, Answer, Answer]:
        everything = (*case.true_texts, *case.false_texts)
        return case, counted(case.question, everything), counted(case.question, case.false_texts)

    return {
        AMBIGUOUS: score_ambiguous([(case, counted(case.question, case.texts)) for case in ambiguous]),
        **{name: score_opposed([both(case) for case in cases]) for name, cases in opposed.items()},
    }


def _counting(ask: Ask, total: int, progress: Progress | None) -> Ask:
    done = 0

    def counted(question: str, texts: Sequence[str]) -> Answer:
        nonlocal done
        answer = ask(question, texts)
        done += 1
        if progress:
            progress(done, total)
        return answer

    return counted


@contextmanager
def closed_setting() -> Iterator[Ask]:
    """Asks over nothing but the texts given: a collection of their own each time, in a directory that is deleted."""
    from rag.build import open_dossier
    from rag.settings import load_settings

    with tempfile.TemporaryDirectory(prefix="dossier-eval-") as name:
        place = Path(name)
        with open_dossier(load_settings(data=place / "data")) as dossier:
            asked = 0

            def ask(question: str, texts: Sequence[str]) -> Answer:
                nonlocal asked
                asked += 1
                own = f"example-{asked}"
                documents = tuple(SetDocument(f"d{number}", "", text) for number, text in enumerate(texts))
                collection = dossier.collection(own, create=True)
                index_set(EvaluationSet(own, documents, (), ""), place / own, collection)
                answer = dossier.pipeline(own).answer(question)
                collection.close()  # hundreds that stay open cost gigabytes
                return answer

            yield ask
