# `make run` and `make test` do all set-up themselves; `make` alone runs what CI runs.

VENV := .venv/bin/python
# How many tests run at once (many of them wait for processes, so more than cores): 0 is one after the other.
TEST_WORKERS ?= 3
# Chooses tests: make test TESTS=tests/house or TESTS="-k redis"
TESTS ?=
# make pins UPGRADE=1 takes the newest versions that the .in files allow.
UPGRADE ?=
# make soak MINUTES=20 REDIS=1: how long, and whether also with sessions in Redis.
MINUTES ?= 4
REDIS ?=
# make mutants MUTANTS="core.domain.* core.judge.prose.*": only these.
MUTANTS ?=
# What the short shows run; the words after `python -m core`.
DEMO ?= demo
SIMULATE ?= simulate

CODE := api core dashboard_app tools tests
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := all

.PHONY: all
all: check test ## Everything that CI runs: check, then test

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: setup
setup: ## Prepare .venv for development (everything else does it by itself)
	@bash tools/setup.sh dev

.PHONY: setup-run
setup-run: ## Prepare .venv with what `make run` needs
	@bash tools/setup.sh run

.PHONY: run
run: setup-run ## Start the API and the dashboard; Ctrl-C ends both
	@$(VENV) -m tools.run

.PHONY: demo
demo: setup-run ## A short hunt on the command line, with the simulated provider
	@$(VENV) -m core $(DEMO)

.PHONY: simulate
simulate: setup-run ## The simulated provider as an HTTP server, for scripts and for trying settings
	@$(VENV) -m core $(SIMULATE)

.PHONY: test
# Tests start some hundred processes. Without cached bytecode each of them compiles its imports: twice the CPU time.
test: export PYTHONDONTWRITEBYTECODE =
test: setup ## The tests; says what could not be had (the long ones: chaos, docker-test)
	@bash tools/test_programs.sh
	@$(VENV) -m tools.offline $(VENV) -m pytest -q -n $(TEST_WORKERS) --dist worksteal $(TESTS)

.PHONY: chaos
chaos: setup ## Break things for minutes while hunts run, and what `make test` leaves out for its time
	@bash tools/test_programs.sh
	@$(VENV) -m tools.offline $(VENV) -m pytest -q -m "chaos or long" $(TESTS)

.PHONY: docker-test
docker-test: setup ## The whole stack on a real Docker engine: deploys, rollback, breakdowns (minutes)
	@$(VENV) -m pytest -q -m docker tests/deploy

.PHONY: test-deploy
test-deploy: docker-test ## Another name for docker-test

.PHONY: check
check: setup ## Style, types and the direction of imports
	@$(VENV) -m ruff check --quiet $(CODE)
	@$(VENV) -m ruff format --check --quiet $(CODE) || { echo "Not formatted: run make format"; exit 1; }
	@$(VENV) -m mypy --no-error-summary
	@said=$$(.venv/bin/lint-imports --no-logo 2>&1) || { echo "$$said"; exit 1; }

.PHONY: format
format: setup ## Put the code into its form and fix what can be fixed safely
	@$(VENV) -m ruff check --quiet --fix-only $(CODE)
	@$(VENV) -m ruff format --quiet $(CODE)

.PHONY: bench
bench: setup ## Measure what must be fast
	@$(VENV) -m tests.benchmarks

.PHONY: mutants
mutants: setup ## Change the rules place by place, and say which changes no test notices (minutes)
	@$(VENV) -m tools.mutants $(MUTANTS)

.PHONY: soak
soak: setup ## Look for leaks for minutes: sessions, hunts and watchers that come and go (MINUTES=4, REDIS=1)
	@$(VENV) -m tests.benchmarks soak --minutes $(MINUTES) $(if $(REDIS),--redis)

.PHONY: screenshots
screenshots: setup ## Pictures of every page, for people and for docs
	@bash tools/test_programs.sh
	@$(VENV) -m tools.screenshots

.PHONY: pins
pins: setup ## Write requirements/*.txt anew from requirements/*.in
	@bash tools/pins.sh $(if $(UPGRADE),--upgrade)

.PHONY: docs
docs: setup ## Write the settings tables in docs/ anew from the code
	@$(VENV) -m tools.settings_docs

.PHONY: clean
clean: ## Remove caches and .venv; nothing that you wrote
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis mutants
	@find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
