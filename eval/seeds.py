"""`python -m eval seeds`: everything that `make eval` does, on the documents and the gold set of this repository."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from eval.origin import ROOT
from eval.progress import progress_bar
from eval.quotes import QUESTIONS, check_quotes, random_questions, summary
from eval.readme import MarkersMissing, paste_table, readme_block
from eval.report import summary_table
from eval.rows import own_collection
from eval.run import EXIT_FAILED, EXIT_FELL, evaluate_collection
from index.errors import DossierError

GOLD = ROOT / "eval" / "gold" / "seeds.jsonl"
BASELINE = ROOT / "eval" / "baselines" / "seeds.json"
OUT = Path("reports/eval")
SETS = Path("reports/sets/sets.json")
"""A report that `dossier eval SETS` left here is shown beside the gold set's."""
COLLECTION = "seeds"


def main(arguments: Sequence[str] = ()) -> int:
    """Index seeds/ into a directory of its own, run the gold set and the random questions, renew docs/quality.md.

    Returns:
        0, 1 when something failed or a quote is not verbatim, 4 when a gated figure fell under the committed baseline.
    """
    from index.files import find_files
    from rag.build import open_dossier
    from rag.settings import load_settings

    count = int(arguments[0]) if arguments else QUESTIONS
    paths = sorted((ROOT / "seeds").glob("[0-9]*.md"))
    try:
        with open_dossier(load_settings(data=OUT / "data", collection=COLLECTION)) as dossier:
            corpus = own_collection(dossier, COLLECTION)
            found = find_files(paths, max_files=len(paths))
            corpus.ingest(found.files, roots=found.roots, refusals=found.refusals)
            baseline = BASELINE if BASELINE.exists() else None
            with progress_bar() as progress:
                report, fell = evaluate_collection(
                    dossier,
                    GOLD,
                    collection=None,
                    out=OUT,
                    baseline=baseline,
                    progress=progress,
                    sets=SETS if SETS.exists() else None,
                )
            print(summary_table(report), f"\nReports: {OUT}/report.html, report.md, report.json", sep="\n")
            with progress_bar("random questions") as progress:
                quotes = check_quotes(
                    dossier.pipeline(), corpus, random_questions(corpus.documents(), count), progress=progress
                )
        (OUT / "quotes.json").write_text(
            json.dumps(asdict(quotes), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        print(summary(quotes), *quotes.failures, sep="\n")
        readme = ROOT / "docs" / "quality.md"
        readme.write_text(
            paste_table(readme.read_text(encoding="utf-8"), f"{readme_block(report)}\n\n{summary(quotes)}."),
            encoding="utf-8",
        )
    except MarkersMissing as error:
        print(f"docs/quality.md: {error}", file=sys.stderr)
        return EXIT_FAILED
    except (DossierError, OSError) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    for change in fell:
        print(f"{change.key} fell from {change.baseline:.3f} to {change.ours:.3f}", file=sys.stderr)
    if quotes.failures:
        return EXIT_FAILED
    return EXIT_FELL if fell else 0
