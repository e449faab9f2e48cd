import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sentences import sentence_spans
from index.values import Document, Provenance, Published, Span
from rag.speech.attribution import Speaker, attribution_of, speaker_of

ARTICLE = """The Harbour Office (HO) will close the old bridge, its spokesperson Ada Maria Rahn said on Friday.
“The bridge is not safe,” Rahn said. “Two of its beams are cracked. We must act now.”

She added that repairs would take a year. The union's chairman, Pelle Kazan, denied this.

The Valley Herald asked Kazan whether the ferry could carry the traffic. He said that it could not.

A statement issued by the Harbour Office about the ferry said: “It has been repaired twice. It is old.” The statement also said that a new boat was ordered.

A senior harbour official described the plan as “a gamble”, saying, “Nobody asked us.” Traders in Norland fear that the market will move. Norland lies behind the bridge.

According to security sources in Norland, a guard was hurt. The bridge opened in 1921."""


def said_by(text, part, *, answer=None):
    """The speaker of the sentence that holds `part`, or of the `answer` in it."""
    at = text.index(part)
    sentence = next(span for span in sentence_spans(text) if span.start <= at < span.end)
    inside = Span(text.index(answer, at), text.index(answer, at) + len(answer)) if answer else None
    return speaker_of(text, sentence, inside)


def name_of(text, part, **options):
    speaker = said_by(text, part, **options)
    return speaker and speaker.name


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("will close the old bridge", "Ada Maria Rahn"),
        ("The bridge is not safe", "Ada Maria Rahn"),
        ("Two of its beams", "Ada Maria Rahn"),
        ("We must act now", "Ada Maria Rahn"),
        ("She added", "Ada Maria Rahn"),
        ("denied this", "Pelle Kazan"),
        ("asked Kazan whether", None),
        ("He said that it", "Pelle Kazan"),
        ("A statement issued", "Harbour Office"),
        ("It is old", "Harbour Office"),
        ("The statement also", "Harbour Office"),
        ("A senior harbour official", "A senior harbour official"),
        ("Traders in Norland", "Traders in Norland"),
        ("Norland lies", None),
        ("a guard was hurt", "security sources in Norland"),
        ("opened in 1921", None),
    ],
)
def test_each_sentence_of_an_article_has_the_speaker_that_its_text_names(part, name):
    assert name_of(ARTICLE, part) == name


@pytest.mark.parametrize(
    ("text", "name", "verb"),
    [
        ("Ada Rahn said that talks failed.", "Ada Rahn", "said"),
        ("Ada Rahn said talks had failed.", "Ada Rahn", "said"),
        ("“Talks failed,” said Ada Rahn.", "Ada Rahn", "said"),
        ("“Talks failed,” Ada Rahn, a senior envoy, said.", "Ada Rahn", "said"),
        ("Talks failed, said envoy Ada Rahn on Friday.", "Ada Rahn", "said"),
        ("Talks failed, according to Ada Rahn.", "Ada Rahn", "according to"),
        ("According to the ministry's statement, talks failed.", "the ministry", "According to"),
        ("The ministry's statement says that talks failed.", "The ministry", "says"),
        ("The ministry’s statement says that talks failed.", "The ministry", "says"),
        ("“Talks failed,” the statement from the FO said.", "FO", "said"),
        ("“Talks failed,” said the FO statement.", "FO", "said"),
        ("Talks, in Rahn's words, were “a waste of paper”.", "Rahn", "in Rahn's words"),
        ("Rahn told Kazan that talks failed.", "Rahn", "told"),
        ("Rahn claimed that talks failed.", "Rahn", "claimed"),
        ("Rahn insisted talks had not failed.", "Rahn", "insisted"),
        ("Rahn has repeatedly warned that talks may fail.", "Rahn", "warned"),
        ("Rahn described the talks as a failure.", "Rahn", "described"),
        ("Rahn called the talks “a failure”.", "Rahn", "called"),
        ("Rahn does not believe that talks failed.", "Rahn", "believe"),
        ("Rahn, speaking in Doha, noted that talks failed.", "Rahn", "noted"),
        ("In a statement on Monday the Harbour Office said that talks failed.", "Harbour Office", "said"),
        ("However, officials also acknowledge that talks failed.", "officials", "acknowledge"),
        ("Talks failed because of the weather, Rahn said, and nobody was hurt.", "Rahn", "said"),
        ("Its spokesperson, Ada Rahn, said that talks failed.", "Ada Rahn", "said"),
        ("A diplomat involved in the talks said, “They failed.”", "A diplomat", "said"),
        ("“They failed,” said a senior retired diplomat.", "a senior retired diplomat", "said"),
        ("Norland and Westland said that talks failed.", "Norland and Westland", "said"),
        ("The Ministry of Foreign Affairs confirmed the date.", "Ministry of Foreign Affairs", "confirmed"),
        ("‘Talks failed,’ Ada Rahn said.", "Ada Rahn", "said"),
        ('"Talks failed," Ada Rahn said.', "Ada Rahn", "said"),
        ("“Talks failed,” Ada Rahn told reporters.", "Ada Rahn", "told"),
        ("“Talks failed,” Mr. Rahn said in an interview with the Herald.", "Rahn", "said"),
        ("“Talks failed,” reflected the former envoy.", "the former envoy", "reflected"),
        ("Rahn was quoted by the Herald as saying that talks failed.", "Rahn", "was quoted by the Herald as saying"),
        ("Defence Minister Ada Rahn, who visited the bridge, said that it held.", "Ada Rahn", "said"),
        ("Rahn’s spokesman said that talks failed.", "Rahn’s spokesman", "said"),
        ("Speaking to reporters, Ada Rahn said that talks failed.", "Ada Rahn", "said"),
        ("As Ada Rahn put it, talks failed.", "Ada Rahn", "put it"),
        ("Mr Rahn, 45, a lawyer from Norland, said: “I lost.”", "Rahn", "said"),
        ("Prime Minister Ada Rahn's office said that talks failed.", "Prime Minister Ada Rahn's office", "said"),
        ("Rahn and his deputy said that talks failed.", "Rahn and his deputy", "said"),
        ("He has twelve cows, the farmer told us.", "the farmer", "told"),
        ("Officials in Norland, who asked not to be named, said that talks failed.", "Officials in Norland", "said"),
    ],
)
def test_every_way_of_saying_is_understood(text, name, verb):
    speaker = speaker_of(text, Span(0, len(text)))
    assert speaker is not None
    assert (speaker.name, speaker.verb) == (name, verb)


