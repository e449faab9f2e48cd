from collections.abc import Sequence

from index.values import Chunk, Document, Provenance
from rag.gate.support import check_support
from rag.gate.verify import VerifiedStatement
from rag.values import Evidence, Hit, Quote, Relation

TEXT = "The port counted 31 ships in May."
DOCUMENT = Document("d1", TEXT, "text/plain", Provenance(), (), ("d1",), "d1", 1, "")
EVIDENCE = [Evidence(1, Hit(Chunk("c1", "d1", 0, 0, len(TEXT), TEXT), 1, 1.0), DOCUMENT)]
QUOTE = Quote(1, 0, len(TEXT))


class GivenSupport:
    """Supports everything as much as it was told to, and keeps what it was asked."""

    def __init__(self, support: float, refute: float = 0.0) -> None:
        self.relation = Relation(support, refute, 1.0 - support - refute)
        self.asked: list[tuple[str, str]] = []

    def relations(self, statement: str, passages: Sequence[str]) -> list[Relation]:
        self.asked += [(statement, passage) for passage in passages]
        return [self.relation for _ in passages]


def statement(status: str = "verified", **checks: object) -> VerifiedStatement:
    return VerifiedStatement("May brought 31 ships to the port.", (QUOTE,), status, checks)  # type: ignore[arg-type]


def test_a_statement_that_its_quotes_hardly_support_is_weak() -> None:
    checker = GivenSupport(0.05)
    (checked,) = check_support([statement()], EVIDENCE, checker)
    assert checked.status == "weak" and checked.checks["support"] == 0.05
    assert checker.asked == [("May brought 31 ships to the port.", TEXT)]


def test_a_supported_statement_stays_verified() -> None:
    (checked,) = check_support([statement()], EVIDENCE, GivenSupport(0.9))
    assert checked.status == "verified" and checked.checks["support"] == 0.9


def test_what_rules_and_checker_both_doubt_is_cut() -> None:
    (checked,) = check_support([statement("weak")], EVIDENCE, GivenSupport(0.05))
    assert checked.status == "unsupported" and checked.checks["support"] == 0.05


def test_what_its_quotes_contradict_is_weak_and_cut_where_the_rules_doubt_it_too() -> None:
    checker = GivenSupport(0.1, refute=0.85)
    found = check_support([statement(), statement("weak")], EVIDENCE, checker)
    assert [one.status for one in found] == ["weak", "unsupported"] and found[0].checks["contradiction"] == 0.85


def test_support_lifts_nothing() -> None:
    statuses = [statement("weak"), statement("unsupported")]
    assert [item.status for item in check_support(statuses, EVIDENCE, GivenSupport(1.0))] == ["weak", "unsupported"]


def test_a_verbatim_statement_is_not_read() -> None:
    checker = GivenSupport(0.0)
    assert check_support([statement(verbatim=True)], EVIDENCE, checker)[0].status == "verified"
    assert checker.asked == []
