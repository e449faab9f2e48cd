"""Text to the terms that lexical search compares: words by the rules of their language, pairs of letters where no space parts words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import pairwise

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from index.language import ENGLISH, language_asked
from index.stop_words import ASKING, STOP_WORDS

WORDS = r"\p{N}+(?:[.,:]\p{N}+)*|\p{L}[\p{L}\p{M}\p{N}]*(?:['’]\p{L}+)*"
MAX_TERM_BYTES = 64
RECIPE = "2"
"""Of the analysis: an index made by another one is built anew."""

STEMMERS = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
_STOP_LISTS = frozenset("da de es fi fr hu it nl no pt ru sv".split())
# Written without spaces between words; of Korean, whose words carry their particles, pairs find more than words too.
_HAN_KANA = "々〆\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_UNSPACED = re.compile(
    f"[{_HAN_KANA}]+|[\uac00-\ud7a3\u1100-\u11ff]+|[\u0e01-\u0e4e]+|[\u0e81-\u0ecd]+|[\u1780-\u17d3]+|[\u1000-\u109f]+"
)
_LETTER_WITH_MARKS = re.compile(
    r".[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u17b6-\u17d3\u102b-\u103e]*"
)
_ALL_HIRAGANA = re.compile(r"[\u3041-\u309f\u30fc]+")
_MARKS = [
    *range(0x0591, 0x05BE),
    0x05BF,
    0x05C1,
    0x05C2,
    0x05C4,
    0x05C5,
    0x05C7,
    0x0640,
    *range(0x064B, 0x0660),
    0x0670,
]
_SAME_LETTER = {
    **dict.fromkeys(_MARKS),
    **str.maketrans("أإآٱۀۂہۃ", "ااااهههه"),
    **str.maketrans("ךםןףץ", "כמנפצ"),
}
# One letter in two codes: keyboards for Arabic and for Persian or Urdu give different ones.
_ARABIC_LETTERS = {**_SAME_LETTER, **str.maketrans("یىک", "ييك")}
_PERSIAN_LETTERS = {**_SAME_LETTER, **str.maketrans("يىكة", "ییکه")}
_PERSIAN = frozenset({"fa", "ur", "ps", "sd", "ku"})


def terms(text: str, language: str | None) -> list[str]:
    """The terms of a text of a document in `language`, in order; every word counts.

    >>> terms("Die Bibliotheken schließen", "de"), terms("図書館は", "ja")
    (['die', 'bibliothek', 'schliess'], ['図書', '書館', '館は'])
    """
    return list(_terms(text, _analyzer(_stemmer(language), ""), language))


def asked_terms(question: str, spoken: Collection[str]) -> list[str]:
    """The terms of a question over documents in the languages `spoken`, each once, without words that every text has.

    The question is read in its own language, and its words are stemmed as each language of the documents stems its own.
    """
    asked = language_asked(question, spoken)
    found: dict[str, None] = {}
    kept = question
    if without := ASKING.get(asked):
        kept = without.sub(" ", question)
    for language in sorted({*map(_stemmer, spoken), _stemmer(asked)}):
        found.update(dict.fromkeys(_terms(kept, _analyzer(language, asked), asked)))
    if asked == "ja" and any(not _ALL_HIRAGANA.fullmatch(term) for term in found):
        return [term for term in found if not _ALL_HIRAGANA.fullmatch(term)]
    return list(found) or list(dict.fromkeys(terms(question, asked)))


def has_words(text: str) -> bool:
    """False for a text that no query can find, such as a row of dashes."""
    return bool(terms(text, None))


def _terms(text: str, analyzer: TextAnalyzer, language: str | None) -> Iterator[str]:
    text = _folded(text, language)
    at = 0
    if not text.isascii():
        for run in _UNSPACED.finditer(text):
            yield from analyzer.analyze(text[at : run.start()])
            yield from _pairs(run.group())
            at = run.end()
    yield from analyzer.analyze(text[at:])


def _pairs(run: str) -> Iterator[str]:
    """Each two neighbours of a run of letters; one letter alone is a term."""
    letters = _LETTER_WITH_MARKS.findall(run)
    if len(letters) == 1:
        yield run
    for first, second in pairwise(letters):
        yield first + second


def _folded(text: str, language: str | None) -> str:
    """Compatibility characters, digits and letters that are one to a reader, made one; points and lengthening marks left out."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    digits = {ord(one): str(unicodedata.digit(one)) for one in set(text) if one > "\x7f" and one.isdecimal()}
    return text.translate((_PERSIAN_LETTERS if language in _PERSIAN else _ARABIC_LETTERS) | digits)


def _stemmer(language: str | None) -> str:
    """The language whose stemmer is used; texts whose language is not known are taken as English, others go unstemmed."""
    if language is None:
        return ENGLISH
    return language if language in STEMMERS else ""


@lru_cache(maxsize=512)
def _analyzer(language: str, asked: str) -> TextAnalyzer:
    """Numbers and words, lowercase, without accents, stemmed.

    Args:
        language: Whose stemmer; "" for none.
        asked: The language whose stop words are left out; "" for none.
    """
    builder = TextAnalyzerBuilder(Tokenizer.regex(WORDS)).filter(Filter.remove_long(MAX_TERM_BYTES))
    builder = builder.filter(Filter.lowercase())
    if language == ENGLISH:
        builder = builder.filter(Filter.ascii_fold())
    if asked in _STOP_LISTS:
        builder = builder.filter(Filter.stopword(STEMMERS[asked]))
    if asked in STOP_WORDS:
        builder = builder.filter(Filter.custom_stopword(sorted({_folded(word, asked) for word in STOP_WORDS[asked]})))
    if language:
        builder = builder.filter(Filter.stemmer(STEMMERS[language]))
    return builder.filter(Filter.ascii_fold()).build()
