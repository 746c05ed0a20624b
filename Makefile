# The few commands of Turnery. Everything lands in .venv and workspace/; nothing outside this folder is touched.
SHELL := /bin/bash
# python3.11 where it runs, else python3, which infra/preflight.py then takes or refuses in one line.
ifndef PYTHON
PYTHON := $(shell python3.11 -c '' 2>/dev/null && echo python3.11 || echo python3)
endif
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/turnery-setup
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo lint test test-all doctor clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18
	@echo
	@echo "  PYTHON=...      the Python 3.11 to build .venv with (default python3.11)"
	@echo "  ARGS='...'      further options, e.g. make demo ARGS='--train.steps 500', make test ARGS='-k morph'"

setup: $(STAMP)  ## install everything into .venv (once; again only when its list changed)
	@:

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c '' 2>/dev/null \
	|| { echo "turnery: no Python at '$(PYTHON)': apt-get install python3.11 python3.11-venv" >&2; exit 2; }
	@$(PYTHON) infra/preflight.py
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
	|| $(PYTHON) -m venv --clear $(VENV)
	@echo "installing into $(VENV) (about 3 GB, a few minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: setup  ## render, train and evaluate on models of our own; ends with a report
	@$(BIN)/python pipeline/run.py --recipe demo --workspace workspace/demo $(ARGS)

lint: setup  ## ruff and mypy
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary

test: lint  ## lint, types and every test but the long ones
	@$(BIN)/python -m pytest -q -m "not long" $(ARGS)

test-all: lint  ## lint, types and every test
	@$(BIN)/python -m pytest -q $(ARGS)

# Works before the installation too, and then says what is missing.
doctor:  ## check this machine and what is installed, and say how to mend it
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m infra.doctor $(ARGS); \
	else $(PYTHON) -m infra.doctor $(ARGS); fi

clean:  ## remove .venv and caches; workspaces and mlflow.db stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
