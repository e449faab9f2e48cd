"""The tab of the settings that matter."""

from __future__ import annotations

from ui.page.places import Frame, markup


def settings_tab(frame: Frame) -> None:
    """Build the tab inside the one that is open."""
    markup("settings")
