# Everything runs in .venv, which `setup` creates; a second call only rebuilds what changed.
VENV ?= .venv
PYTHON ?= python3
RUN = $(VENV)/bin/python
INSTALL = $(VENV)/bin/pip install --quiet
export PIP_DISABLE_PIP_VERSION_CHECK = 1
STAMP = $(VENV)/.built
NATIVE = $(shell find w2v_fast -name '*.pyx' -o -name '*.h' -o -path '*/kernel/*.c')

.DEFAULT_GOAL := help
.PHONY: help setup tools demo test test-newer test-pythons test-aarch64 test-sanitize cross lint bench bench-full bench-softmax fuzz soak docs wheel clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(STAMP)  ## create .venv and build the extensions

tools: setup $(VENV)/.tools  ## install what tests and lint need

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.compiler: $(VENV)/bin/pip pyproject.toml
	$(INSTALL) 'setuptools>=77' 'cython>=3.1'
	@touch $@

$(VENV)/.tools: $(VENV)/bin/pip pyproject.toml
	$(INSTALL) --upgrade pip
	$(INSTALL) --group test --group lint
	@touch $@

$(STAMP): $(VENV)/.compiler setup.py $(NATIVE)
	find w2v_fast -name '*.so' -delete
	PYTHONWARNINGS=ignore $(INSTALL) --no-build-isolation --editable .
	@touch $@

demo: setup  ## train on the text of Python's standard library and print neighbors (CORPUS=path for another text)
	$(VENV)/bin/w2v-fast demo $(CORPUS)

test: tools  ## run every test
	$(RUN) -m pytest

test-newer: tools  ## run the tests of corpus/ and training/ on the newest Python, where one is newer than .venv's
	./tests/pythons.sh --newer-than $(RUN) tests/corpus tests/training

test-pythons: setup  ## run every test on every CPython of this machine from 3.11 on
	./tests/pythons.sh

test-aarch64: setup  ## run the native, corpus and format tests on an emulated aarch64 (Debian, as root)
	./tests/aarch64.sh

test-sanitize:  ## run the native tests under AddressSanitizer and UndefinedBehaviorSanitizer
	./tests/sanitize.sh $(PYTHON)

fuzz:  ## damaged files for every reader, under the sanitizers, for 10 minutes (SECONDS=n)
	./tests/sanitize.sh $(PYTHON) -m tests.fuzz.run $(or $(SECONDS),600)

soak: tools  ## train, kill, resume, load and query with random faults for 20 minutes (MINUTES=n)
	$(RUN) -m benchmarks.soak $(or $(MINUTES),20)

lint: tools  ## ruff, and mypy on the typed surface
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	$(RUN) -m mypy --platform win32

cross: tools  ## compile every native source for x86_64 and aarch64 of Linux, macOS and Windows
	$(INSTALL) --group cross
	./tests/cross.sh $(RUN)

bench: tools  ## the quick benchmarks, under 10 minutes (CORPUS=path to text; STORE=1 keeps the results)
	$(INSTALL) --group bench
	$(RUN) -m benchmarks $(CORPUS) $(if $(EVAL),--eval $(EVAL)) $(if $(STORE),--store)

bench-full: tools  ## all benchmarks (CORPUS=path, EVAL=folder of evaluation sets, STORE=1)
	$(INSTALL) --group bench
	-$(INSTALL) --group peers
	$(RUN) -m benchmarks $(CORPUS) $(if $(EVAL),--eval $(EVAL)) --full $(if $(STORE),--store)

bench-softmax: tools  ## the four objectives and the softmax baselines against V (CORPUS=path)
	$(INSTALL) --group bench
	$(RUN) -m benchmarks.softmax $(CORPUS) $(if $(STORE),--store)

docs: tools  ## the documentation as a website in site/
	$(INSTALL) --group docs
	$(RUN) -m mkdocs build --quiet --strict

wheel: setup  ## build a wheel in dist/
	$(VENV)/bin/pip wheel --quiet --no-deps --wheel-dir dist .

clean:  ## remove .venv and everything built
	rm -rf $(VENV) .venv-sanitize build dist site *.egg-info
	find w2v_fast -name '*.so' -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
