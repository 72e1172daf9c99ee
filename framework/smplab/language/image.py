"""An image: compiled routines and the shape of their memory, good for any number of CPUs.

What differs between the points of a sweep (CPUs, seed, costs, numeric parameters, the addresses
that follow from them) is data in the parameter block, so one image serves them all: `Image.load`
turns an image and the numbers of one point into a `Program` in microseconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np
import numpy.typing as npt

from smplab.language.errors import LoadError
from smplab.language.isa import FIRST_SYSTEM

Words = npt.NDArray[np.int64]
Extent = tuple[int | str, ...]
"""A number of elements, as factors: numbers, and names of parameters ("cpus")."""

LINE_WORDS = 8
"""64-byte cache lines of 8-byte words."""


class Home(Enum):
    """Which memory node an object's lines belong to."""

    FIRST = "first"  # the node of CPU 0
    CPU = "cpu"  # element i lies on the node of CPU i
    INTERLEAVE = "interleave"  # element i lies on node i modulo the number of nodes


@dataclass(frozen=True)
class Layout:
    """The neutral description of a machine that memory is laid out for.

    Attributes:
        cpus: number of CPUs that run the image.
        nodes: number of memory nodes of the machine.
        node_of_cpu: memory node of each CPU, length `cpus`.
    """

    cpus: int
    nodes: int
    node_of_cpu: tuple[int, ...]


@dataclass(frozen=True)
class MemoryObject:
    """A root object: an array of `extent` elements whose first address is parameter `base`.

    Attributes:
        name: dotted name, "lock.nodes".
        element_words: words from one element to the next.
        extent: the number of elements.
        home: where its lines live.
        ghost: lies in ghost memory, which costs no time and has no lines.
        elements_per_home: neighbouring elements that share a home (several elements a CPU).
    """

    name: str
    element_words: int
    extent: Extent
    home: Home = Home.FIRST
    ghost: bool = False
    elements_per_home: int = 1

    @property
    def base(self) -> str:
        """Name of the parameter that holds the address of the first element."""
        return f"&{self.name}"


@dataclass(frozen=True)
class Site:
    """Where an instruction comes from: the author's file, line and routine."""

    file: str
    line: int
    routine: str


