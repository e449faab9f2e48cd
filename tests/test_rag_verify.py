"""The gate: what is in the quotes passes, what is not is cut."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from index.sentences import sentence_spans
from index.values import Chunk, Document, Provenance, Published
from rag.facts.dates import dates, odd_dates
from rag.facts.quantities import quantities
from rag.facts.wording import strip_markers, words
from rag.gate.verify import VerifiedStatement, supported, verify
from rag.values import Draft, DraftStatement, Evidence, Hit, Quote

ARTICLE = (
    "Ostria and Marland signed a truce in Belport on March 4. Ostria hosts more than 1.7 million Marlandic refugees, "
    "minister Ada Rahn said on Friday. Trade between the two fell to $6bn in 2021. “We will stay firm,” Rahn said. "
    "The talks did not end with a written pledge. Officials in Belport counted twelve border posts and 45 per cent fewer lorries."
)
REPORT = Provenance(
    title="After the truce",
    publisher="The Harbour Post",
    author="Jon Velk",
    published=Published("2025-03-09", "day", "front matter"),
)


def evidence_of(
    text: str, number: int = 1, start: int = 0, end: int | None = None, provenance: Provenance = REPORT
) -> Evidence:
    stop = len(text) if end is None else end
    document = Document(
        f"doc{number}", text, "text/plain", provenance, (), (f"/{number}.txt",), f"doc{number}", 1, "2025-03-10"
    )
    return Evidence(number, Hit(Chunk(f"c{number}", document.id, 0, start, stop, text[start:stop]), 1, 1.0), document)


def check(statement: str, *quoted: str, text: str = ARTICLE, provenance: Provenance = REPORT) -> VerifiedStatement:
    quotes = tuple(Quote(1, text.index(part), text.index(part) + len(part)) for part in quoted or (text,))
    draft = Draft((DraftStatement(statement, quotes),), "", 1.0, "test")
    (result,) = verify(draft, [evidence_of(text, provenance=provenance)])
    return result


@pytest.mark.parametrize(
    "statement",
    [
        "Ostria and Marland signed a truce in Belport on March 4 [1].",
        "The truce was signed in Belport on 4 March 2025.",
        "Ostria hosts over 1,700,000 refugees from Marland's Marlandic community, Ada Rahn said.",
        "Trade between the two was 6 billion dollars in 2021.",
        'Rahn said they "will stay firm".',
        "Officials counted 12 border posts.",
        "Lorries fell by 45 percent, officials in Belport counted.",
        "According to The Harbour Post of 9 March 2025, a truce was signed in Belport.",
        "Jon Velk wrote that a truce was signed.",
    ],
)
def test_a_true_paraphrase_is_verified(statement: str) -> None:
    result = check(statement)
    assert result.status == "verified", result.checks


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("The truce was signed in Belport on March 5.", "missing_dates"),
        ("The truce was signed in Belport on March 4, 2024.", "missing_dates"),
        ("The truce was signed in Belport in April.", "missing_dates"),
        ("Trade between the two fell to $6bn in 2022.", "missing_dates"),
        ("The truce was signed in Belport on March 9.", "missing_dates"),
        ("Ostria hosts more than 1.8 million refugees, Rahn said.", "missing_numbers"),
        ("Ostria hosts more than 1.7 billion refugees, Rahn said.", "missing_numbers"),
        ("Ostria hosts less than 1.7 million Marlandic refugees, minister Ada Rahn said.", "missing_numbers"),
        ("Trade between the two fell to 6bn euros in 2021.", "missing_numbers"),
        ("Officials counted dozens of border posts.", "missing_numbers"),
        ("Officials counted thirteen border posts.", "missing_numbers"),
        ("The second truce was signed in Belport.", "missing_numbers"),
        ("Rahn said: “We will fight on.”", "missing_phrases"),
        ("Ostria and Marland signed a truce in Doverton.", "missing_names"),
        ("Minister Ida Rahn said that Ostria hosts refugees.", "missing_names"),
        ("Velmar hosts more than 1.7 million Marlandic refugees.", "missing_names"),
    ],
)
def test_a_changed_fact_is_cut(statement: str, why: str) -> None:
    result = check(statement)
    assert (result.status, why in result.checks) == ("unsupported", True), result.checks
    assert supported([result]) == ()


@pytest.mark.parametrize(
    ("statement", "status"),
    [
        ("The talks ended with a written pledge.", "unsupported"),
        ("Both sides gave a written pledge at the end.", "weak"),
        ("The talks did not end with a written pledge, Rahn said.", "verified"),
        ("Ostria and Marland never signed a truce in Belport.", "unsupported"),
        ("Ostrian officials in Belport counted twelve border posts.", "weak"),
        ("Yes.", "weak"),
        ("Farmers celebrate plentiful harvests despite unusual storms.", "unsupported"),
        ("", "unsupported"),
        ("[1]", "unsupported"),
        ("…", "unsupported"),
    ],
)
def test_a_statement_that_only_resembles_its_quotes_is_marked_or_cut(statement: str, status: str) -> None:
    result = check(statement)
    assert result.status == status, result.checks


@pytest.mark.parametrize(
    ("source", "statement", "status"),
    [
        ("Ostria accused Marland of lying.", "Ostria accused Marland of a lie.", "verified"),
        ("Ostria accused Marland of lying.", "Marland accused Ostria of lying.", "unsupported"),
        ("Ostria accused Marland of lying.", "Marland was accused of lying by Ostria.", "verified"),
        ("Ostria accused Marland of lying.", "Ostria was accused of lying by Marland.", "unsupported"),
        ("The envoys went from Belport to Doverton.", "The envoys went from Doverton to Belport.", "unsupported"),
        ("Belport, near Lom, is larger than Quell.", "Quell is larger than Belport, near Lom.", "unsupported"),
        ("Ostria sent 5 ships and 7 lorries.", "Ostria sent 7 lorries and 5 ships.", "verified"),
        ("Ostria sent 5 ships and 7 lorries.", "Ostria sent 7 ships and 5 lorries.", "unsupported"),
        ("Ada Rahn met Ida Tovik in Belport.", "Ida Rahn met a minister in Belport.", "weak"),
        ("Ada Rahn won the prize in Lom. Ida Tovik lost her hat.", "Ida Tovik won the prize in Lom.", "weak"),
        ("Of 60 old bridges crossed, 12 fell.", "Of 12 old bridges crossed, some fell.", "unsupported"),
    ],
)
def test_who_does_what_is_kept(source: str, statement: str, status: str) -> None:
    result = check(statement, text=source)
    assert result.status == status, result.checks


@pytest.mark.parametrize(
    ("statement", "status"),
    [
        ("Ada Rahn said that the bridge is safe.", "verified"),
        ("The bridge is safe, according to Rahn.", "verified"),
        ("According to Lem Brask, the bridge is safe.", "unsupported"),
        ("The bridge is safe, Brask said.", "unsupported"),
        ("Brask warned that the road may close.", "verified"),
        ("Rahn warned that the road may close.", "unsupported"),
        ("The Harbour Office closed the ferry, Rahn said.", "unsupported"),
        ("The ferry was closed, the HO announced.", "verified"),
        ("The Harbour Post reported that the bridge is safe.", "verified"),
    ],
)
def test_words_are_given_to_no_other_speaker(statement: str, status: str) -> None:
    source = (
        "The bridge is safe, Ada Rahn said. Engineer Lem Brask warned that the road may close. "
        "The Harbour Office announced that the ferry was closed."
    )
    result = check(statement, text=source)
    assert result.status == status, result.checks


@pytest.mark.parametrize(
    ("source", "statement", "status"),
    [
        ("Exports rose sharply in Belport.", "Exports fell sharply in Belport.", "unsupported"),
        ("Exports rose sharply in Belport.", "Exports increased sharply in Belport.", "verified"),
        ("The envoy rejected the offer.", "The envoy accepted the offer.", "unsupported"),
        ("The envoy rejected the offer.", "The envoy did not accept the offer.", "verified"),
        ("The envoy rejected the offer.", "The offer was rejected by the envoy.", "verified"),
        ("They met before the vote.", "They met after the vote.", "unsupported"),
        ("More lorries than ships crossed.", "Fewer lorries than ships crossed.", "unsupported"),
        ("The search was a success for the crew.", "The search was a failure for the crew.", "unsupported"),
        ("It was the first truce of the war.", "It was the last truce of the war.", "unsupported"),
        ("Some envoys left the hall.", "All envoys left the hall.", "unsupported"),
        ("All envoys left the hall.", "No envoys left the hall.", "unsupported"),
        ("Ostria has not yet signed the truce.", "Ostria has signed the truce.", "unsupported"),
        ("Ostria has not yet signed the truce.", "Ostria has yet to sign the truce.", "verified"),
        ("The talks failed without an agreement.", "The talks ended without an agreement.", "verified"),
        ("The talks ended without an agreement.", "The talks failed.", "verified"),
        ("The talks ended without an agreement.", "The talks ended with an agreement.", "unsupported"),
        ("Ostria did not sign, but Marland paid its share.", "Marland paid its share.", "verified"),
        ("Prices rose before the war and fell after the war.", "Prices fell before the war.", "unsupported"),
    ],
)
def test_a_sense_turned_round_is_cut(source: str, statement: str, status: str) -> None:
    result = check(statement, text=source)
    assert result.status == status, result.checks


@pytest.mark.parametrize(
    ("source", "statement", "status"),
    [
        ("About 2-3 million people fled.", "Between 2 and 3 million people fled.", "verified"),
        ("About 2-3 million people fled.", "At least 2 million people fled.", "verified"),
        ("About 2-3 million people fled.", "Up to 3 million people fled.", "verified"),
        ("About 2-3 million people fled.", "About 3 million people fled.", "unsupported"),
        ("About 2-3 million people fled.", "2 people fled.", "unsupported"),
        ("About 3 million people fled.", "2-3 million people fled.", "unsupported"),
        ("One in five people fled.", "20 per cent of the people fled.", "verified"),
        ("One in five people fled.", "20 percentage points of the people fled.", "unsupported"),
        ("The index stood at 1.7 on that day.", "The index stood at 1.7 million on that day.", "unsupported"),
        ("Half a million people fled.", "500,000 people fled.", "verified"),
        ("A dozen people fled.", "12 people fled.", "verified"),
        ("The aid was Rs 5,000 crore.", "The aid was 50 billion rupees.", "verified"),
    ],
)
def test_figures_compare_by_what_they_mean(source: str, statement: str, status: str) -> None:
    result = check(statement, text=source)
    assert result.status == status, result.checks


@pytest.mark.parametrize(
    ("source", "statement", "status"),
    [
        ("The envoys arrived yesterday.", "The envoys arrived yesterday, it says.", "verified"),
        ("The envoys arrived yesterday.", "The envoys arrived on 8 March 2025.", "verified"),
        ("The envoys arrived yesterday.", "The envoys arrived on 9 March.", "unsupported"),
        ("The envoys arrived yesterday.", "The envoys arrived last week.", "unsupported"),
        ("The envoys meet next Tuesday.", "The envoys meet on March 11.", "verified"),
        ("The envoys meet next Tuesday.", "The envoys meet on Tuesday.", "verified"),
        ("The envoys meet on 11 March.", "The envoys meet next Tuesday.", "unsupported"),
        ("The envoys met on Friday.", "The envoys met on 7 March.", "unsupported"),
        ("The gate opened on 05/06/07.", "The gate was opened on 05/06/07.", "verified"),
        ("The gate opened on 05/06/07.", "The gate was opened on 06/05/07.", "unsupported"),
        ("The gate opened on 05/06/07.", "The gate was opened in June 2007.", "unsupported"),
        ("The gate shut on 31 November.", "The gate was shut on 31 November.", "unsupported"),
        ("The gate shut on 31 November.", "The gate was shut in November.", "unsupported"),
        ("The gate shut on 1 December.", "The gate was shut on 31 November.", "unsupported"),
    ],
)
def test_dates_that_name_no_day_by_themselves(source: str, statement: str, status: str) -> None:
    result = check(statement, text=source)
    assert result.status == status, result.checks


def test_a_day_counted_from_publication_needs_a_day_of_publication() -> None:
    undated = Provenance(published=Published("2025-03", "month", "front matter"))
    source = "The envoys arrived yesterday."
    assert check("The envoys arrived yesterday, it says.", text=source, provenance=undated).status == "verified"
    assert check("The envoys arrived on 8 March 2025.", text=source, provenance=undated).status == "unsupported"


def test_a_name_of_the_title_alone_is_marked() -> None:
    named = Provenance(title="The truce of Belport")
    assert (
        check("In Belport it was signed by the mayor.", text="It was signed by the mayor.", provenance=named).status
        == "weak"
    )


def test_facts_count_only_where_they_are_cited() -> None:
    first, second = (
        "Ostria and Marland signed a truce in Belport on March 4.",
        "Trade between the two fell to $6bn in 2021.",
    )
    assert check("Trade fell to $6bn in 2021.", second).status == "verified"
    assert check("Trade fell to $6bn in 2021.", first).status == "unsupported"
    assert check("A truce was signed on March 4 after trade fell to $6bn.", first, second).status == "verified"


def test_a_word_that_opens_a_sentence_is_a_name_unless_the_evidence_writes_it_small() -> None:
    text = "The envoys of Ostria met on March 4. Later that day all envoys left Belport."
    assert (
        check("Envoys of Ostria met on March 4.", "The envoys of Ostria met on March 4.", text=text).status
        == "verified"
    )
    assert (
        check("Tovik of Ostria met on March 4.", "The envoys of Ostria met on March 4.", text=text).status
        == "unsupported"
    )


def test_an_acronym_stands_for_the_name_it_abbreviates() -> None:
    text = "The Foreign Office of Marland rejected the offer."
    assert check("The FO of Marland rejected the offer.", text=text).status == "verified"
    assert check("The UN of Marland rejected the offer.", text=text).status == "unsupported"


def test_a_code_is_compared_as_a_word_not_by_its_digits() -> None:
    text = "Sample a4b7 of strain h1n1 was sent on 7 lorries, 4 of them empty."
    assert check("Sample a4b7 was sent on 7 lorries.", text=text).status == "verified"
    assert check("Sample a7b4 was sent on 7 lorries.", text=text).status == "unsupported"
    assert check("Sample a4b7 was sent on 7 lorries for Rs4.", text=text).status == "unsupported"


@pytest.mark.parametrize(
    ("quote", "why"),
    [
        (Quote(9, 0, 10), "no such evidence"),
        (Quote(1, 0, len(ARTICLE) + 1), "outside the document"),
        (Quote(1, -5, 10), "outside the document"),
        (Quote(1, 10, 10), "outside the document"),
        (Quote(1, 20, 10), "outside the document"),
        (Quote(1, 60, 90), "outside the evidence"),
        (Quote(1, 6, 7), "blank"),
    ],
)
def test_a_quote_that_does_not_hold_is_dropped_and_its_statement_cut(quote: Quote, why: str) -> None:
    draft = Draft((DraftStatement(ARTICLE[:56], (quote,)),), "", 1.0, "test")
    (result,) = verify(draft, [evidence_of(ARTICLE, end=57)])
    assert (result.status, result.quotes) == ("unsupported", ())
    assert result.checks["quotes_dropped"] == [{"evidence": quote.evidence, "why": why}]


def test_a_valid_quote_stands_beside_an_invalid_one() -> None:
    good = Quote(1, 0, 56)
    draft = Draft((DraftStatement(ARTICLE[:56] + " [1][7]", (Quote(7, 0, 5), good, good)),), "", 1.0, "test")
    (result,) = verify(draft, [evidence_of(ARTICLE)])
    assert (result.status, result.quotes, result.text) == ("verified", (good,), ARTICLE[:56])


def test_a_statement_without_quotes_is_cut() -> None:
    (result,) = verify(Draft((DraftStatement("A truce was signed.", ()),), "", 1.0, "test"), [evidence_of(ARTICLE)])
    assert result.status == "unsupported"


SENTENCES = [ARTICLE[span.start : span.end] for span in sentence_spans(ARTICLE)]


@given(st.text(min_size=1, max_size=200))
def test_a_verbatim_sentence_is_always_verified(text: str) -> None:
    assume(re.search(r"[^\W_]", re.sub(r"\[[0-9 ,;-]*\]", "", text)))
    assert check(text, text, text=text).status == "verified"


@given(st.sampled_from([sentence for sentence in SENTENCES if re.search("[0-9]", sentence)]), st.data())
def test_changing_one_digit_cuts_the_statement(sentence: str, data: st.DataObject) -> None:
    position = data.draw(st.sampled_from([match.start() for match in re.finditer("[0-9]", sentence)]))
    digit = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != sentence[position]]))
    changed = sentence[:position] + digit + sentence[position + 1 :]
    assert check(changed, sentence).status == "unsupported", changed


@given(st.sampled_from(SENTENCES), st.sampled_from(["Tovik", "Doverton", "Quell", "Zane", "Brask"]), st.data())
def test_changing_one_name_cuts_the_statement(sentence: str, other: str, data: st.DataObject) -> None:
    spots = [
        match
        for name in ("Ostria", "Marland", "Belport", "Rahn", "Ada", "Friday")
        for match in re.finditer(rf"\b{name}\b", sentence)
    ]
    assume(spots)
    spot = data.draw(st.sampled_from(spots))
    changed = sentence[: spot.start()] + other + sentence[spot.end() :]
    assert check(changed, sentence).status == "unsupported", changed


@given(st.integers(1, 28), st.sampled_from(["January", "March", "October"]), st.integers(2000, 2030), st.data())
def test_changing_one_part_of_a_date_cuts_the_statement(day: int, month: str, year: int, data: st.DataObject) -> None:
    source = f"The bridge over the Vell was opened on {day} {month} {year} by the mayor."
    other = data.draw(
        st.sampled_from(
            [
                f"{month} {day % 28 + 1}, {year}",
                f"{day} June {year}",
                f"{month} {day}, {year + 1}",
                f"{day % 28 + 1} {month}",
            ]
        )
    )
    assert check(f"The bridge over the Vell was opened on {other}.", text=source).status == "unsupported"
    same = data.draw(st.sampled_from([f"{month} {day}, {year}", f"{day} {month}", f"{month} {year}", f"{month} {day}"]))
    assert check(f"The bridge over the Vell was opened on {same}.", text=source).status == "verified"


@settings(max_examples=200)
@given(
    st.text(max_size=200),
    st.text(max_size=300),
    st.lists(st.tuples(st.integers(-2, 4), st.integers(-10, 400), st.integers(-10, 400)), max_size=4),
    st.integers(0, 300),
    st.integers(0, 300),
)
def test_nothing_raises_and_no_quote_that_fails_is_kept(
    statement: str, text: str, quotes: list[tuple[int, int, int]], start: int, end: int
) -> None:
    evidence = [evidence_of(text, 1, min(start, end, len(text)), min(max(start, end), len(text))), evidence_of(text, 2)]
    draft = Draft((DraftStatement(statement, tuple(Quote(*quote) for quote in quotes)),), "", 0.0, "test")
    (result,) = verify(draft, evidence)
    for quote in result.quotes:
        assert quote.evidence in (1, 2)
        assert text[quote.start : quote.end].strip()
    assert result.quotes or result.status == "unsupported"


@settings(max_examples=60)
@given(
    st.sampled_from(SENTENCES),
    st.integers(13, 10**9),
    st.sampled_from(["{} ", "About {} people. ", "Of {} lorries: ", "$"]),
)
def test_a_number_that_is_not_quoted_cuts_a_verified_statement(sentence: str, number: int, form: str) -> None:
    assume(str(number) not in ARTICLE and number != 2021)
    assert check(sentence, sentence).status == "verified"
    added = f"{form.format(number) if '{' in form else f'${number} '}{sentence}"
    assert check(added, sentence).status == "unsupported", added


WORDS = st.sampled_from(
    """Ostria Marland Belport Rahn Velk Tovik said told according to 7 12 1.7 million 2021 May 4 March yesterday next Tuesday not never
    rose fell before after all none “ ” ' , . ; 05/06/07 31 November 2-3 % 1 in 5 the of envoys lorries truce [1] was by""".split()
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(WORDS, min_size=1, max_size=60).map(" ".join),
    st.lists(WORDS, max_size=25).map(" ".join),
    st.lists(st.tuples(st.integers(0, 3), st.integers(-3, 300), st.integers(-3, 300)), max_size=3),
    st.data(),
)
def test_what_is_let_through_holds(
    text: str, invented: str, quotes: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    """The invariant of the gate, over documents and drafts that are half invented."""
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    statement = data.draw(st.sampled_from([invented, text[start:end], f"{text[start:end]} {invented}"]))
    cited = (Quote(1, start, end), *(Quote(*quote) for quote in quotes))
    evidence = [evidence_of(text, provenance=Provenance())]
    results = verify(Draft((DraftStatement(statement, cited),), "", 0.5, "test"), evidence)
    for result in supported(results):
        assert result.quotes
        assert all(quote.evidence == 1 and 0 <= quote.start < quote.end <= len(text) for quote in result.quotes)
        if result.checks.get("verbatim"):
            continue
        quoted = "\n".join(strip_markers(text[quote.start : quote.end]) for quote in result.quotes)
        ends = {end for item in quantities(quoted) for end in (item.number, item.upper)} | {
            day.year for day in dates(quoted)
        }
        assert {item.number for item in quantities(result.text)} <= ends
        months = {(day.month, day.day) for day in dates(quoted)}
        assert {(day.month, day.day) for day in dates(result.text) if day.day} <= months
        assert {odd.text for odd in odd_dates(result.text)} <= {odd.text for odd in odd_dates(quoted) if odd.possible}
        assert {"ostria", "marland", "belport", "rahn", "velk", "tovik"} & set(words(result.text)) <= set(words(quoted))


@pytest.mark.parametrize(
    "unit",
    ["Ada said Ida in Belport. ", "not no never ", "rose fell before after ", "1-2 million ", "31 November ", "Ada, ", "“Ada said "],
)  # fmt: skip
@pytest.mark.timeout(60)
def test_ten_thousand_characters_are_checked(unit: str) -> None:
    text = (unit * (10_000 // len(unit) + 2))[:10_003]
    assert check(text[3:], text, text=text).status in ("verified", "weak", "unsupported")
    assert check(text[3:], text=ARTICLE).status in ("verified", "weak", "unsupported")
