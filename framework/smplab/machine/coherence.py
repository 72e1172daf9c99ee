"""The coherence transaction: how long an access takes, and what it does to everyone else's copies.

A line is a server with a randomly ordered queue. This is the smallest model that reproduces
published lock curves; `smplab.machine.reference` is its readable implementation,
`smplab.machine.lines` the fast one.

    line: owner | sharers, home, free_at, queue, version, last requester

    access(cpu, line, kind) at t
        A *hit* is a load whose core holds a copy, or a write whose core is the owner: it takes
        `hit` cycles (an atomic `rmw` more), binds its value at t, and does not occupy the line.
        Otherwise, if the line is free (free_at <= t) and nobody queues: serve at t.
        Otherwise the CPU joins the line's queue and sleeps.

    when the line becomes free at s and its queue is not empty
        One of the queue is chosen: with chance `near` % the nearest to the last requester (the
        lowest number among equals), else one at random. If its core meanwhile got a copy (an SMT
        sibling fetched it) this is a hit, and the line chooses again; else serve at s.

    serve(cpu, s), with lat(a, b) = D[a][b], beyond `home_from` max(D[a][b], D[a][home], D[b][home])
        load     owned:   cost = lat(cpu, owner); the owner becomes a sharer; free_at = s + cost
                 shared:  cost = lat(cpu, last requester); free_at = s + occ_r
                 at home: cost = D[cpu][home]; free_at = s + occ_r
                 nowhere: cost = mem + D[cpu][home]; free_at = s + occ_r
        write    owned:   cost = lat(cpu, owner)
                 shared:  cost = max of lat(cpu, sharer) over the others (they are invalidated in
                          parallel), or `hit` if the CPU's core is the only sharer
                 at home, nowhere: as a load
                 occ_w <= 100: free_at = s + cost * occ_w %
                 occ_w > 100: cost *= occ_w % if the CPU had to queue; free_at = s + cost
                 Every other copy dies, the CPU's core is the owner, version += 1, and who waits on
                 the line wakes at s + cost.
        The value is bound at s, so the order of service is the order of memory. The CPU goes on at
        s + cost, an atomic `rmw` later. A load of an owned line copies it: nobody owns it then.

    far atomics (`far` > 0): an atomic that does not hit runs at the line's home node
        collect = max of D[home][holder] over the copies, 0 without any
        cost = D[cpu][home] + collect, and `mem` more if the line was nowhere
        free_at = s + collect + far; every copy dies, and the line is then *at home*: in the home
        node's cache, from where the next access fetches it without going to memory.

    wait(cpu, line) at t
        Sleeps only if the CPU's core has a copy and the line's version is the one that the CPU's
        last load or atomic saw, and that access was to this line; otherwise it falls through. Hence
        no wake-up is lost, also not to an SMT sibling that fetched a newer value. The CPU wakes at
        the s + cost of the write that kills its copy, or of a sibling's write.

A distance of 0 counts as one tick, so that what an access causes comes after it in every order.
A failed compare-and-swap is a write all the same: the line was taken for it.

When the line chooses. A line chooses its next request at the moment when it becomes free, among all
that wait at that moment, as an arbiter does that looks at its pending requests when the resource is
released; services at a time come before CPUs' instructions at the same time, so a request that
arrives in that very moment is too late. The other rule that was tried, choosing already when the
service before begins, lets an arrival in the meantime never be chosen and shifts end times by less
than 2 %; costs fitted under one rule must be fitted anew for the other.

Simplifications: stores block (no store buffer in the timing), caches never evict, lines do not
share bandwidth, no broadcast or merging of fetches.
"""

from __future__ import annotations

from typing import Final

NOWHERE: Final = -1
"""Owner field of a line that is in memory only."""

SHARED: Final = -2
"""Owner field of a line with a set of sharers."""

AT_HOME: Final = -3
"""Owner field of a line that is in its home node's cache only, where a far atomic left it."""
