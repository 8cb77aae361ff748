# The commands a newcomer needs: `make demo` and `make test`. Everything lives in .venv and .demo.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

.PHONY: demo test check-docs ui soak lint bench pictures ui-pictures docs lock clean

demo: $(VENV)/demo.stamp ## Run the main job on a copy of the sample repository
	@sh examples/demo.sh $(BIN)

test: $(VENV)/test.stamp ## Run the whole test suite
	@$(BIN)/python -m pytest -m "not soak and not docs and not browser" -n 3 --dist loadfile --no-loadscope-reorder --durations 12 $(TESTS)

check-docs: $(VENV)/test.stamp ## Run every command that the documentation shows and compare what it prints
	@$(BIN)/python -m pytest -m docs tests/docs

ui: $(VENV)/test.stamp ## Look at the Prefect UI in the system's Chromium
	@$(BIN)/python -m pytest -m browser --durations 8 tests/ui

soak: $(VENV)/test.stamp ## The long fault and load runs
	@$(BIN)/python -m pytest -m soak -x --timeout 3600 $(TESTS)
	@$(BIN)/python -m pytest -m "hypothesis and not soak" -x --timeout 3600 --hypothesis-profile soak $(TESTS)

lint: $(VENV)/test.stamp ## Lint, format, types, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/test.stamp ## Measure the bars of the design; writes docs/benchmarks.md
	@$(BIN)/python benchmarks/all.py

pictures: $(VENV)/demo.stamp ## Draw the pictures of the README from a real run of the demo
	@$(BIN)/python docs/pictures/draw.py

ui-pictures: $(VENV)/test.stamp ## Take the pictures of the Prefect UI in the docs from real runs (needs Chromium)
	@$(BIN)/python docs/pictures/ui.py

docs: $(VENV)/demo.stamp ## Write the generated parts of docs/reference.md
	@$(BIN)/python docs/make_reference.py

lock: ## Renew requirements.lock and requirements-test.lock (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q \
		pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q \
		pyproject.toml --group dev -c requirements.lock -o requirements-test.lock

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(v < (3, 11) and f"Tuloy needs Python 3.11 or newer, {sys.executable} is {v[0]}.{v[1]}; try: make PYTHON=python3.12 demo")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/demo.stamp: requirements.lock pyproject.toml prefect.yaml | $(VENV)/bin/python
	@echo "installing into $(VENV) (once) ..."
	@$(PIP) install --quiet --no-deps --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/test.stamp: requirements-test.lock $(VENV)/demo.stamp
	@echo "installing the test extras ..."
	@$(PIP) install --quiet --no-deps --require-hashes -r requirements-test.lock
	@touch $@

clean: ## Remove what the targets made
	rm -rf $(VENV) .demo dist
