"""Workload `subsystems`: four subsystems with opposite needs side by side on one machine."""

from __future__ import annotations

from dataclasses import dataclass

from smplab.api import ANYBODY, NEVER, Cpu, Word, parameter, routine
from smplab_plugins.workloads.gates import Gates

LOCAL_IPC, SERVER, DISJOINT, SHARED = range(4)
"""Roles. In the odd ones, CPUs share an object of the first one."""


@dataclass(eq=False)
class Subsystems(Gates):
    """Each subsystem has CPUs of its own, which share nothing but the kernel with the others.

    - `local_ipc`: on each CPU a client calls the server there.
    - `server`: clients on all CPUs of the subsystem call the server on its first one.
    - `disjoint`: each CPU maps pages out of its own memory, and revokes them.
    - `shared`: all CPUs do so with one region, in the memory of the first one.

    CPUs are divided by the four shares. Each subsystem declares its needs, and nobody's needs are
    another's. Its latency is measured in a region of its name; how much it did is in the counter of
    that name.

    Without phases every operation of a subsystem is one of the run. With phases, a set of CPUs
    takes over the role of the next set when its work is done, or when that of all is; then an
    operation of the run is a turn, each role once: its work is fixed, so its time is what counts.
    Each CPU of `local_ipc` and `disjoint`, and `server` and `shared` in all, do what fills
    `phase_cycles` at `operation_cycles` each; who is faster does more of what is done in all. A
    set whose work is done declares what its next role needs, and waits at user level.
    """

    local_ipc_share: int = parameter(1, "CPUs of local_ipc, as a share of all", minimum=0)
    server_share: int = parameter(1, "CPUs of server, as a share of all", minimum=0)
    disjoint_share: int = parameter(1, "CPUs of disjoint, as a share of all", minimum=0)
    shared_share: int = parameter(1, "CPUs of shared, as a share of all", minimum=0)
    phase_cycles: int = parameter(
        0, "length of a phase if an operation takes `operation_cycles`; 0: no phases",
        unit="cycles", minimum=0,
    )  # fmt: skip
    change: str = parameter(
        "together", "when roles change: for all sets when the last one is done, so that the slowest"
        " role decides, or for each set when it is done, so that all roles count",
        choices=("together", "apart"),
    )  # fmt: skip
    operation_cycles: int = parameter(
        2100, "what an operation is reckoned at: only turns phase_cycles into operations",
        unit="cycles", minimum=1, source="uniform, locked, one CPU: 1,800 a call, 2,300 a mapping",
    )  # fmt: skip
    think_cycles: int = parameter(
        500, "mean time at user level before each operation", unit="cycles", minimum=0
    )

    def connect(self) -> None:
        """A space to map into, besides space 0."""
        self.kernel.need_spaces(2)

    @routine
    def run(self, cpu: Cpu) -> None:
        """Create this CPU's client and server, and start it."""
        for role in range(4):
            cpu.check(
                self.share_of(cpu, role) == 0
                or self.first_of(cpu, role) < self.first_of(cpu, role + 1),
                "subsystems: one has no CPU: it takes a CPU each, or more if the shares differ",
            )
        cpu.check(
            self.kernel.priorities > 1,
            "subsystems: servers are above their clients: raise kernel.priorities",
        )
        self.make_target(cpu)
        client = cpu.id * self.kernel.threads
        self.kernel.create(cpu, client, self.client, cpu.id, 0)
        # Above its client, which may spin.
        self.kernel.create(cpu, client + 1, self.server, 0, 1)
        self.kernel.start(cpu)

    @routine
    def share_of(self, cpu: Cpu, part: Word) -> Word:
        """The share of a set, 0 to 3."""
        share = self.local_ipc_share
        if part == SERVER:
            share = self.server_share
        elif part == DISJOINT:
            share = self.disjoint_share
        elif part == SHARED:
            share = self.shared_share
        return share

    @routine(call=True)
    def first_of(self, cpu: Cpu, part: Word) -> Word:
        """The first CPU of a set, 0 to 3; 4: of nobody."""
        first = 0
        all_shares = 0
        for i in range(4):
            if i < part:
                first += self.share_of(cpu, i)
            all_shares += self.share_of(cpu, i)
        cpu.check(all_shares > 0, "subsystems: one of the shares must be above 0")
        return first * cpu.count // all_shares

    @routine
    def client(self, cpu: Cpu, me: Word) -> None:
        """One role after the other, or one for ever."""
        self.kernel.begin_thread(cpu)
        self.begin_mapping(cpu, me)
        part = 3
        while self.first_of(cpu, part) > me:
            part -= 1
        first = self.first_of(cpu, part)
        cpus = self.first_of(cpu, part + 1) - first
        leader = first
        party = cpus
        if self.change == "together":
            leader = 0
            party = cpu.count
        phase = 0
        while True:
            role = (part + phase) % 4
            self.declare(cpu, me, role, first, cpus)
            count = self.operations(cpu)
            if me == first:
                self.fill(cpu, self.behind(cpu, first), count)
            self.meet(cpu, self.before(cpu, leader), (phase + 1) * party)
            if me == leader and phase % 4 == 0 and self.phase_cycles > 0:
                if phase > 0:
                    cpu.end("operation")
                cpu.begin("operation")
            phase += 1
            self.work(cpu, me, role, first, count)
            # Nobody else's objects are the set's: it need not wait for others before it declares.
            self.meet(cpu, self.behind(cpu, first), phase * cpus)

    @routine
    def operations(self, cpu: Cpu) -> Word:
        """Operations in a phase, of a CPU or of a set that shares them; negative: without end."""
        if self.phase_cycles == 0:
            return -1
        return max(1, self.phase_cycles // self.operation_cycles)

    @routine
    def work(self, cpu: Cpu, me: Word, role: Word, first: Word, count: Word) -> None:
        """Do one's own operations of a phase, or draw from those of the set."""
        if role % 2 == 1 and self.phase_cycles > 0:
            while self.draw(cpu, self.behind(cpu, first)):
                self.operate(cpu, me, role, first)
        else:
            while count != 0:
                self.operate(cpu, me, role, first)
                count -= 1

    @routine(call=True)
    def declare(self, cpu: Cpu, me: Word, role: Word, first: Word, cpus: Word) -> None:
        """Say who operates on this CPU's objects while it has this role."""
        client = me * self.kernel.threads
        tree = self.kernel.tree_object(cpu, self.first_region(cpu, me))
        users = 1
        if role % 2 == 1 and me == first:
            users = cpus
        if role == SERVER and me != first:
            self.expect(cpu, client, first, 1, 100)  # the answers
        elif role <= SERVER:
            self.expect(cpu, client, me, 1, 0)
            self.expect(cpu, client + 1, me, users, 100 * (users - 1) // users)
            self.policy.spread(cpu, self.kernel.thread_group(cpu, me), users)
        elif role == DISJOINT or me == first:
            self.expect(cpu, tree, me, users, 100 * (users - 1) // users)
            self.policy.spread(cpu, self.kernel.tree_group(cpu, me), users)

    @routine
    def expect(self, cpu: Cpu, number: Word, first: Word, cpus: Word, remote: Word) -> None:
        """Declare one object."""
        self.policy.involve(cpu, number, first, cpus)
        self.policy.share(cpu, number, remote, cpus)

    @routine(call=True)
    def operate(self, cpu: Cpu, me: Word, role: Word, first: Word) -> None:
        """Think, perform one operation."""
        cpu.delay(cpu.exponential(self.think_cycles, "think"))
        if self.phase_cycles == 0:
            cpu.begin("operation")
        if role == LOCAL_IPC:
            cpu.begin("local_ipc")
            self.call(cpu, me)
            cpu.end("local_ipc")
            cpu.tally("local_ipc")
        elif role == SERVER:
            cpu.begin("server")
            self.call(cpu, first)
            cpu.end("server")
            cpu.tally("server")
        elif role == DISJOINT:
            cpu.begin("disjoint")
            self.map_and_unmap(cpu, me, self.first_region(cpu, me))
            cpu.end("disjoint")
            cpu.tally("disjoint")
        else:
            cpu.begin("shared")
            self.map_and_unmap(cpu, me, self.first_region(cpu, first))
            cpu.end("shared")
            cpu.tally("shared")
        if self.phase_cycles == 0:
            cpu.end("operation")

    @routine(call=True)
    def call(self, cpu: Cpu, owner: Word) -> None:
        """Call the server of CPU `owner`."""
        server = owner * self.kernel.threads + 1
        cpu.check(self.kernel.call(cpu, server, NEVER) == server, "another one's answer")

    @routine
    def server(self, cpu: Cpu, argument: Word) -> None:
        """Answer."""
        self.kernel.begin_thread(cpu)
        client = self.kernel.receive(cpu, ANYBODY, NEVER)
        while True:
            client = self.kernel.reply_and_wait(cpu, client, ANYBODY)
