"""The syntax tree of a routine, found once and kept with the function."""

from __future__ import annotations

import ast
import linecache
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from smplab.language.errors import CompileError, LanguageError
from smplab.language.fields import evaluate, kind_of
from smplab.language.image import Site

_KEPT = "_smplab_source"
_files: dict[str, tuple[list[str], dict[int, ast.FunctionDef | ast.AsyncFunctionDef]]] = {}
_FILES_KEPT = 256

NO_DEFAULT = object()


@dataclass(eq=False)
class Source:
    """A routine's text.

    Attributes:
        names: what free names mean: closure over globals; builtins are looked up last.
        parameters: (name, kind of its annotation or None, default or NO_DEFAULT), self included.
        returns: kind of the return annotation, or None.
        assigned: how often each local name is assigned; parameters count once more, and a name
            assigned inside a `for` counts twice there, since unrolling repeats it.
        single_return: one return statement, at the very end.
    """

    function: Any
    tree: ast.FunctionDef
    file: str
    lines: list[str]
    name: str
    names: dict[str, Any]
    parameters: list[tuple[str, Any, Any]] = field(default_factory=list)
    returns: Any = None
    assigned: Counter[str] = field(default_factory=Counter)
    single_return: bool = False
    sites: dict[int, Site] = field(default_factory=dict)

    def site(self, line: int) -> Site:
        """The origin of an instruction made for `line`."""
        known = self.sites.get(line)
        if known is None:
            known = self.sites[line] = Site(self.file, line, self.name)
        return known

    def lookup(self, name: str) -> Any:
        """What a name means outside the routine; KeyError if nothing."""
        if name in self.names:
            return self.names[name]
        found: Any = self.function.__globals__.get(name, NO_DEFAULT)
        if found is NO_DEFAULT:
            builtins = self.function.__builtins__
            return builtins[name]
        return found

    def error(
        self, node: ast.AST, problem: str, instead: str, called_from: tuple[str, ...] = ()
    ) -> CompileError:
        """A CompileError that points at `node`."""
        line = getattr(node, "lineno", self.tree.lineno)
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        raw = text.encode()
        start = len(raw[: getattr(node, "col_offset", 0)].decode(errors="replace"))
        end = len(text)
        if getattr(node, "end_lineno", line) == line:
            end = len(raw[: getattr(node, "end_col_offset", len(raw))].decode(errors="replace"))
        return CompileError(self.file, line, text, (start, end), problem, instead, called_from)


def source_of(function: Any) -> Source:
    """The source of a routine.

    Raises:
        LanguageError: its text cannot be found.
        CompileError: its signature is outside the language.
    """
    known: Source | None = function.__dict__.get(_KEPT)
    if known is None:
        known = _read(function)
        function.__dict__[_KEPT] = known
    return known


def _read(function: Callable[..., Any]) -> Source:
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    kept = _files.get(code.co_filename)
    if kept is None or kept[0] is not lines:
        if len(_files) >= _FILES_KEPT:
            _files.clear()
        kept = _files[code.co_filename] = (lines, _functions("".join(lines)))
    tree = kept[1].get(code.co_firstlineno)
    if tree is None or tree.name != function.__name__:
        raise LanguageError(
            f"{function.__qualname__}: its source text is not in {code.co_filename}; a routine must"
            " be written in a file"
        )
    cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
    names = {name: cell.cell_contents for name, cell in cells.items() if _filled(cell)}
    assert isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef)
    source = Source(function, tree, code.co_filename, lines, function.__qualname__, names)  # type: ignore[arg-type]
    if isinstance(tree, ast.AsyncFunctionDef):
        raise source.error(tree, "a routine cannot be async", "a plain def; cpu.wait() waits")
    _signature(source)
    _count(source)
    return source


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def _functions(text: str) -> dict[int, ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions of a file, by the line of their first decorator."""
    found: dict[int, ast.FunctionDef | ast.AsyncFunctionDef] = {}
    pending: list[ast.AST] = [ast.parse(text)]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found[min([node.lineno, *(d.lineno for d in node.decorator_list)])] = node
        for part in ("body", "orelse", "handlers", "finalbody"):
            pending += getattr(node, part, ())
    return found


def _signature(source: Source) -> None:
    arguments = source.tree.args
    for extra in (arguments.vararg, arguments.kwarg):
        if extra is not None:
            raise source.error(
                extra, "a routine takes a fixed list of arguments", "name each argument"
            )
    if arguments.kwonlyargs:
        raise source.error(
            arguments.kwonlyargs[0], "a routine has no keyword-only arguments", "drop the `*`"
        )
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = source.function.__defaults__ or ()
    missing = len(plain) - len(defaults)
    globals_ = source.function.__globals__
    annotations = source.function.__annotations__

    def kind(name: str) -> Any:
        try:
            return kind_of(
                evaluate(annotations.get(name), source.names, globals_), source.names, globals_
            )
        except Exception:  # noqa: BLE001  what only type checkers can resolve says nothing here
            return None

    for position, argument in enumerate(plain):
        default = defaults[position - missing] if position >= missing else NO_DEFAULT
        source.parameters.append((argument.arg, kind(argument.arg), default))
    source.returns = kind("return")


def _count(source: Source) -> None:
    for name, _, _ in source.parameters:
        source.assigned[name] += 1
    returns = _count_in(source.tree.body, 1, source.assigned)
    source.single_return = returns == 1 and isinstance(source.tree.body[-1], ast.Return)


def _count_in(body: list[ast.stmt], weight: int, assigned: Counter[str]) -> int:
    """Count assignments in `body`, each `weight` times; the number of return statements."""
    returns = 0
    for node in body:
        targets: list[ast.expr] = []
        match node:
            case ast.Assign():
                targets = node.targets
            case ast.AnnAssign() | ast.AugAssign() | ast.For():
                targets = [node.target]
            case ast.Return():
                returns += 1
        for target in targets:
            for name in target.elts if isinstance(target, ast.Tuple | ast.List) else [target]:
                if isinstance(name, ast.Name):
                    assigned[name.id] += weight
        inner = 2 if isinstance(node, ast.For) else weight
        for part in ("body", "orelse", "finalbody"):
            returns += _count_in(getattr(node, part, []), inner, assigned)
    return returns
