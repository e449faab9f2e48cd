"""Bytes to text, with every letter kept or the file refused; nothing is ever ignored or guessed in silence."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter

from index.errors import FileRefused

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = bytes([*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F])
_MOST_CONTROLS = 0.02
_SAMPLE = 1 << 18
# Symbols that follow a letter only when another encoding was meant; quotes, dashes and ordinals are not among them.
_ODD_AFTER_LETTER = re.compile(r"[^\W\d_][¡¢£¤¥¦§¨¬¯±²³´µ¶¸¹¼½¾¿×÷†‡‰‹€‚„ˆ˜]|[a-z][ŒŠŽŸÀ-ÖØ-Þ]")
_SYMBOLS = frozenset("€‚„…†‡‰‹‘’“”•–—™›\u00a0¡£¥§©«®°±²³·»¼½¾¿´¨×÷¢¶º¹ªµ")
# The letters beyond ASCII of the languages that cp1252 was made for.
_ALPHABETS = tuple(
    frozenset(letters + letters.upper())
    for letters in (
        "éèêëàâçîïôùûüœæÿ",
        "áéíóúüñàèòïç",
        "áâãàçéêíóôõúü",
        "äöüßé",
        "åäöéüæø",
        "àèéìòùî",
        "áðéíóúýþæö",
        "éëïöäüšžèê",
    )
)
_FEW_LETTERS = 20
_WESTERN = frozenset({"ascii", "utf_8", "cp1252", "latin_1", "iso8859_15", "cp1254", "iso8859_9"})


def decode(content: bytes) -> tuple[str, list[str]]:
    """Decode a text file of unknown encoding.

    Returns:
        The text and, when it was not UTF-8, a note that names the encoding.

    Raises:
        FileRefused: bad_type for binary content, bad_encoding when no encoding keeps every letter.
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return _strictly(content[len(mark) :], encoding), _note(encoding)
    if wide := _wide_encoding(content):
        return _strictly(content, wide), _note(wide)
    refuse_binary(content)
    try:
        return content.decode("utf-8"), []
    except UnicodeDecodeError:
        pass
    western = _as_western(content)
    if western is not None:
        return western, _note("cp1252")
    return _detected(content)


def refuse_binary(content: bytes) -> None:
    """Raise FileRefused(bad_type) when too many bytes are control characters."""
    sample = content[:_SAMPLE]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if controls > max(2, _MOST_CONTROLS * len(sample)):
        raise FileRefused(
            "bad_type", f"{controls:,} of its first {len(sample):,} bytes are control characters: it is not text."
        )


def _note(encoding: str) -> list[str]:
    return [] if encoding == "utf-8" else [f"read as {encoding}"]


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise FileRefused(
            "bad_encoding", f"It says that it is {encoding}, but byte {error.start:,} is not. Save it as UTF-8."
        ) from error


def _wide_encoding(content: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: NUL bytes at a fixed place of most units."""
    sample = content[: _SAMPLE - _SAMPLE % 4]
    if len(content) >= 8 and len(content) % 4 == 0:
        columns = [sample[place::4].count(0) / max(1, len(sample) // 4) for place in range(4)]
        if min(columns[1:]) > 0.6 and columns[0] < 0.1:
            return "utf-32-le"
        if min(columns[:3]) > 0.6 and columns[3] < 0.1:
            return "utf-32-be"
    if len(content) >= 4 and len(content) % 2 == 0:
        even, odd = sample[0::2].count(0), sample[1::2].count(0)
        half = len(sample) // 2
        for zeros, others, encoding in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
            if zeros > 0.05 * half and others <= 0.01 * half and _is_mostly_letters(sample, encoding):
                return encoding
    return None


def _is_mostly_letters(sample: bytes, encoding: str) -> bool:
    text = sample.decode(encoding, errors="replace")[:20_000]
    good = sum(1 for character in text if unicodedata.category(character)[0] in "LNPZM" or character in "\n\r\t")
    return good > 0.95 * len(text)


def _as_western(content: bytes) -> str | None:
    """cp1252, of which printable Latin-1 is a part, when its letters and signs stand as in a Western language."""
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        return None
    high = Counter(character for character in text if character > "\x7f")
    letters = Counter({character: count for character, count in high.items() if character.isalpha()})
    strange = sum(count for character, count in high.items() if not character.isalpha() and character not in _SYMBOLS)
    odd = len(_ODD_AFTER_LETTER.findall(text))
    ascii_letters = sum(1 for byte in content if 65 <= byte <= 90 or 97 <= byte <= 122)
    if letters.total() > 0.4 * max(ascii_letters, 1) or strange + odd > 0.02 * high.total():
        return None
    known = max(sum(letters[letter] for letter in alphabet) for alphabet in _ALPHABETS)
    if letters.total() >= _FEW_LETTERS and known < 0.9 * letters.total():
        return None
    return text


def _detected(content: bytes) -> tuple[str, list[str]]:
    """The likeliest other encoding whose text has no control, private or misplaced characters."""
    from charset_normalizer import from_bytes

    for candidate in from_bytes(content[:_SAMPLE], threshold=0.15):
        encoding = candidate.encoding
        if encoding in _WESTERN:
            continue
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        odd = len(_ODD_AFTER_LETTER.findall(text))
        if odd <= 0.001 * len(text) and not any(_is_impossible(character) for character in set(text)):
            return text, _note(encoding.replace("_", "-"))
    raise FileRefused(
        "bad_encoding", "Its encoding is not UTF-8 and could not be told with every letter kept. Save it as UTF-8."
    )


def _is_impossible(character: str) -> bool:
    return character not in "\t\n\r\x0b\x0c\x1b" and unicodedata.category(character) in ("Cc", "Co", "Cn")
