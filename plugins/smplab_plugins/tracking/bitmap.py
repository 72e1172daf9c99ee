"""Tracking `bitmap`: exact sets, a bit for each CPU.

Linux, include/linux/cpumask.h: `mm_cpumask`, the CPUs that an address space was loaded on.
L4Ka::Pistachio compares `active_cpu_space` of every CPU instead (glue/v4-x86/space.cc), which is
the same set kept by those who are in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from smplab.api import Array, Cpu, Memory, Mutant, Tracking, Word, parameter, routine

BITS = 62
"""CPUs in a word; a word is signed."""


@dataclass(eq=False)
class Bitmap(Tracking):
    """A row of words for each set, in lines of its own."""

    exact = True
    mutants: ClassVar[dict[str, Mutant]] = {
        "plain_add": Mutant("a CPU adds itself by a load and a store", cpus=3),
        "first_word": Mutant("a search ends with the word in which it began", cpus=63),
    }

    most_cpus: int = parameter(4096, "CPUs that a set has room for", build=True, minimum=1)

    def layout(self, memory: Memory) -> None:
        """The words, on the node of the CPU whose sets they are."""
        self.row = -(-self.most_cpus // BITS)
        self.row = -(-self.row // 8) * 8
        self.words: Array[Word] = memory.per_cpu(Word, max(1, self.sets) * self.row)

    @routine
    def boot(self, cpu: Cpu) -> None:
        """All sets are empty."""
        cpu.check(
            cpu.count <= self.most_cpus, "tracking=bitmap has room for fewer CPUs: raise most_cpus"
        )

    @routine
    def add(self, cpu: Cpu, number: Word, member: Word) -> None:
        """Set the bit by an atomic instruction, which is a fence, unless it is set."""
        at = number * self.row + member // BITS
        bit = 1 << member % BITS
        if self.words[at] & bit == 0:
            if self.mutant == "plain_add":
                self.words[at] |= bit
            else:
                cpu.fetch_or(self.words[at], bit)

    @routine
    def remove(self, cpu: Cpu, number: Word, member: Word) -> None:
        """Clear the bit by an atomic instruction."""
        cpu.fetch_and(self.words[number * self.row + member // BITS], ~(1 << member % BITS))

    @routine
    def contains(self, cpu: Cpu, number: Word, member: Word) -> bool:
        """Look at the bit."""
        return self.words[number * self.row + member // BITS] >> member % BITS & 1 != 0

    @routine(call=True)
    def next_member(self, cpu: Cpu, number: Word, after: Word) -> Word:
        """Search word by word, then by eight bits, then bit by bit."""
        member = after + 1
        while member < cpu.count:
            rest = self.words[number * self.row + member // BITS] >> member % BITS
            if rest != 0:
                while rest & 255 == 0:
                    rest >>= 8
                    member += 8
                while rest & 1 == 0:
                    rest >>= 1
                    member += 1
                return member
            if self.mutant == "first_word":
                return -1
            member += BITS - member % BITS
        return -1

    @routine
    def unite(self, cpu: Cpu, number: Word, other: Word) -> None:
        """Or word by word; who changes the set `number` is alone, so plain stores are enough."""
        to, origin = number * self.row, other * self.row
        for i in range((cpu.count + BITS - 1) // BITS):
            bits = self.words[origin + i]
            if bits != 0:
                self.words[to + i] |= bits

    @routine
    def clear(self, cpu: Cpu, number: Word) -> None:
        """Zero all words that are not."""
        at = number * self.row
        for i in range((cpu.count + BITS - 1) // BITS):
            if self.words[at + i] != 0:
                self.words[at + i] = 0
