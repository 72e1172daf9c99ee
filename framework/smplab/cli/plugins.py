"""`smplab plugins list | show NAME`: what can be chosen, and what is known of it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from smplab.language.errors import SmplabError
from smplab.plugin.errors import ConfigError, choices
from smplab.plugin.host import Failure, Host, shared_host
from smplab.plugin.registry import Entry
from smplab.plugin.schema import Parameter

if TYPE_CHECKING:
    from rich.console import Console

    from smplab.machine.description import Machine


def main(arguments: Sequence[str]) -> int:
    """Run the verb; return 1 if a plugin did not load."""
    parser = argparse.ArgumentParser("smplab plugins", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list | show NAME")
    listing = verbs.add_parser("list", help="what is installed; code 1 if something failed to load")
    showing = verbs.add_parser("show", help="one component: parameters, sources, documentation")
    showing.add_argument("name", metavar="NAME", help="ticket, or mechanism/lock/ticket")
    for verb in (listing, showing):
        verb.add_argument("--json", action="store_true", help="JSON, alone on standard output")
    given = parser.parse_args(arguments)
    host = shared_host()
    if given.verb == "list":
        _list(host, given.json)
        return 1 if host.failures else 0
    _show(find(host, given.name), given.json)
    return 0


def find(host: Host, name: str) -> Entry:
    """Return the component that `name` or `kind/name` means.

    What fills several slots, as every lock does, is shown under the shortest.

    Raises:
        ConfigError: there is none, or several kinds have different ones of that name.
    """
    kind, _, short = name.rpartition("/")
    found = [e for e in host.registry if e.name == short and (not kind or e.kind == kind)]
    if len({e.component for e in found}) == 1:
        return min(found, key=lambda e: len(e.kind))
    if found:
        raise ConfigError(f"{name} is ambiguous; {choices('', map(full_name, found))}")
    broken = host.why_missing(kind, short) if kind else None
    known = {full_name(e) if kind else e.name for e in host.registry}
    raise ConfigError(broken or f"there is no plugin {name}; {choices(name, known)}")


def full_name(entry: Entry) -> str:
    """Return "mechanism/lock/ticket"."""
    return f"{entry.kind}/{entry.name}"


def _list(host: Host, as_json: bool) -> None:
    if as_json:
        plain = {
            "components": [_summary(entry) for entry in host.registry],
            "failures": [_failure(failure) for failure in host.failures],
        }
        print(json.dumps(plain, indent=2))
        return
    from rich.table import Table

    console = _console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("kind", "name", "from"):
        table.add_column(column, no_wrap=True)
    table.add_column("what it is")
    for entry in host.registry:
        table.add_row(entry.kind, entry.name, str(entry.owner), _first_line(entry))
    console.print(table)
    for failure in host.failures:
        console.print(str(failure), style="red", markup=False)


def _show(entry: Entry, as_json: bool) -> None:
    numbers, problem = _numbers(entry)
    if as_json:
        plain = {
            **_summary(entry),
            "documentation": entry.doc,
            "source": _source(entry),
            "slots": list(entry.slots()),
            "parameters": [_parameter(entry, parameter) for parameter in entry.parameters],
            "numbers": numbers,
        }
        print(json.dumps(plain, indent=2))
        return
    console = _console()
    console.print(full_name(entry), f"({entry.owner})", style="bold", highlight=False)
    for paragraph in entry.doc.split("\n\n"):
        console.print(" ".join(paragraph.split()), markup=False, highlight=False)
    if _source(entry):
        console.print(f"\nSource: {_source(entry)}", markup=False, highlight=False)
    if entry.slots():
        console.print(f"\nUses the slots: {', '.join(entry.slots())}", highlight=False)
    if entry.parameters:
        console.print("\nParameters", style="bold")
        for parameter in entry.parameters:
            _print_parameter(console, entry, parameter)
    if numbers:
        from rich.table import Table

        console.print("\nNumbers of the machine, with the default parameters", style="bold")
        table = Table(box=None, show_header=False, padding=(0, 1, 0, 1))
        for number in numbers:
            table.add_row(number["name"], number["value"], number["provenance"], number["source"])
        console.print(table, highlight=False)
    if problem:
        console.print(f"\nNo numbers by default: {problem}", markup=False, highlight=False)


def _print_parameter(console: Console, entry: Entry, parameter: Parameter) -> None:
    info = parameter.info
    default = "must be given" if parameter.required else f"{parameter.default!r}"
    unit = f" {info.unit}" if info.unit and not parameter.required else ""
    console.print(f"  {entry.key}.{parameter.name} = {default}{unit}", markup=False)
    notes = [info.doc, _bounds(parameter)]
    notes += ["fixed when the image is built"] if info.build else []
    notes += [f"source: {info.source}"] if info.source else []
    text = "; ".join(note for note in notes if note)
    from rich.padding import Padding
    from rich.text import Text

    console.print(Padding(Text(text), (0, 0, 0, 6)))


def _bounds(parameter: Parameter) -> str:
    info = parameter.info
    if info.choices:
        return "one of " + ", ".join(info.choices)
    low, high = info.minimum, info.maximum
    if low is not None and high is not None:
        return f"{low} to {high}"
    return f"at least {low}" if low is not None else f"at most {high}" if high is not None else ""


def _numbers(entry: Entry) -> tuple[list[dict[str, str]], str | None]:
    """Return a topology's numbers with provenance, or why it describes no machine by default."""
    if entry.kind != "topology" or any(parameter.required for parameter in entry.parameters):
        return [], None
    try:
        machine = entry.component().describe()
    except SmplabError as error:
        return [], str(error)
    return [
        {
            "name": name,
            "value": _value(machine, name),
            "provenance": origin.provenance.value,
            "source": origin.source,
        }
        for name, origin in machine.origins.items()
    ], None


