"""Operations on a tree that its home performs for a thread of another CPU.

The home copies the arguments and swaps in the reply: of the caller's memory it takes two lines,
each once, whatever the operation does. A caller whose CPU has nothing else to do spins on the
reply, which so takes no interrupt and no place in a mailbox; otherwise it blocks, and is woken.

Invariants:

- `reply` is AWAITED or ASLEEP until the home swaps in the result, and nobody writes it after that.
  Only the caller makes AWAITED into ASLEEP; it then blocks, and the home, which finds that, wakes
  it. So no wake-up is lost, and none comes without need.
- Who spins holds nothing, passes quiescent points, and serves what an idle CPU does: requests of
  both classes, its timer. Whom that makes ready runs next: the caller blocks.
- The arguments are not written while `reply` is awaited.

Source: request and reply in a line each, which a waiter polls: J.-P. Lozi et al., "Remote Core
Locking", USENIX ATC 2012, section 3; S. Roghanchi et al., "ffwd: delegation is (much) faster than
you think", SOSP 2017, section 3. To spin only where nothing else is to run: ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from smplab.kernel.objects import Tcb
from smplab.kernel.trees import MAP, Call, Trees
from smplab.language.component import Mutant
from smplab.language.cpu import Cpu
from smplab.language.memory import Memory
from smplab.language.routines import routine
from smplab.language.struct import NULL, Array, Ref, Word

AWAITED = -12  # as a reply: the caller spins
ASLEEP = -13  # it is to be woken


@dataclass(eq=False)
class Delegation(Trees):
    """Requests to homes of trees, and the wait for what becomes of them."""

    mutants: ClassVar[dict[str, Mutant]] = {
        **Trees.mutants,
        "reply_stored": Mutant("the home does not look whether the caller has blocked"),
        "block_stored": Mutant("a caller that is to block does not look for the reply"),
    }

    def layout(self, memory: Memory) -> None:
        """For each CPU the arguments of what it performs for others."""
        super().layout(memory)
        if self.spaces > 0:
            self.served: Array[Call] = memory.per_cpu(Call)

    @routine(call=True)
    def operate(self, cpu: Cpu, request: Word, call: Ref[Call]) -> Word:
        """Perform a call on its tree; mapping.py says how."""
        cpu.check(False, "nobody operates on trees")
        return 0

    @routine(call=True)
    def delegate(self, cpu: Cpu, me: Ref[Tcb], request: Word, call: Ref[Call]) -> Word:
        """Have the home of its tree perform a thread's call; the result."""
        call.reply = AWAITED
        self.post(cpu, call.tree.home, request, me, me)
        while call.reply == AWAITED:
            # Where an answer waits for room, the idle loop looks for that.
            if self.highest_ready(cpu) < 0 and self.processor(cpu).answers.first == NULL:
                self.spin(cpu, call)
            elif self.blocks(cpu, call):
                self.wait_for(cpu, me, me, 0)
        return call.reply

    @routine
    def blocks(self, cpu: Cpu, call: Ref[Call]) -> bool:
        """Tell the home that its reply has to wake the caller, unless it is there."""
        if self.mutant == "block_stored":
            call.reply = ASLEEP
            return True
        return cpu.cas(call.reply, AWAITED, ASLEEP)

    @routine
    def spin(self, cpu: Cpu, call: Ref[Call]) -> None:
        """Wait for the reply, or serve what comes before it, as `start` does."""
        self.synchronization.end(cpu)
        timer = cpu.take_pending("timer")
        asked = timer or cpu.take_pending("request")
        # Read again: a wait is for the line that was read last.
        if not asked and call.reply == AWAITED and not self.serve_pending_flushes(cpu):
            cpu.idle(call.reply)
        self.synchronization.begin(cpu)
        # Behind the look at interrupts: one of them may have come for this.
        self.synchronization.quiescent(cpu)
        if timer:
            self.tick(cpu)
        else:
            self.serve(cpu)

    @routine
    def perform_control(self, cpu: Cpu, request: Word, caller: Ref[Tcb], thread: Ref[Tcb]) -> None:
        """Operate on a tree of this CPU for a thread of another one; or what threads.py says."""
        if self.spaces > 0 and self.synchronization.asks and request >= MAP:
            call = self.calls[caller.number]
            served = self.served[cpu.id]
            served.entry = call.entry
            served.tree = call.tree
            served.page = call.page
            served.level = call.level
            served.mode = call.mode
            served.space = call.space
            served.to_page = call.to_page
            result = self.operate(cpu, request, served)
            if self.mutant == "reply_stored":
                call.reply = result
            elif cpu.swap(call.reply, result) == ASLEEP:
                self.answer(cpu, caller)
        else:
            super().perform_control(cpu, request, caller, thread)
