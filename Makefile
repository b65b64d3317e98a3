# `make demo` and `make test` work on a fresh machine: python3 with venv, and pip.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
# Tests of one file stay together: what they share, a server say, is started once. Files go in
# the order in which they are collected.
WORKERS ?= 4
PARALLEL := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# The DevStack plugin, and what its test stands in for DevStack with.
DEVSTACK := devstack/plugin.sh devstack/settings $(wildcard tests/acceptance/cloud/devstack/*.sh)
STAMP := $(VENV)/.installed-dev
DEMO_STAMP := $(VENV)/.installed-demo

.PHONY: demo test unit functional acceptance lint format docs sample reference bench clean

demo: $(DEMO_STAMP)  ## the main job, with nothing but this machine: ARGS="--seconds 20 --json"
	@$(BIN)/synchronizer demo $(ARGS)

test: $(STAMP)  ## unit and functional tests: ARGS="-k words"
	$(BIN)/python -m tests.engines install
	$(BIN)/python -m pytest $(PARALLEL) tests/unit tests/functional $(ARGS)

unit: $(STAMP)
	$(BIN)/python -m pytest $(PARALLEL) tests/unit $(ARGS)

functional: $(STAMP)
	$(BIN)/python -m pytest $(PARALLEL) tests/functional $(ARGS)

acceptance: $(STAMP)  ## kills, faults and a real cloud: tens of minutes
	$(BIN)/python -m pytest tests/acceptance $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/lint/file_lengths.py
	$(BIN)/bashate -e E005,E006 $(DEVSTACK)
	$(BIN)/shellcheck -x $(DEVSTACK) .ci/run etc/compose/prepare.sh etc/container/build.sh
	$(BIN)/hadolint Dockerfile

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(STAMP)
	$(BIN)/sphinx-build -q -W -b html docs docs/_build/html

sample: $(STAMP)  ## etc/synchronizer.conf.sample, from the options
	$(BIN)/synchronizer config sample > etc/synchronizer.conf.sample

reference: $(STAMP)  ## docs/operating/{options,metrics}.md, from the declarations
	$(BIN)/python -m synchronizer.conf > docs/operating/options.md
	$(BIN)/python -m synchronizer.metrics > docs/operating/metrics.md

bench: $(STAMP)
	$(BIN)/python -m benchmarks.sampling $(ARGS)
	$(BIN)/python -m benchmarks.latency $(ARGS)

clean:
	rm -rf $(VENV) build dist docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Synchronizer needs Python 3.11 or later; set PYTHON=python3.x" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "python3 -m venv failed; on Debian: apt-get install python3-venv" >&2; exit 1; }

$(DEMO_STAMP): pyproject.toml | $(BIN)/python
	@echo "Installing Synchronizer into $(VENV) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[demo]'
	@touch $@

$(STAMP): pyproject.toml | $(BIN)/python
	@echo "Installing Synchronizer and its tests into $(VENV) ..."
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@ $(DEMO_STAMP)
