"""Provenance: what the class declares, unless the user set another number."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from smplab.language.component import parameter
from smplab.machine.description import Costs, Origin, Provenance, Topology
from smplab.machine.origins import BY_USER, DEFAULTS, origins_of

PAPER = Origin(Provenance.MEASURED, "a paper")


@dataclass(eq=False)
class OwnCosts(Costs):
    occ_r: int = parameter(7, "busy")


@dataclass(eq=False)
class Example(Topology):
    origins: ClassVar[dict[str, Origin]] = {"clock_ghz": PAPER, "costs.occ_r": PAPER}

    file: str = parameter(doc="no default")
    clock_ghz: float = parameter(2.0, "clock")
    costs: OwnCosts = dataclasses.field(default_factory=OwnCosts)


def test_what_the_user_left_alone_keeps_the_origin_of_the_class() -> None:
    origins = origins_of(Example(file="x"))
    assert origins["clock_ghz"] == PAPER
    assert origins["costs.occ_r"] == PAPER
    assert origins["costs.hit"] == DEFAULTS["costs.hit"]


def test_what_the_user_set_says_so_and_nothing_else_does() -> None:
    origins = origins_of(Example(file="x", clock_ghz=3.0, costs=OwnCosts(occ_r=8)))
    assert {name for name, origin in origins.items() if origin is BY_USER} == {
        "file", "clock_ghz", "costs.occ_r",
    }  # fmt: skip


def test_every_cost_has_a_default_origin() -> None:
    assert set(DEFAULTS) == {f"costs.{field.name}" for field in dataclasses.fields(Costs)}
