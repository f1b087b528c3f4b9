# Everything runs in .venv, which is made from the hash-pinned lock when it is missing or old.

PYTHON ?= python3
ARGS ?=
# Two more than there are cores: much of what tests do is to wait for the thing itself.
WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 2 )))

BIN := .venv/bin
MADE := .venv/.made-from-lock
INTEROP := tests/interop
INTEROP_BIN := .venv-interop/bin
INTEROP_MADE := .venv-interop/.made-from-lock
NODE_MADE := $(INTEROP)/node_modules/.made-from-lock
BROWSER := tests/browser
BROWSER_BIN := .venv-browser/bin
BROWSER_MADE := .venv-browser/.made-from-lock
AXE_MADE := $(BROWSER)/node_modules/.made-from-lock
SITE_PACKAGES := python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'
FUZZ := tests/fuzz
FUZZ_BIN := .venv-fuzz/bin
FUZZ_MADE := .venv-fuzz/.made-from-lock
HEARING := tests/bench/hearing
ENGINES_BIN := .venv-engines/bin
ENGINES_MADE := .venv-engines/.made-from-lock
VOSK_MADE := $(HEARING)/node_modules/.made-from-lock
# The benchmark's other engines take 1 GB: only who runs the whole of it, or `--only hearing`, has them.
ENGINES := $(if $(findstring --short,$(ARGS)),,$(if $(findstring --only,$(ARGS)),$(findstring \
	hearing,$(ARGS)),all))
EXTRAS := --extra archive --extra codecs --extra encryption --extra nats --extra postgresql --extra tracing
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-annotate

.PHONY: help venv demo test interop browser check format bench proof-words proof-redaction chaos soak \
	mutants fuzz lock clean

help:
	@echo "make venv     .venv with the callscribe command in it, and no more"
	@echo "make demo     a phone call on this machine, recognised live (ARGS=\"--once --fast\")"
	@echo "make test     all checks and all tests"
	@echo "make interop  clients that nobody here wrote, against the recogniser and the simulator"
	@echo "make browser  console, widget and the TypeScript client, against the whole service"
	@echo "make check    formatting, lint, types, imports"
	@echo "make format   put the formatting right"
	@echo "make bench    what it costs, and how well it hears, beside others (ARGS=--short)"
	@echo "make proof-words  calls that go wrong in every way, in virtual time, word for word"
	@echo "make proof-redaction  secrets read out in every way, and what anybody sees of them"
	@echo "make chaos    the whole service killed, stopped and starved under load (ARGS=--short)"
	@echo "make mutants  changes of lanes, schedule and breaker that no test notices"
	@echo "make fuzz     the parsers of what strangers send, three minutes each"
	@echo "make soak     an hour of calls, and what the service's process grows by (ARGS=--short)"
	@echo "make lock     pin the dependencies anew (UPGRADE=1: to their newest)"

venv: $(MADE)

demo: $(MADE)
	@$(BIN)/python -m service demo $(ARGS)

test: check
	$(BIN)/python -X dev -W error -m coverage run -m pytest tests/calls
	$(BIN)/python -m coverage report
	$(BIN)/python -X dev -W error -m pytest --ignore tests/calls -n $(WORKERS) --dist loadfile $(ARGS)

interop: $(MADE) $(INTEROP_MADE) $(NODE_MADE)
	$(INTEROP_BIN)/mypy --config-file $(INTEROP)/pyproject.toml $(INTEROP)
	$(INTEROP_BIN)/python -X dev -m pytest -c $(INTEROP)/pyproject.toml $(INTEROP) $(ARGS)

browser: $(MADE) $(BROWSER_MADE) $(AXE_MADE)
	$(BROWSER_BIN)/python -m mypy --config-file $(BROWSER)/pyproject.toml $(BROWSER)
	$(BROWSER_BIN)/python -X dev -m pytest -c $(BROWSER)/pyproject.toml $(BROWSER) $(ARGS)

check: $(MADE)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(MADE)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(MADE) $(if $(ENGINES),$(ENGINES_MADE) $(VOSK_MADE))
	$(BIN)/python -m tests.bench $(ARGS)

proof-words: $(MADE)
	@$(BIN)/python -m tests.proof $(ARGS)

