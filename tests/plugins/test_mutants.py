"""Mutants cost nothing: what ships compiles as if their lines were not in the source."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smplab.api import Component, contract_scenarios
from smplab.language.image import Image
from smplab_plugins.grace.epochs import Epochs
from smplab_plugins.grace.token_ring import TokenRing
from smplab_plugins.granularity.dynamic import DynamicLocks
from smplab_plugins.locks.clh import ClhLock
from smplab_plugins.locks.mcs import McsLock
from smplab_plugins.locks.tas import TasLock
from smplab_plugins.locks.ticket import TicketLock
from smplab_plugins.locks.ttas import TtasLock
from smplab_plugins.synchronization.dynamic import Dynamic
from tests.kernel.exploring import image_of, wire

FILLINGS: list[tuple[str, type[Component]]] = [
    *(("lock", lock) for lock in (ClhLock, McsLock, TasLock, TicketLock, TtasLock)),
    *(("grace", grace) for grace in (Epochs, TokenRing)),
    ("granularity", DynamicLocks),
    ("synchronization", Dynamic),
]


class WithoutMutants(ast.NodeTransformer):
    """Decides every question about `self.mutant` as it is decided where none is built."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        if ast.unparse(node.left) == "self.mutant":
            return ast.Constant(isinstance(node.ops[0], ast.NotEq))
        return node

    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        if not isinstance(node.test, ast.Constant):
            return node
        return (node.body if node.test.value else node.orelse) or ast.Pass()


def stripped(
    component: type[Component], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> type[Component]:
    """The component without the lines of its mutants, in its module's source and its bases'."""
    for one in weakened(component):
        tree = ast.fix_missing_locations(WithoutMutants().visit(ast.parse(source_of(one))))
        path = folder / f"{one.__name__.lower()}_stripped.py"
        path.write_text(ast.unparse(tree), encoding="utf-8")
        assert "self.mutant" not in path.read_text(encoding="utf-8")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, path.stem, module)
        spec.loader.exec_module(module)
        monkeypatch.setitem(sys.modules, one.__module__, module)  # where who inherits finds it
    found: type[Component] = getattr(module, component.__name__)
    return found


def weakened(component: type[Component]) -> list[type[Component]]:
    """The classes that declare the component's mutants, bases first, itself last."""
    return [one for one in reversed(component.__mro__) if vars(one).get("mutants")]


def source_of(component: type[Component]) -> str:
    """The source of the module that defines it."""
    return inspect.getsource(inspect.getmodule(component) or component)


def images(slot: str, filling: type[Component], mutant: str = "") -> list[Image]:
    """The images of all scenarios of a slot."""
    found = []
    for scenario in contract_scenarios().values():
        if slot in scenario.slots():
            component = wire(filling())
            component.mutant = mutant
            found.append(image_of(scenario(), component))
    return found


@cache
def honest(name: str) -> list[str]:
    """What names the images of the filling of this name, as it ships."""
    slot, filling = next(one for one in FILLINGS if one[1].__name__ == name)
    return [image.digest for image in images(slot, filling)]


@pytest.mark.parametrize(("slot", "filling"), FILLINGS)
def test_instructions_are_the_same_without_the_lines(
    slot: str, filling: type[Component], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_lines = images(slot, filling)
    without = images(slot, stripped(filling, tmp_path, monkeypatch))
    for one, other in zip(with_lines, without, strict=True):
        assert np.array_equal(one.code, other.code)
        assert one.digest == other.digest


@pytest.mark.parametrize(
    ("slot", "filling", "mutant"), [(s, f, m) for s, f in FILLINGS for m in f.mutants]
)
def test_each_mutant_is_other_code(slot: str, filling: type[Component], mutant: str) -> None:
    assert honest(filling.__name__) != [image.digest for image in images(slot, filling, mutant)]


@pytest.mark.parametrize(("slot", "filling"), FILLINGS)
def test_each_question_is_about_a_declared_mutant(slot: str, filling: type[Component]) -> None:
    asked = {
        node.comparators[0].value
        for one in weakened(filling)
        for node in ast.walk(ast.parse(source_of(one)))
        if isinstance(node, ast.Compare)
        and ast.unparse(node.left) == "self.mutant"
        and isinstance(node.comparators[0], ast.Constant)
    }
    assert asked == set(filling.mutants)
