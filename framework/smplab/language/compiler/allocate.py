"""Register allocation: live ranges, copies joined away, few registers.

A routine's frame has as many registers as it needs at once; there is no spilling. Arguments arrive
in registers 0, 1, ... and the result leaves in register 0. Arguments of a call are put just above
the frame, where the callee finds them as its own registers 0, 1, ...
"""

from __future__ import annotations

from smplab.language.compiler.flow import Flow
from smplab.language.compiler.ir import Block, Function, Instr
from smplab.language.isa import Op


class Allocation:
    """The registers of a function.

    Attributes:
        color: frame register of each virtual register.
        frame: registers of the frame, without the outgoing arguments.
        outgoing: registers above the frame that calls pass arguments or results in.
    """

    def __init__(self, function: Function) -> None:
        self.function = function
        self.low: list[int] = []
        self.high: list[int] = []
        self._expand_calls()
        self.flow = Flow(function)
        self.live_out = self._liveness()
        self.adjacent = [0] * function.registers
        self.moves: list[tuple[int, int, int]] = []
        for block in self.flow.order:
            self._interference(block)
        self.leader = list(range(function.registers))
        self.members = [1 << r for r in range(function.registers)]
        self._coalesce()
        self.color = self._paint()

    # --- calls ----------------------------------------------------------------------------------

    def _expand_calls(self) -> None:
        function = self.function
        self.low = [function.new_register() for _ in function.arguments]
        if function.returns and not self.low:
            self.low = [function.new_register()]
        entry = function.blocks[0]
        arrivals = [
            Instr(Op.MOV, register, (low,), (), function.site)
            for register, low in zip(function.arguments, self.low, strict=False)
        ]
        for block in function.blocks:
            block.instrs = [new for instr in block.instrs for new in self._expand(instr)]
            if block.end is Op.RET and block.end_srcs:
                site = block.end_site or function.site
                block.instrs.append(Instr(Op.MOV, self.low[0], block.end_srcs, (), site))
                block.end_srcs = (self.low[0],)
        entry.instrs[:0] = arrivals

    def _expand(self, instr: Instr) -> list[Instr]:
        if instr.op is not Op.CALL:
            return [instr]
        needed = max(len(instr.srcs), int(instr.dst >= 0))
        while len(self.high) < needed:
            self.high.append(self.function.new_register())
        outgoing = self.high[: len(instr.srcs)]
        expanded = [
            Instr(Op.MOV, high, (src,), (), instr.site)
            for high, src in zip(outgoing, instr.srcs, strict=True)
        ]
        result = self.high[0] if instr.dst >= 0 else -1
        expanded.append(Instr(Op.CALL, result, tuple(outgoing), instr.imms, instr.site))
        if instr.dst >= 0:
            expanded.append(Instr(Op.MOV, instr.dst, (result,), (), instr.site))
        return expanded

    # --- live ranges ----------------------------------------------------------------------------

    def _liveness(self) -> dict[Block, int]:
        """Bit masks of the registers that are live at each block's end."""
        used: dict[Block, int] = {}
        killed: dict[Block, int] = {}
        for block in self.flow.order:
            use = kill = 0
            for instr in block.instrs:
                for src in instr.srcs:
                    if not kill >> src & 1:
                        use |= 1 << src
                if instr.dst >= 0:
                    kill |= 1 << instr.dst
            for src in block.end_srcs:
                if not kill >> src & 1:
                    use |= 1 << src
            used[block], killed[block] = use, kill
        live_in = dict(used)
        live_out = dict.fromkeys(self.flow.order, 0)
        changed = True
        while changed:
            changed = False
            for block in reversed(self.flow.order):
                out = 0
                for target in block.targets:
                    out |= live_in[target]
                if out != live_out[block]:
                    live_out[block] = out
                    live_in[block] = used[block] | (out & ~killed[block])
                    changed = True
        return live_out

    def _interference(self, block: Block) -> None:
        adjacent = self.adjacent
        live = self.live_out[block]
        for src in block.end_srcs:
            live |= 1 << src
        clobbered = sum(1 << high for high in self.high)
        depth = self.flow.depth[block]
        for instr in reversed(block.instrs):
            dst = instr.dst
            if dst >= 0:
                others = live & ~(1 << dst)
                if instr.op is Op.MOV:
                    others &= ~(1 << instr.srcs[0])
                    self.moves.append((-depth, dst, instr.srcs[0]))
                adjacent[dst] |= others
                live &= ~(1 << dst)
            if instr.op is Op.CALL:
                for high in self.high:  # the callee may use all registers above the frame
                    adjacent[high] |= live & ~clobbered
            for src in instr.srcs:
                live |= 1 << src
        # Whatever is live at the entry together lives at once, though nothing defines it there.
        if block is self.flow.order[0]:
            for low in self.low:
                if live >> low & 1:
                    adjacent[low] |= live & ~(1 << low)

    # --- colours --------------------------------------------------------------------------------

    def _find(self, register: int) -> int:
        leader = self.leader
        while leader[register] != register:
            leader[register] = leader[leader[register]]
            register = leader[register]
        return register

    def _coalesce(self) -> None:
        adjacent, members = self.adjacent, self.members
        for a in range(len(adjacent)):  # make it symmetric
            mask = adjacent[a]
            while mask:
                lowest = mask & -mask
                adjacent[lowest.bit_length() - 1] |= 1 << a
                mask ^= lowest
        fixed = sum(1 << r for r in (*self.low, *self.high))
        for _, a, b in sorted(self.moves):
            x, y = self._find(a), self._find(b)
            if x == y or adjacent[x] & members[y] or adjacent[y] & members[x]:
                continue
            if members[x] & fixed and members[y] & fixed:
                continue
            self.leader[y] = x
            members[x] |= members[y]
            adjacent[x] |= adjacent[y]

    def _paint(self) -> list[int]:
        color = [-1] * len(self.leader)
        high = {self._find(register) for register in self.high}
        painted: list[int] = []  # by colour: which registers have it

        def paint(leader: int, number: int) -> None:
            color[leader] = number
            painted.extend([0] * (number + 1 - len(painted)))
            painted[number] |= self.members[leader]

        for number, register in enumerate(self.low):
            paint(self._find(register), number)
        for block in self.flow.order:
            for instr in block.instrs:
                leader = self._find(instr.dst) if instr.dst >= 0 else -1
                if leader < 0 or color[leader] >= 0 or leader in high:
                    continue
                adjacent = self.adjacent[leader]
                free = (n for n, mask in enumerate(painted) if not adjacent & mask)
                paint(leader, next(free, len(painted)))
        self.frame = len(painted)
        self.outgoing = len(self.high)
        for number, register in enumerate(self.high):
            color[self._find(register)] = self.frame + number
        return [color[self._find(register)] for register in range(len(color))]


def rewrite(function: Function) -> Allocation:
    """Allocate, and put frame registers in the place of virtual ones."""
    allocation = Allocation(function)
    color = allocation.color
    for block in function.blocks:
        kept: list[Instr] = []
        for instr in block.instrs:
            instr.srcs = tuple(color[src] for src in instr.srcs)
            if instr.dst >= 0:
                instr.dst = color[instr.dst]
            if instr.op is not Op.MOV or instr.dst != instr.srcs[0]:
                kept.append(instr)
        block.instrs = kept
        block.end_srcs = tuple(color[src] for src in block.end_srcs)
    return allocation
