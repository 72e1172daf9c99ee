"""Broken images are found before anybody executes them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from smplab.language import Image, disassemble, verify_image
from smplab.language.isa import Op
from smplab.language.verifier import BrokenImage
from tests.language.compiling import component, image_of


def image() -> Image:
    body = 'cpu.begin("b")\nif cpu.id > 2:\n    self.out[0] += self.n\ncpu.check(cpu.id, "m")'
    return image_of(component(body, fields="n: int = parameter(1)"))


def broken(row: list[int] | None = None, at: int = 0, **changes: Any) -> Image:
    good = image()
    code = good.code.copy()
    if row is not None:
        code[at] = row + [0] * (6 - len(row))
    return dataclasses.replace(good, code=changes.pop("code", code), **changes)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ([63], "no opcode"),
        ([-1], "no opcode"),
        ([Op.MOV, 99, 0], "operand d"),
        ([Op.MOV, 0, -1], "operand r"),
        ([Op.JMP, 999], "operand t"),
        ([Op.PARAM, 0, 9], "operand p"),
        ([Op.CHECK, 0, 9], "operand m"),
        ([Op.BEGIN, 9], "operand g"),
        ([Op.COUNT, 0, 0], "operand n"),
        ([Op.RAND, 0, 0, 0], "operand s"),
        ([Op.CAUSE, 99], "operand c"),
        ([Op.SEND, 0, 0], "operand v"),
        ([Op.POINT, 0, 0], "operand o"),
        ([Op.CREATE, 0, 999, 0], "operand t"),
        ([Op.TOUCH, 0, 0, 0], "without page tables"),
        ([Op.NOP, 1], "does not take"),
        ([Op.LOAD, 0, 0, 2**41], "offset"),
    ],
)
def test_a_wrong_row_is_named(row: list[int], says: str) -> None:
    with pytest.raises(BrokenImage, match=says):
        verify_image(broken(row))


@pytest.mark.parametrize(
    "changes",
    [
        {"entry": 999},
        {"boot": -2},
        {"parameters": ("x",)},
        {"regions": ("other",)},
        {"sites": ()},
        {"vectors": ("timer",)},
        {"vectors": ("timer",), "handlers": (999,)},
        {"page_levels": 1},
        {"page_levels": 7, "page_radix_bits": 9},
        {"code": np.zeros((3, 5), np.int64)},
    ],
)
def test_a_wrong_table_is_named(changes: dict[str, Any]) -> None:
    with pytest.raises(BrokenImage):
        verify_image(broken(**changes))


def test_code_must_not_run_off_its_end() -> None:
    with pytest.raises(BrokenImage, match="runs off"):
        verify_image(broken([Op.NOP], at=-1))


def test_what_the_compiler_makes_is_fine() -> None:
    built = dataclasses.replace(image())  # a copy, since what was built is not checked again
    verify_image(built)
    assert len(built.code) == len(built.sites) > 0


def test_disassembly_shows_source_lines_and_names() -> None:
    text = disassemble(image())
    for part in (
        "entry:",
        "self.out[0] += self.n",
        "workload.n",
        "&workload.out",
        "BEGIN   b",
        "'m'",
    ):
        assert part in text
    assert len([line for line in text.splitlines() if "  ;" not in line]) == len(image().code) + 1
