"""Counterexamples as plain data: kept in records and files, replayed, shown as a trace."""

from __future__ import annotations

import json
import linecache
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smplab.lab.verification.config import options_of
from smplab.lab.verification.system import assemble
from smplab.language.errors import SmplabError
from smplab.language.image import Program
from smplab.plugin.host import Host
from smplab.verify.verdict import Action, Event, Trace, Verdict


class CounterexampleError(SmplabError):
    """A file that holds no counterexample, or one of code that is no longer there."""


def as_plain(program: Program, verdict: Verdict) -> dict[str, Any]:
    """Return a violated verdict's trace as plain data, with its text.

    Keys: text; image, the digest of the code; actions [cpu, drain, choice, count, arrival]; events;
    direct; cycle.
    """
    from smplab.verify.render import render

    trace = verdict.trace
    assert trace is not None
    return {
        "text": render(program, verdict),
        "image": program.image.digest,
        "cpus": program.cpus,
        "actions": [
            [a.cpu, int(a.drain), a.choice, a.count, int(a.arrival)] for a in trace.actions
        ],
        "events": [_event(program, event) for event in trace.events],
        "direct": sorted(trace.direct),
        "cycle": trace.cycle,
    }


def _event(program: Program, event: Event) -> dict[str, Any]:
    plain = {"cpu": event.cpu, "pc": event.pc, "what": event.what}
    plain |= {"place": event.place, "values": event.values}
    if event.pc < 0:
        return plain
    site = program.image.sites[event.pc]
    source = linecache.getline(site.file, site.line).strip()
    return plain | {
        "file": site.file, "line": site.line, "routine": site.routine, "source": source,
    }  # fmt: skip


def write(path: Path, config: Mapping[str, Any], details: Mapping[str, Any]) -> None:
    """Write the counterexample of a record to a file that `replay` takes."""
    path.write_text(json.dumps({"config": dict(config), **details}, indent=1), encoding="utf-8")


def replay(path: Path, host: Host) -> tuple[str, str]:
    """Execute a counterexample again, on the reference interpreter; return its text and its end.

    The end is what the interpreter found; empty if what is wrong is that the run goes on for ever,
    or that nothing can complete after it.

    Raises:
        CounterexampleError: the file holds none, or the code has changed since.
        SmplabError: the configuration cannot be built any more.
    """
    from smplab.verify.replay import replay as execute

    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        config, found = plain["config"], plain["counterexample"]
        trace = Trace(
            tuple(
                Action(cpu, bool(drain), choice, n, bool(arrival))
                for cpu, drain, choice, n, arrival in found["actions"]
            ),
            tuple(
                Event(e["cpu"], e["pc"], e["what"], e["place"], e["values"])
                for e in found["events"]
            ),
            frozenset(found["direct"]),
            found["cycle"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise CounterexampleError(f"{path}: no counterexample of smplab verify: {reason}") from None
    system = assemble(config, config["scenario"], host)
    if system.program.image.digest != found["image"]:
        raise CounterexampleError(
            f"{path}: the code has changed since: it compiles to another image. Run the check anew"
        )
    end = execute(system.program, options_of(config, system.scenario.progress()), trace)
    if plain["kind"] in {"check", "fault", "deadlock"} and end != plain["violation"]:
        raise CounterexampleError(
            f"{path}: the interpreter ends with {end or 'no violation'!r}, "
            f"not with {plain['violation']!r}"
        )
    return str(found["text"]), end
