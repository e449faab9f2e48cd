"""The tab of the settings that matter."""

from __future__ import annotations

from ui.page.places import Frame, markup
from ui.page.settings.view import settings_view


def settings_tab(frame: Frame) -> None:
    """Build the tab inside the one that is open. It is the same for everybody: `settings.js` knows what was chosen."""
    markup("settings", settings_view(frame.dossier.settings, has_llm=frame.dossier.settings.llm is not None))
