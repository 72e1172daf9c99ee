"""What the system calls on threads do: where they run then, in what order, and for whom it ends."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from smplab.kernel.ipc import ANYBODY, NEVER
from smplab.kernel.rendezvous import NO_PARTNER, OK, TIMEOUT
from smplab.kernel.threads import REFUSED
from smplab.language import Cpu, Word, parameter, routine
from smplab.machine.errors import CheckFailed
from tests.kernel.systems import KERNELS
from tests.kernel.test_ipc import CPUS, Notes, notes

MULTIPROCESSORS = KERNELS[1:]


@dataclass(eq=False)
class Wanderer(Notes):
    """Notes where it is."""

    @routine
    def first(self, cpu: Cpu, other: Word) -> None:
        """Go to the last CPU and back, notes on the way."""
        self.kernel.begin_thread(cpu)
        self.note(cpu, cpu.id)
        self.note(cpu, self.kernel.migrate(cpu, 0, cpu.count - 1))
        self.note(cpu, cpu.id)
        self.kernel.migrate(cpu, 0, 0)
        self.note(cpu, cpu.id)
        self.note(cpu, self.kernel.migrate(cpu, 1_000, 0))
        self.kernel.end_thread(cpu)


@pytest.mark.parametrize("how", KERNELS)
def test_a_thread_goes_where_it_is_told(how: str) -> None:
    last = CPUS[how] - 1
    assert notes(how, Wanderer(), 5) == [0, OK, last, 0, NO_PARTNER]


@dataclass(eq=False)
class Beckoning(Notes):
    """One thread moves another one, which waits or computes meanwhile."""

    busy: bool = parameter(False, "the other one computes")

    @routine
    def first(self, cpu: Cpu, other: Word) -> None:
        """Have the other one come, wake it, and let it speak."""
        self.kernel.begin_thread(cpu)
        cpu.delay(5_000)
        self.note(cpu, self.kernel.migrate(cpu, other, cpu.id))
        self.kernel.send(cpu, other, NEVER)
        self.kernel.receive(cpu, ANYBODY, NEVER)

    @routine
    def second(self, cpu: Cpu, me: Word) -> None:
        """Note where the message comes."""
        self.kernel.begin_thread(cpu)
        if self.busy:
            cpu.delay(20_000)
            self.note(cpu, cpu.id)
        self.kernel.receive(cpu, ANYBODY, NEVER)
        self.note(cpu, cpu.id)
        self.kernel.receive(cpu, ANYBODY, NEVER)


@pytest.mark.parametrize("how", MULTIPROCESSORS)
def test_a_thread_is_fetched_while_it_waits_or_computes(how: str) -> None:
    assert notes(how, Beckoning(), 2) == [OK, 0]
    assert notes(how, Beckoning(busy=True), 3) == [OK, 0, 0]


@dataclass(eq=False)
class Deadly(Notes):
    """One thread ends another one, on which a third one waits."""

    @routine
    def run(self, cpu: Cpu) -> None:
        """The killer and a witness here, the victim elsewhere if there is an elsewhere."""
        other = self.other(cpu) + 2
        if cpu.id == 0:
            self.kernel.create(cpu, 0, self.first, other, 0)
            self.kernel.create(cpu, 1, self.witness, other, 1)
        if cpu.id == other // self.kernel.threads:
            self.kernel.create(cpu, other, self.second, other, 0)
        self.kernel.start(cpu)

    @routine
    def witness(self, cpu: Cpu, victim: Word) -> None:
        """Wait to send to the victim."""
        self.kernel.begin_thread(cpu)
        self.note(cpu, self.kernel.send(cpu, victim, NEVER))
        self.kernel.end_thread(cpu)

    @routine
    def first(self, cpu: Cpu, victim: Word) -> None:
        """Refuse to bear what lives; kill; find it dead; bear it again."""
        self.kernel.begin_thread(cpu)
        cpu.delay(5_000)
        self.note(cpu, self.kernel.spawn(cpu, 0, victim, self.second, victim, 0))
        result = self.kernel.delete(cpu, victim)
        cpu.delay(5_000)
        self.note(cpu, result)
        self.note(cpu, self.kernel.delete(cpu, victim))
        self.note(cpu, self.kernel.send(cpu, victim, NEVER))
        self.note(cpu, self.kernel.receive(cpu, victim, NEVER))
        self.note(cpu, self.kernel.set_priority(cpu, victim, 0))
        self.note(cpu, self.kernel.spawn(cpu, 0, victim, self.speak, victim, 0))
        self.note(cpu, self.kernel.receive(cpu, victim, NEVER) - victim)
        self.kernel.end_thread(cpu)

    @routine
    def second(self, cpu: Cpu, me: Word) -> None:
        """Wait for somebody else."""
        self.kernel.begin_thread(cpu)
        self.kernel.receive(cpu, 0, NEVER)
        self.note(cpu, 1_000)

    @routine
    def speak(self, cpu: Cpu, me: Word) -> None:
        """Send."""
        self.kernel.begin_thread(cpu)
        self.kernel.send(cpu, 0, NEVER)
        self.kernel.end_thread(cpu)


@pytest.mark.parametrize("how", KERNELS)
def test_who_waits_for_the_dead_learns_it_and_numbers_are_used_again(how: str) -> None:
    found = notes(how, Deadly(), 9)
    assert found == [REFUSED, NO_PARTNER, OK, *[NO_PARTNER] * 4, OK, 0]


@dataclass(eq=False)
class Mortal(Notes):
    """A thread ends itself, in either way."""

    by: str = parameter("end", "", choices=("end", "delete"))

    @routine
    def first(self, cpu: Cpu, other: Word) -> None:
        """Die."""
        self.kernel.begin_thread(cpu)
        if self.by == "end":
            self.kernel.end_thread(cpu)
        else:
            self.kernel.delete(cpu, 0)
        self.note(cpu, 1_000)

    @routine
    def second(self, cpu: Cpu, me: Word) -> None:
        """Find the other one dead, and something in its place not."""
        self.kernel.begin_thread(cpu)
        cpu.delay(20_000)
        self.note(cpu, self.kernel.send(cpu, 0, NEVER))
        self.note(cpu, self.kernel.receive(cpu, ANYBODY, 0))


@pytest.mark.parametrize("how", KERNELS)
@pytest.mark.parametrize("by", ["end", "delete"])
def test_a_thread_ends_itself(how: str, by: str) -> None:
    assert notes(how, Mortal(by=by), 2) == [NO_PARTNER, TIMEOUT]


@dataclass(eq=False)
class Promoted(Notes):
    """Two threads of one CPU, of which the first one computes and the second one never runs."""

    @routine
    def run(self, cpu: Cpu) -> None:
        """A busy thread above an idle one; the judge, elsewhere if there is an elsewhere."""
        judge = self.other(cpu) + 2
        if cpu.id == 0:
            self.kernel.create(cpu, 0, self.compute, 0, 1)
            self.kernel.create(cpu, 1, self.compute, 1, 0)
        if cpu.id == judge // self.kernel.threads:
            self.kernel.create(cpu, judge, self.judge, 0, 2)
        self.kernel.start(cpu)

    @routine
    def compute(self, cpu: Cpu, me: Word) -> None:
        """Note who runs, now and then."""
        self.kernel.begin_thread(cpu)
        while True:
            self.note(cpu, me)
            cpu.delay(3_000)

    @routine
    def judge(self, cpu: Cpu, argument: Word) -> None:
        """Put the second one above the first one, later below it."""
        self.kernel.begin_thread(cpu)
        self.kernel.receive(cpu, ANYBODY, 25_000)
        self.kernel.set_priority(cpu, 1, 2)
        self.kernel.receive(cpu, ANYBODY, 25_000)
        self.kernel.set_priority(cpu, 1, 0)
        self.kernel.receive(cpu, ANYBODY, NEVER)


@pytest.mark.parametrize("how", KERNELS)
def test_priorities_change_at_once_from_anywhere(how: str) -> None:
    found = notes(how, Promoted(), 30)
    rises = found.index(1)
    falls = rises + found[rises:].index(0)
    assert rises > 3
    assert falls - rises > 3
    assert 1 not in found[falls:]


@dataclass(eq=False)
class Careless(Notes):
    """Asks for what there is not."""

    what: str = parameter("target", "", choices=("target", "priority"))

    @routine
    def first(self, cpu: Cpu, other: Word) -> None:
        """Name a CPU or a priority beyond the last."""
        self.kernel.begin_thread(cpu)
        if self.what == "target":
            self.kernel.migrate(cpu, 0, cpu.count)
        else:
            self.kernel.set_priority(cpu, 0, self.kernel.priorities)


@pytest.mark.parametrize(
    ("what", "message"),
    [("target", "on a CPU that does not exist"), ("priority", "a priority that does not exist")],
)
def test_what_there_is_not_is_refused(what: str, message: str) -> None:
    with pytest.raises(CheckFailed, match=message):
        notes("locked", Careless(what=what), 1)
