"""Questions to start with. They fit the documents of `seeds/` and are offered only when those are indexed."""

from __future__ import annotations

from collections.abc import Iterable

from ui.words import source_name

SEED_FILES = frozenset(
    {
        "01-hopes-for-november-6-talks.md",
        "02-islamabad-restates-its-wish-to-talk.md",
        "03-istanbul-talks-end-without-agreement.md",
        "04-a-last-effort-to-save-the-dialogue.md",
        "05-why-an-agreement-stays-out-of-reach.md",
    }
)
SEED_QUESTIONS = (
    "On what date was the ceasefire signed in Doha?",
    "How many Afghan refugees does Pakistan host?",
    "What reason does Azaz Syed give for the failure of the talks?",
    "What is the trade between Pakistan and Afghanistan worth?",
    "Who won the 2022 World Cup?",
)


def example_questions(sources: Iterable[str]) -> tuple[str, ...]:
    """The questions for the seeds when every seed is among `sources`; none otherwise."""
    return SEED_QUESTIONS if {source_name(source) for source in sources} >= SEED_FILES else ()
