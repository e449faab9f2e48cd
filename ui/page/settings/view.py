"""The settings that matter to a question, in words, as markup; `settings.js` keeps what is chosen in the browser."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import get_args
from urllib.parse import parse_qs, urlsplit

from rag.manner import Manner, Strictness
from rag.reading.judge import shown_at
from rag.settings import Settings
from ui.access.loopback import is_loopback
from ui.page.choices import MOST_READ
from ui.page.markup import Html, block, fill, join

_STRICTNESS: dict[Strictness, str] = {
    "lenient": "Lenient: say more, err more often",
    "normal": "Normal",
    "strict": "Strict: rather say nothing",
}
_READ = (5, 10, MOST_READ)
_THEMES = {"": "As this device", "light": "Light", "dark": "Dark"}

Option = tuple[str, str, str]
"""A radio button: its value ("" is the default), its label, and what it means."""


def settings_view(settings: Settings, *, has_llm: bool) -> str:
    """Every group is a field of `ui.page.choices.Choices`, but the theme, which stays in the browser."""
    groups = [
        _group(
            "strictness", "How sure an answer must be", [_strictness(name, settings) for name in get_args(Strictness)]
        ),
        _group("llm", "Language model", _llm(settings)) if has_llm else _no_llm(),
        _group("read", "How many passages are read for an answer", _read(settings.read)),
        _group("theme", "Colours", [(value, label, "") for value, label in _THEMES.items()]),
    ]
    return block(
        fill(
            '<h2>Settings</h2>{groups}<p class="note">Kept in this browser and sent along with each question. '
            '<button type="button" class="quiet usual">Back to the usual settings</button></p>',
            groups=join(groups),
        ),
        "settings",
    )


def _group(name: str, legend: str, options: list[Option]) -> Html:
    return fill(
        '<fieldset class="choice"><legend>{legend}</legend>{options}</fieldset>',
        legend=legend,
        options=join(_option(name, *one) for one in options),
    )


def _option(name: str, value: str, label: str, meaning: str) -> Html:
    return fill(
        '<label><input type="radio" name="{name}" value="{value}"{checked}><span><b>{label}</b>{meaning}</span></label>',
        name=Html(name),
        value=value,
        checked=Html("" if value else " checked"),
        label=label,
        meaning=fill('<span class="note">{meaning}</span>', meaning=meaning) if meaning else Html(""),
    )


def _strictness(name: Strictness, settings: Settings) -> Option:
    coverage, risk = shown_at(Manner(strictness=name).applied_to(settings).answer_threshold)
    meaning = f"Answers {100 * coverage:.0f} of 100 hard test questions; {100 * (1 - risk):.0f} % of those answers were right."
    return ("" if name == "normal" else name), _STRICTNESS[name], meaning


def _read(usual: int) -> list[Option]:
    others = [(str(number), f"{number}", "") for number in _READ if number != usual]
    return [("", f"{usual}, as usual", "More finds what is hidden deeper, and takes longer."), *others]


def _llm(settings: Settings) -> list[Option]:
    name, place = model_in_words(settings.llm or "")
    return [
        (
            "",
            f"{name} writes the answers",
            f"{place} Every sentence is checked against the documents before it is shown.",
        ),
        ("no", "Without it", "Answers are made of sentences of your documents; nothing is sent to the language model."),
    ]


def _no_llm() -> Html:
    return Html(
        '<fieldset class="choice"><legend>Language model</legend><p class="note">None is set. Answers are made of sentences of your '
        "documents; <code>DOSSIER_LLM</code> sets one.</p></fieldset>"
    )


def model_in_words(address: str) -> tuple[str, str]:
    """Name of a language model, and where questions and passages go with it; nothing else of its address is shown.

    >>> model_in_words("anthropic+https://key@models.example?model=small-1")
    ('small-1', 'The question and the passages leave this machine for models.example.')
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme == "llama" and host:
        return parts.netloc, "It runs in this process; nothing leaves it."
    if not host:
        return PurePosixPath(parts.path).name or "The language model", "It runs in this process; nothing leaves it."
    name = parse_qs(parts.query).get("model", [""])[0] or "The language model"
    if is_loopback(host):
        return name, "The question and the passages go to another program on this machine."
    return name, f"The question and the passages leave this machine for {host}."
