"""The API against its own description: whatever fits it is answered, whatever does not is refused, nothing breaks the server."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import StopReason, from_schema
from schemathesis.engine.events import EngineFinished, NonFatalError, ScenarioFinished
from schemathesis.engine.recorder import CheckFailureInfo

from index.files import find_files
from rag.build import Dossier, open_dossier
from rag.settings import load_settings
from tests.fakes_ui import FakeDossier, running, serving
from ui.access.permitted import Permitted
from ui.http.app import create_app
from ui.serve import guarded
from ui.slots import Slots

PHASES = ("examples", "coverage", "fuzzing", "stateful")
BEYOND_SCHEMAS = (
    ("Schema-violating request accepted", "POST /v1/documents"),  # a field of an upload is text, whatever it holds
    ("Schema-valid request rejected", "files were sent with"),
    ("Schema-valid request rejected", "metadata: "),  # a field of an upload that is to be JSON
    ("Schema-valid request rejected", "must be a date that exists"),
    ("Schema-valid request rejected", "from 1800 to today"),
    ("Schema-valid request rejected", "unsupported-parameter"),
    ("Schema-valid request rejected", "there is no message of the user"),
    ("Schema-valid request rejected", "A number in the body has too many digits"),
    ("Schema-valid request rejected", "start and end go together"),
    ("", "body-too-large"),  # refused by its size before anybody looks at what is in it
)
"""What a schema says of a request that the server cannot or need not say, by the title of a failure and what was answered."""


KEYS = itertools.count()
ROUNDS = 5
"""Of the nights: 10,000 requests in all."""


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Give each request a key of its own: with the same one, another body is refused."""
    fits = case.meta is not None and case.meta.generation.mode.is_positive
    if fits and case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = f"k{next(KEYS)}"
    if fits:
        case.body = whole(case.body)


def whole(value: Any) -> Any:
    """JSON in which 6.0, an integer to JSON Schema, is 6: the API asks for integers that are written as such."""
    if isinstance(value, dict):
        return {name: whole(one) for name, one in value.items()}
    if isinstance(value, list):
        return [whole(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


@dataclass
class Seen:
    """What a run of the engine saw."""

    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def cases(self) -> int:
        return self.statuses.total()

    def of(self, scenario: ScenarioFinished) -> None:
        for case_id, interaction in scenario.recorder.interactions.items():
            if interaction.response is not None:
                self.statuses[interaction.response.status_code] += 1
            said = interaction.response.content[:400].decode("utf-8", "replace") if interaction.response else ""
            for check in scenario.recorder.checks.get(case_id, ()):
                if check.failure_info is not None:
                    self._fail(f"{scenario.recorder.label} {said}", check.failure_info)

    def _fail(self, where: str, found: CheckFailureInfo) -> None:
        failure = found.failure
        if not any(kind in failure.title and said in where for kind, said in BEYOND_SCHEMAS):
            self.failures.append(f"{where}: {failure.title}: {failure.message}\n{found.code_sample[:1500]}")


def fuzz(url: str, *, examples: int, steps: int = 6, phases: tuple[str, ...] = PHASES, seed: int | None = None) -> Seen:
    """Run every check of the engine over the described API: the same requests for the same arguments."""
    settings: dict[str, Any] = {
        "generation": {"max-examples": examples, "deterministic": seed is None, "no-shrink": True},
        "suppress-health-check": ["filter_too_much"],  # how easily its generator finds texts says nothing of the API
        **({} if seed is None else {"seed": seed}),
        "phases": {name: {"enabled": name in phases} for name in PHASES},
    }
    settings["phases"]["stateful"]["max-steps"] = steps
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", config=SchemathesisConfig.from_dict(settings))
    seen = Seen()
    for event in from_schema(schema).execute():
        assert not isinstance(event, NonFatalError), event.info.format()
        if isinstance(event, ScenarioFinished):
            seen.of(event)
        if isinstance(event, EngineFinished):
            assert event.stop_reason == StopReason.COMPLETED
    return seen


def assert_sound(seen: Seen) -> None:
    print(f"{seen.cases} cases: {dict(sorted(seen.statuses.items()))}")
    assert not seen.failures, "\n\n".join(seen.failures[:5])
    assert not [status for status in seen.statuses if status >= 500]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_whatever_is_sent_the_api_keeps_to_its_description(tmp_path: Path, nightly: bool) -> None:
    """By day a few requests of every kind that the engine makes: examples, each bound of each field, chance, chains."""
    with serving(FakeDossier(tmp_path, max_file_bytes=100_000, keep_answers=200)) as url:
        seen = fuzz(url, examples=16) if nightly else fuzz(url, examples=3, steps=4)
    assert_sound(seen)
    assert seen.cases >= (1_500 if nightly else 300)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(1, ROUNDS + 1))
def test_however_long_it_is_sent_at_random(tmp_path: Path, seed: int) -> None:
    with serving(FakeDossier(tmp_path, max_file_bytes=100_000, keep_answers=200)) as url:
        seen = fuzz(url, examples=150, phases=("fuzzing", "stateful"), seed=seed)
    assert_sound(seen)
    assert seen.cases >= 10_000 / ROUNDS


@pytest.fixture
def dossier(tmp_path: Path, harbour_files: Path) -> Iterator[Dossier]:
    with open_dossier(load_settings(data=tmp_path / "data")) as dossier:
        found = find_files([harbour_files], max_files=10)
        dossier.collection(create=True).ingest(found.files, roots=found.roots)
        yield dossier


@pytest.mark.timeout(3600)
def test_so_does_the_api_over_the_real_route(dossier: Dossier, nightly: bool) -> None:
    app = guarded(create_app(Permitted(dossier), slots=Slots(2)), dossier.settings)
    with running(app) as url:
        seen = fuzz(url, examples=5, steps=4) if nightly else fuzz(url, examples=1, phases=("examples",))
    assert_sound(seen)
    assert seen.cases >= 20
