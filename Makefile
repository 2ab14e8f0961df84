# Everything runs in .venv, which `setup` creates; a second call only rebuilds what changed.
VENV ?= .venv
PYTHON ?= python3
RUN = $(VENV)/bin/python
STAMP = $(VENV)/.built
SOURCES = pyproject.toml setup.py $(shell find w2v_fast -name '*.pyx' -o -name '*.pxd' -o -name '*.h' -o -path '*/kernel/*.c')

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-sanitize lint bench wheel clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(STAMP)  ## create .venv, install the test tools, build the extensions

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --upgrade pip

$(STAMP): $(VENV)/bin/pip $(SOURCES)
	$(VENV)/bin/pip install --quiet 'setuptools>=77' 'cython>=3.1'
	$(VENV)/bin/pip install --quiet --group test --group lint
	$(VENV)/bin/pip install --quiet --no-build-isolation --editable .
	@touch $@

demo: setup  ## train on the text of Python's standard library and print neighbours (CORPUS=path for another text)
	$(VENV)/bin/w2v-fast demo $(CORPUS)

test: setup  ## run every test
	$(RUN) -m pytest

test-sanitize:  ## run the native tests under AddressSanitizer and UndefinedBehaviorSanitizer
	./tests/sanitize.sh $(PYTHON)

lint: setup  ## ruff, and mypy on the typed surface
	$(RUN) -m ruff check .
	$(RUN) -m mypy

bench: setup  ## the benchmarks (CORPUS=path to a text file, one sentence or paragraph a line)
	$(VENV)/bin/pip install --quiet --group bench
	$(RUN) -m benchmarks.throughput $(CORPUS)

wheel: setup  ## build a wheel in dist/
	$(VENV)/bin/pip wheel --quiet --no-deps --wheel-dir dist .

clean:  ## remove .venv and everything built
	rm -rf $(VENV) .venv-sanitize build dist *.egg-info
	find w2v_fast -name '*.so' -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
