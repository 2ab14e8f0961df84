# Everything runs in .venv, which `setup` creates; a second call only rebuilds what changed.
VENV ?= .venv
PYTHON ?= python3
RUN = $(VENV)/bin/python
INSTALL = $(VENV)/bin/pip install --quiet
export PIP_DISABLE_PIP_VERSION_CHECK = 1
STAMP = $(VENV)/.built
C_SOURCES = $(wildcard w2v_fast/training/kernel/*.[ch] w2v_fast/vectors/kernel/*.[ch] benchmarks/kernels/*.c)
NATIVE = $(shell find w2v_fast -name '*.pyx' -o -name '*.pxd' -o -name '*.h' -o -path '*/kernel/*.c')

.DEFAULT_GOAL := help
.PHONY: help setup tools demo web unicode test test-fast test-page test-newer test-pythons test-aarch64 test-sanitize cross lint format bench bench-full study fuzz soak docs wheel release-check clean

help:  ## list the targets
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(STAMP)  ## create .venv and build the extensions

tools: setup $(VENV)/.tools  ## install what tests and lint need

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.compiler: pyproject.toml | $(VENV)/bin/pip
	$(INSTALL) 'setuptools>=77' 'cython>=3.1'
	@touch $@

$(VENV)/.tools: pyproject.toml | $(VENV)/bin/pip
	$(INSTALL) --upgrade pip
	$(INSTALL) --group test --group lint
	@touch $@

# The packages of one more dependency group: .venv/.group-docs
$(VENV)/.group-%: $(VENV)/.tools
	$(INSTALL) --group $*
	@touch $@

$(STAMP): $(VENV)/.compiler setup.py $(NATIVE)
	find w2v_fast -name '*.so' -delete
	PYTHONWARNINGS=ignore $(INSTALL) --no-build-isolation --editable .
	@touch $@

demo: setup  ## train on the text of Python's standard library and print neighbors (CORPUS=path for another text)
	$(VENV)/bin/w2v-fast demo $(CORPUS)

test: tools  ## run every test
	$(RUN) -m pytest

test-fast: tools  ## run the quick tests, in less than a minute
	$(RUN) -m pytest -m 'not slow' --hypothesis-profile=fast

test-newer: tools  ## run the tests of corpus/ and training/ on the newest Python, where one is newer than .venv's
	./tests/pythons.sh --newer-than $(RUN) tests/corpus tests/training

test-pythons: setup  ## run every test on every CPython of this machine from 3.11 on
	./tests/pythons.sh

test-aarch64: setup  ## run the native, corpus and format tests on an emulated aarch64 (Debian, as root)
	./tests/aarch64.sh

test-sanitize:  ## run the native tests under AddressSanitizer and UndefinedBehaviorSanitizer
	./tests/sanitize.sh $(PYTHON)

test-page: tools $(VENV)/.group-browser  ## click through the explorer's page in a browser (needs Chromium)
	$(RUN) -m pytest tests/explore

web:  ## rebuild the explorer's page from web/ (needs Node)
	cd web && npm ci --ignore-scripts --no-audit --no-fund && npm run build

unicode:  ## rebuild the table of characters from a newer Unicode Character Database (FOLDER)
	$(RUN) third_party/unicode/generate.py $(FOLDER)

fuzz:  ## damaged files for every reader, under the sanitizers, for 10 minutes (SECONDS=n)
	./tests/sanitize.sh $(PYTHON) -m tests.fuzz.run $(or $(SECONDS),600)

soak: tools  ## train, kill, resume, load and query with random faults for 20 minutes (MINUTES=n)
	$(RUN) -m tests.soak $(or $(MINUTES),20)

lint: tools  ## formats, ruff, spelling, docstrings, and types on Linux and Windows
	$(RUN) -m ruff format --check --quiet .
	$(RUN) -m ruff check --quiet .
	$(VENV)/bin/clang-format --dry-run --Werror $(C_SOURCES)
	$(RUN) -m codespell_lib .
	$(RUN) -m mypy
	$(RUN) -m mypy --platform win32 w2v_fast
	$(RUN) -m pytest tests/test_docstrings.py

format: tools  ## format every Python and C file
	$(RUN) -m ruff format --quiet .
	$(VENV)/bin/clang-format -i $(C_SOURCES)

cross: tools $(VENV)/.group-cross  ## compile every native source for x86_64 and aarch64 of Linux, macOS and Windows
	./tests/cross.sh $(RUN)

bench: tools $(VENV)/.group-bench  ## the quick benchmarks, under 10 minutes (CORPUS=path to text; STORE=1 keeps the results)
	$(RUN) -m benchmarks $(CORPUS) $(if $(EVAL),--eval $(EVAL)) $(if $(STORE),--store)

bench-full: tools $(VENV)/.group-bench  ## all benchmarks (CORPUS=path, EVAL=folder of evaluation sets, STORE=1)
	-$(INSTALL) --group peers
	-$(INSTALL) --no-deps pecanpy  # what it depends on asks for numpy 1
	$(RUN) -m benchmarks $(CORPUS) $(if $(EVAL),--eval $(EVAL)) --full $(if $(STORE),--store)

study: tools $(VENV)/.group-bench  ## the tables and figures of docs/objectives.md (CORPUS=path, EVAL=folder)
	$(RUN) -m studies.objectives.page $(CORPUS) --eval $(EVAL) --store

docs: tools $(VENV)/.group-docs  ## the documentation as a website in site/
	$(RUN) -m sphinx --builder html --fail-on-warning --keep-going --quiet docs site

wheel: setup  ## build a wheel in dist/
	$(VENV)/bin/pip wheel --quiet --no-deps --wheel-dir dist .

release-check:  ## rehearse a release of the last commit up to the upload
	./tests/release.sh

clean:  ## remove .venv and everything built
	rm -rf $(VENV) .venv-sanitize build dist site docs/gallery *.egg-info
	find w2v_fast -name '*.so' -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
