# The tasks of the project; `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
# Where the services of test-services listen, unless told otherwise.
COUNTERPART_TEST_DATABASE_URL ?= postgresql+psycopg://postgres@127.0.0.1:5432/postgres
COUNTERPART_TEST_REDIS_URL ?= redis://127.0.0.1:6379/0
COUNTERPART_TEST_BROKER_URL ?= amqp://guest:guest@127.0.0.1:5672//

.venv/run: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Counterpart needs Python 3.11 or newer."; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Install python3-venv first: apt-get install python3-venv"; exit 1; }
	@$(BIN)/pip install --quiet --require-hashes -r requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt .venv/run
	@$(BIN)/pip install --quiet --require-hashes -r requirements-dev.txt
	@touch $@

.PHONY: help run messages test test-services test-full check lint types format audit screenshots bench bench-mail bench-pdf bench-run bench-letters lock browser clean

help: ## list these tasks
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-15s %s\n", $$1, $$2 }'

run: .venv/run ## set up, and start everything with sample data (ARGS="--port 9000")
	@$(BIN)/python run.py --demo $(ARGS)

test: .venv/dev browser ## run all tests that need nothing but this machine
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not services" $(ARGS)

test-services: .venv/dev ## run the tests that need PostgreSQL, Redis and RabbitMQ; fails without them
	@$(BIN)/python -c 'import sys; sys.path.insert(0, "tests"); import services; services.ensure()'
	@COUNTERPART_TEST_DATABASE_URL="$(COUNTERPART_TEST_DATABASE_URL)" $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m services $(ARGS)

test-full: .venv/dev browser ## run the long searches: 10,000 graphs, the doors, the REST calls, 200 killed workers
	@COUNTERPART_TEST_FULL=1 $(BIN)/python -m pytest tests/properties tests/doors tests/schema $(ARGS)
	@COUNTERPART_TEST_FULL=1 $(BIN)/python -m pytest tests/faults/test_kills.py -m "not services" $(ARGS)

check: lint types ## lint, types and the tests of what changed: for every step
	@$(BIN)/python tests/changed.py

lint: .venv/dev ## ruff, djlint and import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/djlint --lint --quiet app
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

types: .venv/dev ## mypy, strict where docs/adr says
	@$(BIN)/mypy --no-error-summary

format: .venv/dev ## format and mend what ruff can
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

audit: .venv/dev ## look the pinned packages up among known vulnerabilities
	@$(BIN)/pip-audit --require-hashes -r requirements.txt

screenshots: .venv/dev browser ## make the pictures of the docs from a running demo
	@$(BIN)/python docs/screenshots.py

messages: .venv/dev ## collect the texts to translate, and compile the catalogues
	@$(BIN)/python tests/catalogues.py

bench: .venv/dev ## the figures of the README
	@for bench in $(filter-out benchmarks/mail.py benchmarks/pdf.py,$(wildcard benchmarks/*.py)); do $(BIN)/python $$bench || exit 1; done

bench-mail: .venv/dev ## enqueue and drain beside two other mailers; needs PostgreSQL and smtp-sink (ARGS="--rounds 2")
	@[ -x /usr/sbin/smtp-sink ] || command -v smtp-sink >/dev/null || { echo "Install smtp-sink first: sudo apt-get install postfix"; exit 1; }
	@COUNTERPART_TEST_DATABASE_URL="$(COUNTERPART_TEST_DATABASE_URL)" $(BIN)/python benchmarks/mail.py $(ARGS)

bench-pdf: .venv/dev ## invoices in each format, beside WeasyPrint; needs Pango (ARGS="--alone" without it)
	@$(BIN)/python benchmarks/pdf.py $(ARGS)

bench-run: .venv/dev ## a billing run of 10,000 invoices: its plan, and its way into the outbox (ARGS="--invoices 1000")
	@$(BIN)/python benchmarks/billing_run.py $(ARGS)

bench-letters: .venv/dev ## 10,000 bulk letters: their plan, and each printed, kept and enqueued (ARGS="--letters 1000")
	@$(BIN)/python benchmarks/bulk_letters.py $(ARGS)

lock: ## resolve the dependencies of pyproject.toml anew, with hashes
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -q -U -o requirements.txt
	@$(BIN)/uv pip compile pyproject.toml --extra dev --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -q -U -o requirements-dev.txt

# The browser tests drive Debian's Chromium; as root it is installed, otherwise the command to do so is named.
browser:
	@command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq chromium >/dev/null; \
	  else echo "Install Chromium first: sudo apt-get install chromium"; exit 1; fi; }

clean: ## remove what the tasks made
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build
