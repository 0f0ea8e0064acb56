# make demo   sets up and makes an implant for the bundled skull
# make test   sets up what the tests need on top of that, and runs every test
# make lint   checks style, imports and types
# TORCH chooses the PyTorch build of the tests, for example: make test TORCH=torch==2.13.0

PYTHON ?= python3
TORCH ?= torch
VENV := .venv
# What has been installed: the program without PyTorch for the demo, or everything for the tests.
PROGRAM := $(VENV)/program
EVERYTHING := $(VENV)/everything
# Most of the installed modules are never imported, so they are not compiled.
INSTALL := $(VENV)/bin/python -m pip install --quiet --no-compile

.PHONY: demo test lint clean

demo: $(PROGRAM)
	$(VENV)/bin/cranext demo --out demo

test: $(EVERYTHING)
	# Three processes keep two cores busy, since many tests wait for a program that they started. The order is ours,
	# with the longest files first; xdist would start with the files of most tests.
	$(VENV)/bin/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

lint: $(EVERYTHING)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/mypy

$(PROGRAM): pyproject.toml $(wildcard CraNeXtLib/Resources/Requirements/*.txt)
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --upgrade pip
	$(INSTALL) --editable .
	touch $@

$(EVERYTHING): $(PROGRAM) Testing/requirements.txt
	$(INSTALL) $(foreach word,$(TORCH),'$(word)')
	$(INSTALL) --editable ".[test]"
	touch $@

clean:
	rm -rf $(VENV) demo
