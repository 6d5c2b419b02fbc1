# The workflow of Veilleur as commands. `make help` lists them.

PORT ?= 8000
SERVE ?= 1
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
WORKERS ?= auto
TEXTS ?= 1000000
READY_TO_RUN := $(VENV)/.ready-to-run
READY_TO_TEST := $(VENV)/.ready-to-test

export VEILLEUR_DATA_DIR ?= $(CURDIR)/var
export UV_PROJECT_ENVIRONMENT := $(VENV)
export PYTHONUNBUFFERED := 1
# Behind a proxy of a hospital, the machine knows certificates that uv does not.
export UV_SYSTEM_CERTS ?= 1
unexport VIRTUAL_ENV
# A command starts in one second rather than in three when Python may keep what it compiled.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test check contracts shape lint types format tests tests-postgresql test-transformers test-counterparts packages dev
.PHONY: train bench bench-speed bench-import bench-desk bench-quality bench-engine bench-team docs screenshots wheel clean

help:  ## list these commands
	@awk -F ':.*  ## ' '/^[a-z-]+:.*  ## / { printf "  make %-18s %s\n", $$1, $$2 }' Makefile

run: $(READY_TO_RUN)  ## load the sample messages, read and sort them, serve the desk (SERVE=0: all but serve; PORT=8000)
	@$(BIN)/veilleur demo $(if $(filter 0,$(SERVE)),--no-serve,--serve --port $(PORT))

test: packages check tests tests-postgresql  ## everything: check, all tests on SQLite, the desk again on PostgreSQL
	@echo "make test: everything passed."

# Contracts and shape come first and both always speak: they say where a new name may live.
check: $(READY_TO_TEST)  ## import contracts, shape budget, lint, types
	@$(MAKE) --no-print-directory --keep-going contracts shape
	@$(MAKE) --no-print-directory --keep-going lint types

contracts: $(READY_TO_TEST)
	@$(BIN)/lint-imports

shape: $(READY_TO_TEST)
	@$(BIN)/python scripts/shape.py

lint: $(READY_TO_TEST)  ## ruff, both its rules and its format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(READY_TO_TEST)
	@$(BIN)/mypy

format: $(READY_TO_TEST)  ## put every file in the format of the house
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

tests: $(READY_TO_TEST)  ## all tests on SQLite, the browser journey included
	@$(PYTEST) -n $(WORKERS) --dist loadfile

tests-postgresql: $(READY_TO_TEST)  ## the tests of the desk on a throw-away PostgreSQL
	@scripts/with-postgresql.sh $(PYTEST) -n $(WORKERS) --dist loadfile tests/desk

test-transformers: $(READY_TO_TEST)  ## the transformers extra with the real library, apart: it downloads PyTorch
	@UV_PROJECT_ENVIRONMENT=$(VENV)-transformers "$$(scripts/uv.sh)" sync --frozen --quiet --all-groups --no-group counterparts --extra transformers
	@$(VENV)-transformers/bin/python -m pytest tests/reading/outside/test_transformers.py

test-counterparts: $(READY_TO_TEST)  ## connectors against real servers, which it installs (root, Debian, npm)
	@"$$(scripts/uv.sh)" sync --frozen --quiet --all-groups --all-extras --no-extra transformers
	@VEILLEUR_TEST_COUNTERPARTS=1 $(PYTEST) tests/counterparts

packages:
	@scripts/system-packages.sh

dev: $(READY_TO_TEST)  ## the environment to work in
	@echo "Ready: $(BIN)"

train: $(READY_TO_TEST)  ## rebuild the shipped weights from training/corpora
	@$(BIN)/python -m training.meanings
	@$(BIN)/python -m training.compiled
	@$(BIN)/python -m training.sentiment
	@$(BIN)/python -m training.tone
	@$(BIN)/python -m training.labels
	@$(BIN)/python -m training.cases
	@$(BIN)/python -m training.aspects
	@$(BIN)/python -m training.adverse
	@$(BIN)/python -m training.rules

bench: bench-import bench-desk bench-quality bench-speed bench-engine bench-team  ## every benchmark: import, desk, quality, speed of reading, engines

bench-speed: $(READY_TO_TEST)  ## texts read per second, beside the tools somebody would compose
	@$(BIN)/python benchmarks/speed.py; status=$$?; $(BIN)/python -m benchmarks.rules --speed; exit $$status

bench-import: $(READY_TO_TEST)  ## import of 100,000 rows, killed and resumed
	@$(BIN)/python benchmarks/importing.py

bench-desk: $(READY_TO_TEST)  ## pages of the desk at 200,000 mentions, on SQLite and on PostgreSQL
	@$(BIN)/python benchmarks/desk.py --mentions 200000
	@scripts/with-postgresql.sh sh -c '$(BIN)/python benchmarks/desk.py --mentions 200000 --postgresql "$$VEILLEUR_TEST_DATABASE_URL"'

bench-team: $(READY_TO_TEST)  ## 20 people at work on SQLite, 100 on PostgreSQL, five minutes each; then among kills
	@$(BIN)/python -m benchmarks.team --agents 20
	@scripts/with-postgresql.sh sh -c '$(BIN)/python -m benchmarks.team --agents 100 --postgresql "$$VEILLEUR_TEST_DATABASE_URL"'
	@$(BIN)/python -m benchmarks.team --agents 20 --kills 20
	@scripts/with-postgresql.sh sh -c '$(BIN)/python -m benchmarks.team --agents 100 --kills 20 --postgresql "$$VEILLEUR_TEST_DATABASE_URL"'

bench-engine: $(READY_TO_TEST)  ## an archive on all cores and on a Dask cluster (TEXTS=1000000)
	@$(BIN)/python benchmarks/engine.py --texts $(TEXTS)

bench-quality: $(READY_TO_TEST)  ## scores of everything that is read, written to docs/reference/quality.md and held-out.md
	@$(BIN)/python -m benchmarks.quality
	@$(BIN)/python -m benchmarks.held_out
	@$(BIN)/python -m benchmarks.rules

docs: $(READY_TO_TEST)  ## write the pages of commands and rules; run the documentation, follow its links
	@$(BIN)/python scripts/cli_reference.py
	@$(BIN)/python scripts/rules_reference.py
	@$(PYTEST) tests/docs

screenshots: packages $(READY_TO_TEST)  ## redo the pictures of the documentation with the browser journey
	@$(PYTEST) tests/journeys/test_pictures.py
	@for name in inbox summary; do cp var/screenshots/readme-$$name.png docs/images/$$name.png; done
	@for file in var/screenshots/network-form-*.png; do cp $$file docs/images/networks/$${file#*network-form-}; done
	@cp var/screenshots/network-health.png docs/images/networks/health.png

wheel: $(READY_TO_TEST)  ## build the wheel into dist/
	@"$$(scripts/uv.sh)" build --wheel

clean:  ## remove what tools leave behind; the data in var/ stays
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# `run` needs no tool for developers. `--inexact` keeps those that `test` has installed.
$(READY_TO_RUN): uv.lock pyproject.toml
	@uv="$$(scripts/uv.sh)" && "$$uv" sync --frozen --no-dev --inexact
	@touch $@

$(READY_TO_TEST): uv.lock pyproject.toml
	@uv="$$(scripts/uv.sh)" && "$$uv" sync --frozen --all-groups --no-group counterparts --all-extras --no-extra transformers
	@touch $@ $(READY_TO_RUN)
