"""Synchronization `dynamic`: each object's protection is turned on and off while the system runs.

An object is in one of four states, which say who operates on it and under what:

    DISABLED    the home CPU, under nothing             other CPUs ask the home CPU
    PROMOTING   the home CPU, under the lock            other CPUs ask the home CPU
    ENABLED     every CPU, under the lock
    DEMOTING    the home CPU, under the lock            other CPUs ask the home CPU

State and home are one word, the *regime*. In DISABLED it is the number of the home CPU, so that one
load and one comparison tell a CPU that it is at home and needs no lock.

Only DISABLED and ENABLED exclude each other: in all other pairs, two CPUs that meet at an object
share its lock. So a change goes through PROMOTING or DEMOTING and stays there for a grace period,
begun when that state was visible: after it nobody still acts by the state before. But by DISABLED
only the home acts otherwise than by PROMOTING. So where the home itself, which holds nothing then,
begins to turn the lock on, it goes from DISABLED straight to ENABLED, and nobody is waited for.

A regime is read once, and a lock once taken need not be questioned again until the CPU passes a
quiescent point. It does so where it holds nothing that it has read: in every interrupt from user
level and before it sleeps, not at the end of each system call, which therefore costs nothing.

Invariants:

- A change under way is never taken back. What is asked for meanwhile is found by who completes it.
- The CPU that sets BUSY alone writes `epoch`, and then takes BUSY away.
- The regime's home is written by that home only; all writes of the regime are atomic.
- Nobody waits for a grace period: changes are completed by whoever polls. A late completer finds
  another state, or the same one, since promotion by the home takes no grace period; but then it
  finds another `epoch`: a period that begins after another is over has a number of its own.
- `leave` gives back what `enter` took, whatever the regime is by then.
- A grace period is one over the CPUs in the object's set: its home is in there before it is the
  home, any other CPU before it reads the regime, and who leaves has passed a quiescent point.

V. Uhlig, "Scalability of Microkernel-Based Systems", PhD thesis, University of Karlsruhe, 2005, has
locks that are enabled, promoted and demoted (so does L4Ka::Pistachio, generic/sync.h, which never
disables one) and grace periods by a token. The protocol's steps are smplab's own, promotion by the
home among them. What the locks are, one for each object or a cascade, is the slot `granularity`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from smplab.api import (
    ALONE,
    SHARED,
    Cpu,
    Grace,
    LanguageError,
    Mutant,
    Opaque,
    Ref,
    Struct,
    Tracking,
    Word,
    aligned,
    ending_in,
    parameter,
    routine,
    slot,
)
from smplab_plugins.synchronization.locked import Locked

DISABLED: Final = ALONE
ENABLED: Final = SHARED
PROMOTING: Final = 2
DEMOTING: Final = 3
BUSY: Final = 4
"""Added to PROMOTING or DEMOTING while the grace period is being begun."""
STATE: Final = 32
"""A regime is the number of the home CPU, and the state shifted so far."""
HOME: Final = (1 << STATE) - 1
"""The bits of a regime that are the home."""

NOT_TAKEN: Final = -1
"""What `enter` gives where it takes no lock; what a lock gives is 0 or more."""


class Guard(Struct):
    """What protects an object. The regime is read often and rarely written: no lock in its line."""

    regime: Word = aligned()  # the home CPU, and the state << STATE
    epoch: Word  # the grace period of the change that is under way
    want: Word  # ALONE or SHARED, as was asked for last
    members: Word  # the set of CPUs that look at the object; constant
    lock: Opaque = aligned()  # what the granularity has of each object


@dataclass(eq=False)
class Dynamic(Locked):
    """Locks where CPUs compete for an object, none and messages where its home CPU is alone.

    User level says which, for each object, and may change its mind at any time: a wrong hint costs
    speed and nothing else. Where an object's lock is off, its home CPU pays one load and one branch
    for an operation; others ask it. A change takes a grace period, for which nobody waits. Groups
    are as in `Locked`.

    Verify it with what it is built on: smplab verify mechanism/synchronization=dynamic
    mechanism/granularity=object mechanism/lock=ttas mechanism/grace=epochs
    mechanism/tracking=bitmap
    """

    source: ClassVar[str] = "V. Uhlig, PhD thesis, Karlsruhe 2005; the protocol's steps: smplab"
    asks = True
    changes = True
    mutants: ClassVar[dict[str, Mutant]] = {
        "no_promotion": Mutant("another CPU than the home goes from DISABLED straight to ENABLED"),
        "no_demotion": Mutant("from ENABLED straight to DISABLED"),
        "grace_before_regime": Mutant("the grace period begins before the regime changes"),
        "not_busy": Mutant("the regime changes before the grace period is known", cpus=3),
        "cancelled": Mutant(
            "a promotion under way is taken back, and who completes one does not look which it is;"
            " the first alone is harmless, as only the home acts otherwise in DISABLED",
            cpus=3,
        ),
        "overtaken": Mutant(
            "who completes a change does not look whether it is still the one it knew", cpus=3
        ),
        "not_looked_again": Mutant("who completes a change does not look what is wanted now"),
        "not_atomic": Mutant("a change starts by a load and a store"),
        "always_released": Mutant("`leave` gives back a lock that `enter` did not take"),
        "no_fence_after_want": Mutant("the regime is read while `want` is still buffered", "tso"),
        "joined_late": Mutant("a CPU enters the object's set after it has read the regime"),
    }

    grace: Grace = slot()
    tracking: Tracking = slot()

    starts: str = parameter(
        "disabled", "regime of objects in the beginning", choices=("disabled", "enabled")
    )

    def connect(self) -> None:
        """Say who is in a set."""
        setattr(self.grace, "member", self.tracking.contains)  # noqa: B010 - mypy
        setattr(self.grace, "next_member", self.tracking.next_member)  # noqa: B010 - mypy

    def guard(self) -> type[Struct] | None:
        """Return the regime, and what the granularity wants each object to have.

        Raises:
            LanguageError: the granularity has no locks of objects, but one around the kernel, which
                would be held by who waits for an answer.
        """
        lock = self.granularity.guard()
        if lock is None:
            raise LanguageError(
                "mechanism/synchronization=dynamic turns locks of objects on and off; this"
                " granularity has none: choose mechanism/granularity=object or dynamic"
            )
        return ending_in(Guard, lock=lock)

    @routine
    def init(self, cpu: Cpu, guard: Ref[Guard], home: Word, group: Word) -> None:
        """The lock is free, and as asked for."""
        self.granularity.init(cpu, guard.lock, group)
        guard.regime = home
        if self.starts == "enabled":
            guard.regime = home + (ENABLED << STATE)
            guard.want = SHARED

    # --- operations -----------------------------------------------------------------------------

    @routine
    def here(self, cpu: Cpu, guard: Ref[Guard], home: Word) -> bool:
        """At home always, elsewhere where the lock is enabled."""
        if home == cpu.id:
            return True
        return self.look(cpu, guard) >> STATE == ENABLED

    @routine
    def look(self, cpu: Cpu, guard: Ref[Guard]) -> Word:
        """The regime of another CPU's object, whose changes wait for this CPU from now on."""
        if self.mutant == "joined_late":
            early = guard.regime
            self.join_set(cpu, guard)
            return early
        self.join_set(cpu, guard)
        return guard.regime

    @routine
    def alone(self, cpu: Cpu, guard: Ref[Guard]) -> bool:
        """At home in DISABLED."""
        return guard.regime == cpu.id

    @routine
    def enter(self, cpu: Cpu, guard: Ref[Guard]) -> Any:
        """Take the lock, unless this CPU is the home of an object in DISABLED."""
        if guard.regime == cpu.id:
            return NOT_TAKEN
        return self.granularity.enter(cpu, guard.lock)

    @routine
    def enter_shared(self, cpu: Cpu, guard: Ref[Guard]) -> Any:
        """Take the lock, which does no harm in DISABLED."""
        return self.granularity.enter(cpu, guard.lock)

    @routine
    def leave(self, cpu: Cpu, guard: Ref[Guard], node: Any) -> None:
        """Give back what was taken."""
        if node != NOT_TAKEN or self.mutant == "always_released":
            self.granularity.leave(cpu, guard.lock, node)

    @routine
    def quiescent(self, cpu: Cpu) -> None:
        """Tell it the grace periods, unless the granularity does."""
        self.granularity.quiescent(cpu)
        if not self.passed_below():
            self.grace.quiescent(cpu)

    @routine
    def sleep(self, cpu: Cpu) -> None:
        """A quiescent point that lasts until this CPU wakes."""
        self.granularity.sleep(cpu)
        if not self.passed_below():
            self.grace.idle_enter(cpu)

    @routine
    def wake(self, cpu: Cpu) -> None:
        """From now on this CPU is waited for."""
        if not self.passed_below():
            self.grace.idle_leave(cpu)
        self.granularity.wake(cpu)

    def passed_below(self) -> bool:
        """Return whether the granularity uses grace periods, too, and passes quiescent points."""
        return "grace" in self.granularity.slots()

    # --- sets of CPUs ---------------------------------------------------------------------------

    @routine
    def join_set(self, cpu: Cpu, guard: Ref[Guard]) -> None:
        """Enter the object's set, which `add` makes others see first, unless this CPU is there."""
        self.tracking.add(cpu, guard.members, cpu.id)

    @routine
    def track(self, cpu: Cpu, guard: Ref[Guard], members: Word, home: Word) -> None:
        """Of whom grace periods wait, if they wait for sets."""
        guard.members = members
        self.tracking.add(cpu, members, home)

    @routine
    def involve(self, cpu: Cpu, guard: Ref[Guard], member: Word) -> None:
        """Add a CPU."""
        self.tracking.add(cpu, guard.members, member)

    @routine
    def involved(self, cpu: Cpu, guard: Ref[Guard], member: Word) -> bool:
        """Look, where it makes a difference."""
        return self.tracking.exact and self.tracking.contains(cpu, guard.members, member)

    @routine
    def forgo(self, cpu: Cpu, guard: Ref[Guard]) -> None:
        """Remove this CPU."""
        self.tracking.remove(cpu, guard.members, cpu.id)

    # --- changes --------------------------------------------------------------------------------

    @routine
    def request(self, cpu: Cpu, guard: Ref[Guard], want: Word) -> None:
        """Leave word what is wanted, and start if no change is under way."""
        self.join_set(cpu, guard)
        guard.want = want
        if self.mutant == "cancelled" and want == ALONE:
            home = guard.regime & HOME
            cpu.cas(guard.regime, home + (PROMOTING << STATE), home)
        if self.mutant != "no_fence_after_want":
            cpu.fence()
        self.start(cpu, guard)

    @routine
    def start(self, cpu: Cpu, guard: Ref[Guard]) -> None:
        """Begin the change that is wanted, if any, and if no change is under way.

        Called where this CPU holds nothing that it has read: so the home can promote at once.
        Tried again if only the home has changed meanwhile: nobody else would begin it.
        """
        while True:
            regime = guard.regime
            state = regime >> STATE
            if regime == cpu.id and guard.want == SHARED:
                # The CAS is a fence: who takes the lock finds what this CPU did without it. Who has
                # wanted something else meanwhile found nothing to begin, so look again.
                begun = cpu.cas(guard.regime, regime, regime + (ENABLED << STATE))
                if self.mutant != "not_looked_again":
                    begun = False
            elif state == DISABLED and guard.want == SHARED:
                begun = self.change(cpu, guard, regime, PROMOTING, ENABLED)
            elif state == ENABLED and guard.want == ALONE:
                begun = self.change(cpu, guard, regime, DEMOTING, DISABLED)
            else:
                return
            if begun:
                return

    @routine(call=True)
    def change(self, cpu: Cpu, guard: Ref[Guard], regime: Word, via: Word, new: Word) -> bool:
        """Go from a regime to state `via` and begin a grace period, unless it has changed."""
        home = regime & HOME
        if self.mutant == "grace_before_regime":
            early = self.grace.begin(cpu)
        if self.mutant == "not_busy":
            if not cpu.cas(guard.regime, regime, home + (via << STATE)):
                return False
        elif self.mutant == "not_atomic":
            if guard.regime != regime:
                return False
            guard.regime = home + (via + BUSY << STATE)
        elif not cpu.cas(guard.regime, regime, home + (via + BUSY << STATE)):
            return False
        if self.mutant == "grace_before_regime":
            guard.epoch = early
        else:
            guard.epoch = self.grace.begin(cpu)
        if (self.mutant == "no_promotion" and via == PROMOTING) or (
            self.mutant == "no_demotion" and via == DEMOTING
        ):
            cpu.fetch_add(guard.regime, new - via - BUSY << STATE)
        elif self.mutant != "not_busy":
            # The home may be another one by now.
            cpu.fetch_add(guard.regime, -(BUSY << STATE))
        return True

    @routine
    def poll(self, cpu: Cpu, guard: Ref[Guard]) -> None:
        """Complete a change whose grace period is over, then begin the next one if wanted.

        BUSY keeps `epoch` as it is meanwhile. It may be another period's by now: while this CPU was
        on its way, others may have completed the change from ENABLED, and the home, which waits for
        nobody, may have come back to ENABLED, so that the same change is under way once more.
        """
        self.granularity.poll(cpu, guard.lock)
        self.join_set(cpu, guard)
        regime = guard.regime
        state = regime >> STATE
        epoch = guard.epoch
        if PROMOTING <= state < BUSY and self.grace.over(cpu, epoch, guard.members):
            new = ENABLED if state == PROMOTING else DISABLED
            completed = cpu.cas(guard.regime, regime, regime + (BUSY << STATE))
            same = guard.epoch == epoch or self.mutant == "overtaken"
            if completed and not same and self.mutant != "cancelled":
                cpu.fetch_add(guard.regime, -(BUSY << STATE))
                completed = False
            if completed:
                # The atomic is the fence between the new regime and the look at `want`.
                cpu.fetch_add(guard.regime, new - state - BUSY << STATE)
            if completed and self.mutant != "not_looked_again":
                self.start(cpu, guard)

    @routine
    def moved(self, cpu: Cpu, guard: Ref[Guard], home: Word) -> None:
        """Change the home, whatever the state becomes meanwhile."""
        while True:
            regime = guard.regime
            if cpu.cas(guard.regime, regime, regime - (regime & HOME) + home):
                return

    @routine
    def changing(self, cpu: Cpu, guard: Ref[Guard]) -> bool:
        """Whether the regime is a passing one, or the granularity wants to be polled."""
        if guard.regime >> STATE >= PROMOTING:
            return True
        return not self.granularity.settled(cpu, guard.lock)

    @routine
    def settled(self, cpu: Cpu, guard: Ref[Guard]) -> bool:
        """Whether regime and granularity are those last asked for."""
        if guard.regime >> STATE != guard.want:
            return False
        return self.granularity.settled(cpu, guard.lock)

    # --- groups ---------------------------------------------------------------------------------

    @routine
    def group_of(self, cpu: Cpu, guard: Ref[Guard]) -> Word:
        """As the granularity does."""
        return self.granularity.group_of(cpu, guard.lock)

    @routine
    def covers(self, cpu: Cpu, group: Word, guard: Ref[Guard]) -> bool:
        """As the granularity does."""
        return self.granularity.covers(cpu, group, guard.lock)

    @routine
    def join(self, cpu: Cpu, guard: Ref[Guard], group: Word) -> None:
        """As the granularity does."""
        self.granularity.join(cpu, guard.lock, group)
