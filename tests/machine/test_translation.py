"""TLBs and page walks on engine and reference: hits, misses, tags, rights, broadcasts."""

import pytest

from smplab.language.isa import Cause, Op
from smplab.language.paging import (
    ENTRY_SHIFT,
    LEAF,
    NOT_PRESENT,
    NOT_WRITABLE,
    PRESENT,
    WRITABLE,
)
from smplab.machine.result import Counter
from tests.machine.assemble import NODES, Row
from tests.machine.system_assemble import HALT, Simulate, both, cycles, run_rows

ROOT, NODE = 8, 16  # addresses: lock.nodes[0] and [1], 4 words each of which are used
COUNTED = (Counter.TLB_HITS, Counter.TLB_MISSES, Counter.WALK_LOADS)


def leaf(frame: int, rights: int = WRITABLE) -> int:
    return frame << ENTRY_SHIFT | LEAF | PRESENT | rights


def put(address: int, word: int) -> list[Row]:
    return [(Op.MOVI, 1, address), (Op.MOVI, 2, word), (Op.STORE, 1, 0, 2)]


SETUP: list[Row] = [
    *put(ROOT, NODE << ENTRY_SHIFT | PRESENT),
    *put(ROOT + 1, leaf(4)),  # maps pages 4 to 7 to frames 4 to 7
    *put(NODE, leaf(3)),
    *put(NODE + 1, leaf(9, 0)),
    (Op.MOVI, 1, 1), (Op.MOVI, 2, ROOT), (Op.SPACE, 1, 2),
]  # fmt: skip


def touch(page: int, into: int, write: int = 0) -> list[Row]:
    return [(Op.MOVI, 6, page), (Op.MOVI, 7, write), (Op.TOUCH, into, 6, 7)]


def results(*registers: int) -> list[Row]:
    return [NODES, *((Op.STORE, 1, 24 + n, r) for n, r in enumerate(registers)), HALT]


@both
def test_a_walk_finds_pages_of_all_sizes_and_says_what_is_missing(run: Simulate) -> None:
    rows = [
        *SETUP, *touch(0, 0), *touch(6, 3, 1), *touch(1, 4, 1), *touch(3, 5), *results(0, 3, 4, 5),
    ]  # fmt: skip
    result = run_rows(run, rows, 1)
    assert result.memory[32:36].tolist() == [3, 6, NOT_WRITABLE, NOT_PRESENT]
    assert result.counters[0, COUNTED].tolist() == [0, 4, 7]


@both
def test_a_hit_costs_an_instruction_and_a_walk_its_loads(run: Simulate) -> None:
    rows = [*SETUP, *touch(0, 0), *touch(0, 0), *touch(0, 0, 1), HALT]
    result = run_rows(run, rows, 1, hit=3, space=150)
    assert result.counters[0, COUNTED].tolist() == [2, 1, 2]
    assert cycles(result, 0, Cause.TLB) == 150 + 2 * 3
    assert result.counters[0, Counter.LOADS] == 2


@both
def test_writing_through_a_translation_without_the_right_walks_anew(run: Simulate) -> None:
    rows = [
        *SETUP, *touch(1, 0), *touch(1, 3, 1), *put(NODE + 1, leaf(9)), *touch(1, 4, 1),
        *touch(1, 5, 1), *results(0, 3, 4, 5),
    ]  # fmt: skip
    result = run_rows(run, rows, 1)
    assert result.memory[32:36].tolist() == [9, NOT_WRITABLE, 9, 9]
    assert result.counters[0, COUNTED[:2]].tolist() == [1, 3]


@both
@pytest.mark.parametrize(("tags", "hits", "flushes"), [(True, 1, 0), (False, 0, 3)])
def test_tags_keep_translations_over_a_change_of_space(
    run: Simulate, tags: bool, hits: int, flushes: int
) -> None:
    rows = [
        *SETUP, *touch(0, 0), (Op.MOVI, 1, 2), (Op.MOVI, 2, ROOT), (Op.SPACE, 1, 2), *touch(0, 0),
        (Op.MOVI, 1, 1), (Op.SPACE, 1, 2), *touch(0, 0), HALT,
    ]  # fmt: skip
    result = run_rows(run, rows, 1, tlb_tags=tags)
    assert result.counters[0, Counter.TLB_HITS] == hits
    assert result.counters[0, Counter.TLB_FLUSHES] == flushes


@both
def test_the_least_recently_used_translation_of_a_set_goes(run: Simulate) -> None:
    """Pages 4, 6, 0 share the set 0 of two: 0 drives out 6, which was used longer ago than 4."""
    pages = (4, 6, 4, 0, 4, 6)
    rows = [*SETUP, *(row for page in pages for row in touch(page, 0)), HALT]
    result = run_rows(run, rows, 1, tlb_entries=4, tlb_ways=2)
    assert result.counters[0, COUNTED[:2]].tolist() == [2, 4]


@both
@pytest.mark.parametrize(
    ("forget", "hits"),
    [
        ([(Op.DROP, 1, 6)], 0), ([(Op.DROPSPACE, 1)], 0), ([(Op.FLUSH,)], 0),
        ([(Op.DROPALL, 1, 6)], 0), ([(Op.DROPSPACEALL, 1)], 0),
        ([(Op.DROP, 2, 6)], 1), ([(Op.DROP, 1, 2)], 1), ([(Op.DROPSPACE, 2)], 1),
    ],
)  # fmt: skip
def test_what_the_tlb_forgets_is_walked_again(run: Simulate, forget: list[Row], hits: int) -> None:
    rows = [*SETUP, *touch(0, 0), (Op.MOVI, 1, 1), (Op.MOVI, 2, 7), *forget, *touch(0, 0), HALT]
    result = run_rows(run, rows, 1, tlb_broadcast=100, tlb_tags=True)
    assert result.counters[0, Counter.TLB_HITS] == hits


@both
def test_a_broadcast_reaches_every_tlb_and_costs_the_greatest_distance(run: Simulate) -> None:
    rows: list[Row] = [
        *SETUP, *touch(0, 0), (Op.CPUID, 3), (Op.MOVI, 4, 0), (Op.MOVI, 5, 5000),
        (Op.BNE, 3, 4, 24), (Op.MOVI, 5, 2000), (Op.NOP,),
        (Op.DELAY, 5), (Op.BNE, 3, 4, 28), (Op.MOVI, 1, 1), (Op.DROPALL, 1, 6), *touch(0, 0), HALT,
    ]  # fmt: skip
    assert rows[24] == (Op.DELAY, 5)
    assert rows[28] == touch(0, 0)[0]
    result = run_rows(run, rows, 2, tlb_broadcast=80, tlb_tags=True)
    assert result.counters[:, Counter.TLB_MISSES].tolist() == [2, 2]
    assert result.counters[:, Counter.TLB_DROPS].tolist() == [1, 0]
    walks = result.counters[0, Counter.WALK_LOADS]
    assert walks == 4
    assert cycles(result, 0, Cause.TLB) >= 80 + 100


@both
def test_walks_share_lines_and_queue_like_loads(run: Simulate) -> None:
    rows = [*SETUP, *touch(0, 0), HALT]
    result = run_rows(run, rows, 6, occ_r=40)
    assert result.counters[:, Counter.QUEUED].sum() > 0
    assert (result.counters[:, Counter.LOADS] == 2).all()
