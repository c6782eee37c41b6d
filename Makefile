# Everything runs in .venv, pinned by constraints.txt. pip keeps its own configuration (pip.conf, PIP_*).
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet -c constraints.txt
LOCK := pyproject.toml constraints.txt

# check(name, command): one line when it passes, everything it printed when it fails.
define check
@if output=$$($(2) 2>&1); then printf '%-20s ok\n' '$(1)'; \
else printf '%-20s FAILED\n%s\n' '$(1)' "$$output"; exit 1; fi
endef

.PHONY: help run test bench defects chaos notebook clean

help:
	@echo "make run       start the workbench on http://localhost:8501"
	@echo "make test      layers, lint, types, tests and coverage"
	@echo "make bench     speeds of generation, duplicates, metrics, maps and embedding"
	@echo "make defects   recall and precision of every check; DATA=folder of real data"
	@echo "make chaos     kills, locks, full disks and outages by the hundred (20 minutes)"
	@echo "make notebook  open the notebooks in JupyterLab"
	@echo "make clean     remove .venv and caches; data/workspace stays"

run: $(VENV)/.installed
	@exec $(BIN)/seedbed up

test: $(VENV)/.installed-dev
	$(call check,layers,$(BIN)/lint-imports)
	$(call check,lint,$(BIN)/ruff check .)
	$(call check,format,$(BIN)/ruff format --check .)
	$(call check,types,$(BIN)/mypy)
	@$(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report= --no-header
	@$(BIN)/coverage report --precision=1 --fail-under=90 | sed -n '1p;$$p'

bench: $(VENV)/.installed-dev
	@$(BIN)/python tests/benchmarks/bench_generation.py
	@$(BIN)/python tests/benchmarks/bench_insight.py $(if $(DATA),--data $(DATA))
	@$(BIN)/python tests/benchmarks/bench_maps.py
	@$(BIN)/python tests/benchmarks/bench_embedding.py $(if $(DATA),--data $(DATA)/gsm8k_train.jsonl)

defects: $(VENV)/.installed-dev
	@$(BIN)/python tests/benchmarks/planted_defects.py $(DATA)

chaos: $(VENV)/.installed-dev
	@PYTHONPATH=.:tests $(BIN)/python tests/chaos/run.py

notebook: $(VENV)/.installed-notebook
	@$(BIN)/jupyter lab notebooks

clean:
	rm -rf $(VENV) build dist *.egg-info htmlcov .coverage .coverage.* .*_cache .hypothesis
	find app core pages tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is as new as the last finished install, so a second run installs nothing.
$(VENV)/.installed: $(LOCK) | $(BIN)/python
	@echo "Installing Seedbed into $(VENV) (once; PyTorch takes a while) ..."
	@$(PIP) -e .
	@touch $@

$(VENV)/.installed-dev: $(LOCK) | $(BIN)/python
	@echo "Installing Seedbed and its test tools into $(VENV) (once) ..."
	@$(PIP) -e '.[dev]'
	@touch $(VENV)/.installed $@

$(VENV)/.installed-notebook: $(VENV)/.installed-dev
	@$(PIP) -e '.[dev,notebook]'
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Seedbed needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 run"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
