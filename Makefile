# Everything runs in .venv, which is made from the hash-pinned lock when it is missing or old.

PYTHON ?= python3
ARGS ?=

BIN := .venv/bin
MADE := .venv/.made-from-lock
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-annotate

.PHONY: help demo test check format bench lock clean

help:
	@echo "make demo     a phone call on this machine, recognised live (ARGS=\"--once --fast\")"
	@echo "make test     all checks and all tests"
	@echo "make check    formatting, lint, types, imports"
	@echo "make format   put the formatting right"
	@echo "make bench    what it costs, against bare peers"
	@echo "make lock     pin the dependencies anew (UPGRADE=1: to their newest)"

demo: $(MADE)
	@$(BIN)/python -m service demo $(ARGS)

test: check
	$(BIN)/python -X dev -W error -m coverage run -m pytest $(ARGS)
	$(BIN)/python -m coverage report

check: $(MADE)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(MADE)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(MADE)
	$(BIN)/python -m tests.bench $(ARGS)

lock: $(MADE)
	$(BIN)/python -m pip install --quiet uv
	$(COMPILE) $(if $(UPGRADE),--upgrade) --extra recogniser -o requirements.txt pyproject.toml
	$(COMPILE) -c requirements.txt -o requirements-core.txt pyproject.toml
	$(COMPILE) $(if $(UPGRADE),--upgrade) --extra recogniser --group dev -c requirements.txt \
		-o requirements-dev.txt pyproject.toml

clean:
	rm -rf .venv .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(MADE): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Callscribe needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--no-build-isolation -e .
	@touch $@