def _value(machine: Machine, name: str) -> str:
    """Return one of a machine's numbers as text; of a table of distances its range."""
    value: Any = machine
    for part in name.split("."):
        value = getattr(value, part, "")
    unique = sorted(set(value.flat)) if hasattr(value, "flat") else []
    if len(unique) > 1:
        return f"{unique[0]} to {unique[-1]}"
    return str(unique[0] if unique else value)


def _summary(entry: Entry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "name": entry.name,
        "distribution": entry.owner.distribution,
        "version": entry.owner.version,
        "plugin": entry.owner.plugin,
        "doc": _first_line(entry),
    }


def _failure(failure: Failure) -> dict[str, str]:
    return {
        "plugin": failure.owner.plugin,
        "distribution": failure.owner.distribution,
        "version": failure.owner.version,
        "error": f"{type(failure.error).__name__}: {failure.error}",
    }


def _parameter(entry: Entry, parameter: Parameter) -> dict[str, Any]:
    info = parameter.info
    type_ = parameter.type
    return {
        "key": f"{entry.key}.{parameter.name}",
        "type": type_.__name__ if isinstance(type_, type) else str(type_),
        "default": None if parameter.required else parameter.default,
        "required": parameter.required,
        "unit": info.unit,
        "minimum": info.minimum,
        "maximum": info.maximum,
        "choices": list(info.choices),
        "build": info.build,
        "source": info.source,
        "doc": info.doc,
    }


def _source(entry: Entry) -> str:
    """Return the paper: the class's own `source`, else what its module says of it."""
    own = getattr(entry.component, "source", "")
    module = sys.modules[entry.component.__module__].__doc__ or ""
    return str(own) or " ".join(module.split())


def _first_line(entry: Entry) -> str:
    return entry.doc.partition("\n\n")[0].replace("\n", " ")


def _console() -> Console:
    from rich.console import Console

    return Console(soft_wrap=False)
