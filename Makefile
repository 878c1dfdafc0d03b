# `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TORCH := $(shell sed -n 's/^torch==//p' requirements.lock)
PORT ?= 8080
WEB_FILES := services/gateway/web/static/vendor/htmx.min.js
T ?= tests
# Two more than cores: tests of processes wait as much as they work.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(min((os.cpu_count() or 1) + 2, 6))')

.DEFAULT_GOAL := help

.PHONY: help setup run test ci lint proto proto-baseline bench accuracy

help:  ## show the targets
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 18

setup: $(VENV)/.installed  ## create .venv and install everything (TORCH_INDEX_URL=… for CPU-only torch)

$(VENV)/.installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install $(if $(TORCH_INDEX_URL),--index-url $(TORCH_INDEX_URL)) torch==$(TORCH)
	$(BIN)/pip install --no-deps -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --editable .
	-$(BIN)/python -m services.gateway.web.build
	touch $@

run: $(VENV)/.installed  ## start everything with the sample company (PORT=8080); Ctrl-C stops it
	@test -f $(WEB_FILES) || $(BIN)/python -m services.gateway.web.build || true
	@$(BIN)/dealcast up --sample --data-dir .dealcast/sample --port $(PORT)

# Each of the hundreds of processes that tests start would compile all anew. Schemathesis' plugin loads for long and is
# not used: a test calls the library.
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/.installed  ## all tests, or T=path
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -p no:schemathesis $(T)

ci:  ## what continuous integration runs: setup, lint and test, also in a browser
	.ci/run

proto: $(VENV)/.installed  ## regenerate gen/ from protos/
	$(BIN)/python -m gen.generate

proto-baseline: $(VENV)/.installed  ## take protos/ as the released contract that `make test` checks against
	$(BIN)/buf build protos --exclude-source-info -o protos/baseline.binpb

lint: $(VENV)/.installed  ## ruff, mypy, buf lint (layering is a test)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/buf lint protos

bench: $(VENV)/.installed  ## measure speed beside its ceilings; writes docs/benchmarks.md
	$(BIN)/python -m bench

accuracy: $(VENV)/.installed  ## measure the models on real data; writes docs/accuracy.md
	$(BIN)/python -m accuracy
