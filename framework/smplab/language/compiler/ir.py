"""Code between syntax tree and image: basic blocks over virtual registers.

A register that is assigned once is a value; one that is assigned several times is a variable of the
author's. *Pooled* registers stand for constants, parameters and the CPU's number: they have no
definition until `placement` puts one where it costs least.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from smplab.language.image import Site
from smplab.language.isa import SIGNATURES, Op

FLIPPED = {Op.BEQ: Op.BNE, Op.BNE: Op.BEQ}
"""Branches whose opposite keeps the order of the operands; BLT and BLE exchange them."""

BRANCHES = frozenset({Op.BEQ, Op.BNE, Op.BLT, Op.BLE})
HAS_TARGET = frozenset(op for op, s in SIGNATURES.items() if "d" in s.operands)

PURE = frozenset({Op.MOVI, Op.MOV, Op.PARAM, Op.AND, Op.OR, Op.XOR, Op.EQ, Op.NE, Op.LT, Op.LE})
"""Cannot fail and gives the same for the same operands: may be removed, shared and moved."""
FLEETING = frozenset({Op.TIME, Op.CPUID})
"""Cannot fail, but gives something else later, on another CPU perhaps: may only be removed."""
FAILING = frozenset({Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.MOD, Op.SHL, Op.SHR, Op.SAR, Op.ADDI})
"""Gives the same for the same operands, or a diagnosis that must not be lost or invented."""


class Instr:
    """One instruction: `dst` or -1, registers read, other operands in the order of the row.

    A CALL reads its arguments, and its only other operand is the Function called.
    """

    __slots__ = ("dst", "imms", "op", "site", "srcs")

    def __init__(
        self, op: Op, dst: int, srcs: tuple[int, ...], imms: tuple[Any, ...], site: Site
    ) -> None:
        self.op = op
        self.dst = dst
        self.srcs = srcs
        self.imms = imms
        self.site = site

    def __repr__(self) -> str:
        return f"{self.op.name} {self.dst} {self.srcs} {self.imms}"


class Block:
    """Instructions in a row, and how they end.

    `end` is JMP (one target), a branch (taken, not taken), RET (`end_srcs` the result, if any) or
    HALT; None while the block is being written.
    """

    __slots__ = ("end", "end_site", "end_srcs", "instrs", "number", "reached", "targets")

    def __init__(self, number: int) -> None:
        self.number = number
        self.instrs: list[Instr] = []
        self.end: Op | None = None
        self.end_srcs: tuple[int, ...] = ()
        self.targets: list[Block] = []
        self.end_site: Site | None = None
        self.reached = False

    def finish(self, op: Op, srcs: tuple[int, ...], targets: list[Block], site: Site) -> None:
        """End the block."""
        self.end = op
        self.end_srcs = srcs
        self.targets = targets
        self.end_site = site

    def __repr__(self) -> str:
        return f"b{self.number}"


class Function:
    """A routine that is really called, the entry, or the boot code.

    Attributes:
        arguments: registers that the caller fills, in order.
        result: what the call gives: None, or a compile-time or run-time value of `values`.
        returns: whether register 0 carries the result back.
        pool: pooled register by what it stands for: ("i", number), ("p", parameter) or ("id",).
    """

    def __init__(self, name: str, site: Site) -> None:
        self.name = name
        self.site = site
        self.blocks: list[Block] = []
        self.registers = 0
        self.arguments: list[int] = []
        self.result: Any = None
        self.returns = False
        self.pool: dict[tuple[str, Any], int] = {}
        self.pooled: dict[int, tuple[str, Any]] = {}
        self.callees: list[Function] = []

    def new_register(self) -> int:
        """A virtual register that nothing uses yet."""
        self.registers += 1
        return self.registers - 1

    def new_block(self) -> Block:
        """A block, at the end of the function."""
        block = Block(len(self.blocks))
        self.blocks.append(block)
        return block

    def pooled_register(self, kind: str, value: Any = None) -> int:
        """The register that stands for a constant ("i"), a parameter ("p") or the CPU's id."""
        key = (kind, value)
        register = self.pool.get(key)
        if register is None:
            register = self.pool[key] = self.new_register()
            self.pooled[register] = key
        return register

    def constant(self, register: int) -> int | None:
        """The number that a register stands for, if it is a pooled constant."""
        key = self.pooled.get(register)
        return key[1] if key is not None and key[0] == "i" else None

    def instructions(self) -> Iterator[Instr]:
        """All instructions but the blocks' ends."""
        for block in self.blocks:
            yield from block.instrs
