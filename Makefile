# Two commands to remember: `make demo` and `make test`. Both set up .venv by themselves,
# and a second run does not install again unless pyproject.toml has changed.

SHELL := /bin/sh
VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip install --quiet --disable-pip-version-check --only-binary :all:
ARGS ?=
CORE := tests/unit/recommender tests/contract tests/property/test_guard_in_the_core.py \
  tests/property/test_controls_in_the_core.py tests/property/test_guard_in_corners.py \
  tests/property/test_locks_that_once_opened.py

.DEFAULT_GOAL := help
.PHONY: help demo test lint format coverage mutants prove bench clean

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## train on real purchases, publish, serve and show offers (ARGS=--once: then end)
	@$(VENV)/bin/tactful demo $(ARGS)

test: lint ## everything that CI runs
	@$(PYTHON) -m pytest -n auto $(ARGS)

lint: $(VENV)/.dev ## ruff and mypy
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy

format: $(VENV)/.dev ## let ruff put the code in order
	@$(PYTHON) -m ruff check --fix .
	@$(PYTHON) -m ruff format .

coverage: $(VENV)/.dev ## branches of the guard that no core test takes; none is the rule
	@$(PYTHON) -m pytest -n auto -q --cov --cov-report=term $(CORE)

mutants: $(VENV)/.dev ## break the guard in every way we thought of; each must be noticed
	@$(PYTHON) tests/mutants/run.py $(ARGS)

prove: $(VENV)/.dev ## every property of the guard with 500 examples, then the mutants
	@HYPOTHESIS_PROFILE=prove $(PYTHON) -m pytest -n auto -q tests/property
	@$(PYTHON) tests/mutants/run.py $(ARGS)

bench: ## list the benchmarks and how to run them
	@for file in benchmarks/*.py; do \
	  [ -e "$$file" ] || { echo "no benchmarks here"; exit 0; }; \
	  grep -q '^if __name__' "$$file" || continue; \
	  printf '  %s %s\n      %s\n' "$(PYTHON)" "$$file" \
	    "$$(sed -n '1s/^"""//;1s/"""$$//;1p' "$$file")"; \
	done

clean: ## remove the virtual environment, caches and the embedded server's data
	rm -rf $(VENV) .tactful .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.demo: $(VENV)/.made pyproject.toml
	@echo "installing Tactful with the demo's data (once)"
	@$(PIP) --editable '.[demo]'
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml
	@echo "installing Tactful with what its tests need (once)"
	@$(PIP) --editable '.[demo,dev]'
	@touch $@ $(VENV)/.demo

$(VENV)/.made:
	@for candidate in python3.13 python3.12 python3.11 python3; do \
	  if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
	      >/dev/null 2>&1; then \
	    echo "making $(VENV) with $$("$$candidate" --version)"; \
	    "$$candidate" -m venv $(VENV) && touch $@ && exit 0; \
	    exit 1; \
	  fi; \
	done; \
	echo "make: no Python 3.11 or newer with its venv module was found" >&2; \
	echo "  how to mend it: install one (Debian: apt-get install python3 python3-venv;" >&2; \
	echo "  macOS: brew install python), then run make again" >&2; \
	exit 1
