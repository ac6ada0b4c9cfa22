# `make demo` shows what remit does, `make test` runs every check and test. Both make their own environment first.
PYTHON ?= python3
PIP = .venv/bin/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo test check deep spark all-cases derived docs pictures versions lock clean

help:
	@echo "make demo   deploy examples/orders to an AWS on this machine, show its roles, invoke a function"
	@echo "make test   every check and test, on the built wheel"
	@echo "make check  the same without building the wheel: quicker while you work"
	@echo "make deep   what takes long: pages in a browser (chromium), hostile functions, killed parts, seeded defects that no test notices"
	@echo "make spark  audits on Spark, local and a cluster of two workers: needs Java 17, and installs pyspark into .venv"
	@echo "make all-cases  random cases and sweeps, whole: the other targets ask some"
	@echo "make derived  write the files that are made from others: the pages of lint rules and of services that are simulated"
	@echo "make docs   build the site, offline once its generator is installed, and check its links"
	@echo "make pictures  draw the picture of the README from commands that are run"
	@echo "make versions BEFORE=main  every output that differs from another version's, a revision or a wheel"
	@echo "make lock   resolve the requirements again"
	@echo "make clean  remove the environment and what was built"

demo: .venv/demo
	@.venv/bin/python tools/demo.py

test: .venv/dev
	@.venv/bin/python tools/check.py --wheel
	@$(PIP) install --no-deps --no-build-isolation --editable .

check: .venv/dev
	@.venv/bin/python tools/check.py

deep: .venv/dev all-cases
	@.venv/bin/python -m pytest --numprocesses=0 -o faulthandler_timeout=7200 tests/deep
	@.venv/bin/python tests/defects/run.py

spark: .venv/dev
	@$(PIP) install --require-hashes --requirement requirements-spark.txt
	@.venv/bin/python -m pytest --numprocesses=0 tests/deep/test_audit_on_spark.py

# Tests of random cases and sweeps ask some of them in `make test`, and all of them here.
all-cases: .venv/dev
	@REMIT_ALL_CASES=1 .venv/bin/python -m pytest --numprocesses=0 --forks=$$((2 * $$(getconf _NPROCESSORS_ONLN) + 1)) -o faulthandler_timeout=7200 $$(grep -rl "^from random_cases import" tests --include='*.py')

derived: .venv/dev
	@.venv/bin/python tools/derived.py

docs: .venv/docs
	@.venv/bin/python tools/docs_site.py

pictures: .venv/dev
	@.venv/bin/python tools/pictures.py

versions: .venv/dev
	@.venv/bin/python tests/versions/compare.py --before $(or $(BEFORE),main) $(addprefix --public ,$(PUBLIC))

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("remit needs Python 3.11 or later; say which: make PYTHON=python3.13") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv .venv

.venv/demo: requirements.txt pyproject.toml | .venv/bin/python
	@echo "installing into .venv ..."
	@$(PIP) install --require-hashes --requirement requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: requirements-dev.txt pyproject.toml | .venv/bin/python
	@echo "installing into .venv ..."
	@$(PIP) install --require-hashes --requirement requirements-dev.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@.venv/bin/remit local install >/dev/null
	@touch $@ .venv/demo

.venv/docs: requirements-docs.txt | .venv/demo
	@$(PIP) install --require-hashes --requirement requirements-docs.txt
	@touch $@

# No registry's address may stand in the locks: they must work behind any mirror.
LOCK = .venv/bin/uv pip compile --quiet pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header

lock: .venv/dev
	@$(subst pyproject.toml,--group pyproject.toml:web,$(LOCK)) --output-file src/remit/package/web_adapters.txt --upgrade
	@$(subst pyproject.toml,--group pyproject.toml:local,$(LOCK)) --output-file src/remit/local/environment.txt --upgrade
	@$(subst pyproject.toml,--group pyproject.toml:function-runtime,$(LOCK)) --output-file src/remit/local/function_runtime.txt --upgrade
	@$(subst pyproject.toml,--group pyproject.toml:debugger,$(LOCK)) --output-file src/remit/local/debugger.txt --upgrade
	@$(subst pyproject.toml,--group pyproject.toml:spark,$(LOCK)) --output-file requirements-spark.txt --upgrade
	@$(LOCK) --group build --output-file requirements.txt --upgrade
	@$(LOCK) --group dev --constraint requirements.txt --output-file requirements-dev.txt --upgrade
	@$(subst pyproject.toml,--group pyproject.toml:docs,$(LOCK)) --constraint requirements-dev.txt --output-file requirements-docs.txt --upgrade

clean:
	@rm -rf .venv .site .remit-versions .remit-defects dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
