"""Workload `remote_share`: a share of the operations goes to objects of other CPUs, or of one."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import ANYBODY, NEVER, Cpu, Word, parameter, routine
from smplab_plugins.workloads.single_pages import SinglePages


@dataclass(eq=False)
class RemoteShare(SinglePages):
    """Each CPU operates on its own object, and for a share of the time on another CPU's.

    With `object=thread` every CPU has a client and a server, and an operation is one call with its
    answer. With `object=tree` an operation maps a page out of a region of memory, and revokes it.
    The other CPU is drawn anew each time, uniformly; on one CPU there is none. Or it is CPU 0 each
    time (`target`), whose own operations are all local: with a share of 100 % that is a crowd, all
    CPUs at one object. The regions `local` and `remote` measure the two kinds apart, counters of
    the same names count them.
    """

    object: str = parameter(
        "thread", "what is operated on: servers, or trees of mappings", choices=("thread", "tree")
    )
    remote_percent: int = parameter(
        10, "operations on the object of another CPU", unit="%", minimum=0, maximum=100
    )
    target: str = parameter(
        "others", "whose object the remote operations are on: any other CPU's, or CPU 0's",
        choices=("others", "first"),
    )  # fmt: skip
    think_cycles: int = parameter(
        500, "mean time at user level before each message, or each operation on a tree",
        unit="cycles", minimum=0,
    )  # fmt: skip

    def connect(self) -> None:
        """A space to map into, besides space 0."""
        if self.object == "tree":
            self.kernel.need_spaces(2)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create what lives on this CPU, and start it."""
        client = cpu.id * self.kernel.threads
        self.kernel.create(cpu, client, self.client, cpu.id, 0)
        if self.object == "thread":
            self.kernel.create(cpu, client + 1, self.server, 0, 0)
        else:
            self.make_target(cpu)
        self.kernel.start(cpu)

    @routine
    def client(self, cpu: Cpu, me: Word) -> None:
        """Think, operate."""
        self.kernel.begin_thread(cpu)
        self.declare(cpu, me)
        if self.object == "tree":
            self.begin_mapping(cpu, me)
        while True:
            cpu.delay(cpu.exponential(self.think_cycles, "think"))
            target = me
            if cpu.random(100, "remote") < self.remote_percent and cpu.count > 1:
                if self.target == "first":
                    target = 0
                else:
                    target = (me + 1 + cpu.random(cpu.count - 1, "target")) % cpu.count
            cpu.begin("operation")
            if target == me:
                cpu.begin("local")
                self.operate(cpu, me, me)
                cpu.end("local")
                cpu.tally("local")
            else:
                cpu.begin("remote")
                self.operate(cpu, me, target)
                cpu.end("remote")
                cpu.tally("remote")
            cpu.end("operation")

    @routine
    def declare(self, cpu: Cpu, me: Word) -> None:
        """Say who operates on this CPU's objects; answers come from where calls went.

        Of operations spread over all objects, one is at each at a time, on the mean.
        """
        if self.object == "tree":
            called = self.kernel.tree_object(cpu, self.first_region(cpu, me))
        else:
            called = me * self.kernel.threads + 1
        if self.target == "others":
            self.declare_one(cpu, called, self.remote_percent, 1, cpu.count)
            if self.object == "thread":
                self.declare_one(cpu, called - 1, self.remote_percent, 1, cpu.count)
        elif me == 0:
            others = (cpu.count - 1) * self.remote_percent
            share = 100 * others // (100 + others)
            self.declare_one(cpu, called, share, 1 + others // 100, cpu.count)
            if self.object == "thread":
                self.declare_one(cpu, called - 1, 0, 1, 1)
        else:
            self.declare_one(cpu, called, 0, 1, 1)
            if self.object == "thread":
                self.declare_one(cpu, called - 1, self.remote_percent, 1, 1)

    @routine(call=True)
    def declare_one(
        self, cpu: Cpu, number: Word, share: Word, at_once: Word, involved: Word
    ) -> None:
        """The share first: the sets of CPUs matter to changes, and this is about the next ones."""
        self.policy.share(cpu, number, share, at_once)
        if share > 0:
            self.policy.involve(cpu, number, 0, involved)

    @routine(call=True)
    def operate(self, cpu: Cpu, me: Word, target: Word) -> None:
        """One operation on the object of a CPU."""
        if self.object == "tree":
            self.map_and_unmap(cpu, me, self.first_region(cpu, target))
        else:
            server = target * self.kernel.threads + 1
            sender = self.kernel.call(cpu, server, NEVER)
            cpu.check(sender == server, "the answer is not the server's")

    @routine
    def server(self, cpu: Cpu, argument: Word) -> None:
        """Think, answer."""
        self.kernel.begin_thread(cpu)
        client = self.kernel.receive(cpu, ANYBODY, NEVER)
        while True:
            cpu.delay(cpu.exponential(self.think_cycles, "think"))
            client = self.kernel.reply_and_wait(cpu, client, ANYBODY)
