"""The text of `smplab verify --help`."""

from __future__ import annotations


def text() -> str:
    """Return usage, components and values."""
    import dataclasses
    import textwrap

    from omegaconf import DictConfig, OmegaConf

    from smplab.lab.tree import configuration_folder
    from smplab.lab.verification.config import CheckValues
    from smplab.plugin.host import shared_host

    registry = shared_host().registry
    defaults = OmegaConf.load(configuration_folder() / "verify.yaml")
    assert isinstance(defaults, DictConfig)

    def entry(key: str, text: str) -> str:
        lines = textwrap.wrap(text, 54, break_on_hyphens=False)
        return f"  {key:<24}" + f"\n{'':<26}".join(lines)

    kinds = [k for k in registry.kinds() if k.startswith("mechanism/")]
    groups = [
        entry(k, ", ".join(registry.names(k)))
        for k in (*kinds, "kernel", "scenario", "executor", "tracking")
    ]
    values = [
        entry(f"{f.name}={defaults[f.name]}".lower(), f.metadata["parameter"].doc)
        for f in dataclasses.fields(CheckValues)
    ]
    return "\n".join([_USAGE, *groups, "\nValues and their defaults:", *values])


_USAGE = """\
usage: smplab verify [-m] [KEY=VALUE ...]

Explore every interleaving of small scenarios of the code that `smplab run` times:

  smplab verify mechanism/lock=mcs
  smplab verify -m mechanism/lock=ticket,mcs cpus=2,3 memory_model=sc,tso
  smplab verify scenario=peterson mutant=no_fence
  smplab verify kernel=multiprocessor mechanism/synchronization=messages

Only the slots that are named are verified, each in all of its scenarios; or the kernel
that is named, in all of its own.

  -m, --multirun     several values of a key are a sweep
  --dry-run          list the points, check nothing
  --resume DIR       check what a sweep's folder lacks
  --replay FILE      execute a counterexample again, on the reference interpreter
  --trace FILE       write the first counterexample as a Chrome/Perfetto trace
  --json             JSON, alone on standard output

Exit code 0: no violation within the bounds; 2: a bound struck; 1: a violation, a
mutant that survived, or a mistake. The last line on standard output is the folder.

Components (their parameters: smplab plugins show NAME):"""
