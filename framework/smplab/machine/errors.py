"""How a run ends when it does not end well. Each is named, never silent."""

from __future__ import annotations

from smplab.language.errors import SmplabError


class MachineError(SmplabError):
    """A description of a machine, or a request to it, that cannot be met."""


class SimulationError(SmplabError):
    """A diagnosis: the simulated system went wrong, and where. Subclasses name how."""


class Deadlock(SimulationError):
    """Every CPU sleeps or has halted, and none will wake."""


class CheckFailed(SimulationError):
    """A `cpu.check` of the author's failed."""


class AddressError(SimulationError):
    """An access to NULL or outside memory."""


class ArithmeticFault(SimulationError):
    """Overflow, division by zero, or a shift outside 0..63."""


class StackOverflow(SimulationError):
    """Calls nested deeper than the image declared."""


class Livelock(SimulationError):
    """A CPU computed for too long without touching memory or time, or nobody finished anything."""


class CycleLimit(SimulationError):
    """The run asked for a number of operations and did not finish them within the limit."""


class BadInterrupt(SimulationError):
    """An interrupt that cannot be sent, a handler that is interrupted, or the end of none."""


class BadContext(SimulationError):
    """A switch to a context that runs already, was never made, or does not exist."""


class BadTranslation(SimulationError):
    """A page, frame or page table that cannot be, or an invalidation that the machine lacks."""


class StaleTranslation(SimulationError):
    """A page touched through a TLB entry whose frame was given to somebody else."""
