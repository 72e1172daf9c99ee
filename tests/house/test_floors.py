"""Imports go down the floors only; plugins see smplab.api and nothing deeper."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.sources import Import, imports, python_files

FLOORS = (
    "language", "machine", "kernel", "verify", "plugin", "lab", "api", "testing", "cli",
)  # fmt: skip
API = {"language", "machine", "kernel", "plugin", "lab"}
"""Floors whose names smplab.api offers to plugins."""

HEAVY = {"matplotlib", "mlflow", "numba", "pandas", "ray", "rich", "scipy", "simpy"}
"""Packages that take longer to import than the whole command line may take to start."""

ENGINE = tuple(
    f"framework/smplab/{name}.py" for name in ("machine/bits", "machine/jit", "verify/jit")
)
"""What numba compiles has to import it; these modules are imported lazily themselves."""

FRAMEWORK = python_files("framework/smplab")


def floor_of(module: str) -> str | None:
    """Floor of an imported name of smplab; None for what is not smplab's."""
    parts = module.split(".")
    return parts[1] if parts[0] == "smplab" and len(parts) > 1 else None


def complaints(path: Path) -> list[str]:
    """Imports of a framework module that go up, or to a plugin."""
    own = path.with_suffix("").parts[2]
    if own == "__init__":
        return [str(found) for found in imports(path) if floor_of(found.module)]
    wrong = []
    for found in imports(path):
        floor = floor_of(found.module)
        if floor is None:
            bad = found.module.split(".")[0] in {"", "smplab_plugins", "hydra_plugins"}
        elif own == "api":
            bad = floor not in API
        else:
            bad = floor not in FLOORS or FLOORS.index(floor) > FLOORS.index(own)
        if bad:
            wrong.append(f"{path}:{found.line} imports {found.module}")
    return wrong


@pytest.mark.parametrize("floor", FLOORS)
def test_imports_go_down_the_floors_only(floor: str) -> None:
    modules = [path for path in FRAMEWORK if path.with_suffix("").parts[2] == floor]
    assert [line for path in modules for line in complaints(path)] == []


def test_the_package_itself_imports_no_floor() -> None:
    assert complaints(Path("framework/smplab/__init__.py")) == []


def test_every_module_is_on_a_floor() -> None:
    assert {path.with_suffix("").parts[2] for path in FRAMEWORK} <= {*FLOORS, "__init__"}


def test_a_plugin_imports_no_more_of_smplab_than_the_api() -> None:
    wrong = [
        f"{path}:{found.line} imports {found.module}"
        for path in python_files("plugins")
        for found in imports(path)
        if found.module.split(".")[0] in {"smplab", "", "hydra_plugins"}
        and not found.module.startswith("smplab.api.")
    ]
    assert wrong == []


def test_heavy_packages_are_imported_when_they_are_needed() -> None:
    wrong = [
        f"{path}:{found.line} imports {found.module}"
        for path in python_files("framework", "plugins")
        if not str(path).startswith(ENGINE)
        for found in imports(path)
        if found.module.split(".")[0] in HEAVY and not found.lazy
    ]
    assert wrong == []


def test_what_hydra_discovers_imports_hydra_alone() -> None:
    """Hydra imports these modules in every Hydra application of the environment."""
    wrong = [
        f"{path}:{found.line} imports {found.module}"
        for path in python_files("framework/hydra_plugins")
        for found in imports(path)
        if found.module.split(".")[0] in {"smplab", "smplab_plugins", *HEAVY} and not found.lazy
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import smplab.cli.main", Import("smplab.cli.main", 1, lazy=False)),
        ("from smplab.lab import point", Import("smplab.lab.point", 1, lazy=False)),
        ("from . import x", Import("..x", 1, lazy=False)),
        ("def f():\n    import ray", Import("ray", 2, lazy=True)),
        ("if TYPE_CHECKING:\n    import ray", Import("ray", 2, lazy=True)),
        ("class C:\n    import ray", Import("ray", 2, lazy=False)),
        ("x = {'smplab.machine.result': 1}", Import("smplab.machine.result", 1, lazy=True)),
    ],
)
def test_imports_are_found_wherever_they_stand(
    tmp_path: Path, source: str, expected: Import
) -> None:
    path = tmp_path / "module.py"
    path.write_text(source)
    assert imports(path) == [expected]
