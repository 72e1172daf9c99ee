"""The files of the repository, for the tests of its house rules."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def files() -> tuple[Path, ...]:
    """Paths, relative to ROOT, of what is or would be committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    paths = (Path(name) for name in listed.split("\0") if name)
    return tuple(sorted({path for path in paths if (ROOT / path).is_file()}))


def python_files(*folders: str) -> list[Path]:
    """Python sources below these folders."""
    return [
        path
        for path in files()
        if path.suffix == ".py" and any(path.is_relative_to(folder) for folder in folders)
    ]


@dataclass(frozen=True)
class Import:
    """One imported module.

    Attributes:
        module: as named, with the name that is taken from it ("smplab.api.Costs").
        line: where.
        lazy: inside a function, or for type checkers only.
    """

    module: str
    line: int
    lazy: bool


def imports(path: Path) -> list[Import]:
    """All imports of a source, wherever in it they stand."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"), str(path))
    return list(_imports(tree, lazy=False))


def _imports(node: ast.AST, *, lazy: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, node.lineno, lazy) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        yield from (Import(f"{module}.{alias.name}", node.lineno, lazy) for alias in node.names)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        if _is_module(node.value):  # what importlib is handed
            yield Import(node.value, node.lineno, lazy=True)
    elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        for statement in node.body:
            yield from _imports(statement, lazy=True)
        for statement in node.orelse:
            yield from _imports(statement, lazy=lazy)
    else:
        inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            yield from _imports(child, lazy=lazy or inside)


def _is_module(text: str) -> bool:
    path = ROOT / "framework" / text.replace(".", "/")
    return text.startswith("smplab.") and (path.with_suffix(".py").is_file() or path.is_dir())
