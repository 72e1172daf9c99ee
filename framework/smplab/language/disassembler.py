"""An image in words: instructions under the source lines that they come from."""

from __future__ import annotations

import linecache
from pathlib import PurePath

from smplab.language.image import Image
from smplab.language.isa import SIGNATURES, Cause, Op


def disassemble(image: Image) -> str:
    """The whole image as text, names in the place of numbers."""
    lines: list[str] = []
    shown = None
    targets = _targets(image)
    handlers = zip(image.vectors, image.handlers, strict=True)
    starts = [("entry", image.entry), ("boot", image.boot)]
    starts += [(f"handler of {vector}", address) for vector, address in handlers]
    for pc, row in enumerate(image.code.tolist()):
        site = image.sites[pc]
        lines += [f"{name}:" for name, address in starts if address == pc]
        if site != shown:
            text = linecache.getline(site.file, site.line).strip()
            lines.append(f"  ; {PurePath(site.file).name}:{site.line} {site.routine}: {text}")
            shown = site
        mark = ">" if pc in targets else " "
        lines.append(f"{mark}{pc:5d}  {instruction(image, row)}")
    return "\n".join(lines) + "\n"


def instruction(image: Image, row: list[int]) -> str:
    """One instruction as text."""
    op = Op(row[0])
    names = {
        "p": image.parameters, "m": image.messages, "g": image.regions, "n": image.counters,
        "s": image.streams, "c": tuple(cause.name for cause in Cause),
        "v": image.vectors, "o": image.points,
    }  # fmt: skip
    operands = []
    for letter, value in zip(SIGNATURES[op].operands, row[1:], strict=False):
        if letter in "dr":
            operands.append(f"r{value}")
        elif letter == "b":
            operands.append(f"base+{value}")
        elif letter == "t":
            operands.append(f"@{value}")
        elif letter in names:
            name = names[letter][value]
            operands.append(repr(name) if letter == "m" else name)
        else:
            operands.append(str(value))
    return f"{op.name:8s}{', '.join(operands)}".rstrip()


def _targets(image: Image) -> set[int]:
    found = set()
    for row in image.code.tolist():
        for letter, value in zip(SIGNATURES[Op(row[0])].operands, row[1:], strict=False):
            if letter == "t":
                found.add(value)
    return found
