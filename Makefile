# Each command does everything it needs from a fresh clone: a .venv of its own, install, then start or test.
# It installs again only when a requirements file changed.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

# Tests that need real files skip without this folder; see README.
ifeq ($(CIVMAP_REFERENCE_DATA),)
CIVMAP_REFERENCE_DATA := $(abspath $(wildcard ../shared/data))
endif
export CIVMAP_REFERENCE_DATA

.PHONY: help run test bench format
.DEFAULT_GOAL := help

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /make \1  /p' $(firstword $(MAKEFILE_LIST))

run: .venv/installed  ## start the app at http://127.0.0.1:8501 (stop with Ctrl-C)
	$(BIN)/python -m streamlit run app.py

test: .venv/installed-dev  ## lint, format, types, tests: what CI runs
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest -n auto

bench: .venv/installed-dev  ## speed and memory, as one printed table
	$(BIN)/python -m tests.benchmarks.run

format: .venv/installed-dev  ## mend what lint and format can mend by themselves
	$(BIN)/python -m ruff check --fix
	$(BIN)/python -m ruff format

.venv/installed: requirements.txt constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r requirements.txt
	@touch $@

.venv/installed-dev: requirements.txt requirements-dev.txt requirements-spark.txt constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r requirements-dev.txt
	@touch $@ .venv/installed

$(BIN)/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11) and "CivMap needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ...")'
	"$(PYTHON)" -m venv .venv
