"""Policy `hints`: what workloads declare is what the kernel is told.

The policy remembers what it last said of each object, and calls the kernel only where a declaration
changes that. So a workload may declare as often as it likes: what is known already costs a look at
a word, and what the kernel has no filling to act on is not said. Two threads that declare different
things of one object at once may leave the memory wrong; that costs speed, and the next change sets
it right.

V. Uhlig, "Scalability of Microkernel-Based Systems", PhD thesis, University of Karlsruhe, 2005:
user level knows where there is concurrency, and says so. The memory is smplab's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from smplab.api import (
    ALONE,
    COARSE,
    FINE,
    OK,
    SHARED,
    Array,
    Cpu,
    Memory,
    Policy,
    Ref,
    Struct,
    Word,
    aligned,
    parameter,
    routine,
)


class Said(Struct):
    """What the kernel was told, and took, of an object; 0: nothing yet."""

    concurrency: Word = aligned()  # 1 more than `want`
    first: Word
    count: Word  # 1 more than that
    group: Word  # 1 more than that
    grain: Word  # of the group that has the object's number: 1 more than `want`


@dataclass(eq=False)
class Hints(Policy):
    """Says to the kernel what workloads declare, once for each change.

    A thread is SHARED from `shared_from_percent` remote operations on, a tree of mappings from
    `trees_shared_from_percent` on, else ALONE. It is ALONE in a crowd, too, whatever is remote:
    from `delegated_from_cpus` CPUs on that operate on it at once (`trees_delegated_from_cpus`).
    A group is FINE from `fine_from_cpus` concurrent CPUs on, else COARSE, where its grain can
    change. The involved CPUs, if they are several, and the groups are handed on.

    To set a threshold for a machine, measure with a lock each and with messages: the gain is the
    cycles of a local operation that messages save, the loss those that they cost a remote one. The
    threshold is 0.64 of gain/(gain+loss) for servers, 0.88 of it for trees, factors that were
    found on opteron48; experiments/lock_or_message tells how far that holds elsewhere. The
    defaults are opteron48's, MCS; where an interrupt costs less, as on tx1, they are too low.
    A tree's is lower: to map and revoke in another CPU's memory takes no interrupt under a lock,
    and two by messages; a call takes one or two anyway, and three by messages.

    A lock passes the object's lines from CPU to CPU, and a crowd waits for that. ALONE, its home
    operates for all of them, and the lines stay there: remote core locking (Lozi et al., USENIX ATC
    2012), ffwd (Roghanchi et al., SOSP 2017), and by turns flat combining (Hendler et al., SPAA
    2010). To set the threshold for a machine, have all of 2, 4, 8, ... CPUs operate on CPU 0's
    object (workload remote_share, target=first, remote_percent=100), with the parameter 0 and with
    2: the threshold is the number of CPUs from which on the second does more, 0 if there is none.
    Clients are no crowd: the one home answers each of them, so that their locks stay on.

    `count_hints_calls` counts the system calls, `count_hints_refused` those that the kernel refused
    because there is no such object, CPU or group: a mistake in the workload.
    """

    source: ClassVar[str] = (
        "V. Uhlig, PhD thesis, Karlsruhe 2005; crowds: J.-P. Lozi et al., USENIX ATC 2012;"
        " S. Roghanchi et al., SOSP 2017; the memory: smplab"
    )

    shared_from_percent: int = parameter(
        7, "remote operations from which on a thread is worth a lock", unit="%", minimum=0,
        maximum=101, source="lock_or_message on opteron48: they cross at 7 with 8 and 48 CPUs",
    )  # fmt: skip
    trees_shared_from_percent: int = parameter(
        3, "remote operations from which on a tree of mappings is worth a lock", unit="%",
        minimum=0, maximum=101, source="lock_or_message on opteron48: they cross at 2.5 to 2.9",
    )  # fmt: skip

    delegated_from_cpus: int = parameter(
        0, "CPUs at once from which on a thread has no lock, and its home operates for all; 0:"
        " never", minimum=0,
    )  # fmt: skip
    trees_delegated_from_cpus: int = parameter(0, "the same for a tree of mappings", minimum=0)
    fine_from_cpus: int = parameter(
        2, "concurrent CPUs from which on a group is FINE; more where the two kinds of lock differ,"
        " and the fine one is for crowds", minimum=0,
    )  # fmt: skip

    def layout(self, memory: Memory) -> None:
        """A line for each object, on its home's node, and one for what is no object."""
        self.splits = self.kernel.synchronization.splits()
        self.own = self.kernel.threads
        if self.kernel.spaces > 0:
            self.own += self.kernel.regions
        self.memory: Array[Said] = memory.per_cpu(Said, self.own)
        self.nothing = memory.struct(Said)

    @routine
    def known(self, cpu: Cpu, number: Word) -> bool:
        """Whether there is an object of a number."""
        return 0 <= number < cpu.count * self.own

    @routine(call=True)
    def said(self, cpu: Cpu, number: Word) -> Ref[Said]:
        """The memory of an object; threads are numbered first, trees behind all of them."""
        if not self.known(cpu, number):
            return self.nothing
        threads = self.kernel.threads
        trees = self.own - threads
        tree = number - cpu.count * threads
        if trees > 0 and tree >= 0:
            return self.memory[tree // trees * self.own + threads + tree % trees]
        return self.memory[number // threads * self.own + number % threads]

    @routine
    def took(self, cpu: Cpu, result: Word) -> bool:
        """Whether the kernel took what it was told; count it."""
        cpu.tally("hints_calls")
        if result != OK:
            cpu.tally("hints_refused")
        return result == OK

    @routine(call=True)
    def share(self, cpu: Cpu, number: Word, remote_percent: Word, cpus: Word = 1) -> None:
        """SHARED or ALONE, by the thresholds of what it is."""
        threshold = self.shared_from_percent
        crowd = self.delegated_from_cpus
        if number >= cpu.count * self.kernel.threads:
            threshold = self.trees_shared_from_percent
            crowd = self.trees_delegated_from_cpus
        want = SHARED if remote_percent >= threshold else ALONE
        if 0 < crowd <= cpus:
            want = ALONE
        said = self.said(cpu, number)
        if said.concurrency == want + 1:
            return
        if self.took(cpu, self.kernel.set_concurrency(cpu, number, want)):
            said.concurrency = want + 1

    @routine(call=True)
    def involve(self, cpu: Cpu, number: Word, first: Word, count: Word) -> None:
        """Hand it on, unless one CPU is left: whom nobody waits for may stay in the set."""
        said = self.said(cpu, number)
        if count <= 1 or (said.count == count + 1 and said.first == first):
            return
        if self.took(cpu, self.kernel.set_processors(cpu, number, first, count)):
            said.first = first
            said.count = count + 1

    @routine(call=True)
    def group(self, cpu: Cpu, number: Word, group: Word) -> None:
        """Hand it on."""
        said = self.said(cpu, number)
        if said.group == group + 1:
            return
        if self.took(cpu, self.kernel.set_group(cpu, number, group)):
            said.group = group + 1

    @routine(call=True)
    def spread(self, cpu: Cpu, group: Word, concurrency: Word) -> None:
        """FINE or COARSE; of more groups than there are objects, the last ones have no memory."""
        if not self.splits:
            return
        want = FINE if concurrency >= self.fine_from_cpus else COARSE
        said = self.said(cpu, group)
        if said.grain == want + 1:
            return
        if self.took(cpu, self.kernel.set_grain(cpu, group, want)) and self.known(cpu, group):
            said.grain = want + 1
