"""Memory, as a component's `layout` sees it: the place where its objects are put."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar, cast

from smplab.language.component import Component
from smplab.language.data import DataParameter
from smplab.language.errors import LanguageError
from smplab.language.fields import ArrayKind, Kind, Scalar, kind_of, layout_of, round_up, words_of
from smplab.language.image import LINE_WORDS, Extent, Home, MemoryObject
from smplab.language.paging import MAX_PAGE_BITS
from smplab.language.struct import Array, Struct

T = TypeVar("T")


@dataclass(eq=False)
class Root:
    """An object placed in memory, as routines meet it: a compile-time value with an address.

    Attributes:
        kind: a Struct, or what an array holds.
        object: name, size and home; the name is known once `layout` has run.
    """

    kind: type[Struct] | ArrayKind
    object: MemoryObject


def _attributes(
    component: Component, prefix: str, around: tuple[Component, ...] = ()
) -> dict[int, str]:
    """Dotted attribute names by identity, of a component and of the components inside it."""
    names: dict[int, str] = {}
    around = (*around, component)
    for name, value in vars(component).items():
        names[id(value)] = prefix + name
        if isinstance(value, Component) and name not in component.slots() and value not in around:
            names.update(_attributes(value, f"{prefix}{name}.", around))
    return names


class Memory:
    """Places the objects of one component.

    Extents are whole numbers, names of this component's parameters, or "cpus"; several multiply.
    """

    def __init__(self, component_name: str, component: Component) -> None:
        self._name = component_name
        self._component = component
        self.roots: list[Root] = []
        self.pools: list[Extent] = []
        self.frame_extents: list[Extent] = []
        self.page_format: tuple[int, int] | None = None

    def struct(self, kind: type[T], *, home: Home = Home.FIRST) -> T:
        """One `kind`, in lines of its own."""
        element = self._struct(kind)
        return cast(T, self._place(element, layout_of(element).words, (1,), home))

    def array(
        self, kind: type[T], *extent: int | str, home: Home = Home.FIRST, aligned: bool = False
    ) -> Array[T]:
        """An array of Structs or Words; `aligned` gives each element lines of its own."""
        element = self._element(kind)
        stride = round_up(words_of(element)) if aligned else words_of(element)
        root = self._place(ArrayKind(element, stride), stride, self._extent(extent), home)
        return cast("Array[T]", root)

    def per_cpu(self, kind: type[T], n: int = 1, *, aligned: bool = False) -> Array[T]:
        """`n` elements for each CPU, on its memory node; element `cpu * n + i` is its i-th.

        No line holds elements of two CPUs; `aligned` gives each element lines of its own.
        """
        if isinstance(n, DataParameter) or n < 1:
            raise LanguageError(
                f"{self._name}: per_cpu() takes a number of elements >= 1 that is known when the"
                " image is built: a constant or a parameter with build=True"
            )
        element = self._element(kind)
        stride = round_up(words_of(element)) if aligned else words_of(element)
        while n * stride % LINE_WORDS:
            stride += 1
        root = self._place(ArrayKind(element, stride), stride, ("cpus", n), Home.CPU, per_home=n)
        return cast("Array[T]", root)

    def ghost(self, kind: type[T], *extent: int | str) -> Array[T]:
        """An array in ghost memory: seen by checks, touched without cost."""
        element = self._element(kind)
        stride = words_of(element)
        sizes = self._extent(extent)
        root = self._place(ArrayKind(element, stride), stride, sizes, Home.FIRST, ghost=True)
        return cast("Array[T]", root)

    def contexts(self, *extent: int | str) -> None:
        """Ask for contexts: as many threads can exist at once, beside those that the CPUs are."""
        self.pools.append(self._extent(extent))

    def frames(self, *extent: int | str) -> None:
        """Say how many page frames there are, numbered from 0."""
        self.frame_extents.append(self._extent(extent))

    def page_tables(self, levels: int, radix_bits: int) -> None:
        """Tell the machine the shape of page tables, as `smplab.language.paging` describes it.

        Args:
            levels: nodes on the way from a root to a page, 1 or more.
            radix_bits: each node has `2 ** radix_bits` words.
        """
        for value, name in ((levels, "levels"), (radix_bits, "radix_bits")):
            if isinstance(value, DataParameter) or value < 1:
                raise LanguageError(
                    f"{self._name}: page_tables() takes {name} >= 1 that are known when the image"
                    " is built: a constant or a parameter with build=True"
                )
        if levels * radix_bits > MAX_PAGE_BITS:
            raise LanguageError(
                f"{self._name}: {levels} levels of {radix_bits} bits number more than"
                f" 2**{MAX_PAGE_BITS} pages"
            )
        self.page_format = (levels, radix_bits)

    def name_roots(self) -> None:
        """Name each object after the attribute that holds it, or by its number."""
        attributes = _attributes(self._component, "")
        for number, root in enumerate(self.roots):
            name = attributes.get(id(root), str(number))
            object.__setattr__(root.object, "name", f"{self._name}.{name}")

    def _place(
        self, kind: type[Struct] | ArrayKind, words: int, extent: Extent, home: Home,
        *, ghost: bool = False, per_home: int = 1,
    ) -> Root:  # fmt: skip
        root = Root(kind, MemoryObject("", words, extent, home, ghost, per_home))
        self.roots.append(root)
        return root

    def _extent(self, extent: Extent) -> Extent:
        return tuple(self._factor(factor) for factor in extent) or (1,)

    def _factor(self, factor: Any) -> int | str:
        if isinstance(factor, DataParameter):
            return factor.name
        if isinstance(factor, str) and factor != "cpus":
            value = getattr(self._component, factor, None)
            if isinstance(value, DataParameter):
                return value.name
            if not isinstance(value, int):
                raise LanguageError(
                    f'{self._name}: "{factor}" is no extent: use a whole number, "cpus", or the'
                    f" name of a numeric parameter of {type(self._component).__name__}"
                )
            factor = value
        if isinstance(factor, int) and factor < 0:
            raise LanguageError(f"{self._name}: an extent of {factor} elements")
        return cast("int | str", factor)

    def _struct(self, kind: Any) -> type[Struct]:
        if isinstance(kind, type) and issubclass(kind, Struct):
            return kind
        raise LanguageError(f"{self._name}: memory.struct() takes a Struct, not {kind!r}")

    def _element(self, kind: Any) -> Kind | type[Struct]:
        element = kind_of(kind, {}, {})
        if element is None or element is Scalar.BOOL:
            raise LanguageError(f"{self._name}: memory holds Structs and Words, not {kind!r}")
        return cast("Kind | type[Struct]", element)
