"""What map, grant and unmap mean, in plain Python: trees of mappings as objects.

An operation on a tree is one step, since operations on a tree exclude each other: their log, in the
order in which they were performed, is the linearisation. What an operation needs from outside its
tree (whether a page of the target is taken, a space exists, a capacity is left) other operations
change at any time, so those refusals are only checked where nothing is concurrent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from smplab.kernel.rendezvous import OK
from smplab.kernel.spaces import INVALID, NO_MAPPING, NO_MEMORY, NO_SPACE, OCCUPIED
from smplab.kernel.trees import GRANT, MAP, OWN, RESTRICT
from smplab.language.paging import WRITABLE

REFUSALS = {OCCUPIED, NO_MEMORY, NO_SPACE}


class NotAllowed(Exception):
    """No execution of the system calls leaves this behind."""


@dataclass(frozen=True)
class Operation:
    """One operation on a tree with its result, in the order of the log's words."""

    kind: int
    tree: int
    from_space: int
    from_page: int  # of the leaf through which the caller has the page
    from_level: int
    page: int
    level: int
    mode: int
    space: int
    to_page: int
    result: int


@dataclass(eq=False)
class Node:
    """A mapping of `size` pages."""

    space: int
    page: int
    frame: int
    size: int
    writable: bool
    parent: Node | None = None
    children: list[Node] = field(default_factory=list)

    def all(self, depth: int = 0) -> Iterator[tuple[int, Node]]:
        """This node and those below it, depth first, with their depths."""
        yield depth, self
        for child in self.children:
            yield from child.all(depth + 1)


class Tree:
    """A region of frames, and all mappings of it."""

    def __init__(self, number: int, size: int) -> None:
        self.size = size
        self.root = Node(0, number * size, number * size, size, writable=True)
        self.where = {(0, number * size): self.root}

    def step(self, op: Operation) -> None:
        """Perform one operation of the log.

        Raises:
            NotAllowed: its result is not what it must be.
        """
        node = self.where.get((op.from_space, op.from_page))
        if node is not None and node.size != (self.size if op.from_level else 1):
            node = None
        expected = self._expected(node, op)
        if op.kind == MAP and expected == OK:
            expected = self.refusal(op)
        if expected == OK and node is not None:
            expected = self._map(node, op) if op.kind == MAP else self._unmap(node, op)
        if op.result != expected:
            raise NotAllowed(f"{op} should have had the result {expected}")

    def refusal(self, op: Operation) -> int:
        """What refuses a mapping from outside its tree, or OK; the log is believed."""
        return op.result if op.result in REFUSALS else OK

    def _expected(self, node: Node | None, op: Operation) -> int:
        if node is None:
            return NO_MAPPING
        size = self.size if op.level else 1
        if op.mode & (GRANT if op.kind == MAP else OWN) and (
            node.parent is None or node.size != size
        ):
            return INVALID
        return OK

    def _map(self, node: Node, op: Operation) -> int:
        size = self.size if op.level else 1
        frame = node.frame + op.page % node.size
        writable = node.writable and bool(op.mode & (WRITABLE | GRANT))
        if (op.space, op.to_page) in self.where:
            return OCCUPIED
        new = Node(op.space, op.to_page, frame, size, writable, node)
        if op.mode & GRANT:
            assert node.parent is not None
            new.parent, new.children = node.parent, node.children
            for child in new.children:
                child.parent = new
            siblings = node.parent.children
            siblings[siblings.index(node)] = new
            del self.where[node.space, node.page]
        else:
            node.children.insert(0, new)
        self.where[op.space, op.to_page] = new
        return OK

    def _unmap(self, node: Node, op: Operation) -> int:
        first = node.frame + op.page % node.size
        end = first + (self.size if op.level else 1)
        tops = [c for c in node.children if c.frame < end and c.frame + c.size > first]
        if op.mode & OWN:
            tops = [node]
        changed = 0
        for top in tops:
            for _, each in list(top.all()):
                if not op.mode & RESTRICT:
                    del self.where[each.space, each.page]
                    changed += 1
                elif each.writable:
                    each.writable = False
                    changed += 1
            if not op.mode & RESTRICT:
                assert top.parent is not None
                top.parent.children.remove(top)
        return changed


class Alone(Tree):
    """The only tree of a system with one CPU: nothing else happens, so that refusals are known."""

    def __init__(self, size: int, spaces: set[int], tables: int, nodes: int) -> None:
        super().__init__(0, size)
        self.spaces, self.nodes = spaces, nodes
        self.free_tables = tables - len(spaces)
        self.tables: set[tuple[int, int]] = set()  # those of level 0: space, first page

    def refusal(self, op: Operation) -> int:
        """Follow the walk through a page table of two levels."""
        top = op.space, op.to_page - op.to_page % self.size
        there = self.where.get(top)
        if op.space not in self.spaces:
            return NO_SPACE
        if not op.level and there is not None and there.size > 1:
            return OCCUPIED
        if not op.level and top not in self.tables:
            if self.free_tables == 0:
                return NO_MEMORY
            self.free_tables -= 1
            self.tables.add(top)
        if len(self.where) - 1 == self.nodes:
            return NO_MEMORY
        return OCCUPIED if op.level and top in self.tables else OK
