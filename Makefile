# Two commands need no set-up: `make train` and `make test`. Both create .venv on first use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONFIG ?= configs/looptune-mm-dqn-quick.yaml
export OMP_NUM_THREADS ?= 1
# Processes that test side by side, whole files each; each may want 1.5 GB.
JOBS ?= 2

.PHONY: train test lint clean

train: $(VENV)/installed
	$(BIN)/gymcc train $(CONFIG) --evaluate

test: $(VENV)/installed lint
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p gymcc.envs -p gymcc.agents.search -p gymcc.agents.serving -p gymcc.agents.tracking -p gymcc.benchmarks
	$(BIN)/lint-imports

# torch first and by itself: with it present, `torch>=2.5` is satisfied and nothing replaces it.
$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "GymCC needs Python 3.11 or newer, this is " + sys.version.split()[0])'
	@echo "Setting up $(VENV): torch, Ray and the rest, 2 GB, a few minutes the first time."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[rl,report,llvm,serve,test,dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info