proof-redaction: $(MADE)
	@$(BIN)/python -m tests.redaction $(ARGS)

chaos: $(MADE)
	@$(BIN)/python -m tests.chaos $(ARGS)

soak: $(MADE)
	@$(BIN)/python -m tests.chaos.soak $(ARGS)

mutants: $(MADE)
	@$(BIN)/python -m tests.mutants $(ARGS)

fuzz: $(MADE) $(FUZZ_MADE)
	@$(FUZZ_BIN)/python -m tests.fuzz $(ARGS)

lock: $(MADE)
	$(BIN)/python -m pip install --quiet uv
	$(COMPILE) $(if $(UPGRADE),--upgrade) $(EXTRAS) --extra recogniser -o requirements.txt \
		pyproject.toml
	$(COMPILE) $(EXTRAS) -c requirements.txt -o requirements-core.txt pyproject.toml
	$(COMPILE) $(if $(UPGRADE),--upgrade) $(EXTRAS) --extra recogniser --group dev \
		-c requirements.txt -o requirements-dev.txt pyproject.toml
	$(COMPILE) $(if $(UPGRADE),--upgrade) -o $(INTEROP)/requirements.txt \
		$(INTEROP)/requirements.in
	npm --prefix $(INTEROP) $(if $(UPGRADE),update,install) --package-lock-only
	$(COMPILE) -c requirements-dev.txt $(if $(UPGRADE),--upgrade) -o $(BROWSER)/requirements.txt \
		$(BROWSER)/requirements.in
	npm --prefix $(BROWSER) $(if $(UPGRADE),update,install) --package-lock-only
	$(COMPILE) -c requirements-dev.txt $(if $(UPGRADE),--upgrade) -o $(FUZZ)/requirements.txt \
		$(FUZZ)/requirements.in
	$(COMPILE) $(if $(UPGRADE),--upgrade) -o $(HEARING)/requirements.txt \
		$(HEARING)/requirements.in
	npm --prefix $(HEARING) $(if $(UPGRADE),update,install) --package-lock-only

clean:
	rm -rf .venv .venv-interop $(INTEROP)/node_modules \
		.venv-browser $(BROWSER)/node_modules .venv-engines $(HEARING)/node_modules \
		.venv-fuzz .fuzz .bench .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(MADE): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Callscribe needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--no-build-isolation -e .
	@touch $@

$(INTEROP_MADE): $(INTEROP)/requirements.txt
	$(PYTHON) -m venv .venv-interop
	$(INTEROP_BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r $(INTEROP)/requirements.txt
	@touch $@

# It sees what is in .venv as well, so that its own lock holds no more than the driver.
$(BROWSER_MADE): $(BROWSER)/requirements.txt $(MADE)
	$(BIN)/python -m venv .venv-browser
	$(BROWSER_BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r $(BROWSER)/requirements.txt
	echo "import site; site.addsitedir('$$($(BIN)/$(SITE_PACKAGES))')" \
		> "$$($(BROWSER_BIN)/$(SITE_PACKAGES))/callscribe-dev.pth"
	@touch $@

# It sees what is in .venv as well. Where there is no fuzzer for this Python, `make fuzz` says so.
$(FUZZ_MADE): $(FUZZ)/requirements.txt $(MADE)
	$(BIN)/python -m venv .venv-fuzz
	-$(FUZZ_BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--only-binary :all: -r $(FUZZ)/requirements.txt
	echo "import site; site.addsitedir('$$($(BIN)/$(SITE_PACKAGES))')" \
		> "$$($(FUZZ_BIN)/$(SITE_PACKAGES))/callscribe-dev.pth"
	@touch $@

$(AXE_MADE): $(BROWSER)/package-lock.json
	npm --prefix $(BROWSER) ci
	@touch $@

$(NODE_MADE): $(INTEROP)/package-lock.json
	npm --prefix $(INTEROP) ci
	@touch $@

# An engine that cannot be had here is left out of the table; it says so.
$(ENGINES_MADE): $(HEARING)/requirements.txt
	$(PYTHON) -m venv .venv-engines
	-$(ENGINES_BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r $(HEARING)/requirements.txt
	@touch $@

$(VOSK_MADE): $(HEARING)/package-lock.json
	-npm --prefix $(HEARING) ci
	@mkdir -p $(@D) && touch $@
