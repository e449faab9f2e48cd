r"""Text to markup that is inert: the only way in which a document, an answer or a file name reaches the page.

Gradio's HTML component evaluates templates as JavaScript, which the page's content security policy forbids, so the page
shows its markup through Markdown components with their sanitiser on. A single line that begins with a `<div>` is a raw
HTML block to Markdown (CommonMark 0.31, section 4.6), and every character that means something to Markdown, HTML or a
template is written as a numeric entity: nothing in a text is ever read as markup, by whichever layer reads it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_ACTIVE = "&<>\"'`*_{}[]()#|~$\\=^@!:"
_BREAKS = "\n\t\r\f\u2028\u2029"
_REPLACEMENT = "\ufffd"
_TABLE = {ord(character): f"&#{ord(character)};" for character in _ACTIVE + _BREAKS}


class Html(str):
    """Markup made by this module; any other `str` is text."""

    __slots__ = ()


def escape(value: object) -> Html:
    r"""`value` as text: active characters as entities, what no browser can show as U+FFFD. None is empty.

    >>> escape("<b>${1}</b>")
    '&#60;b&#62;&#36;&#123;1&#125;&#60;/b&#62;'
    """
    if isinstance(value, Html):
        return value
    text = "" if value is None else str(value)
    if not text.isprintable():
        text = "".join(character if _shown(character) else _REPLACEMENT for character in text)
    return Html(text.translate(_TABLE))


def _shown(character: str) -> bool:
    return character in _BREAKS or unicodedata.category(character) not in ("Cc", "Cs")


def fill(template: str, **values: object) -> Html:
    """`template` with every `{name}` replaced by the escaped value of that name."""
    return Html(template.format(**{name: escape(value) for name, value in values.items()}))


def join(parts: Iterable[Html], between: str = "") -> Html:
    return Html(between.join(parts))


def block(content: Html, name: str = "") -> str:
    """One component's value: a single line, so that Markdown passes it on as it is."""
    return f'<div class="dossier {name}">{content}</div>'.replace("\n", " ")
