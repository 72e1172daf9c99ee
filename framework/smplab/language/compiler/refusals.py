"""What to write instead of the constructs that the language leaves out."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smplab.language.compiler.emitter import Emitter
    from smplab.language.errors import CompileError

EXPRESSIONS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lambda: ("a lambda is not in the language", "a @routine with a name"),
    ast.ListComp: ("comprehensions are not in the language", "a for loop"),
    ast.SetComp: ("comprehensions are not in the language", "a for loop"),
    ast.DictComp: ("comprehensions are not in the language", "a for loop"),
    ast.GeneratorExp: ("generators are not in the language", "a for loop"),
    ast.Await: ("await is not in the language", "cpu.wait(place)"),
    ast.Yield: ("yield is not in the language", "a routine that returns a value"),
    ast.YieldFrom: ("yield is not in the language", "a routine that returns a value"),
    ast.JoinedStr: ("f-strings are not in the language", "a plain string"),
    ast.Dict: (
        "dictionaries are not in the language",
        "a Struct, or a dict made outside the routine",
    ),
    ast.Set: ("sets are not in the language", "bits of a Word, or an Array"),
    ast.NamedExpr: ("`:=` is not in the language", "an assignment on a line of its own"),
    ast.Starred: ("`*` arguments are not in the language", "each argument by itself"),
    ast.Slice: ("slices are not in the language", "a loop over the elements"),
}
_TRY = ("try is not in the language: nothing raises", "a returned value that says what happened")
_WITH = ("with is not in the language", "acquire and release, one call each")
_INNER = (
    "a routine inside a routine is not in the language",
    "a method or a function of the module, marked @routine",
)
_IMPORT = ("import inside a routine is not in the language", "an import at the top of the module")
STATEMENTS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Try: _TRY,
    ast.TryStar: _TRY,
    ast.With: _WITH,
    ast.AsyncWith: _WITH,
    ast.AsyncFor: ("async is not in the language", "a plain for loop"),
    ast.Raise: ("raise is not in the language", "cpu.check(condition, message)"),
    ast.Global: ("a routine has no globals to assign", "a Struct placed in layout()"),
    ast.Nonlocal: ("a routine has no outer variables to assign", "a Struct placed in layout()"),
    ast.FunctionDef: _INNER,
    ast.AsyncFunctionDef: _INNER,
    ast.ClassDef: (
        "a class inside a routine is not in the language",
        "a Struct at the top of the module",
    ),
    ast.Import: _IMPORT,
    ast.ImportFrom: _IMPORT,
    ast.Delete: ("del is not in the language", "nothing: an unused variable costs nothing"),
    ast.Match: ("match is not in the language", "if / elif"),
}


def refused_expression(compiler: Emitter, node: ast.AST) -> CompileError:
    """The CompileError for an expression outside the language."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, float | complex):
            return compiler.error(
                node,
                "a float has no place here: values are 64-bit whole numbers",
                "a scaled whole number, for example hundredths",
            )
        return compiler.error(node, f"{node.value!r} is no value of the language", "a whole number")
    operator = getattr(node, "op", None)
    if isinstance(operator, ast.Div):
        return compiler.error(node, "`/` gives a float", "// which rounds down")
    if isinstance(operator, ast.Pow):
        return compiler.error(
            node, "`**` is not in the language", "1 << n for powers of two, or a multiplication"
        )
    if isinstance(operator, ast.MatMult):
        return compiler.error(node, "`@` is not in the language", "a multiplication")
    problem, instead = EXPRESSIONS.get(
        type(node),
        (f"{type(node).__name__} is not in the language", "plain whole-number arithmetic"),
    )
    return compiler.error(node, problem, instead)


def refused_statement(compiler: Emitter, node: ast.AST) -> CompileError:
    """The CompileError for a statement outside the language."""
    problem, instead = STATEMENTS.get(
        type(node), (f"{type(node).__name__} is not in the language", "a simpler statement")
    )
    return compiler.error(node, problem, instead)
