"""The kernel's memory after a run, read back and compared with what the model says."""

from __future__ import annotations

from smplab.kernel.freelist import FreeList, Pooled
from smplab.kernel.spaces import ALIVE, Space, Table
from smplab.kernel.trees import MapNode
from smplab.kernel.trees import Tree as TreeStruct
from smplab.language.fields import ending_in, layout_of
from smplab.language.image import Program
from smplab.language.paging import ENTRY_SHIFT, LEAF, WRITABLE
from smplab.language.struct import Struct
from smplab.machine.result import Result
from tests.kernel.memory_calls import LOG_ENTRIES, WORDS_OF_ENTRY, Logging
from tests.kernel.memory_model import Alone, NotAllowed, Operation, Tree
from tests.kernel.systems import address


class State:
    """The memory of a system that has come to rest."""

    def __init__(self, program: Program, kernel: Logging, result: Result) -> None:
        self.kernel, self.cpus = kernel, program.cpus
        self.memory: list[int] = result.memory.tolist()
        self.at = {
            name: address(program, f"kernel.{name}")
            for name in ("space", "entries", "shadow", "trees", "log", "logged",
                         "free_tables.objects", "free_tables.lists",
                         "free_nodes.objects", "free_nodes.lists")
        }  # fmt: skip
        guard = kernel.synchronization.guard()
        kind = TreeStruct if guard is None else ending_in(TreeStruct, guard=guard)
        self.tree_words = layout_of(kind).words
        self.tables = self.size_of(Table, kernel.free_tables)
        self.fanout = 1 << kernel.radix_bits

    def field(self, struct: type[Struct], where: int, name: str) -> int:
        """A field of a Struct."""
        return self.memory[where + layout_of(struct).fields[name].offset]

    def size_of(self, kind: type[Pooled], pool: FreeList) -> int:
        """How many objects a free list has."""
        return self.cpus * pool.count

    def log(self, tree: int) -> list[Operation]:
        """The operations on a tree, first to last."""
        first = self.at["log"] + tree * LOG_ENTRIES * WORDS_OF_ENTRY
        return [
            Operation(*self.memory[first + i * WORDS_OF_ENTRY : first + (i + 1) * WORDS_OF_ENTRY])
            for i in range(self.memory[self.at["logged"] + tree])
        ]

    def objects(self, name: str, kind: type[Pooled], count: int) -> tuple[set[int], set[int]]:
        """Addresses of all objects of a pool, and of those that are free.

        Raises:
            NotAllowed: an object is in two lists, or in another CPU's.
        """
        words = layout_of(kind).words
        first = self.at[f"{name}.objects"]
        everything = {first + i * words for i in range(self.cpus * count)}
        free: set[int] = set()
        for c in range(self.cpus):
            for i in range(2):  # the two lists, each in a line of its own
                node = self.memory[self.at[f"{name}.lists"] + c * 16 + i * 8]
                while node:
                    if node in free or node not in everything:
                        raise NotAllowed(f"{name}: an object is in two lists")
                    if self.field(kind, node, "home") != c:
                        raise NotAllowed(f"{name}: an object is in another CPU's list")
                    free.add(node)
                    node = self.field(kind, node, "next")
        return everything, free

    def check_pools(self) -> None:
        """No object is lost, or free and in use.

        Raises:
            NotAllowed: one is.
        """
        kernel = self.kernel
        nodes, free = self.objects("free_nodes", MapNode, kernel.free_nodes.count)
        linked = {node for t in range(self.cpus * kernel.regions) for _, node in self.list_of(t)}
        if free & linked or free | linked != nodes:
            raise NotAllowed(f"mapping nodes: {len(nodes)} are not {len(free)} free, {len(linked)}")
        tables, free = self.objects("free_tables", Table, kernel.free_tables.count)
        used: set[int] = set()
        for number in range(self.cpus * kernel.spaces):
            where = self.at["space"] + number * layout_of(Space).words
            if self.field(Space, where, "users") >= ALIVE:
                table = self.field(Space, where, "tables")
                while table:
                    used.add(table)
                    table = self.field(Table, table, "next")
        if free & used or free | used != tables:
            raise NotAllowed(f"tables: {len(tables)} are not {len(free)} free, {len(used)} used")
        for table in free:
            first = self.at["entries"] + self.field(Table, table, "first")
            if any(self.memory[first : first + self.fanout]):
                raise NotAllowed("a free table is not empty")

    def list_of(self, tree: int) -> list[tuple[int, int]]:
        """Depths and addresses of the nodes of a tree below its root, in the order of the list."""
        where = self.at["trees"] + tree * self.tree_words
        before, node = where, self.field(MapNode, where, "next")
        found: list[tuple[int, int]] = []
        while node:
            if self.field(MapNode, node, "previous") != before:
                raise NotAllowed("the list of a tree is broken")
            if self.field(MapNode, node, "tree") != where:
                raise NotAllowed("a node is in the list of another tree")
            found.append((self.field(MapNode, node, "depth"), node))
            before, node = node, self.field(MapNode, node, "next")
        return found

    def leaves(self) -> dict[tuple[int, int], tuple[int, int, bool, int]]:
        """What page tables map: (space, page) to first frame, pages, whether writable, node.

        Raises:
            NotAllowed: a leaf has no shadow word, or a shadow word no leaf.
        """
        found: dict[tuple[int, int], tuple[int, int, bool, int]] = {}
        words = layout_of(Table).words
        for entry in range(self.tables * self.fanout):
            word = self.memory[self.at["entries"] + entry]
            node = self.memory[self.at["shadow"] + entry]
            if bool(node) != bool(word & LEAF):
                raise NotAllowed("a shadow word is left behind, or is missing")
            if node:
                table = self.at["free_tables.objects"] + entry // self.fanout * words
                bits = self.field(Table, table, "level") * self.kernel.radix_bits
                page = self.field(Table, table, "page") + (entry % self.fanout << bits)
                space = self.field(Table, table, "space")
                if self.field(MapNode, node, "entry") != entry or (space, page) in found:
                    raise NotAllowed("a shadow word names another leaf's node")
                found[space, page] = word >> ENTRY_SHIFT, 1 << bits, bool(word & WRITABLE), node
        return found


def check(program: Program, kernel: Logging, result: Result, alone: Alone | None = None) -> int:
    """Compare a system at rest with the model; returns how many operations there were.

    Args:
        alone: the only tree, of a system where nothing is concurrent.

    Raises:
        NotAllowed: an operation's result, or what is left in memory, is not what it must be.
    """
    state = State(program, kernel, result)
    leaves = state.leaves()
    expected: dict[tuple[int, int], tuple[int, int, bool]] = {}
    operations = 0
    for number in range(state.cpus * kernel.regions):
        tree = alone or Tree(number, state.fanout)
        for operation in state.log(number):
            tree.step(operation)
            operations += 1
        nodes = list(tree.root.all())
        for _, node in nodes:
            if (node.space, node.page) in expected:
                raise NotAllowed("two trees map the same page")
            if (node.space, node.page) not in leaves:
                raise NotAllowed("a mapping has no leaf")
            expected[node.space, node.page] = node.frame, node.size, node.writable
        order = [(depth, leaves[n.space, n.page][3]) for depth, n in nodes[1:]]
        if order != state.list_of(number):
            raise NotAllowed(f"tree {number} is in another order")
    if {key: leaf[:3] for key, leaf in leaves.items()} != expected:
        raise NotAllowed("page tables do not agree with the mapping trees")
    state.check_pools()
    return operations
