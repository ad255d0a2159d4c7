# Every target does its own set-up: a fresh clone needs `make demo` and nothing before it.
#
#   make demo PYTHON=python3.12      another interpreter
#   make demo ARGS='--ontology cc'   other options for `protimb compare`

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# torch goes in first and by version, so that no later step swaps the build it finds
# (a CPU wheel, say) for the newest one, which may bring gigabytes of GPU libraries.
TORCH  ?= torch==2.13.0
PIP    := $(BIN)/python -m pip install -qq --disable-pip-version-check

ONTOLOGY ?= mf
SEEDS    ?= 1
OUT      ?= report
ARGS     ?=
WORKERS  ?= 2
KILLS    ?= 200
SECONDS  ?= 600
DEVICE   ?= cpu
# Two workers share the cores already; threads of their own would only spin for each other. Our
# matrices are small enough that the site builds faster this way too.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMBA_NUM_THREADS=1
# Two workers and dozens of processes read the same files: whoever compiles one keeps that for all,
# whatever the shell says about keeping.
KEEP_COMPILED := PYTHONDONTWRITEBYTECODE=

.DEFAULT_GOAL := help
.PHONY: help demo test browser fuzz attack lint docs bench clean

help:  ## Say what each target does
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/.base  ## Rescue rare GO terms of human proteins; writes report/
	$(BIN)/protimb compare --ontology $(ONTOLOGY) --seeds $(SEEDS) --maps tsne,umap --out $(OUT) $(ARGS)

test: $(VENV)/.test  ## Run every test and doctest (DEVICE=cuda: on a GPU); a skipped one fails
	PROTIMB_TEST_DEVICE=$(DEVICE) $(ONE_THREAD) $(KEEP_COMPILED) $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --no-skips $(ARGS)

browser: $(VENV)/.browser  ## Try the reports in Debian's chromium (apt-get install chromium-driver)
	$(ONE_THREAD) $(BIN)/python -m pytest --no-skips tests/browser $(ARGS)

fuzz: $(VENV)/.test  ## Damage valid files for SECONDS=600: every reader must read or refuse by name
	$(ONE_THREAD) $(BIN)/python tests/fuzz/run.py --seconds $(SECONDS) $(ARGS)

attack: $(VENV)/.test  ## Kill commands KILLS=200 times, fill disks, let several write at once
	$(ONE_THREAD) $(BIN)/python tests/faults/attack.py --kills $(KILLS) --jobs $(WORKERS) $(ARGS)

lint: $(VENV)/.lint  ## Check style, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p protimb

docs: $(VENV)/.docs  ## Build the site in docs/_build/html; a warning is an error
	$(ONE_THREAD) $(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "The site is in docs/_build/html/index.html"

bench: $(VENV)/.test  ## Measure speed against peers (minutes; by hand, not in CI)
	set -e; for script in benchmarks/bench_*.py; do $(BIN)/python $$script; done

clean:  ## Remove what the other targets made, the environment too
	rm -rf $(VENV) build dist docs/_build docs/auto_examples docs/api/generated
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis docs/sg_execution_times.rst

# One stamp a set of dependencies, so a second run starts at once and an edited
# pyproject.toml installs again.
$(VENV)/.torch:
	@echo "Setting up $(VENV) with $(TORCH) (once, a minute or two)"
	$(PYTHON) -m venv $(VENV)
	$(PIP) $(TORCH)
	@touch $@

$(VENV)/.base: $(VENV)/.torch pyproject.toml
	$(PIP) -e .
	@touch $@

$(VENV)/.test $(VENV)/.browser $(VENV)/.lint $(VENV)/.docs: $(VENV)/.%: $(VENV)/.torch pyproject.toml
	$(PIP) -e '.[$*]'
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -c 'import umap'  # compiles for half a minute, once
	@touch $@
