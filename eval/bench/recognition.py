"""Character error of text recognition: pages that are set here, drawn at 150 dots to the inch, read in the sandbox and compared.

python -m eval.bench.recognition [PAGES]
"""

from __future__ import annotations

import random
import sys
import tempfile
from difflib import SequenceMatcher
from pathlib import Path

import pypdfium2
from fpdf import FPDF

from index.sandbox import ParserProcess

DOTS_PER_INCH = 150
LINES = 30
_FONTS = ("times", "helvetica", "courier")
_WHO = "The council,The harbour board,A school,The museum,The ferry company,The water office,An orchard".split(",")
_WHERE = "Marl,Quern,Aldby,Tessin,Hollin,Norrvik,Castrel,Ombra,Pellworth".split(",")
_DID = "approved,postponed,inspected,repaired,bought,sold,measured,rebuilt".split(",")
_WHAT = "the eastern stairway,a new pumping station,its oldest warehouse,two hundred window frames,the accounts".split(
    ","
)


def page_lines(seed: int) -> list[str]:
    """Invented lines with names, numbers and dates."""
    chance = random.Random(seed)  # noqa: S311 - chance, not secrets
    return [
        f"{chance.choice(_WHO)} of {chance.choice(_WHERE)} {chance.choice(_DID)} {chance.choice(_WHAT)} on "
        f"{chance.randrange(1, 29)}/{chance.randrange(1, 13)}/{chance.randrange(1950, 2026)} for {chance.randrange(1000, 99999):,}."
        for _ in range(LINES)
    ]


def drawn(lines: list[str], font: str, file: Path) -> None:
    pdf = FPDF(unit="pt", format="A4")
    pdf.add_page()
    pdf.set_font(font, size=10)
    for place, line in enumerate(lines):
        pdf.text(40, 60 + 24 * place, line)
    document = pypdfium2.PdfDocument(bytes(pdf.output()))
    document[0].render(scale=DOTS_PER_INCH / 72).to_pil().save(file)


def errors(wanted: str, found: str) -> int:
    """Characters that differ, by the blocks that both have; never less than the edit distance."""
    blocks = SequenceMatcher(None, wanted, found, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for kind, a, b, c, d in blocks if kind != "equal")


def main() -> None:
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    wrong = total = 0
    with tempfile.TemporaryDirectory() as folder, ParserProcess() as parser:
        for number in range(pages):
            lines, font = page_lines(number), _FONTS[number % len(_FONTS)]
            file = Path(folder) / f"{number}.png"
            drawn(lines, font, file)
            wanted, found = " ".join(" ".join(lines).split()), " ".join(parser.parse(file, file.name).text.split())
            count = errors(wanted, found)
            wrong, total = wrong + count, total + len(wanted)
            print(f"page {number + 1} ({font}): {count} of {len(wanted)} characters", flush=True)
    print(f"character error at {DOTS_PER_INCH} dpi: {wrong / total:.2%} ({wrong} of {total}, {pages} pages)")


if __name__ == "__main__":
    main()
