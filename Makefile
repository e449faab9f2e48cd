# Two commands: `make run` and `make test`. Everything else is listed by `make help`.
PYTHON ?= python3
WORKERS ?= auto
BIN := .venv/bin
DOSSIER := $(BIN)/dossier
.DEFAULT_GOAL := help
.PHONY: help run demo test nightly check eval baseline bench lock clean setup setup-dev

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

run: setup  ## set up, index seeds/, serve the page and the API on http://127.0.0.1:7860
	@$(DOSSIER) index seeds/[0-9]*.md
	@$(DOSSIER) serve

demo: setup  ## set up, index seeds/, print one cited answer, exit
	@$(DOSSIER) index seeds/[0-9]*.md
	@$(DOSSIER) ask "On what date was the ceasefire signed in Doha?"

test: setup-dev  ## the whole test suite, on every core; WORKERS=4 names another number
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

nightly: setup-dev  ## the whole suite with every count at its full length; takes hours
	@$(BIN)/python -m pytest --nightly --timeout=14400

check: setup-dev  ## lint, types, import contracts, fast tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -m "not slow"

eval: setup-dev  ## measure on the gold set of seeds/, write reports/, renew the table in docs/quality.md
	@$(BIN)/python -m eval seeds

baseline: setup-dev  ## hold later runs of make eval against the last one
	@$(BIN)/python -m eval.baseline reports/eval/report.json

bench: setup-dev  ## ratios of speed against the bare libraries, in reports/
	@$(BIN)/python -m eval.bench

lock: setup-dev  ## resolve every version again
	@$(BIN)/python -m pip install -q uv==0.13.8
	@$(BIN)/uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes --no-emit-package torch --custom-compile-command "make lock" -q -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --group dev --extra gguf --extra anthropic --extra mcp --universal --python-version 3.11 --generate-hashes --no-emit-package torch --custom-compile-command "make lock" -c requirements.lock -q -o requirements-dev.lock

clean:  ## remove the environment and reports; documents in .dossier stay
	@rm -rf .venv build dist reports .pytest_cache .mypy_cache .ruff_cache

setup:
	@$(PYTHON) bootstrap.py run

setup-dev:
	@$(PYTHON) bootstrap.py dev
