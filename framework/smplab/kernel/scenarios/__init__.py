"""The scenarios of the slots' contracts, by name: every filling of a slot is tried in them."""

from __future__ import annotations

from collections.abc import Mapping

from smplab.kernel.contracts import Scenario


def contract_scenarios() -> Mapping[str, type[Scenario]]:
    """Return the scenarios that belong to the contracts of smplab's own slots."""
    from smplab.kernel.scenarios.grace import IdleReader, Readers
    from smplab.kernel.scenarios.locks import Exclusion, LockProgress, TwoLocks
    from smplab.kernel.scenarios.waiting import HandOver, KernelWait

    return {
        "grace_idle": IdleReader,
        "grace_readers": Readers,
        "lock_exclusion": Exclusion,
        "lock_hand_over": HandOver,
        "lock_kernel_wait": KernelWait,
        "lock_progress": LockProgress,
        "lock_two_held": TwoLocks,
    }
