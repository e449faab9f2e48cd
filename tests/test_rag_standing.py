"""Whether a sentence speaks of something still to come, and of which day."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rag.facts.relative_days
import rag.facts.standing
from index.values import Span
from rag.facts.relative_days import relative_days
from rag.facts.standing import asks_for_outcome, event_date, standing_of

EXPECTED = (
    "Talks will resume on Friday.",
    "The bridge is due to open in May.",
    "Delegates are to meet in Lom on 6 November.",
    "The third round is scheduled for 6 November.",
    "The committee was to work out the details of a truce.",
    "The opening had been expected to draw 4,000 visitors.",
    "The harbour board hopes to finish the pier by spring.",
    "Organisers are hoping for a record crowd.",
    "The airline aims to fly to Orba by 2031.",
    "He said the talks would resume within days.",
    '"We will sign the accord next week," the minister said.',
    "The minister said that the ferry will be back in service on Monday.",
    "The upcoming vote is seen as a test for the mayor.",
    "Both teams are preparing ahead of Saturday's final.",
    "The trial is likely to begin in spring.",
    "Although the first round failed, a second will be held in Lom.",
    "After talks ended on Tuesday, the envoys will meet again in a week.",
    "If the talks fail, the border will stay closed.",
    "The bridge damaged in the storm will reopen in June.",
    "The deal that was signed on Monday will run for ten years.",
    "The chairman, who resigned in March, will be replaced by Ada Rahn.",
    "The report, due in May, is awaited by growers.",
    "Asked about the strike, the mayor said buses would run again soon.",
    "The court is set to rule on the appeal.",
    "Ministers to meet in Lom over fishing quotas",
    "The film may be released in autumn.",
    "Sel plans to build a tram line.",
    "The company announced plans to open a mill in Orba.",
    "They have yet to agree on a date.",
    "The launch has been scheduled for Tuesday.",
    "The vote is expected to be close.",
    "The two sides are going to meet again.",
    "The vaccine is not expected before the summer.",
    "Voters shall decide in a referendum.",
    "The striker intends to retire at the end of the season.",
    "Growers expect a poor harvest.",
    "Analysts predict that prices will fall.",
    "The strike was supposed to last a day.",
    "The train was due on Tuesday.",
    "The comet is projected to pass in October.",
    "Rates are forecast to rise.",
    "They were planning to marry in June.",
    "She's hoping to win a third medal.",
    "We'll publish the figures tomorrow.",
    "The orchestra had hoped to tour Asia.",
    "The next summit will take place in Brell, where the last one failed.",
    "The new wing of the museum will not open before 2027.",
    "Rail workers are poised to strike for a third time.",
    "The probe is slated for launch in March, engineers said.",
    "Fans await the verdict.",
    "Ada Rahn is tipped to succeed him.",
    "Once the dam is repaired, the lake will be refilled.",
    '"There will be another round," the envoy told reporters in Doha.',
    "The mine, closed since a fire in 2019, will reopen under new owners.",
    "The tariff would raise prices by a tenth, according to the bank.",
    "The next round will be held in Sel after the first one ended in deadlock.",
    "The two navies plan to hold a joint drill in the strait.",
    "Snow is forecast for the weekend.",
    "The vaccine has yet to be approved.",
    "The parties are expected to sign on Tuesday and to publish the text a day later.",
    "The council is considering a ban, and a vote is planned for June.",
    "It was hoped that the truce would hold through the winter.",
    "The envoy had been due to travel to Sel.",
    "Officials say the road may be closed until June.",
    "The firm is seeking to sell its mill.",
    "A decision on the loan is likely within days.",
)

REPORTED = (
    "Talks ended without agreement.",
    "The talks planned for November 6 ended without agreement.",
    "Talks ended without agreement; another round is expected.",
    "The talks broke down on Friday and will resume next month.",
    "The bridge opened on 3 May.",
    "The bridge was due to open in May, but the opening was delayed.",
    "The ceremony was held in Lom.",
    "Both sides signed the accord on Tuesday.",
    "The negotiations have failed.",
    "The third round has concluded with no result.",
    "The envoys agreed to extend the truce.",
    "The mayor lost the vote.",
    "The ferry sank off Sel.",
    "Will Tarn won the race.",
    "In May the mill closed.",
    "The minister said the talks had collapsed.",
    "The lawyers could not agree on a fee.",
    "The delay was due to rain.",
    "His will was read on Monday.",
    "The vote was rejected by 310 to 212.",
    '"The talks failed," he said.',
    "They did not reach a deal.",
    "The plan was dropped.",
    "Plans to close the mine were dropped.",
    "Hopes of a deal faded on Monday.",
    "The long-awaited report was published on Monday.",
    "Talks fail over border post",
    "The scheduled flight crashed near Orba.",
    "The upcoming festival was cancelled.",
    "She was elected chair of the council.",
    "He became mayor in 2009.",
    "The tunnel was built between 1990 and 1996.",
    "The council approved a budget for 2027.",
    "The match was postponed to 12 December.",
    "Ada Rahn resigned after the party said she would be replaced.",
    "The meeting, which will be remembered for years, produced an accord.",
    "The strike has ended.",
    "The team that will play in the final arrived on Monday.",
    "The harvest was poor.",
    "The expected rise in prices did not come.",
    "The talks, expected to last three days, broke down within hours.",
    "He would often walk to the mill.",
    "She was to become the first woman to lead the bank.",
    "Profits rose by a tenth.",
    "The court ruled against the firm.",
    "The film was released in autumn.",
    "Officials had planned to open the road in May but floods washed it away.",
    "The two sides met in Lom and agreed to meet again.",
    "The orchestra played in Lom on Monday and will tour Asia in May.",
    "Negotiators left Doha without a deal, and no new date was set.",
    "Asked whether talks will resume, the minister said they had failed.",
    'The envoy rejected the draft, saying "we will not sign".',
    "The 2019 fire destroyed the mill that was to become a museum.",
    "The bridge was completed two years later than planned.",
    "Voters have backed the plan by a narrow margin.",
    "The bank cut its rate, as analysts had expected.",
    "The striker, who is due to retire in May, scored twice.",
    "The government fell after it lost a vote on the budget.",
    "What was supposed to be a short visit lasted nine years.",
    "Rain stopped play before the final could begin.",
    "In the end the court upheld the fine.",
    "The accord took effect on 1 January.",
    "The union called off the strike that had been planned for Monday.",
    "Though a deal had been expected, the parties parted without one.",
    "The dam held.",
    "He did not say when the ferry will sail again.",
    "The two sides failed to agree on how the truce would be monitored.",
    "Sales were expected to rise, but they fell by half.",
)

OF_OUTCOMES = (
    "What was the result of the talks planned for November 6?",
    "How did the talks in Doha end?",
    "Did the talks succeed?",
    "What came of the truce talks?",
    "What happened at the third round?",
    "What happened after the vote?",
    "Was an agreement reached in Lom?",
    "Were the talks held?",
    "What was the outcome of the vote?",
    "Have the negotiations failed?",
    "Did the two sides reach an agreement?",
    "Did the launch go ahead?",
    "Was the treaty ratified?",
    "What was agreed in Lom?",
    "How did the trial go?",
    "What became of the plan to sell the mill?",
    "Has the strike ended?",
    "Were the elections held on 3 May?",
)

OF_EXPECTATIONS = (
    "When is the bridge due to open?",
    "What is expected of the talks?",
    "What does the minister hope for?",
    "When will the talks resume?",
    "Will the two sides sign?",
    "What are the plans for the mill?",
    "Who is expected to win?",
    "When was the third round scheduled to be held?",
    "What did the envoys plan for 6 November?",
    "What did officials expect from the meeting?",
    "What is planned for June?",
    "Where will the summit take place?",
    "What lies ahead for the port?",
    "What is the outlook for prices?",
    "Which team is tipped to win?",
)

OF_NEITHER = (
    "Who steered the first crossing?",
    "How many refugees does Sel host?",
    "What is the capital of Orba?",
    "Who was mayor in 2007?",
    "How large is the harbour?",
    "What did the minister say about prices?",
    "When did the mill burn down?",
    "Which club did he play for in 2010?",
    "Why was the road closed?",
    "Who was elected when the treaty was signed?",
    "In what year was the law passed?",
    "Which bill was passed in May?",
    "What position was held by Ada Rahn in 2007?",
    "How did Jon Ask end up in Sel?",
    "Did he have a brother?",
)


def standing(sentence: str, published: str | None = "2025-11-04") -> str:
    return standing_of(sentence, Span(0, len(sentence)), published)


def day(sentence: str, published: str | None) -> tuple[int | None, int | None, int | None] | None:
    found = event_date(sentence, Span(0, len(sentence)), published)
    return (found.year, found.month, found.day) if found else None


def test_examples_in_docstrings_hold() -> None:
    assert doctest.testmod(rag.facts.standing).failed == 0
    assert doctest.testmod(rag.facts.relative_days).failed == 0


@pytest.mark.parametrize("sentence", EXPECTED)
def test_what_is_still_to_come_is_expected(sentence: str) -> None:
    assert standing(sentence) == "expected"


@pytest.mark.parametrize("sentence", REPORTED)
def test_what_happened_is_reported_whatever_is_to_follow(sentence: str) -> None:
    assert standing(sentence) == "reported"


@pytest.mark.parametrize(
    ("sentence", "published", "expected"),
    [
        ("Both sides agreed to meet again in Lom on November 6.", "2025-10-31", "expected"),
        ("Both sides agreed to meet again in Lom on November 6.", "2025-11-20", "reported"),
        ("The season ends on 9 May.", "2026-04-20", "expected"),
        ("The season ends on 9 May.", "2026-06-20", "reported"),
        ("The ferry sails on 3 May 2026.", "2026-04", "expected"),
        ("The ferry sails on 3 May 2026.", "2026", "reported"),
        ("The ferry sails on 3 May 2026.", None, "reported"),
        ("The fair opens on 31 November.", "2025-11-04", "reported"),
    ],
)
def test_a_day_after_publication_is_still_to_come(sentence: str, published: str | None, expected: str) -> None:
    assert standing(sentence, published) == expected


def test_only_the_sentence_that_is_asked_for_counts() -> None:
    text = "Talks will resume on 9 November. The first round failed on 3 November."
    first, second = Span(0, 32), Span(33, len(text))
    assert [standing_of(text, span, "2025-11-04") for span in (first, second)] == ["expected", "reported"]
    found = [event_date(text, span, "2025-11-04") for span in (first, second)]
    assert [text[date.span.start : date.span.end].rstrip(".") for date in found if date] == ["9 November", "3 November"]


@pytest.mark.parametrize(
    ("sentence", "published", "expected"),
    [
        ("The envoys said on 4 November that talks will resume on 6 November.", "2025-11-05", (2025, 11, 6)),
        ("The talks planned for 6 November ended on 7 November.", "2025-11-20", (2025, 11, 7)),
        ("Talks will resume on 5 January.", "2025-12-20", (2026, 1, 5)),
        ("Talks ended on 28 December.", "2026-01-02", (2025, 12, 28)),
        ("Talks ended on 28 December.", None, (None, 12, 28)),
        ("The shop will open on Friday.", "2025-11-16", (2025, 11, 21)),
        ("The shop opened on Friday.", "2025-11-16", (2025, 11, 14)),
        ("The shop opened on Friday.", "2025-11", None),
        ("The fair opens on 31 November.", "2025-11-04", None),
        ("The mill burned down in 2019.", "2025-11-04", (2019, None, None)),
        ("The fair will open on 05/06/07.", "2025-11-04", None),
        ("The fair will open on 29 February.", "2025-02-10", None),
        ("The fair will open on 29 February.", "2024-02-10", (2024, 2, 29)),
        ("Talks failed.", "2025-11-04", None),
    ],
)
def test_the_date_of_which_a_sentence_speaks(
    sentence: str, published: str | None, expected: tuple[int | None, int | None, int | None] | None
) -> None:
    assert day(sentence, published) == expected


@pytest.mark.parametrize("question", OF_OUTCOMES)
def test_a_question_for_an_outcome_is_seen(question: str) -> None:
    assert asks_for_outcome(question)


@pytest.mark.parametrize("question", OF_EXPECTATIONS)
def test_a_question_for_an_expectation_asks_for_no_outcome(question: str) -> None:
    assert not asks_for_outcome(question)


@pytest.mark.parametrize("question", OF_NEITHER)
def test_most_questions_ask_for_no_outcome(question: str) -> None:
    assert not asks_for_outcome(question)


def test_days_at_the_end_of_the_calendar_are_left_out() -> None:
    assert relative_days("It opens tomorrow.", "9999-12-31") == ()
    assert relative_days("It opened yesterday.", "0001-01-01") == ()


_WORDS = st.sampled_from(
    'talks will would ended due to on next Tuesday 31 November 0 9999 05/06/07 2025 , ; " that which is was had been hopes'.split()
)


@given(
    st.one_of(st.text(max_size=200), st.lists(_WORDS, max_size=60).map(" ".join)),
    st.sampled_from([None, "2025", "2025-11", "2025-11-04", "0001-01-01", "9999-12-31"]),
)
def test_any_text_has_a_standing(text: str, published: str | None) -> None:
    assert standing(text, published) in ("expected", "reported")
    found = event_date(text, Span(0, len(text)), published)
    assert found is None or 0 <= found.span.start < found.span.end <= len(text)
    asks_for_outcome(text)
