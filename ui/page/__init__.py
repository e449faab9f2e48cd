"""The page: ask, read the answer next to its source, keep the documents."""

from ui.page.page import build_page, mount

__all__ = ["build_page", "mount"]
