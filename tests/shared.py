"""Where the original articles and public evaluation sets lie, when they are at hand: never needed, never shipped."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("DOSSIER_SHARED", Path(__file__).resolve().parents[2] / "shared"))
SHARED_SEEDS = SHARED / "seeds"
SHARED_DATA = SHARED / "data"

NO_SHARED = (
    "The original articles and public sets are not at hand: the tests that read them are left out. "
    f"To have them too: a folder 'shared' beside the checkout, or DOSSIER_SHARED={SHARED}"
)

needs_shared = pytest.mark.skipif(not SHARED_SEEDS.is_dir(), reason=NO_SHARED)
