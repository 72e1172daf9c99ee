"""Scenarios by name: of the slots' contracts, in which every filling is tried, and of kernels."""

from __future__ import annotations

from collections.abc import Mapping

from smplab.kernel.contracts import Scenario


def contract_scenarios() -> Mapping[str, type[Scenario]]:
    """Return the scenarios that belong to the contracts of smplab's own slots and kernels."""
    from smplab.kernel.scenarios.cascade import Cascade, FickleCascade
    from smplab.kernel.scenarios.delegating import DelegatedCall
    from smplab.kernel.scenarios.flushes import FlushAgainstFlush
    from smplab.kernel.scenarios.grace import IdleReader, JoiningReader, Readers
    from smplab.kernel.scenarios.joining import Joining, Wandering
    from smplab.kernel.scenarios.locks import Exclusion, LockProgress, TwoLocks
    from smplab.kernel.scenarios.mailboxes import ChangeDuringPost, MailboxFull
    from smplab.kernel.scenarios.moving import (
        DeletionDuringIpc,
        FateOfMover,
        MigrationDuringIpc,
    )
    from smplab.kernel.scenarios.protecting import ChangeDuringIpc
    from smplab.kernel.scenarios.rendezvous import Rendezvous
    from smplab.kernel.scenarios.sharing import (
        Blocking,
        Fickle,
        Grains,
        Moving,
        Overtaken,
        Regimes,
        Steady,
        TwoHomes,
    )
    from smplab.kernel.scenarios.unmapping import UnmapAgainstLoad, UnmapAgainstUnmap
    from smplab.kernel.scenarios.waiting import HandOver, KernelWait

    return {
        "change_during_ipc": ChangeDuringIpc,
        "delegated_call": DelegatedCall,
        "deletion_during_ipc": DeletionDuringIpc,
        "fate_of_mover": FateOfMover,
        "flush_against_flush": FlushAgainstFlush,
        "granularity_cascade": Cascade,
        "granularity_fickle": FickleCascade,
        "granularity_joining": Joining,
        "granularity_wandering": Wandering,
        "grace_idle": IdleReader,
        "grace_joining": JoiningReader,
        "grace_readers": Readers,
        "lock_exclusion": Exclusion,
        "lock_hand_over": HandOver,
        "lock_kernel_wait": KernelWait,
        "lock_progress": LockProgress,
        "lock_two_held": TwoLocks,
        "mailbox_full": MailboxFull,
        "change_during_post": ChangeDuringPost,
        "migration_during_ipc": MigrationDuringIpc,
        "rendezvous": Rendezvous,
        "synchronization_blocking": Blocking,
        "synchronization_fickle": Fickle,
        "synchronization_grains": Grains,
        "synchronization_moving": Moving,
        "synchronization_overtaken": Overtaken,
        "synchronization_regimes": Regimes,
        "synchronization_steady": Steady,
        "synchronization_two_homes": TwoHomes,
        "unmap_against_load": UnmapAgainstLoad,
        "unmap_against_unmap": UnmapAgainstUnmap,
    }
