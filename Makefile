# make demo            pretrain, fine-tune and compare on generated scenes (some minutes on a CPU)
# make demo DATA=DIR   the same on a labelled folder; VAL_GROUPS="D E" chooses what is held out
# make test            all tests
# make test-fast       those that start no processes and build no large networks
# make test-openmmlab  all tests with the original packages (torch 2.1, NumPy 1.26); builds mmcv, ~10 minutes
# make test-docs       the commands of the tutorials, and the notebook
# make check           format, lint, types, docs
# make docs            the site, into site/
# make bench           speed against slow references, as ratios
# make soak            kill a pretraining 20 times, resume it, compare the ends bit for bit (~15 minutes)

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
VAL_GROUPS ?=
# One test process more than cores, since some tests wait for others; each needs about 2 GB.
PARALLEL := --numprocesses $(shell n=$$(getconf _NPROCESSORS_ONLN); echo $$((n < 8 ? n + 1 : 8))) \
	--dist worksteal

ORIGINAL := .venv-openmmlab

.PHONY: demo test test-fast test-docs test-openmmlab check docs format bench soak clean

# Built once, and again when the requirements change.
$(READY): pyproject.toml setup.py constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt 'setuptools>=77' wheel
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[onedl,dev]'
	touch $(READY)

demo: $(READY)
	$(BIN)/python demo/run.py $(if $(DATA),--data '$(DATA)') $(if $(VAL_GROUPS),--val-groups $(VAL_GROUPS))

test: $(READY)
	$(BIN)/python -m pytest $(PARALLEL)

test-fast: $(READY)
	$(BIN)/python -m pytest $(PARALLEL) -m 'not slow'

test-docs: $(READY)
	$(BIN)/python tools/doc_commands.py docs/start/*.md docs/tutorials/*.md \
		docs/cluster.md docs/weights.md
	GLCNET_NOTEBOOK=tiny $(BIN)/python -m pytest --nbmake docs/notebooks

# Every version is in the list, so nothing is resolved: openmim would ask for an old setuptools.
$(ORIGINAL)/ready: constraints-openmmlab.txt
	test -x $(ORIGINAL)/bin/python || $(PYTHON) -m venv $(ORIGINAL)
	$(ORIGINAL)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r constraints-openmmlab.txt
	FORCE_CUDA=0 MMCV_WITH_OPS=1 $(ORIGINAL)/bin/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation --no-binary mmcv mmcv==2.1.0
	touch $(ORIGINAL)/ready

# A regular install of the tracked files, which is what openmim finds; .venv keeps its editable one.
test-openmmlab: $(ORIGINAL)/ready
	rm -rf $(ORIGINAL)/source && mkdir $(ORIGINAL)/source
	git ls-files -z | xargs -0 cp --parents --target-directory=$(ORIGINAL)/source
	$(ORIGINAL)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--force-reinstall $(CURDIR)/$(ORIGINAL)/source
	$(ORIGINAL)/bin/python -m pytest $(PARALLEL)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python tools/check_docs.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)
	$(BIN)/python benchmarks/contrastive_loss.py
	$(BIN)/python benchmarks/local_features.py
	$(BIN)/python benchmarks/region_sampling.py
	$(BIN)/python benchmarks/scene_windows.py
	$(BIN)/python benchmarks/views.py

soak: $(READY)
	$(BIN)/python benchmarks/kill_and_resume.py

clean:
	rm -rf .venv .venv-openmmlab work_dirs site build dist *.egg-info
