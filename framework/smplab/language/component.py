"""Components: the compile-time objects that routines are methods of, and their parameters.

A component is a dataclass. Its fields are its parameters, its methods marked `@routine` are
compiled, everything else about it is evaluated when the image is built and costs nothing at run
time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from smplab.language.memory import Memory


@dataclass(frozen=True)
class ParameterInfo:
    """What a user should know of a parameter, beside its name, type and default.

    Attributes:
        doc: one sentence.
        unit: "cycles", "lines", "%", or "" for a bare number.
        source: where the default comes from: a paper and its section, or "estimated: why".
        build: decides the code, so it is fixed when the image is built; other numbers are data.
        minimum, maximum: bounds that are checked before anything runs.
        choices: the allowed strings.
    """

    doc: str = ""
    unit: str = ""
    source: str = ""
    build: bool = False
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()


def parameter(
    default: Any = dataclasses.MISSING,
    doc: str = "",
    *,
    unit: str = "",
    source: str = "",
    build: bool = False,
    minimum: int | None = None,
    maximum: int | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare a parameter of a component: a dataclass field that documents itself.

    Whole numbers are data in the parameter block unless `build` is set; booleans and strings always
    decide the code.
    """
    info = ParameterInfo(doc, unit, source, build, minimum, maximum, choices)
    return dataclasses.field(default=default, metadata={"parameter": info})


def slot() -> Any:
    """Declare that a component uses a kernel slot; the slot's name is the field's name."""
    return dataclasses.field(init=False, repr=False, metadata={"slot": True})


@dataclass(frozen=True)
class Mutant:
    """A weakening of a component by one line, which a scenario of the checker must catch.

    Attributes:
        wrong: what is wrong, in half a line.
        memory_model: the strongest that shows it: "sc", or "tso" where it takes a store buffer.
        cpus: how many CPUs it takes.
        not_shown: why neither model shows it; it is then listed, and not run.
    """

    wrong: str
    memory_model: str = "sc"
    cpus: int = 2
    not_shown: str = ""


@dataclass(eq=False)
class Component:
    """Base of all that is compiled: locks, kernel parts, workloads.

    Subclasses are dataclasses (`@dataclass(eq=False)`), override `layout` to place their objects in
    simulated memory, and may define a routine `boot(self, cpu)`, which CPU 0 runs alone, before
    time begins, to give memory its first values.

    A component may name its one-line weakenings in `mutants` and test for them where the line
    stands: `if self.mutant != "no_fence": cpu.fence()`. The test is decided when the image is
    built; what ships compiles as if it were not there.
    """

    source: ClassVar[str] = ""
    """Who published it: paper and section."""
    mutants: ClassVar[Mapping[str, Mutant]] = {}
    """The weakenings that can be built, by name."""

    mutant: str = dataclasses.field(default="", init=False, repr=False)
    """The one that is built, or none."""

    def connect(self) -> None:
        """Fill hooks of the components below, in Python, when all are wired; layout comes next."""

    def layout(self, memory: Memory) -> None:
        """Place the component's objects in memory; runs once an image, in Python."""

    @classmethod
    def slots(cls) -> tuple[str, ...]:
        """Names of the slots that this component uses."""
        return tuple(f.name for f in dataclasses.fields(cls) if f.metadata.get("slot"))

    @classmethod
    def parameters(cls) -> Iterator[tuple[dataclasses.Field[Any], ParameterInfo]]:
        """The component's parameters with what is known of each, in order of declaration."""
        for f in dataclasses.fields(cls):
            if "parameter" in f.metadata:
                yield f, f.metadata["parameter"]
