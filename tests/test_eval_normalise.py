import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.normalise import canonical, contains, same_values, squad_normalise

SAME = [
    ("1.7 million", "1,700,000"),
    ("1.7 million", "1.7m"),
    ("$2 billion", "2 billion dollars"),
    ("$2bn", "2,000,000,000 US dollars"),
    ("October 18", "18 October"),
    ("Oct. 18", "the 18th of October"),
    ("October 18", "18 October 2025"),
    ("2025-10-18", "October 18, 2025"),
    ("Sept. 2025", "September 2025"),
    ("forty-eight hours", "48 hours"),
    ("48-hour", "48 hour"),
    ("15 percent", "15 per cent"),
    ("15%", "15 percent"),
    ("three million", "3,000,000"),
]
DIFFERENT = [
    ("1.7 million", "11.7 million"),
    ("1.7 million", "1.7 billion"),
    ("October 18", "October 19"),
    ("18 October 2024", "18 October 2025"),
    ("October 2025", "18 October 2025"),
    ("$2 billion", "2 billion euros"),
    ("-5", "5"),
    ("18", "October 18"),
    ("may", "May 5"),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_spellings_of_one_value_contain_each_other(left, right):
    assert contains(f"They said {left} on record.", right)
    assert contains(f"They said {right} on record.", left)


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_another_value_is_not_contained(left, right):
    assert not contains(f"They said {left} on record.", right)


@pytest.mark.parametrize(("left", "right"), [pair for pair in SAME if any(char.isdigit() for char in pair[0])])
def test_spellings_of_one_value_have_the_same_values(left, right):
    assert same_values(left, right)


def test_another_number_beside_the_right_one_is_no_value_match():
    assert same_values("about 1.7 million people", "1.7 million")
    assert not same_values("1.7 million or 3 million", "1.7 million")
    assert not same_values("nobody knows", "nobody knows")


def test_a_name_is_contained_in_whole_words_only():
    assert contains("Said Mira Tolle's deputy", "Mira Tolle")
    assert not contains("the Samirans", "Mira")
    assert not contains("anything", "the")


def test_an_impossible_date_is_read_as_words_and_numbers():
    assert contains("on October 35 they met", "35")


@given(st.text(max_size=300))
def test_any_text_can_be_normalised_and_a_text_contains_itself_unless_it_is_empty(text):
    assert contains(text, text) == bool(canonical(text))
    assert squad_normalise(squad_normalise(text)) == squad_normalise(text)


@given(st.integers(0, 10**12))
def test_a_number_with_and_without_commas_is_one_value(number):
    assert same_values(f"{number:,}", str(number))


@given(st.dates())
def test_a_date_reads_the_same_in_three_spellings(date):
    spellings = [date.isoformat(), f"{date.day} {date:%B} {date.year:04d}", f"{date:%b}. {date.day}, {date.year:04d}"]
    assert len({canonical(text) for text in spellings}) == 1
