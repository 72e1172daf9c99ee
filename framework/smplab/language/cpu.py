"""The CPU as routines see it: every operation that is not plain arithmetic.

The compiler replaces these methods with instructions; Python never runs them. A *place* is a field
given by address: write the field itself, `cpu.fetch_add(lock.next, 1)`.
"""

from __future__ import annotations

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
