# Shouwang 守望. `make run` runs everything, `make test` passes the tests; both set up what they need.
HOMES ?= 114
SEED ?= 1
PORT ?= 8080
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test unit unit-one unit-other check bench lock pins clean setup setup-dev new-rule new-device-type new-incident

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 26

run: setup  ## run the whole system with a simulated pilot (HOMES=114 SEED=1 PORT=8080)
	@$(BIN)/python -m deploy.local.run --homes $(HOMES) --seed $(SEED) --port $(PORT)

test: setup-dev  ## run all tests against real TimescaleDB, a real broker and a real browser
	@$(if $(ARGS),$(BIN)/pytest $(ARGS),$(BIN)/pytest -n 2 --dist loadfile --ignore=tests/faults && $(BIN)/pytest -n 4 tests/faults)

# Two halves at once, without pytest-xdist, whose workers would each import all of it. Plug-ins that start slowly and serve
# other tests are left out; of hypothesis' examples a tenth of those that `make test` tries.
FAST := pytest -q -p no:schemathesis -p no:playwright -p no:base_url -p no:anyio -p no:xdist -p no:pytest_cov \
  --hypothesis-profile=quick
HALF := alerts device_sim registry
unit: setup-dev  ## the fast tests alone, and how much of the pure rooms they reach: no database, no broker, no browser
	@$(if $(ARGS),$(BIN)/$(FAST) $(ARGS),rm -f .coverage.* && $(MAKE) -s -O -j2 unit-one unit-other && \
	  $(BIN)/coverage combine -q && $(BIN)/coverage report)
unit-one:
	@$(BIN)/coverage run -p -m $(FAST) $(HALF:%=tests/unit/%)
unit-other:
	@$(BIN)/coverage run -p -m $(FAST) tests/unit $(HALF:%=--ignore=tests/unit/%)

check: setup-dev  ## lint, types, import direction, the docs' tables; repairs what it can, only judges when CI is set
	@$(BIN)/ruff format $(if $(CI),--check) .
	@$(BIN)/ruff check $(if $(CI),,--fix) .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@PYTHONPATH=. $(BIN)/cog -P -I docs $(if $(CI),--check --diff,-r --verbosity=1) docs/*.md
	@$(if $(CI),,npm --prefix console run types --silent && npm --prefix console run format --silent)
	@npm --prefix console run check --silent

bench: setup-dev  ## measure all against bare limits (QUICK=1: under three minutes; BASE=a commit: its tick beside ours)
	@$(BIN)/python -m bench $(if $(QUICK),--quick) $(if $(BASE),--base $(BASE))

new-rule: setup-dev  ## begin a detector rule (NAME=bathroom_stay METRIC=presence)
	@$(BIN)/python -m tests.scaffold rule "$(NAME)" "$(METRIC)"

new-device-type: setup-dev  ## begin a kind of terminal with a metric of its own (NAME=window_contact)
	@$(BIN)/python -m tests.scaffold device-type "$(NAME)"

new-incident: setup-dev  ## begin a simulated incident (NAME=window_left_open)
	@$(BIN)/python -m tests.scaffold incident "$(NAME)"

LOCK = $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
  $(if $(UPGRADE),--upgrade) - pyproject.toml
lock: setup-dev  ## write both requirements files from pyproject.toml, with hashes for every platform (UPGRADE=1: newest)
	@echo 'setuptools>=77' | $(LOCK) -o requirements.lock
	@echo 'setuptools>=77' | $(LOCK) --extra dev -c requirements.lock -o requirements-dev.lock

pins:  ## write the digest of each container image beside its tag; needs docker and the images' registry
	@deploy/pin-images.sh docker-compose.yml deploy/Dockerfile

clean:  ## delete this checkout's demo data, environment and builds; the services' root folder stays in the cache
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m deploy.local.run --delete-data; fi
	rm -rf .venv var api/static console/node_modules

setup:
	@deploy/local/setup.sh run
setup-dev:
	@deploy/local/setup.sh dev