@pytest.mark.parametrize(
    "text",
    [
        "Talks failed.",
        "Rahn added a room to her house.",
        "The storm claimed two lives.",
        "Rahn did not say whether talks failed.",
        "Rahn declined to say more.",
        "TNS asked Rahn whether she had said so.",
        "The road is said to be closed.",
        "One might argue that talks failed.",
        "Talks failed after the envoy said that he would leave.",
        "The shop called Norland Books was found closed.",
        "For Norland, the talks are a chance.",
        "Hope remains.",
        "No one expected “a miracle” to happen that day.",
        "It is claimed that talks failed.",
        "Nobody said that talks failed.",
        "",
        "“”",
    ],
)
def test_what_nobody_says_has_no_speaker(text):
    assert speaker_of(text, Span(0, len(text))) is None


def test_each_clause_of_a_sentence_has_its_own_speaker():
    text = "Talks ended after Ada Rahn said that the price was too high, while Pelle Kazan claimed that it was fair."
    assert name_of(text, "Talks", answer="ended") is None
    assert name_of(text, "Talks", answer="too high") == "Ada Rahn"
    assert name_of(text, "Talks", answer="fair") == "Pelle Kazan"


def test_what_a_relative_clause_says_ends_with_it():
    text = "The bridge, which Ada Rahn says is safe, was closed after reports of cracks."
    assert name_of(text, "The bridge", answer="safe") == "Ada Rahn"
    assert name_of(text, "The bridge", answer="closed") is None


def test_two_verbs_of_one_speaker_share_the_sentence():
    text = "Ada Rahn argued that the price was 40 crowns and said that it would rise to 50, according to the Herald."
    assert name_of(text, "Ada", answer="40 crowns") == "Ada Rahn"
    assert name_of(text, "Ada", answer="50") == "Ada Rahn"


def test_an_answer_inside_a_quotation_is_its_speakers_and_one_beside_it_is_not():
    text = "The office has closed the bridge, calling it “a danger to 300 people”. It is 40 years old."
    assert name_of(text, "The office", answer="300 people") == "The office"
    assert name_of(text, "The office", answer="closed") is None
    assert name_of(text, "It is", answer="40 years") is None


def test_a_quotation_that_runs_on_in_the_next_paragraph_keeps_its_speaker():
    text = (
        "The price is high, Ada Rahn said. “We paid 40 crowns.\n\n“Nobody paid less. That is the truth.”\n\nIt rained."
    )
    assert name_of(text, "Nobody paid less") == "Ada Rahn"
    assert name_of(text, "That is the truth") == "Ada Rahn"
    assert name_of(text, "It rained") is None


