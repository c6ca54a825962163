# `make run` and `make test` install what they need; `make` alone runs what CI runs.

VENV := .venv/bin/python
# Number of parallel test workers; more than cores, because many tests wait for processes. 0: no parallel tests.
TEST_WORKERS ?= 3
# Selects tests: make test TESTS=tests/house or TESTS="-k redis"
TESTS ?=
# make pins UPGRADE=1 pins the newest versions that the .in files allow.
UPGRADE ?=
# make soak MINUTES=20 REDIS=1: the duration, and whether to run with sessions in Redis too.
MINUTES ?= 4
REDIS ?=
# make mutants MUTANTS="core.domain.* core.judge.prose.*": only these modules.
MUTANTS ?=
# Number of processes that test mutants; empty: one per core.
MUTANT_WORKERS ?=
# Arguments of `python -m core` for make demo and make simulate.
DEMO ?= demo
SIMULATE ?= simulate

CODE := api core dashboard_app tools tests
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := all

.PHONY: all
all: check test ## Run what CI runs: check, then test

.PHONY: help
help: ## List all commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: setup
setup: ## Prepare .venv for development (other commands do this themselves)
	@bash tools/setup.sh dev

.PHONY: setup-run
setup-run: ## Prepare .venv with what `make run` needs
	@bash tools/setup.sh run

.PHONY: run
run: setup-run ## Start the API and the dashboard; Ctrl-C stops both
	@$(VENV) -m tools.run

.PHONY: demo
demo: setup-run ## Hunt an example in the terminal with the simulated provider
	@$(VENV) -m core $(DEMO)

.PHONY: simulate
simulate: setup-run ## Serve the simulated provider over HTTP, for scripts and for trying settings
	@$(VENV) -m core $(SIMULATE)

.PHONY: test
# Tests start hundreds of processes. Without cached bytecode each of them compiles its imports, which doubles the CPU time.
test: export PYTHONDONTWRITEBYTECODE =
test: setup ## Run the tests; lists missing programs (long tests: chaos, docker-test)
	@bash tools/test_programs.sh
	@$(VENV) -m tools.offline $(VENV) -m pytest -q -n $(TEST_WORKERS) --dist worksteal $(TESTS)

.PHONY: chaos
chaos: setup ## Run the long tests: failures during hunts, and everything too slow for make test (minutes)
	@bash tools/test_programs.sh long
	@$(VENV) -m tools.offline $(VENV) -m pytest -q -m "chaos or long" $(TESTS)

.PHONY: docker-test
docker-test: setup ## Test the whole stack on a real Docker engine: deploys, rollback, failures (minutes)
	@$(VENV) -m pytest -q -m docker tests/deploy

.PHONY: test-deploy
test-deploy: docker-test ## Another name for docker-test

.PHONY: check
check: setup ## Check style, types and import rules
	@$(VENV) -m ruff check --quiet $(CODE)
	@$(VENV) -m ruff format --check --quiet $(CODE) || { echo "Not formatted: run make format"; exit 1; }
	@$(VENV) -m mypy --no-error-summary
	@said=$$(.venv/bin/lint-imports --no-logo 2>&1) || { echo "$$said"; exit 1; }

.PHONY: format
format: setup ## Format the code and apply safe fixes
	@$(VENV) -m ruff check --quiet --fix-only $(CODE)
	@$(VENV) -m ruff format --quiet $(CODE)

.PHONY: bench
bench: setup ## Run the benchmarks and record the results in docs/measurements.md
	@$(VENV) -m tests.benchmarks

.PHONY: bench-compare
bench-compare: setup ## Compare the speed with the last one recorded (3 minutes)
	@$(VENV) -m tests.benchmarks speed

.PHONY: mutants
mutants: setup ## Run mutation tests and list the mutants that survive (minutes)
	@$(VENV) -m tools.mutants $(if $(MUTANT_WORKERS),--workers $(MUTANT_WORKERS)) $(MUTANTS)

.PHONY: soak
soak: setup ## Look for memory and resource leaks under load (MINUTES=4, REDIS=1)
	@$(VENV) -m tests.benchmarks soak --minutes $(MINUTES) $(if $(REDIS),--redis)

.PHONY: screenshots
screenshots: setup ## Take a screenshot of every page
	@bash tools/test_programs.sh
	@$(VENV) -m tools.screenshots

.PHONY: pins
pins: setup ## Regenerate requirements/*.txt from requirements/*.in
	@bash tools/pins.sh $(if $(UPGRADE),--upgrade)

.PHONY: docs
docs: setup ## Regenerate the settings tables in docs/ from the code
	@$(VENV) -m tools.settings_docs

.PHONY: clean
clean: ## Remove .venv, caches and other generated files
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis mutants
	@find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
