# make demo   sets up and makes an implant for the bundled skull
# make test   sets up and runs every test
# make lint   checks style, imports and types
# TORCH chooses the PyTorch build, for example: make test TORCH=torch==2.13.0

PYTHON ?= python3
TORCH ?= torch
VENV := .venv
READY := $(VENV)/ready

.PHONY: demo test lint clean

demo: $(READY)
	$(VENV)/bin/cranext demo --out demo

test: $(READY)
	# Three processes keep two cores busy, since many tests wait for a program that they started.
	$(VENV)/bin/python -m pytest -n 3 --dist loadfile

lint: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/mypy

$(READY): pyproject.toml $(wildcard CraNeXtLib/Resources/Requirements/*.txt) Testing/requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --upgrade pip
	$(VENV)/bin/python -m pip install --quiet $(foreach word,$(TORCH),'$(word)')
	$(VENV)/bin/python -m pip install --quiet --editable ".[test]"
	touch $(READY)

clean:
	rm -rf $(VENV) demo
