"""The tab of the last evaluation report."""

from __future__ import annotations

from ui.page.places import Frame, markup


def evaluation_tab(frame: Frame) -> None:
    """Build the tab inside the one that is open."""
    markup("evaluation")
