"""What is imported is declared, and what is declared is imported."""

from __future__ import annotations

import re
import sys
import tomllib

from tests.house.sources import ROOT, imports, python_files

PROVIDES = {"hydra-core": "hydra", "pyyaml": "yaml"}
"""Distributions whose import name is another."""

COMPANIONS = {"llvmlite": "numba", "sqlalchemy": "mlflow"}
"""Packages that come with a dependency of ours, in the version that it needs."""

TOOLS = {"ruff", "mypy", "hatchling", "types-pyyaml", "scipy-stubs", "pandas-stubs", "simpy"}
"""Test dependencies that are run, or read by a type checker, or serve the benchmarks alone."""

OURS = {"smplab", "smplab_plugins", "hydra_plugins", "tests"}


def declared(key: str) -> set[str]:
    """Names of the distributions in a list of requirements of pyproject.toml."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = table["dependencies"] if key == "run" else table["optional-dependencies"][key]
    return {re.split(r"[<>=!~ \[]", text)[0].lower() for text in requirements}


def imported(*folders: str) -> set[str]:
    """Top-level packages, not of the standard library, that are imported below these folders."""
    tops = {
        found.module.split(".")[0] for path in python_files(*folders) for found in imports(path)
    }
    return tops - OURS - set(sys.stdlib_module_names)


def test_the_package_imports_what_it_declares_and_no_more() -> None:
    provided = {PROVIDES.get(name, name) for name in declared("run")}
    used = imported("framework", "plugins", "experiments")
    assert used - set(COMPANIONS) == provided
    assert {COMPANIONS[name] for name in used & set(COMPANIONS)} <= provided


def test_tests_import_what_is_declared_and_no_more() -> None:
    tests = declared("dev") - TOOLS
    run = {PROVIDES.get(name, name) for name in declared("run")} | set(COMPANIONS)
    assert imported("tests") - run - {"simpy"} == tests