@dataclass(frozen=True, eq=False)
class Image:
    """Linked code and the shape of its memory.

    Attributes:
        code: int64 [instructions, ROW_WORDS].
        sites: origin of each instruction, the same length as `code`.
        entry: code address at which every CPU starts.
        boot: code address of the routine that CPU 0 runs alone before time begins, or -1.
        parameters: names of the words of the parameter block. "cpus" is always the first.
        constants: what the parameters were when the image was built; `load` may change them.
        objects: what lies in memory.
        messages: texts of the checks.
        regions: names of the measured regions; region 0 is "operation".
        counters: names of the workload's own counters.
        streams: names of the random streams.
        registers: words of register file that the deepest chain of calls needs.
        call_depth: deepest chain of real calls.
        vectors: names of the interrupt vectors; the first of them is taken first.
        handlers: code address of each vector's handler, the same length.
        points: names of the instrumentation points.
        contexts: size of the pool of contexts: extents, which add up.
        frames: number of page frames: extents, which add up.
        page_levels: levels of a page table; 0: the image translates nothing.
        page_radix_bits: each level has a word for so many bits of a page's number.
    """

    code: Words
    sites: tuple[Site, ...]
    entry: int
    boot: int
    parameters: tuple[str, ...]
    constants: Mapping[str, int]
    objects: tuple[MemoryObject, ...]
    messages: tuple[str, ...]
    regions: tuple[str, ...]
    counters: tuple[str, ...]
    streams: tuple[str, ...]
    registers: int
    call_depth: int
    vectors: tuple[str, ...] = ()
    handlers: tuple[int, ...] = ()
    points: tuple[str, ...] = ()
    contexts: tuple[Extent, ...] = ()
    frames: tuple[Extent, ...] = ()
    page_levels: int = 0
    page_radix_bits: int = 0

    @cached_property
    def is_system(self) -> bool:
        """Whether any instruction is one of those that kernels need."""
        return bool((self.code[:, 0] >= FIRST_SYSTEM).any())

    @cached_property
    def digest(self) -> str:
        """Hash of all that decides a run, but not of file names, line numbers and `constants`.

        Which numbers the components held when the image was built says nothing: they are data.
        """
        h = hashlib.sha256(np.ascontiguousarray(self.code).tobytes())
        rest = (
            self.entry, self.boot, self.parameters,
            [(o.name, o.element_words, o.extent, o.home.value, o.ghost, o.elements_per_home)
             for o in self.objects],
            self.messages, self.regions, self.counters, self.streams, self.vectors, self.handlers,
            self.points, self.contexts, self.frames, self.page_levels, self.page_radix_bits,
        )  # fmt: skip
        h.update(repr(rest).encode())
        return h.hexdigest()

    def load(self, values: Mapping[str, int], layout: Layout) -> Program:
        """Bind the image to the numbers of one point.

        Args:
            values: parameters by name; each one that `constants` lacks must be given.
            layout: the machine, seen as CPUs and memory nodes.

        Raises:
            LoadError: a parameter is missing, unknown or beyond int64, or an object has a negative
                size.
        """
        numbers = {**self.constants, **values, "cpus": layout.cpus}
        unknown = sorted(set(values) - set(self.parameters))
        if unknown:
            raise LoadError(f"the image has no parameter {', '.join(unknown)}")
        # Address 0 is NULL: the first line belongs to nobody, so that a NULL access is an error.
        next_word = {False: LINE_WORDS, True: LINE_WORDS}
        homes = [np.zeros(1, np.int32)]
        node_of_cpu = np.asarray(layout.node_of_cpu, np.int64)
        for obj in self.objects:
            elements = self._size(numbers, obj.extent, obj.name)
            numbers[obj.base] = next_word[obj.ghost]
            lines = -(-elements * obj.element_words // LINE_WORDS)
            next_word[obj.ghost] += lines * LINE_WORDS
            if not obj.ghost:
                first = np.arange(lines) * LINE_WORDS // obj.element_words // obj.elements_per_home
                if obj.home is Home.CPU:
                    homes.append(node_of_cpu[first % layout.cpus].astype(np.int32))
                elif obj.home is Home.INTERLEAVE:
                    homes.append((first % layout.nodes).astype(np.int32))
                else:
                    homes.append(np.full(lines, node_of_cpu[0], np.int32))
        block = np.array([self._number(numbers, name) for name in self.parameters], np.int64)
        return Program(
            image=self,
            parameters=block,
            cpus=layout.cpus,
            memory_words=next_word[False],
            ghost_words=next_word[True],
            home_of_line=np.concatenate(homes),
            contexts=sum(
                self._size(numbers, pool, "the pool of contexts") for pool in self.contexts
            ),
            frames=sum(self._size(numbers, extent, "the page frames") for extent in self.frames),
        )

    def _size(self, numbers: Mapping[str, int], extent: Extent, name: str) -> int:
        size = 1
        for factor in extent:
            size *= factor if isinstance(factor, int) else self._number(numbers, factor)
        if size < 0:
            raise LoadError(f"{name} would have {size} elements")
        return size

    @staticmethod
    def _number(numbers: Mapping[str, int], name: str) -> int:
        try:
            value = numbers[name]
        except KeyError:
            raise LoadError(f"the image needs a value for its parameter {name}") from None
        if not -(2**63) <= value < 2**63:
            raise LoadError(f"{name} = {value} does not fit into 64 bits")
        return value


@dataclass(frozen=True, eq=False)
class Program:
    """An image with the numbers of one point: all that a run needs besides the machine.

    Attributes:
        parameters: int64 [len(image.parameters)].
        cpus: CPUs that start at `image.entry`.
        memory_words: size of simulated memory, a multiple of LINE_WORDS; line 0 is never used.
        ghost_words: size of ghost memory.
        home_of_line: int32 [memory_words / LINE_WORDS], memory node of each line.
        contexts: contexts beyond those in which the CPUs start.
        frames: page frames, numbered from 0.
    """

    image: Image
    parameters: Words
    cpus: int
    memory_words: int
    ghost_words: int
    home_of_line: npt.NDArray[np.int32]
    contexts: int = 0
    frames: int = 0
