"""What every generated program builds on: Structs, constants, compile-time objects."""

from __future__ import annotations

from enum import IntEnum

from smplab.language import Array, Cpu, Ref, Struct, Word, aligned, array, routine


class Leaf(Struct):
    x: Word
    y: Word


class Node(Struct):
    a: Word = aligned()
    b: Word
    link: Ref[Node]
    leaf: Leaf
    row: Array[Word] = array(4)
    leaves: Array[Leaf] = array(3)


class Color(IntEnum):
    RED = 1
    GREEN = -5


LIMIT = 7
TABLE = (3, -4, 9223372036854775807)


class Part:
    """A compile-time object with a routine of its own."""

    def __init__(self, flag: bool, bias: int) -> None:
        self.flag = flag
        self.bias = bias

    @routine
    def twist(self, cpu: Cpu, x: Word) -> Word:
        if self.flag:
            return x ^ self.bias
        y = x
        while y > 10:
            y = y // 3
            if y == self.bias:
                break
        return y + self.bias
