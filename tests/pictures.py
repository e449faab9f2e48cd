"""Pictures of the page's main states for docs/images, over the articles of seeds/: `python -m tests.pictures`."""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, expect

from index.files import find_files
from rag.build import open_dossier
from rag.settings import Settings
from tests.browser import DESKTOP, PHONE, Watched, launched
from tests.fakes_page import MemoryDossier, served
from tests.states import Asked, states

ROOT = Path(__file__).resolve().parents[1]
ASKED = Asked(
    answered="On what date was the ceasefire signed in Doha?",
    follow_up="Where was it signed?",
    disputed="How many Afghan refugees are living in Pakistan?",
    not_stated="Who won the 2022 World Cup?",
    covered="How many Afghan refugees are living in Pakistan?",
)
LOOKS: dict[str, tuple[dict[str, Any], frozenset[str]]] = {
    "": ({"viewport": DESKTOP}, frozenset("welcome not-stated conflict conversation answer documents editing coverage evaluation settings".split())),
    "-dark": ({"viewport": DESKTOP, "color_scheme": "dark"}, frozenset({"conflict", "documents"})),
    "-phone": ({"viewport": PHONE, "has_touch": True}, frozenset({"answer", "documents"})),
}  # fmt: skip
COLOURS = 192


def saved(page: Watched, path: Path) -> None:
    """The visible part of the page as a small PNG; every colour of the page is among those that are kept."""
    page.page.evaluate("document.activeElement?.blur()")
    page.page.mouse.move(0, 0)
    shot = Image.open(io.BytesIO(page.page.screenshot(animations="disabled", caret="hide")))
    shot.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size // 1024} KB")


def page_pictures(browser: Browser, url: str, folder: Path) -> None:
    for suffix, (look, wanted) in LOOKS.items():
        with Watched(browser, url, **look) as page:
            for state in states(page, ASKED):
                if state in wanted:
                    expect(page.one("#source .dossier").first).to_be_attached()
                    page.page.evaluate("window.scrollTo(0, 0)")
                    saved(page, folder / f"page-{state}{suffix}.png")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, open_dossier(Settings(data=Path(place) / "data")) as dossier:
        found = find_files(sorted((ROOT / "seeds").glob("[0-9]*.md")), max_files=100)
        dossier.collection(create=True).ingest(found.files)
        closed = MemoryDossier(Path(place) / "closed", require_keys=True)
        with launched() as browser, served(dossier) as url, served(closed) as closed_url:
            page_pictures(browser, url, folder)
            with Watched(browser, closed_url) as page:
                saved(page, folder / "page-sign-in.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images")
