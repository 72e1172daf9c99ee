"""Textbook programs in the routine language, right and wrong, for tests of the checker."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import Array, Cpu, Memory, Word, Workload, aligned, parameter, routine
from smplab.language import Layout, Struct, build_image
from smplab.language.image import Program


def load(workload: Workload, cpus: int = 2) -> Program:
    """A program of one workload."""
    return build_image({"workload": workload}).load({}, Layout(cpus, 1, (0,) * cpus))


class Line(Struct):
    value: Word = aligned()


@dataclass(eq=False)
class Section(Workload):
    """Takes turns in a critical section that increments a word in two steps."""

    rounds: int = parameter(1, "turns of each CPU", build=True)
    endless: bool = parameter(False, "take turns for ever")

    def layout(self, memory: Memory) -> None:
        self.words: Array[Line] = memory.array(Line, 4)
        self.inside: Array[Word] = memory.ghost(Word, 1)

    @routine
    def run(self, cpu: Cpu) -> None:
        for _ in range(self.rounds):
            self.turn(cpu)
        while self.endless:
            self.turn(cpu)
        cpu.halt()

    @routine
    def turn(self, cpu: Cpu) -> None:
        cpu.begin("operation")
        self.enter(cpu)
        cpu.check(self.inside[0] == 0, "two CPUs are inside")
        self.inside[0] = 1
        self.inside[0] = 0
        self.leave(cpu)
        cpu.end("operation")

    @routine
    def enter(self, cpu: Cpu) -> None:
        return

    @routine
    def leave(self, cpu: Cpu) -> None:
        return


@dataclass(eq=False)
class Peterson(Section):
    """G. L. Peterson, "Myths About the Mutual Exclusion Problem", IPL 12(3), 1981."""

    fenced: bool = parameter(True, "a fence before looking at the other's flag")

    @routine
    def enter(self, cpu: Cpu) -> None:
        other = 1 - cpu.id
        self.words[cpu.id].value = 1
        self.words[2].value = other
        if self.fenced:
            cpu.fence()
        while self.words[other].value == 1 and self.words[2].value == other:
            pass

    @routine
    def leave(self, cpu: Cpu) -> None:
        self.words[cpu.id].value = 0


@dataclass(eq=False)
class BrokenTestAndSet(Section):
    """Tests, then sets: not atomically."""

    @routine
    def enter(self, cpu: Cpu) -> None:
        while self.words[0].value != 0:
            cpu.wait(self.words[0].value)
        self.words[0].value = 1

    @routine
    def leave(self, cpu: Cpu) -> None:
        self.words[0].value = 0


@dataclass(eq=False)
class Courteous(Section):
    """Both step back when they meet, for ever if they keep step."""

    @routine
    def enter(self, cpu: Cpu) -> None:
        other = 1 - cpu.id
        self.words[cpu.id].value = 1
        while self.words[other].value == 1:
            self.words[cpu.id].value = 0
            self.words[cpu.id].value = 1

    @routine
    def leave(self, cpu: Cpu) -> None:
        self.words[cpu.id].value = 0


@dataclass(eq=False)
class Dropped(Section):
    """Never opens again: after the first turn nobody can enter, though everybody keeps looking."""

    @routine
    def enter(self, cpu: Cpu) -> None:
        while cpu.swap(self.words[0].value, 1) != 0:
            pass


@dataclass(eq=False)
class LostWakeUp(Workload):
    """A sleeper and a waker; the condition and the word slept on are on different lines."""

    careful: bool = parameter(False, "look at the condition again after arming the wait")

    def layout(self, memory: Memory) -> None:
        self.words: Array[Line] = memory.array(Line, 2)

    @routine
    def run(self, cpu: Cpu) -> None:
        if cpu.id == 0:
            self.words[0].value = 1
            self.words[1].value += 1
        else:
            self.sleep(cpu)
        cpu.halt()

    @routine
    def sleep(self, cpu: Cpu) -> None:
        while self.words[0].value == 0:
            bell = self.words[1].value
            if self.careful:
                if self.words[0].value != 0:
                    return
                if self.words[1].value != bell:
                    return
            cpu.wait(self.words[1].value)
