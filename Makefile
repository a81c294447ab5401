# make demo            pretrain, fine-tune and compare on generated scenes (some minutes on a CPU)
# make demo DATA=DIR   the same on a labelled folder; VAL_GROUPS="D E" chooses what is held out
# make test            all tests
# make check           format, lint, types, docs
# make bench           speed against slow references, as ratios

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
VAL_GROUPS ?=

.PHONY: demo test check format bench clean

# Built once, and again when the requirements change.
$(READY): pyproject.toml setup.py constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt 'setuptools>=77' wheel
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[onedl,dev]'
	touch $(READY)

demo: $(READY)
	$(BIN)/python demo/run.py $(if $(DATA),--data '$(DATA)') $(if $(VAL_GROUPS),--val-groups $(VAL_GROUPS))

test: $(READY)
	$(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python tools/check_docs.py

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)
	$(BIN)/python benchmarks/contrastive_loss.py
	$(BIN)/python benchmarks/local_features.py
	$(BIN)/python benchmarks/region_sampling.py
	$(BIN)/python benchmarks/scene_windows.py

clean:
	rm -rf .venv work_dirs build dist *.egg-info
