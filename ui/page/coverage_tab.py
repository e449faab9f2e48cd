"""The tab where one thing is asked of every document."""

from __future__ import annotations

from ui.page.places import Frame, markup


def coverage_tab(frame: Frame) -> None:
    """Build the tab inside the one that is open."""
    markup("coverage")
