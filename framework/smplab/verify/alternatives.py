"""What a draw may give: random numbers and time are nondeterminism here.

- `random(bound)`: every value, if there are at most `limit`; otherwise the least and the greatest.
- `exponential(mean)`: 0 and the mean.
- `time()`: 0 and LATE, at every reading anew, so that a deadline may or may not have passed. Such a
  clock may run backwards: more can happen than on a machine, never less, as long as the code only
  compares times that differ by less than LATE.
"""

from __future__ import annotations

from typing import Final

from smplab.language.isa import Op
from smplab.machine.randomness import MAX_MEAN

LATE: Final = 2**40


def alternatives(op: Op, operand: int, limit: int) -> tuple[int, ...]:
    """Values that RAND, RANDEXP or TIME may give; none if the operand is not allowed."""
    if op is Op.TIME:
        return (0, LATE)
    if op is Op.RANDEXP:
        if not 0 <= operand < MAX_MEAN:
            return ()
        return (0, operand) if operand > 0 else (0,)
    if operand <= 0:
        return ()
    return tuple(range(operand)) if operand <= limit else (0, operand - 1)
