"""Where the original articles and public evaluation sets lie, when they are at hand: never needed, never shipped."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("DOSSIER_SHARED", Path(__file__).resolve().parents[2] / "shared"))
SHARED_SEEDS = SHARED / "seeds"
SHARED_DATA = SHARED / "data"

needs_shared = pytest.mark.skipif(
    not SHARED_SEEDS.is_dir(),
    reason="the original articles are not at hand (a folder 'shared' beside the checkout, or DOSSIER_SHARED)",
)
