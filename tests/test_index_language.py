"""Languages are told from texts and questions, and lexical search compares words as each language does."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.analysis import RECIPE, asked_terms, terms
from index.catalogue import FILE_NAME, Catalogue
from index.generations import ANALYSED
from index.language import language_asked, language_of
from index.lexical import LexicalIndex
from index.sentences import sentence_spans
from tests.fakes import WordHashEmbedder
from tests.storage import own, write

TEXTS = {
    "en": "The library in the valley opens at nine, and the librarian keeps the key of the reading room.",
    "de": "Die Bibliothek im Tal öffnet um neun Uhr, und die Bibliothekarin verwahrt den Schlüssel des Lesesaals.",
    "fr": "La médiathèque de la vallée ouvre à neuf heures, et la bibliothécaire garde la clé de la salle de lecture.",
    "tr": "Vadideki kütüphane saat dokuzda açılır ve okuma salonunun anahtarı kütüphanecide durur.",
    "ru": "Библиотека в долине открывается в девять часов, а ключ от читального зала хранит библиотекарь.",
    "ar": "تفتح المكتبة في الوادي الساعة التاسعة، وتحتفظ أمينة المكتبة بمفتاح قاعة المطالعة.",
    "ur": "وادی کی لائبریری صبح نو بجے کھلتی ہے اور مطالعہ گاہ کی چابی لائبریرین کے پاس رہتی ہے۔",
    "fa": "کتابخانه دره ساعت نه باز می‌شود و کلید سالن مطالعه نزد کتابدار است.",
    "he": "הספרייה בעמק נפתחת בשעה תשע, והמפתח של אולם הקריאה נמצא אצל הספרנית.",
    "hi": "घाटी का पुस्तकालय नौ बजे खुलता है और वाचनालय की चाबी पुस्तकालयाध्यक्ष के पास रहती है।",
    "zh": "山谷里的图书馆上午九点开门，阅览室的钥匙由馆员保管。",
    "ja": "谷の図書館は午前九時に開き、閲覧室の鍵は司書が預かっています。",
    "ko": "골짜기의 도서관은 아홉 시에 문을 열고 열람실 열쇠는 사서가 맡습니다.",
    "th": "ห้องสมุดในหุบเขาเปิดเวลาเก้าโมง และบรรณารักษ์เก็บกุญแจห้องอ่านหนังสือไว้",
    "el": "Η βιβλιοθήκη της κοιλάδας ανοίγει στις εννέα και το κλειδί του αναγνωστηρίου το κρατά η βιβλιοθηκάριος.",
}
ASKED = {
    "en": "Who keeps the keys of the reading rooms?",
    "de": "Wer hat die Schlüssel zum Lesesaal?",
    "fr": "Qui garde les clés des salles de lecture ?",
    "tr": "Okuma salonunun anahtarı kimde durur?",
    "ru": "Кто хранит ключи от читальных залов?",
    "ar": "من يحتفظ بمفتاح قاعة المطالعة؟",
    "ur": "مطالعہ گاہ کی چابی کس کے پاس رہتی ہے؟",
    "fa": "کليد سالن مطالعه نزد کيست؟",
    "he": "אצל מי נמצא המפתח של אולם הקריאה?",
    "hi": "वाचनालय की चाबी किसके पास रहती है?",
    "zh": "阅览室的钥匙由谁保管？",
    "ja": "閲覧室の鍵は誰が預かっていますか？",
    "ko": "열람실 열쇠는 누가 맡습니까?",
    "th": "ใครเก็บกุญแจห้องอ่านหนังสือ",
    "el": "Ποιος κρατά το κλειδί του αναγνωστηρίου;",
}


@pytest.mark.parametrize("language", TEXTS)
def test_the_language_of_a_text_and_of_a_question_over_it_is_told(language: str) -> None:
    assert language_of(TEXTS[language]) == language
    assert language_asked(ASKED[language], TEXTS) == language


@pytest.mark.parametrize("text", ["", "4711", "12.50 13.75 99.10", "A1 B2 C3", "ok", "\n\n--- ***"])
def test_a_text_that_does_not_say_has_no_language(text: str) -> None:
    assert language_of(text) is None


@pytest.mark.parametrize(
    "question", ["Who is Jaap de Hoop Scheffer?", "What is the Gesamtschule?", "Khruschev headed?"]
)
def test_foreign_names_make_no_foreign_question(question: str) -> None:
    assert language_asked(question, {"en"}) == "en"


def test_a_question_with_english_words_is_english_whatever_documents_there_are() -> None:
    assert language_asked("What is the Canadian equivalent of Gesamtschule?", TEXTS) == "en"


@pytest.mark.parametrize("language", TEXTS)
def test_each_text_is_found_among_all_by_a_question_in_its_language(language: str, tmp_path: Path) -> None:
    lexical = LexicalIndex(tmp_path / "lexical")
    lexical.apply((), list(TEXTS), list(TEXTS), [""] * len(TEXTS), list(TEXTS.values()), list(TEXTS))
    assert lexical.search(ASKED[language], 1)[0][0] == language
    lexical.close()


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("كِتَابٌ جديد", "كتاب جديد", "ar"),
        ("کتاب یکی", "كتاب يكي", "fa"),
        ("سَفَر ہے", "سفر ہے", "ur"),
        ("שָׁלוֹם", "שלום", "he"),
        ("ＡＢＣ　１２３", "abc 123", "ja"),
        ("ﾃﾚﾋﾞ", "テレビ", "ja"),
        ("١٢٣ كتاب", "123 كتاب", "ar"),
        ("ﬁnal oﬃce", "final office", None),
        ("Die Häuser", "die Häusern", "de"),
    ],
)
def test_what_a_reader_takes_for_one_word_is_one_term(one: str, other: str, language: str | None) -> None:
    assert terms(one, language) == terms(other, language)


def test_english_terms_are_whole_stemmed_words_and_numbers() -> None:
    assert terms("Café owners said 2,600 people crossed.", "en") == ["cafe", "owner", "said", "2,600", "peopl", "cross"]
    assert asked_terms("Who are the owners of the café?", ["en"]) == ["owner", "cafe"]


def test_a_language_without_a_stemmer_is_not_stemmed_by_that_of_another() -> None:
    assert "biblioteki" in asked_terms("Gdzie stoją biblioteki?", ["en", "pl"])


@pytest.mark.parametrize(
    "expected",
    [
        ["Am 3. Februar 2025 fiel Schnee.", "Am 1. September begann die Schule.", "Im 19. Jahrhundert kam die Bahn."],
        ["Hr. Meier wohnt z. B. in Ulm, Nr. 5.", "Dort sind es 3.", "Mehr gibt es nicht."],
        ["Mme. Aubertin reçoit le lundi.", "Elle habite bd. Hugo."],
        ["На ул. Ленина в 2025 г. Открыли школу.", "Все рады."],
        ["لائبریری بند ہے۔", "چابی کہاں ہے؟", "اندر ہے۔"],
        ["पुस्तकालय बंद है।", "चाबी कहाँ है?", "अंदर है।"],
        ["ما اسم المدير؟", "اسمه علي.", "شكرا."],
    ],
)
def test_sentences_end_as_their_language_ends_them(expected: list[str]) -> None:
    text = " ".join(expected)
    assert [text[span.start : span.end] for span in sentence_spans(text)] == expected


def test_marks_that_no_space_follows_end_sentences_and_a_quotation_may_go_on() -> None:
    text = "图书馆周一闭馆。馆长是谁？她说：“欢迎！”然后走了。「行きます。」と彼は言った。लाइन है।दूसरी है।"
    assert [text[span.start : span.end] for span in sentence_spans(text)] == [
        "图书馆周一闭馆。", "馆长是谁？", "她说：“欢迎！”", "然后走了。", "「行きます。」と彼は言った。", "लाइन है।", "दूसरी है।",
    ]  # fmt: skip


def test_an_index_of_an_older_analysis_is_built_anew_and_old_documents_get_their_language(tmp_path: Path) -> None:
    with own(tmp_path / "data") as data:
        collection = data.collection("default", WordHashEmbedder(), create=True)
        collection.ingest(write(tmp_path / "files", {f"{name}.txt": text for name, text in TEXTS.items()}))
        before = collection.generation
    path = tmp_path / "data" / "collections" / "default"
    catalogue = Catalogue(path / FILE_NAME)
    with catalogue.writing() as connection:
        connection.execute("DELETE FROM meta WHERE name = ?", (ANALYSED,))
        connection.execute("UPDATE documents SET language = NULL")
    catalogue.close()
    embedder = WordHashEmbedder()
    with own(tmp_path / "data") as data:
        collection = data.collection("default", embedder)
        assert collection.generation != before
        assert collection.languages() == sorted(TEXTS)
        found = {name: collection.search_lexical(question, 1)[0][0] for name, question in ASKED.items()}
        texts = {name: collection.chunks([chunk])[chunk].text for name, chunk in found.items()}
        assert texts == TEXTS
        assert collection.catalogue.meta(ANALYSED) == RECIPE
        assert embedder.embedded == []
        built = collection.generation
        assert [one.name for one in (path / "generations").iterdir() if one.is_dir()] == [built]
    with own(tmp_path / "data") as data:
        assert data.collection("default", WordHashEmbedder()).generation == built
