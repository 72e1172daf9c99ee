"""CPUs that nothing tells apart: states that differ by who is who are one state.

The CPUs are interchangeable if no code that they run asks for the CPU's number: they all start in
the same local state, so exchanging two CPUs' local states and store buffers takes runs to runs. A
state is represented by the one whose CPUs are sorted (C. N. Ip and D. L. Dill, "Better Verification
Through Symmetry", FMSD 9, 1996, section 4, for full scalarsets that index nothing). Code that does
ask, to find a place of its own in an array, would need the array's elements exchanged as well; it
is explored without symmetry.
"""

from __future__ import annotations

from typing import Any

from smplab.language.image import Image
from smplab.language.isa import Op
from smplab.machine.jit import inlined
from smplab.verify.flow import successors
from smplab.verify.packing import get, put


def interchangeable(image: Image) -> bool:
    """Whether no instruction that the CPUs can reach asks for the CPU's number."""
    rows: list[list[int]] = image.code.tolist()
    seen: set[int] = set()
    pending = [image.entry]
    while pending:
        pc = pending.pop()
        if pc in seen:
            continue
        seen.add(pc)
        op = Op(rows[pc][0])
        if op is Op.CPUID:
            return False
        if op is Op.CALL:
            pending += [rows[pc][1], pc + 1]
        elif op is not Op.RET:  # where it returns to is among the calls' followers
            pending += successors(op, rows[pc], pc)
    return True


@inlined
def before(w: Any, at: Any, i: Any, j: Any, cpus: Any, depth: Any) -> Any:
    """Whether CPU i's local state and buffer come before CPU j's in the order of
    representatives.
    """
    x, y = get(w, at, i), get(w, at, j)
    d = 0
    while x == y and d < depth:
        x, y = get(w, at, cpus + i * depth + d), get(w, at, cpus + j * depth + d)
        d += 1
    return x < y


@inlined
def exchange(w: Any, at: Any, f: Any, g: Any) -> None:
    """Exchange two fields."""
    x = get(w, at, f)
    put(w, at, f, get(w, at, g))
    put(w, at, g, x)


@inlined
def sort_cpus(w: Any, at: Any, cpus: Any, depth: Any, order: Any) -> None:
    """Replace a state by its representative; `order[k]` becomes the CPU that is now the k-th."""
    for i in range(cpus):
        order[i] = i
    for i in range(1, cpus):
        j = i
        while j > 0 and before(w, at, j, j - 1, cpus, depth):
            exchange(w, at, j, j - 1)
            for d in range(depth):
                exchange(w, at, cpus + j * depth + d, cpus + (j - 1) * depth + d)
            order[j], order[j - 1] = order[j - 1], order[j]
            j -= 1