def test_a_pronoun_is_resolved_only_when_one_person_can_be_meant():
    one = "Envoy Ada Rahn said that talks failed. Nobody was surprised. “We tried,” she said."
    two = "Envoy Ada Rahn told Pelle Kazan that talks failed. “We tried,” she said."
    assert name_of(one, "We tried") == "Ada Rahn"
    assert name_of(two, "We tried") == "she"
    assert name_of("“We tried,” they said.", "We tried") is None


def test_a_short_name_stands_for_the_long_one_only_where_it_can():
    people = "Ada Rahn and Olga Rahn, a lawyer, came. Rahn said that it rained."
    country = "Radio Norland reported it. In Norland nobody cared. Norland said that it rained."
    assert name_of(people, "it rained") == "Rahn"
    assert name_of(country, "it rained") == "Norland"


def test_letters_stand_for_the_body_that_was_named_before():
    text = "The Harbour Office is old. The HO said that it rained."
    assert name_of(text, "it rained") == "Harbour Office"


def test_a_wrapped_paragraph_is_one_paragraph():
    text = "Ada Rahn said on Friday: “The bridge is not safe, and the\nferry is not either. Two of the beams are cracked and one\nis gone. We must act.”\n"
    assert name_of(text, "Two of the beams") == "Ada Rahn"


@given(
    st.lists(
        st.sampled_from(
            [*'“”"‘’.,;:()—\n', " ", "said ", "Ada Rahn ", "he ", "The FO ", "according to ", "in his words ", "that "]
        ),
        max_size=60,
    )
)
def test_a_speakers_name_always_stands_in_the_text(pieces):
    text = "".join(pieces)
    for sentence in sentence_spans(text):
        speaker = speaker_of(text, sentence)
        if speaker is not None:
            assert text[speaker.span.start : speaker.span.end] == speaker.name != ""


def document(text="", *, sources=("upload/note.txt",), **fields):
    date = fields.pop("date", None)
    published = Published(date, ("year", "month", "day")[date.count("-")], "dateline") if date else None
    return Document(
        "d", text, "text/plain", Provenance(published=published, **fields), (), sources, "d", 1, "2026-01-01"
    )


@pytest.mark.parametrize(
    ("fields", "lead"),
    [
        ({"publisher": "The Valley Herald", "date": "2025-11-16"}, "The Valley Herald (16 November 2025)"),
        ({"publisher": "Herald", "kind": "report", "date": "2025-11"}, "Herald (November 2025)"),
        ({"publisher": "Herald", "kind": "machine-assisted", "date": "2025"}, "Herald (machine-assisted, 2025)"),
        ({"publisher": "Herald", "author": "Ada Rahn", "kind": "opinion"}, "Ada Rahn in Herald (opinion, undated)"),
        ({"title": "The bridge", "author": "Ada Rahn"}, '"The bridge" (undated)'),
        ({}, "note.txt (undated)"),
        ({"sources": (r"C:\papers\bridge.pdf",)}, "bridge.pdf (undated)"),
    ],
)
def test_the_lead_names_outlet_kind_and_date_as_far_as_they_are_known(fields, lead):
    assert attribution_of(document(**fields), None) == lead


@pytest.mark.parametrize(
    ("text", "quoting"),
    [
        ("The Harbour Office said that it rained.", "the Harbour Office"),
        ("Ada Rahn said that it rained.", "Ada Rahn"),
        ("A senior official said that it rained.", "a senior official"),
        ("Norland officials said that it rained.", "Norland officials"),
        ("He said that it rained.", "a speaker it does not name there"),
    ],
)
def test_the_lead_says_whom_the_document_quotes(text, quoting):
    speaker = speaker_of(text, Span(0, len(text)))
    assert (
        attribution_of(document(text, publisher="Herald", date="2025"), speaker) == f"Herald (2025), quoting {quoting}"
    )


@pytest.mark.parametrize("own", ["Rahn", "Ada Rahn", "The article", "the author", "The Herald"])
def test_who_wrote_the_document_is_not_quoted_by_it(own):
    source = document(f"{own} says so.", publisher="Herald", author="Ada Rahn")
    assert attribution_of(source, Speaker(own, Span(0, len(own)), "says")) == "Herald (undated)"


def test_a_hostile_text_is_read_at_once():
    for piece in ("said ", "“said ", "A said, ", "he said. ", "Ada ", ", said Ada", "\n“"):
        text = piece * 20_000
        for sentence in sentence_spans(text)[-2:]:
            speaker_of(text, sentence)
