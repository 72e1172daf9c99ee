"""The CPU as routines see it: every operation that is not plain arithmetic.

The compiler replaces these methods with instructions; Python never runs them. A *place* is a field
given by address: write the field itself, `cpu.fetch_add(lock.next, 1)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from smplab.language.isa import Cause

T = TypeVar("T")


def _outside(name: str) -> NoReturn:
    raise TypeError(
        f"cpu.{name} exists inside compiled routines only: mark the function with @routine and run"
        " it through build_image()"
    )


class Cpu:
    """One processor of the simulated machine."""

    @property
    def id(self) -> int:
        """Logical number of this CPU, 0 to count - 1."""
        _outside("id")

    @property
    def count(self) -> int:
        """Number of CPUs that run the image."""
        _outside("count")

    def load(self, place: T) -> T:
        """The value at `place`; the same as reading the field."""
        _outside("load")

    def store(self, place: T, value: T) -> None:
        """Write `place`; the same as assigning the field."""
        _outside("store")

    def swap(self, place: T, value: T) -> T:
        """Write `place` and return what was there, atomically."""
        _outside("swap")

    def cas(self, place: T, expected: T, new: T) -> bool:
        """Write `new` if `place` holds `expected`, atomically; whether it did."""
        _outside("cas")

    def fetch_add(self, place: int, value: int) -> int:
        """Add to `place` and return what was there, atomically."""
        _outside("fetch_add")

    def fetch_or(self, place: int, value: int) -> int:
        """Set bits of `place` and return what was there, atomically."""
        _outside("fetch_or")

    def fetch_and(self, place: int, value: int) -> int:
        """Keep only the bits of `value` in `place` and return what was there, atomically."""
        _outside("fetch_and")

    def fence(self) -> None:
        """No later access before every earlier one is visible."""
        _outside("fence")

    def wait(self, place: Any) -> None:
        """Sleep until another CPU writes the line of `place`; returns at once if one did since
        this CPU read it. Charged to Cause.LOCK_WAIT.
        """
        _outside("wait")

    def idle(self, place: Any) -> None:
        """As `wait`, charged to Cause.IDLE."""
        _outside("idle")

    def delay(self, cycles: int) -> None:
        """Compute for so many cycles."""
        _outside("delay")

    def time(self) -> int:
        """This CPU's clock, in cycles."""
        _outside("time")

    def random(self, bound: int, stream: str = "random") -> int:
        """A whole number, uniform from 0 to bound - 1, from the named stream."""
        _outside("random")

    def exponential(self, mean: int, stream: str = "random") -> int:
        """An exponentially distributed whole number of this mean, from the named stream."""
        _outside("exponential")

    def begin(self, region: str) -> None:
        """A measured region begins on this CPU; "operation" is what throughput counts."""
        _outside("begin")

    def end(self, region: str) -> None:
        """The region ends; its latency is recorded."""
        _outside("end")

    def tally(self, counter: str, n: int = 1) -> None:
        """Add to a counter of the author's own; costs nothing."""
        _outside("tally")

    def check(self, condition: bool, message: str) -> None:
        """The run fails with `message` if the condition is false."""
        _outside("check")

    def cause(self, cause: Cause) -> None:
        """From now on this CPU's computing is charged to `cause`."""
        _outside("cause")

    def halt(self) -> NoReturn:
        """This CPU stops for good."""
        _outside("halt")

    def shift_right_logical(self, value: int, n: int) -> int:
        """Shift the 64 bits of `value` to the right, zeros coming in; `>>` copies the sign."""
        _outside("shift_right_logical")

    # --- interrupts -------------------------------------------------------------------------------

    def enable_interrupts(self) -> None:
        """Take pending interrupts from the next ordered instruction on. CPUs start without."""
        _outside("enable_interrupts")

    def disable_interrupts(self) -> bool:
        """Leave interrupts pending from now on; whether they were taken until now."""
        _outside("disable_interrupts")

    def send_ipi(self, target: int, vector: str) -> None:
        """Interrupt CPU `target`; the routine marked `@routine(vector=...)` handles it there.

        The interrupt arrives later by the machine's IPI cost and the distance. What arrives while
        the same vector is still pending is merged with it. The sender does not wait.
        """
        _outside("send_ipi")

    def set_timer(self, at_cycles: int) -> None:
        """Interrupt this CPU with the vector "timer" at a time; 0 turns the timer off.

        A CPU has one timer: a new time replaces the old one. A time that has passed fires at once.
        """
        _outside("set_timer")

    def take_pending(self, vector: str) -> bool:
        """Whether a vector is pending on this CPU; if so, it is taken as served.

        For loops that wait with interrupts off: there, an interrupt that arrives ends a `wait`, so
        that the loop can look and serve what the handler would have served.
        """
        _outside("take_pending")

    # --- the kernel and its threads ---------------------------------------------------------------

    def enter_kernel(self) -> None:
        """From user level into the kernel: interrupts off, cause KERNEL, at the entry's cost."""
        _outside("enter_kernel")

    def exit_kernel(self) -> None:
        """Back to user level: interrupts on, cause USER, at the exit's cost."""
        _outside("exit_kernel")

    def new_context(self, index: int, routine: Callable[..., None], argument: int = 0) -> None:
        """Let context `index` be a thread that starts in `routine(cpu, argument)`.

        `routine` is a routine, or a component's method, that takes `cpu` and one number, and never
        returns. The thread starts when a CPU switches to it, in the kernel: interrupts off, cause
        KERNEL. `index` may be any context that no CPU runs: cpu.count and up, as many as
        `memory.contexts()` asked for; 0 to cpu.count - 1 are those in which the CPUs started.
        """
        _outside("new_context")

    def switch_context(self, index: int) -> None:
        """Save the running context and go on with another one, at the cost of a switch.

        The call returns when a CPU, this one or another, switches back. Switching to a context
        that runs, or that was never made, fails the run.
        """
        _outside("switch_context")

    @property
    def context(self) -> int:
        """Number of the running context; a CPU starts in that of its own number."""
        _outside("context")

    # --- translation ------------------------------------------------------------------------------

    def set_space(self, space: int, root: Any) -> None:
        """Translate by the page table at address `root` from now on; `space` names it in the TLB.

        Without address-space tags the TLB is flushed, as on every machine that has none.
        """
        _outside("set_space")

    def touch(self, page: int, write: bool = False) -> int:
        """The frame of a virtual page of the current space, as an access to it would find it.

        Looks into the TLB, then walks the page tables by loads. Returns a frame, 0 or more, or
        NOT_PRESENT or NOT_WRITABLE (`smplab.language.paging`), both negative, which the TLB does
        not keep; a translation there that lacks the right to write is walked anew. Touching
        through a TLB entry whose frame was reused since it was loaded fails the run.
        """
        _outside("touch")

    def invalidate_page(self, space: int, page: int) -> None:
        """This CPU's TLB forgets one page of a space."""
        _outside("invalidate_page")

    def invalidate_space(self, space: int) -> None:
        """This CPU's TLB forgets a space."""
        _outside("invalidate_space")

    def flush_tlb(self) -> None:
        """This CPU's TLB forgets everything."""
        _outside("flush_tlb")

    def broadcast_page(self, space: int, page: int) -> None:
        """Every CPU's TLB forgets one page of a space, and this CPU waits until it has.

        Where the machine has it (`costs.tlb_broadcast` is not 0); elsewhere it fails the run.
        """
        _outside("broadcast_page")

    def broadcast_space(self, space: int) -> None:
        """Every CPU's TLB forgets a space; as `broadcast_page`."""
        _outside("broadcast_space")

    def reuse_frame(self, frame: int) -> None:
        """A frame is given to somebody else; costs nothing, but who touches it through an older
        translation fails the run. `memory.frames()` says how many frames there are.
        """
        _outside("reuse_frame")

    # --- instrumentation --------------------------------------------------------------------------

    def instrumented(self, point: str) -> bool:
        """Whether an instrumentation point is on; as a condition, it costs a no-op. Starts off."""
        _outside("instrumented")

    def instrument(self, point: str, on: bool) -> None:
        """Turn an instrumentation point on or off for all CPUs, at a serialising cost."""
        _outside("instrument")
