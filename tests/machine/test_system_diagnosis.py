"""What can go wrong with interrupts, contexts and translation ends in a message that says where."""

import numpy as np
import pytest

from smplab.language.isa import Op
from smplab.machine import errors, simulate
from smplab.machine.result import Limits
from tests.machine.assemble import Row, load, machine
from tests.machine.system_assemble import HALT, IRET, Simulate, both, system_image
from tests.machine.test_translation import NODE, SETUP, leaf, put, touch

ONE: Row = (Op.MOVI, 1, 1)
NINE: Row = (Op.MOVI, 1, 9)
FAULTS: dict[str, tuple[list[Row], str]] = {
    "target": ([NINE, (Op.SEND, 1, 0), HALT],
               "lock.py:11 in acquire: an interrupt sent to CPU 9: there are 0 to 0"),
    "timer": ([(Op.MOVI, 1, -3), (Op.TIMER, 1, 0), HALT], "a timer set to cycle -3, outside 0.."),
    "iret": ([IRET, HALT], "BadInterrupt: CPU 0 at cycle 0, lock.py:10 in acquire: the end of a"),
    "nested": ([(Op.SEND, 0, 1), (Op.SEND, 0, 1), (Op.ENABLE,), (Op.MOVI, 2, 5000), (Op.DELAY, 2),
                (Op.JMP, 4)], "the vector v1 comes while a handler runs that turned interrupts on"),
    "no context": ([NINE, (Op.SWITCH, 1), HALT],
                   "BadContext: CPU 0 at cycle 1, lock.py:11 in acquire: context 9: there are 0"),
    "unmade": ([ONE, (Op.SWITCH, 1), HALT], "context 1 was never made"),
    "runs": ([(Op.SWITCH, 1), HALT], "context 0 runs on CPU 0 at this moment"),
    "remade": ([(Op.CREATE, 1, 0, 1), HALT], "context 0 runs on CPU 0 at this moment"),
    "page": ([*SETUP, *touch(16, 0), HALT], "page 16 lies outside the 16 that a table can map"),
    "entry": ([*SETUP, *put(NODE, 1), *touch(0, 0), HALT],
              "BadTranslation: CPU 0 at cycle 376, lock.py:30 in acquire: the page table"),
    "no root": ([(Op.TOUCH, 0, 1, 1), HALT], "AddressError: CPU 0 at cycle 0, lock.py:10"),
    "frame": ([*SETUP, *put(NODE, leaf(10)), *touch(0, 0), HALT], "frame 10: there are 10 frames"),
    "reused": ([(Op.MOVI, 1, 10), (Op.REUSE, 1), HALT], "frame 10: there are 10 frames"),
    "broadcast": ([(Op.DROPALL, 1, 1), HALT], "cannot invalidate the TLBs of others"),
    "stale": ([*SETUP, *touch(0, 0), (Op.MOVI, 1, 3), (Op.REUSE, 1), *touch(0, 0), HALT],
              ("StaleTranslation: CPU 0 at cycle 377, lock.py:32 in acquire: a stale translation, "
              "loaded at lock.py:27 in acquire: frame 3 was given away at lock.py:29 in acquire")),
    "thread returns": ([ONE, (Op.CREATE, 1, 3, 1), (Op.SWITCH, 1), (Op.RET,), HALT],
                       "StackOverflow: CPU 0 at cycle 2, lock.py:13 in acquire: a return without"),
}  # fmt: skip


@both
@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_named(run: Simulate, name: str) -> None:
    rows, says = FAULTS[name]
    handlers = (len(rows), len(rows) + 1)
    code = [*rows, IRET, (Op.ENABLE,), (Op.MOVI, 1, 5000), (Op.DELAY, 1), IRET]
    program = load(system_image(*code, handlers=handlers), 1)
    with pytest.raises(errors.SimulationError) as caught:
        run(program, machine(1, mem=0, ipi=1000), np.arange(1), 1, Limits(max_cycles=10**5))
    assert says in f"{type(caught.value).__name__}: {caught.value}"


def test_a_tlb_is_made_of_whole_sets() -> None:
    program = load(system_image(HALT), 1)
    with pytest.raises(errors.MachineError, match="tlb_ways = 3 must divide"):
        simulate(program, machine(1, tlb_entries=8, tlb_ways=3), np.arange(1), 1, Limits())


@both
def test_a_cpu_asleep_with_interrupts_on_and_none_under_way_is_a_deadlock(run: Simulate) -> None:
    rows: list[Row] = [
        (Op.ENABLE,), (Op.PARAM, 1, 1), (Op.LOAD, 2, 1, 0), (Op.WAIT, 1, 0, 6), HALT, IRET,
    ]  # fmt: skip
    program = load(system_image(*rows, handlers=(5,)), 1)
    with pytest.raises(errors.Deadlock, match=r"CPU 0 waits for lock\.nodes"):
        run(program, machine(1), np.arange(1), 1, Limits(max_cycles=10**5))
