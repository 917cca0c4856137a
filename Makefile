# The commands of the course: `make` lists them. Needs GNU make (3.81, as on macOS, is enough) and a Python 3.11 to 3.13.
#
#   PYTHON=python3.12     which Python to make the environment with
#   COURSE_VENV=folder    the folder of the environment (default: .venv)
#   GROUP=dev             for setup: which packages: lessons (the default), grading or dev
#   ARGS="…"              more arguments for lab, test, run, results, notebooks, slides, release, grade or lock

VENV := $(if $(COURSE_VENV),$(patsubst ~/%,$(HOME)/%,$(COURSE_VENV)),.venv)
ifeq ($(OS),Windows_NT)
VENV_PYTHON := $(VENV)/Scripts/python.exe
else
VENV_PYTHON := $(VENV)/bin/python
endif

# The first Python that runs and has a version for the course. Each is tried, as a command may exist and not work.
# An environment that exists keeps its Python.
PYTHON ?= $(shell for python in "$(VENV_PYTHON)" python3.12 python3.11 python3.13 python3 python; do \
	"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' >/dev/null 2>&1 \
	&& { echo "$$python"; break; }; done)
COURSE := "$(VENV_PYTHON)" -m course_utils

.DEFAULT_GOAL := help
.PHONY: help setup lab update doctor data run results notebooks site slides release grade test test-real test-wheel test-browser lint lock clean

GROUP := lessons
release grade: GROUP = grading
run results notebooks site slides test test-real test-wheel test-browser lint: GROUP = dev

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: ## create the environment in .venv, or bring it up to date; the other commands do this first
	@python="$(PYTHON)"; if [ -z "$$python" ]; then \
		echo "No Python 3.11, 3.12 or 3.13 was found. Install one with your system's packages or from python.org," >&2; \
		echo "or give the path of yours:  make lab PYTHON=/path/to/python3.12" >&2; exit 1; fi; \
	"$$python" -m course_utils setup $(GROUP)

lab: setup ## open the lessons in JupyterLab
	@$(COURSE) lab $(ARGS)

update: ## fetch new and corrected lessons with git; your own work stays
	@python="$(PYTHON)"; "$${python:-python3}" -m course_utils update

doctor: ## check this computer, and say what is wrong and what to do
	@python="$(PYTHON)"; "$${python:-python3}" -m course_utils doctor

data: setup ## download real datasets: make data DATASETS="imdb_reviews …" [FROM=archive-or-folder]
	@$(COURSE) data $(DATASETS) $(if $(FROM),--from "$(FROM)")

run: setup ## execute lessons that have changed (ARGS=--all: all), measure every claim; writes to build/ (about 6 minutes)
	@$(COURSE) run $(ARGS)

results: setup ## measure the lessons on real data, over several seeds; rewrite results/ and RESULTS.md
	@$(COURSE) results $(ARGS)

notebooks: setup ## build the notebooks whose sources in notebooks/source have changed
	@$(COURSE) notebooks $(ARGS)

release: setup ## write what an instructor needs to build/release: notebooks, solutions, autograders, syllabus
	@$(COURSE) release $(ARGS)

grade: setup ## grade a folder of students' notebooks: make grade SUBMISSIONS=folder
	@$(COURSE) grade "$(SUBMISSIONS)" $(ARGS)

site: setup ## write the course as web pages to build/site (needs npm)
	@$(COURSE) site

slides: setup ## write slides for each lesson to build/slides, and check that every slide fits (needs npm)
	@$(COURSE) slides $(ARGS)

test: setup ## run the tests, on all cores (about 5 minutes on two)
	@"$(VENV_PYTHON)" -m pytest -m "not real and not browser and not wheel" -n logical --maxprocesses 4 --dist worksteal $(ARGS)

test-real: setup ## run the tests that need real data (in COURSE_DATA_DIR)
	@"$(VENV_PYTHON)" -m pytest -m real -s $(ARGS)

test-wheel: setup ## install the course's wheel in new environments, and execute single notebooks (ARGS="-k 04" for one)
	@"$(VENV_PYTHON)" -m pytest -m wheel $(ARGS)

test-browser: setup ## test lessons, projector, pages and slides in headless Chromium
	@"$(VENV_PYTHON)" -m pytest -m browser $(ARGS)

lint: setup ## check the style of the code, what every lesson must have, and links
	@"$(VENV_PYTHON)" -m ruff check
	@"$(VENV_PYTHON)" -m ruff format --check
	@$(COURSE) lint
	@"$(VENV_PYTHON)" -m sphinx -nWEqj auto -b dummy -c course_tools/publish/web/site . build/links

# Keeps the versions that are locked as far as pyproject.toml allows; ARGS=--upgrade takes the newest. Each lock begins with
# the name of the smaller one, and has only the packages that it adds to that one.
RESOLVE := uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate pyproject.toml
lock: ## resolve the locked versions, requirements*.lock, from pyproject.toml (needs uv: pip install uv)
	@mkdir -p build && grep -hv "^-r" requirements*.lock > build/dev.lock
	@$(RESOLVE) --extra dev -o build/dev.lock $(ARGS)
	@$(RESOLVE) --extra grading -c build/dev.lock -o build/grading.lock
	@$(RESOLVE) -c build/dev.lock -o requirements.lock
	@{ echo "-r requirements.lock"; grep -vxFf requirements.lock build/grading.lock; } > requirements-grading.lock
	@{ echo "-r requirements-grading.lock"; grep -vxFf build/grading.lock build/dev.lock; } > requirements-dev.lock

clean: ## delete build/ and caches, but not the environment and the data
	@rm -rf build .pytest_cache .ruff_cache .hypothesis *.egg-info
	@find . \( -name '.venv*' -o -name .git -o -path ./data/downloads \) -prune -o -name __pycache__ -prune -exec rm -rf {} +
