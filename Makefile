# Needs Python 3.11 or newer, make and git; everything else is set up here, once for each state of the lock files.
# PYTHON=/path/to/python chooses the interpreter; ARGS="..." is handed to pytest by `make test`.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo check test bench mutants lock format clean distclean setup setup-run setup-test setup-system

export PYTHON
BIN := .venv/bin
PACKAGES := core keys formats protocols issuer verifier wallet_client api
# The part of the tests that `make check` runs: house rules, examples in docstrings, and the layers without any I/O.
QUICK := tests/house tests/core tests/keys tests/formats tests/protocols $(PACKAGES)
UV_VERSION := 0.13.8
COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --quiet --upgrade \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links --only-binary :all:

help:
	@echo "make demo       set up, then tell the whole story on the terminal (report in demo-output/)"
	@echo "make check      format, lint, strict types, import contracts, house rules, docstring examples and"
	@echo "                the quick tests: what to run before every commit"
	@echo "make test       the whole test suite with coverage; ends with the list of what was not exercised"
	@echo "make bench      the speed figures, as ratios in one run"
	@echo "make mutants    removes each check of the judging code in turn and names the test that died"
	@echo "make format     formats the code and repairs what the linter can repair"
	@echo "make lock       makes requirements.lock and requirements-dev.lock again from pyproject.toml"
	@echo "make clean      removes caches and output of runs; make distclean removes .venv as well"
	@echo "Variables:      PYTHON=/path/to/python3.12   ARGS='tests/core -k clock' (with make test)"

setup-run:
	@.ci/setup run

setup-test:
	@.ci/setup test

setup-system:
	@.ci/setup system

setup: setup-test setup-system

demo: setup-run
	@$(BIN)/eid demo

check: setup-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(PACKAGES) migrations $(wildcard bench) tests
	$(BIN)/lint-imports --no-logo
	HYPOTHESIS_PROFILE=quick $(BIN)/python -m pytest -q -m "not slow" $(wildcard $(QUICK))

# One run measures and tests; the figures come before the verdict, the list of what was not exercised ends the run.
test: setup-test setup-system
	$(BIN)/python -m tests.support.run_suite $(ARGS)

bench: setup-run
	$(BIN)/python -m bench

mutants: setup-test
	$(BIN)/python -m tests.mutants

format: setup-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: setup-test
	@$(BIN)/uv --version 2>/dev/null | grep -q ' $(UV_VERSION)' || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv==$(UV_VERSION)'
	$(COMPILE) -o requirements.lock
	$(COMPILE) --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf .coverage .coverage.* htmlcov coverage.xml demo-output bench-output build dist *.egg-info
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv vendor
