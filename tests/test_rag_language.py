"""Questions in languages that the models do not know: whole sentences, in the order of their words, and never a bare answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from index.split import split
from index.values import Chunk, Document, Provenance, Span
from rag.language import asked_in, by_words, read_by_words, verbatim_draft, without_headline
from rag.values import Draft, DraftStatement, Evidence, Hit, Quote

TEXTS = {
    "fr": (
        "Règlement du lavoir de Montcel",
        "Le lavoir ouvre à sept heures. La gardienne, Mme Odile Ferrand, habite la maison voisine. L'eau coûte deux euros par jour.",
        {
            "Qui est la gardienne du lavoir ?": "La gardienne, Mme Odile Ferrand, habite la maison voisine.",
            "À quelle heure ouvre le lavoir ?": "Le lavoir ouvre à sept heures.",
            "Combien coûte l'eau ?": "L'eau coûte deux euros par jour.",
        },
    ),
    "zh": (
        "北岭公共菜园规定",
        "菜园每天清晨六点开门。每户最多可以租用四块菜地，租期为一年。菜园的管理员是何雨桐。",
        {
            "菜园几点开门？": "菜园每天清晨六点开门。",
            "每户最多可以租几块菜地？": "每户最多可以租用四块菜地，租期为一年。",
            "谁是管理员？": "菜园的管理员是何雨桐。",
        },
    ),
    "ur": (
        "باغ کے قواعد",
        "باغ صبح چھ بجے کھلتا ہے۔ داخلے کی فیس بیس روپے ہے۔ باغ کے مالی کا نام سلیم احمد ہے۔",
        {
            "باغ کب کھلتا ہے؟": "باغ صبح چھ بجے کھلتا ہے۔",
            "داخلے کی فیس کتنی ہے؟": "داخلے کی فیس بیس روپے ہے۔",
            "مالی کا نام کیا ہے؟": "باغ کے مالی کا نام سلیم احمد ہے۔",
        },
    ),
    "pl": (
        "Regulamin ogrodu",
        "Ogród otwiera się o siódmej rano. Opiekunką ogrodu jest Maria Zawada. Za wodę płaci się cztery złote miesięcznie.",
        {
            "Kto jest opiekunem ogrodu?": "Opiekunką ogrodu jest Maria Zawada.",
            "Ile płaci się za wodę?": "Za wodę płaci się cztery złote miesięcznie.",
        },
    ),
}
CASES = [(language, question) for language, (_, _, asked) in TEXTS.items() for question in asked]


def evidence(language: str, number: int = 1) -> list[Evidence]:
    title, text, _ = TEXTS[language]
    spans = split(text, [Span(0, len(text))], count_tokens=lambda texts: [len(one) for one in texts], max_tokens=500)
    document = Document(language, text, "text/plain", Provenance(title), (), ("a.txt",), language, 1, "", (), language)
    chunks = [
        Chunk(f"{language}-{n}", language, n, one.start, one.end, text[one.start : one.end])
        for n, one in enumerate(spans)
    ]
    return [
        Evidence(number + n, Hit(chunk, number + n, 1.0, None, 1, None, 1.0), document)
        for n, chunk in enumerate(chunks)
    ]


@pytest.mark.parametrize(("language", "question"), CASES)
def test_the_sentence_that_holds_what_is_asked_comes_first_without_a_headline(language: str, question: str) -> None:
    draft = verbatim_draft(question, evidence(language), TEXTS)
    assert draft.statements[0].text == TEXTS[language][2][question]
    assert draft.short == ""
    assert 0.28 <= draft.confidence <= 1.0
    (quote,) = draft.statements[0].quotes
    assert TEXTS[language][1][quote.start : quote.end] == draft.statements[0].text


@pytest.mark.parametrize("question", ["Où se trouve la gare de Lyon ?", "火车站在哪里？", "Gdzie kupić bilet?"])
def test_what_shares_no_word_is_not_answered(question: str) -> None:
    found = [item for number, language in enumerate(("ur", "fr")) for item in evidence(language, 1 + 9 * number)]
    draft = verbatim_draft(question, found, TEXTS)
    assert draft.confidence < 0.28 and draft.short == ""


def test_the_passage_with_the_likeliest_sentence_is_read_first() -> None:
    both = [*evidence("pl"), *evidence("fr", 7)]
    read = read_by_words("Combien coûte l'eau ?", both, TEXTS)
    assert [item.document.id for item in read] == ["fr", "pl"]
    assert [item.number for item in read] == [item.hit.rank for item in read] == [1, 2]


def test_nothing_is_made_of_no_evidence() -> None:
    assert verbatim_draft("谁？", [], ()) == Draft((), "", 0.0, "verbatim")
    assert read_by_words("谁？", [], ()) == []


@pytest.mark.parametrize(
    ("question", "spoken", "known", "asked"),
    [
        ("Who keeps the gate?", {"en", "fr"}, ("en",), None),
        ("Qui garde la porte du jardin ?", {"en", "fr"}, ("en",), "fr"),
        ("Qui garde la porte du jardin ?", {"en", "fr"}, ("en", "fr"), None),
        ("谁是管理员？", {"en"}, ("en",), "zh"),
        ("谁是管理员？", {"zh"}, ("all",), None),
    ],
)
def test_a_question_is_foreign_where_the_models_do_not_know_its_language(question, spoken, known, asked) -> None:
    assert asked_in(question, spoken, known) == asked


def test_a_bare_answer_out_of_a_foreign_document_is_not_shown() -> None:
    (item,) = evidence("fr")
    draft = Draft((DraftStatement("Le lavoir ouvre à sept heures.", (Quote(1, 0, 30),)),), "sept heures", 0.9, "x")
    english = replace(item, document=replace(item.document, language="en"))
    unknown = replace(item, document=replace(item.document, language=None))
    assert without_headline(draft, [item], ("en",)) == replace(draft, short="")
    assert [without_headline(draft, [one], ("en",)).short for one in (english, unknown)] == ["sept heures"] * 2
    assert without_headline(draft, [item], ("all",)) == draft


def test_words_lead_and_nearness_decides_only_between_equals() -> None:
    fused = by_words([("near", 0.9), ("far", 0.1), ("other", 0.2)], [("far", 4.0), ("near", 1.0)])
    assert [name for name, _ in fused] == ["far", "near", "other"]
