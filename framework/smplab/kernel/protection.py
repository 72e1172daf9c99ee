"""What user level says of its objects' protection.

Three parameters for each object, or group of objects: how many CPUs operate on it at a time, which
CPUs they are, what belongs together. They may be wrong, or lies: that costs speed and nothing else.

Invariant: these calls check that what they name exists, and never wait.

Source: ours; the three parameters are those of V. Uhlig, "Scalability of Microkernel-Based
Systems", PhD thesis, University of Karlsruhe, 2005.
"""

from __future__ import annotations

from dataclasses import dataclass

from smplab.kernel.changes import BITS, FORGO, Changes
from smplab.kernel.granularity import FINE
from smplab.kernel.rendezvous import OK
from smplab.kernel.spaces import INVALID
from smplab.kernel.synchronization import SHARED
from smplab.language.cpu import Cpu
from smplab.language.routines import routine
from smplab.language.struct import NULL, Word


@dataclass(eq=False)
class Protection(Changes):
    """System calls on protection."""

    @routine(call=True)
    def set_concurrency(self, cpu: Cpu, number: Word, want: Word) -> Word:
        """System call: an object's home CPU is ALONE with it, or it is SHARED; OK or INVALID.

        Where locks can be turned off, that of an object that is not shared is; other CPUs then ask
        the home.
        """
        self.enter_kernel(cpu)
        result = self.check_numbers(cpu, number, cpu.count * self.objects, want, SHARED)
        if self.changes and result == OK:
            guard = self.guard_of_object(cpu, number)
            self.synchronization.request(cpu, guard, want)
            self.see_through(cpu, self.place_of(cpu, number))
        self.exit_kernel(cpu)
        return result

    @routine(call=True)
    def set_group(self, cpu: Cpu, number: Word, group: Word) -> Word:
        """System call: an object joins a group, which it leaves by joining another.

        OK, or INVALID: there is no such object, or no such group.
        """
        self.enter_kernel(cpu)
        last = cpu.count * self.groups - 1
        result = self.check_numbers(cpu, number, cpu.count * self.objects, group, last)
        if self.polls and result == OK:
            self.synchronization.join(cpu, self.guard_of_object(cpu, number), group)
            self.see_through(cpu, self.place_of(cpu, number))
        self.exit_kernel(cpu)
        return result

    @routine(call=True)
    def set_grain(self, cpu: Cpu, group: Word, want: Word) -> Word:
        """System call: a group's objects share a lock, COARSE, or have one each, FINE.

        OK, or INVALID: there is no such group.
        """
        self.enter_kernel(cpu)
        result = self.check_numbers(cpu, group, cpu.count * self.groups, want, FINE)
        if self.polls and result == OK:
            self.synchronization.request_grain(cpu, group, want)
            home, i = group // self.groups, self.objects + group % self.groups
            self.see_through(cpu, home * self.row_words * BITS + i)
        self.exit_kernel(cpu)
        return result

    @routine(call=True)
    def set_processors(self, cpu: Cpu, number: Word, first: Word, count: Word) -> Word:
        """System call: `count` CPUs from `first` on use an object, and its home; OK or INVALID.

        Changes of its protection wait for these alone, and for whoever else comes to use it. CPUs
        outside leave the set when they next serve requests.
        """
        self.enter_kernel(cpu)
        result = OK
        if self.multiprocessor:
            result = INVALID
            if 0 < count <= cpu.count:  # else `cpu.count - count` may not fit into a word
                last = cpu.count - count
                result = self.check_numbers(cpu, number, cpu.count * self.objects, first, last)
        if self.changes and result == OK:
            guard = self.guard_of_object(cpu, number)
            for c in range(cpu.count):
                if first <= c < first + count:
                    self.synchronization.involve(cpu, guard, c)
                elif self.synchronization.involved(cpu, guard, c):
                    if c == cpu.id:
                        self.forgo(cpu, number)
                    else:
                        # If the mailbox is full, the CPU stays, which does no harm.
                        self.try_post(cpu, c, FORGO, NULL, number)
        self.exit_kernel(cpu)
        return result

    @routine(call=True)
    def is_settled(self, cpu: Cpu, number: Word) -> bool:
        """System call: whether an object that exists is protected as was last asked for."""
        self.enter_kernel(cpu)
        settled = True
        if self.polls:
            settled = self.synchronization.settled(cpu, self.guard_of_object(cpu, number))
        self.exit_kernel(cpu)
        return settled

    @routine(call=True)
    def is_group_settled(self, cpu: Cpu, group: Word) -> bool:
        """System call: whether a group that exists has the locks that were last asked for."""
        self.enter_kernel(cpu)
        settled = True
        if self.polls:
            settled = self.synchronization.settled_group(cpu, group)
        self.exit_kernel(cpu)
        return settled

    @routine
    def check_numbers(self, cpu: Cpu, number: Word, count: Word, value: Word, most: Word) -> Word:
        """Whether there is such an object or group, and such a value from 0 to `most`."""
        if not self.multiprocessor or (0 <= number < count and 0 <= value <= most):
            return OK
        return INVALID
