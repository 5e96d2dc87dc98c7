# Everything runs in .venv, which each target makes for itself from a bare Python 3.11 or newer.
PYTHON ?= python3
BIN := .venv/bin
DISTRIBUTIONS := -e shared $(addprefix -e ,$(wildcard packages/*))
PROJECTS := pyproject.toml shared/pyproject.toml $(wildcard packages/*/pyproject.toml)

.PHONY: demo test test-lowest lint bench train dist clean

demo: .venv/demo ## both example applications over DOCS, before and after
	$(BIN)/python examples/langchain_rag.py $(if $(DOCS),--docs "$(DOCS)")
	$(BIN)/python examples/llamaindex_rag.py $(if $(DOCS),--docs "$(DOCS)")

test: .venv/frameworks ## the tests, with the newest LangChain and LlamaIndex
	$(BIN)/python -m pytest -n auto

test-lowest: .lowest/frameworks ## the adapters' tests, with the oldest LangChain and LlamaIndex that are supported
	.lowest/bin/python -m pytest -n auto tests/langchain tests/llamaindex

lint: .venv/lint ## style, types, direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy shared/src packages/langchain-secure/src packages/llamaindex-secure/src
	$(BIN)/lint-imports

bench: .venv/bench ## speed, side by side with others in one run
	$(BIN)/python -m tests.benchmarks
	$(BIN)/python -m tests.benchmarks.langchain_streams
	$(BIN)/python -m tests.benchmarks.nodes
	$(BIN)/python -m tests.benchmarks.models
	$(BIN)/python -m tests.benchmarks.vault

train: .venv/train ## the shipped model anew, from the training sets in DATA: hours on two cores
	cd shared/training && SECURE_DATA="$(abspath $(DATA))" $(abspath $(BIN))/python -m training all

dist: .venv/test ## the three wheels
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist ./shared ./packages/langchain-secure ./packages/llamaindex-secure

clean:
	rm -rf .venv .lowest dist

.venv/python: ## the environment itself
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	touch $@

.lowest/frameworks: .venv/python $(PROJECTS)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .lowest
	$(BIN)/uv pip install --quiet --python .lowest/bin/python --resolution lowest-direct $(DISTRIBUTIONS) --group frameworks
	touch $@

.venv/%: .venv/python $(PROJECTS)
	$(BIN)/python -m pip install --quiet $(DISTRIBUTIONS) --group $*
	touch $@
