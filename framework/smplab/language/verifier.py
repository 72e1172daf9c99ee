"""A static check of images, so that whoever executes one may trust its operands."""

from __future__ import annotations

from weakref import WeakSet

from smplab.language.errors import LanguageError
from smplab.language.image import Image
from smplab.language.isa import ROW_WORDS, SIGNATURES, Cause, Op
from smplab.language.paging import MAX_PAGE_BITS

MAX_OFFSET = 2**40
"""Offsets are smaller, so that an address that wraps is never a valid one."""
MAX_VECTORS = 62
"""A set of vectors is a word."""


_verified: WeakSet[Image] = WeakSet()


class BrokenImage(LanguageError):
    """An image that no compiler of ours makes."""


def verify_image(image: Image) -> None:
    """Check opcodes, operand ranges, targets and that control never runs off the end.

    An image is checked once, however often it runs.

    Raises:
        BrokenImage: the first instruction that is wrong, and how.
    """
    if image in _verified:
        return
    code = image.code
    if code.ndim != 2 or code.shape[1] != ROW_WORDS or len(code) != len(image.sites):
        raise BrokenImage(f"code of shape {code.shape} with {len(image.sites)} sites")
    size = len(code)
    limits = {
        "d": image.registers, "r": image.registers, "b": image.registers + 1, "t": size,
        "p": len(image.parameters), "m": len(image.messages), "g": len(image.regions),
        "n": len(image.counters), "s": len(image.streams), "c": len(Cause),
        "v": len(image.vectors), "o": len(image.points),
    }  # fmt: skip
    if not 0 <= image.entry < size or not -1 <= image.boot < size:
        raise BrokenImage(f"entry {image.entry} or boot {image.boot} outside {size} instructions")
    if image.parameters[:1] != ("cpus",) or image.regions[:1] != ("operation",):
        raise BrokenImage("parameter 0 must be cpus and region 0 operation")
    _verify_handlers(image)
    translates = image.page_levels > 0
    for pc, row in enumerate(code.tolist()):
        try:
            op = Op(row[0])
        except ValueError:
            raise BrokenImage(f"{pc}: no opcode {row[0]}") from None
        operands = SIGNATURES[op].operands
        for letter, value in zip(operands, row[1:], strict=False):
            if letter == "i" and op not in (Op.MOVI, Op.ADDI) and abs(value) >= MAX_OFFSET:
                raise BrokenImage(f"{pc}: {op.name}: offset {value} is too large")
            limit = limits.get(letter)
            if limit is not None and not 0 <= value < limit:
                raise BrokenImage(
                    f"{pc}: {op.name}: operand {letter} is {value}, not below {limit}"
                )
        if any(row[1 + len(operands) :]):
            raise BrokenImage(f"{pc}: {op.name} has operands that it does not take: {row}")
        if op is Op.TOUCH and not translates:
            raise BrokenImage(f"{pc}: TOUCH in an image without page tables")
        if pc == size - 1 and op not in (Op.JMP, Op.RET, Op.HALT, Op.IRET):
            raise BrokenImage(f"{pc}: {op.name}: control runs off the end of the code")
    _verified.add(image)


def _verify_handlers(image: Image) -> None:
    if len(image.handlers) != len(image.vectors) or len(image.vectors) > MAX_VECTORS:
        raise BrokenImage(
            f"{len(image.vectors)} vectors with {len(image.handlers)} handlers; there may be"
            f" {MAX_VECTORS} vectors"
        )
    for name, handler in zip(image.vectors, image.handlers, strict=True):
        if not 0 <= handler < len(image.code):
            raise BrokenImage(f"the handler of {name} lies at {handler}, outside the code")
    levels, bits = image.page_levels, image.page_radix_bits
    if levels < 0 or (levels > 0) != (bits > 0) or levels * bits > MAX_PAGE_BITS:
        raise BrokenImage(f"page tables of {levels} levels of {bits} bits")
