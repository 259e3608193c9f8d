# Needs Python 3.11 or newer, make and git; everything else is set up here, once for each state of the lock files.
# PYTHON=/path/to/python chooses the interpreter; ARGS="..." is handed to pytest by `make test`.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo check test bench soak mutants mutants-checks mutants-code fuzz lock format clean distclean setup setup-run setup-test setup-judges setup-fuzz setup-system

export PYTHON
BIN := .venv/bin
PACKAGES := core keys formats protocols issuer verifier wallet_client api
# The part of the tests that `make check` runs: house rules, examples in docstrings, and the layers without any I/O.
QUICK := tests/house tests/core tests/keys tests/formats tests/protocols $(PACKAGES)
UV_VERSION := 0.13.8
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --quiet --upgrade \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links --only-binary :all:

help:
	@echo "make demo       set up, then tell the whole story on the terminal (report in demo-output/)"
	@echo "make check      format, lint, strict types, import contracts, house rules, docstring examples and"
	@echo "                the quick tests: what to run before every commit"
	@echo "make test       the whole test suite with coverage; ends with the list of what was not exercised"
	@echo "make bench      the speed figures, as ratios in one run"
	@echo "make soak       a million verifications in one process: memory must stay flat (some twenty minutes)"
	@echo "make mutants    removes each check of the judging code in turn and names the test that died (mutants-checks),"
	@echo "                then changes its code everywhere with mutmut (mutants-code; ARGS='--only sd_jwt' for one part)"
	@echo "make fuzz       fuzzes every parser for SECONDS=60 in all; the corpus stays in fuzz/corpus"
	@echo "make format     formats the code and repairs what the linter can repair"
	@echo "make lock       makes the lock files again from pyproject.toml and tests/judges/npm/package.json"
	@echo "make clean      removes caches and output of runs; make distclean removes .venv as well"
	@echo "Variables:      PYTHON=/path/to/python3.12   ARGS='tests/core -k clock' (with make test)"

setup-run:
	@.ci/setup run

setup-test:
	@.ci/setup test

setup-judges:
	@.ci/setup judges

setup-fuzz:
	@.ci/setup fuzz

setup-system:
	@.ci/setup system

setup: setup-test setup-judges setup-system

demo: setup-run
	@$(BIN)/eid demo

check: setup-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(PACKAGES) migrations $(wildcard bench fuzz) tests
	$(BIN)/lint-imports --no-logo
	HYPOTHESIS_PROFILE=quick $(BIN)/python -m pytest -q -m "not slow" $(wildcard $(QUICK))

# One run measures and tests; the figures come before the verdict, the list of what was not exercised ends the run.
# Judges that could not be set up do not stop it: their tests fail and name the command that mends it.
test: setup-test setup-system
	-@.ci/setup judges
	$(BIN)/python -m tests.support.run_suite $(ARGS)

bench: setup-test setup-judges
	$(BIN)/python -m bench

soak: setup-run
	$(BIN)/python -m bench.soak

mutants: mutants-checks mutants-code

mutants-checks: setup-test
	$(BIN)/python -m tests.mutants

mutants-code: setup-test
	$(BIN)/python -m tests.mutants.code $(ARGS)

SECONDS ?= 60
fuzz: setup-fuzz
	PYTHONPATH=.venv/fuzz $(BIN)/python -m fuzz $(SECONDS) $(FAMILIES)

format: setup-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: setup-test
	@$(BIN)/uv --version 2>/dev/null | grep -q ' $(UV_VERSION)' || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv==$(UV_VERSION)'
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock
	$(COMPILE) --group judges -o requirements-judges.lock
	$(COMPILE) --group fuzz -o requirements-fuzz.lock
	-@.ci/setup judges
	$(BIN)/python -m tests.judges.lock_npm

clean:
	rm -rf .coverage .coverage.* htmlcov coverage.xml demo-output bench-output build dist *.egg-info
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv vendor
