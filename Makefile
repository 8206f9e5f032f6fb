# Farlight. `make run` and `make test` are all that is needed; `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PACK ?=
ARGS ?=

ifeq ($(OS),Windows_NT)
VENV_PYTHON := .venv/Scripts/python.exe
else
VENV_PYTHON := .venv/bin/python
endif
TYPED := main.py core evaluation imaging inference measure reports services store cli ui training benchmarks packaging tests

.PHONY: help setup setup-dev setup-training run test lint format package archives smoke train evaluate models-page bench screenshots clean coverage

help: ## This list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## Make .venv and check the system libraries (done by run and test as well)
	@sh packaging/setup.sh

setup-dev:
	@sh packaging/setup.sh --dev

setup-training:
	@sh packaging/setup.sh --training

run: ## Open the window; without a display, analyze the sample and say where the report is
	@sh packaging/setup.sh $(if $(DISPLAY)$(WAYLAND_DISPLAY),--strict)
	@$(VENV_PYTHON) packaging/start.py $(ARGS)

# Tests start the program some hundred times: compiled modules are kept also where the environment forbids it.
test coverage: export PYTHONDONTWRITEBYTECODE :=

test: ## Run all tests (ARGS= for pytest)
	@sh packaging/setup.sh --dev --strict
	@$(VENV_PYTHON) -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

coverage: ## Run all tests and report the lines that none of them reaches (slower)
	@sh packaging/setup.sh --dev --strict
	@$(VENV_PYTHON) -m pytest -n auto --dist loadfile --no-loadscope-reorder --cov --cov-report=term:skip-covered $(ARGS)

lint: setup-dev ## Formatter, linter, types, direction of imports
	$(VENV_PYTHON) -m ruff format --check .
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m mypy $(wildcard $(TYPED))
	$(VENV_PYTHON) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

format: setup-dev ## Format and mend what the linter can mend
	$(VENV_PYTHON) -m ruff format .
	$(VENV_PYTHON) -m ruff check --fix .

package: setup-dev ## Build the application folder dist/farlight with PyInstaller
	@$(VENV_PYTHON) packaging/build.py

archives: setup-dev ## Sign the packs that are given out apart into dist/packs: make archives KEY=maker.farkey
	@$(VENV_PYTHON) packaging/archives.py $(KEY)

smoke: setup-dev ## Start dist/farlight from an odd folder and have it do its work
	@$(VENV_PYTHON) packaging/smoke.py dist/farlight

train: setup-training ## Train a pack from the data folder: make train PACK=chest-lungs
	@test -n "$(PACK)" || { echo "Say which pack: make train PACK=chest-lungs" >&2; exit 2; }
	$(VENV_PYTHON) -m training.train $(PACK) $(ARGS)

evaluate: setup-training ## Measure a pack's figures again: make evaluate PACK=chest-lungs
	@test -n "$(PACK)" || { echo "Say which pack: make evaluate PACK=chest-lungs" >&2; exit 2; }
	$(VENV_PYTHON) -m training.evaluate $(PACK) $(ARGS)

models-page: setup-dev ## Write docs/models.md from the packs
	@$(VENV_PYTHON) -m training.models_page

bench: setup-dev ## Measure speed and memory on this computer; writes docs/benchmarks.md
	@$(VENV_PYTHON) packaging/virtual_display.py $(VENV_PYTHON) -m benchmarks $(ARGS)

screenshots: setup-dev ## Draw docs/screenshots again
	@$(VENV_PYTHON) packaging/virtual_display.py $(VENV_PYTHON) packaging/screenshots.py $(ARGS)

clean: ## Remove what was built, but not .venv
	rm -rf build dist out htmlcov .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
