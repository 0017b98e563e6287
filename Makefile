# Everything runs from .venv, which the targets make themselves: nothing to activate, nothing to install by hand.
PY ?= python3
V := .venv
B := $(V)/bin
PLAN ?= data/storefront/plan.toml
OUT ?= report
AXE := build/node_modules/axe-core/axe.min.js
LOCK := --universal --generate-hashes --python-version 3.11 --no-header --no-annotate --quiet
export UV_NO_CONFIG := 1

.PHONY: report test test-lab test-browser lab lint lock record benchmark clean
report: $(V)/.run
	$(B)/capacity report $(PLAN) -o $(OUT)

test: $(V)/.dev
	$(B)/python -m pytest -q

test-lab: $(V)/.dev
	CAPACITY_JUPYTERLAB=1 $(B)/python -m pytest -q tests/test_jupyterlab.py

test-browser: $(V)/.dev $(AXE)
	CAPACITY_AXE=$(CURDIR)/$(AXE) $(B)/python -m pytest -q tests/report/test_browser.py

$(AXE):
	npm install --prefix build --no-save --no-audit --no-fund axe-core@4.14.1

lab: $(V)/.lab
	$(B)/capacity lab

lint: $(V)/.dev
	$(B)/ruff check .
	$(B)/ruff format --check .
	$(B)/mypy

lock: $(B)/uv
	$(B)/uv pip compile pyproject.toml --extra build $(LOCK) -o requirements/run.txt
	$(B)/uv pip compile pyproject.toml --extra build --extra lab --extra fast --extra forecast -c requirements/run.txt $(LOCK) -o requirements/lab.txt
	$(B)/uv pip compile pyproject.toml --extra build --extra lab --extra fast --extra forecast --extra test -c requirements/lab.txt $(LOCK) -o requirements/dev.txt

record: $(V)/.run
	$(B)/python data/recording/record.py

benchmark: $(V)/.dev
	$(B)/python benchmarks/reading.py
	for asked in fitting erlang stations mva simulation network planning portfolio; do OMP_NUM_THREADS=1 $(B)/python benchmarks/$$asked.py; done

clean:
	rm -rf $(V) $(OUT) sweep build

$(B)/uv: requirements/uv.txt
	$(PY) -m venv $(V)
	$(B)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

$(V)/.run: $(B)/uv requirements/run.txt pyproject.toml
	$(B)/uv pip install --quiet --python $(B)/python --require-hashes -r requirements/run.txt
	$(B)/uv pip install --quiet --python $(B)/python --no-deps --no-build-isolation -e .
	@touch $@

$(V)/.lab: $(V)/.run requirements/lab.txt
	$(B)/uv pip install --quiet --python $(B)/python --require-hashes -r requirements/lab.txt
	@touch $@

$(V)/.dev: $(V)/.run requirements/dev.txt
	$(B)/uv pip install --quiet --python $(B)/python --require-hashes -r requirements/dev.txt
	@touch $@
