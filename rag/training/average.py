"""The mean of two encoders, one trained further from the other: python -m rag.training.average EARLIER TRAINED OUT --share 0.6.

Weights between the two answer better than either, above all on texts of other kinds (WiSE-FT: Wortsman et al., CVPR 2022). EARLIER is an
exported folder, TRAINED what `rag.training.encoder` wrote; heads that the earlier one lacks, or has in other sizes, stay the trained ones.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch

from index.embed import packaged_folder
from rag.training.encoder import PairModel, load
from rag.training.restore import restore

COPIED = ("tokenizer.json", "training.json", "config.json")


def average(earlier: Path, trained: Path, out: Path, *, share: float, base: Path | None = None) -> list[str]:
    """Write `out` with `share` of the trained weights and the rest of the earlier ones; returns the names of what was averaged.

    Args:
        base: The encoder whose word vectors both have; the packaged MiniLM if not given.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must be 0 to 1, got {share}")
    before = PairModel.from_folder(base or packaged_folder())
    shared = restore(before, earlier)
    model = load(trained)
    old, new = before.state_dict(), model.state_dict()
    mixed = [name for name in shared if not name.startswith(("dense.", "pair."))]  # a head fits only its own logits
    model.load_state_dict({**new, **{name: share * new[name] + (1 - share) * old[name] for name in mixed}})
    out.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        shutil.copyfile(trained / name, out / name)
    torch.save(model.state_dict(), out / "weights.pt")
    return mixed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("earlier", type=Path)
    parser.add_argument("trained", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--share", type=float, default=0.6)
    options = parser.parse_args()
    print(len(average(options.earlier, options.trained, options.out, share=options.share)), "weights averaged")


if __name__ == "__main__":
    main()
