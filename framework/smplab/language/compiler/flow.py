"""The shape of a function: predecessors, dominators, loops."""

from __future__ import annotations

from smplab.language.compiler.ir import Block, Function


class Flow:
    """What follows from the blocks' targets; made anew after the blocks change.

    Attributes:
        order: reachable blocks in reverse postorder.
        preds: predecessors of each block.
        idom: immediate dominator; the entry's is itself.
        loop: header of the innermost loop around each block, or None; of a header, its own.
        parent: header of the loop around a header's loop, or None.
        depth: how many loops are around each block.
    """

    def __init__(self, function: Function) -> None:
        entry = function.blocks[0]
        self.order = _reverse_postorder(entry)
        self.index = {block: i for i, block in enumerate(self.order)}
        self.preds: dict[Block, list[Block]] = {block: [] for block in self.order}
        for block in self.order:
            for target in block.targets:
                self.preds[target].append(block)
        self.idom = self._dominators(entry)
        self._find_loops()

    def _dominators(self, entry: Block) -> dict[Block, Block]:
        """Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm", 2001."""
        index, idom = self.index, {entry: entry}
        changed = True
        while changed:
            changed = False
            for block in self.order[1:]:
                new: Block | None = None
                for pred in self.preds[block]:
                    if pred in idom:
                        new = pred if new is None else self._common(pred, new, idom)
                assert new is not None
                if idom.get(block) is not new:
                    idom[block] = new
                    changed = True
        assert len(idom) == len(index)
        return idom

    def _common(self, a: Block, b: Block, idom: dict[Block, Block]) -> Block:
        index = self.index
        while a is not b:
            while index[a] > index[b]:
                a = idom[a]
            while index[b] > index[a]:
                b = idom[b]
        return a

    def common(self, a: Block, b: Block) -> Block:
        """The nearest block that dominates both."""
        return self._common(a, b, self.idom)

    def dominates(self, a: Block, b: Block) -> bool:
        """Whether every way to `b` leads through `a`."""
        index = self.index
        while index[b] > index[a]:
            b = self.idom[b]
        return a is b

    def _find_loops(self) -> None:
        self.loop: dict[Block, Block | None] = dict.fromkeys(self.order)
        self.parent: dict[Block, Block | None] = {}
        self.members: dict[Block, set[Block]] = {}
        # Headers from the innermost outwards: later in reverse postorder is never further out.
        for header in reversed(self.order):
            latches = [p for p in self.preds[header] if self.dominates(header, p)]
            if not latches:
                continue
            body = {header}
            pending = list(latches)
            while pending:
                block = pending.pop()
                if block not in body:
                    body.add(block)
                    pending.extend(self.preds[block])
            self.members[header] = body
        for header in sorted(self.members, key=lambda h: len(self.members[h])):
            self.parent[header] = None
            for block in self.members[header]:
                inner = self.loop[block]
                if inner is None:
                    self.loop[block] = header
                else:
                    while inner is not header and self.parent[inner] is not None:
                        inner = self.parent[inner]
                        assert inner is not None
                    if inner is not header:
                        self.parent[inner] = header
        self.depth = {block: self._depth(block) for block in self.order}

    def _depth(self, block: Block) -> int:
        depth, header = 0, self.loop[block]
        while header is not None:
            depth, header = depth + 1, self.parent[header]
        return depth

    def outside_loops(self, block: Block) -> Block:
        """The nearest dominator of `block` that no loop repeats."""
        header = self.loop[block]
        while header is not None:
            while self.parent[header] is not None:
                header = self.parent[header]
                assert header is not None
            block = self.idom[header]
            header = self.loop[block]
        return block


def _reverse_postorder(entry: Block) -> list[Block]:
    seen = {entry}
    order: list[Block] = []
    stack = [(entry, iter(entry.targets[::-1]))]
    while stack:
        block, targets = stack[-1]
        for target in targets:
            if target not in seen:
                seen.add(target)
                stack.append((target, iter(target.targets[::-1])))
                break
        else:
            stack.pop()
            order.append(block)
    order.reverse()
    return order
