"""The routine language: restricted Python, compiled to an instruction set of int64 rows.

Names are loaded when they are first asked for, so that to declare a component costs no compiler.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smplab.language.build import build_image
    from smplab.language.component import Component, Mutant, ParameterInfo, parameter, slot
    from smplab.language.cpu import Cpu
    from smplab.language.disassembler import disassemble
    from smplab.language.errors import CompileError, LanguageError, LoadError
    from smplab.language.fields import ending_in
    from smplab.language.image import Home, Image, Layout, Program
    from smplab.language.isa import Cause
    from smplab.language.memory import Memory
    from smplab.language.routines import routine
    from smplab.language.struct import (
        NULL,
        Array,
        Opaque,
        Place,
        Ref,
        Struct,
        Word,
        aligned,
        array,
    )
    from smplab.language.verifier import verify_image

_HOMES = {
    "build": ("build_image",),
    "component": ("Component", "Mutant", "ParameterInfo", "parameter", "slot"),
    "cpu": ("Cpu",),
    "disassembler": ("disassemble",),
    "errors": ("CompileError", "LanguageError", "LoadError"),
    "fields": ("ending_in",),
    "image": ("Home", "Image", "Layout", "Program"),
    "isa": ("Cause",),
    "memory": ("Memory",),
    "routines": ("routine",),
    "struct": ("NULL", "Array", "Opaque", "Place", "Ref", "Struct", "Word", "aligned", "array"),
    "verifier": ("verify_image",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "NULL",
    "Array",
    "Cause",
    "CompileError",
    "Component",
    "Cpu",
    "Home",
    "Image",
    "LanguageError",
    "Layout",
    "LoadError",
    "Memory",
    "Mutant",
    "Opaque",
    "ParameterInfo",
    "Place",
    "Program",
    "Ref",
    "Struct",
    "Word",
    "aligned",
    "array",
    "build_image",
    "disassemble",
    "ending_in",
    "parameter",
    "routine",
    "slot",
    "verify_image",
]


def __getattr__(name: str) -> Any:
    """Load a name from where it lives (PEP 562)."""
    if name not in _HOME_OF:
        raise AttributeError(f"smplab.language has no {name}")
    value = getattr(importlib.import_module(f"smplab.language.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List what there is."""
    return __all__
