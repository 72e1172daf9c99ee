"""`smplab VERB ...`: finds the verb's module, and turns errors into messages and exit codes.

A verb is a module with `main(arguments: Sequence[str]) -> int`, imported when it is asked for: the
list below is all that `smplab --help` needs.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Final, NamedTuple

OK, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: all well; points failed; nothing was begun; Ctrl-C."""


class Verb(NamedTuple):
    """Where a verb lives and what it does, in half a line."""

    module: str
    summary: str


VERBS: Final = {
    "run": Verb("smplab.cli.run", "simulate a configuration, or with -m a grid of them"),
    "explain": Verb("smplab.cli.explain", "say where the cycles of a sweep's points went"),
    "verify": Verb("smplab.cli.verify", "explore all interleavings of small scenarios"),
    "reproduce": Verb("smplab.cli.reproduce", "run experiments and compare them with their data"),
    "plugins": Verb("smplab.cli.plugins", "list what can be chosen, and show its parameters"),
    "ui": Verb("smplab.cli.ui", "browse the results in MLflow"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; return the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("-h", "--help"):
        print(_help())
        return OK if given else MISUSED
    if given[0] == "--version":
        from importlib.metadata import version

        print(f"smplab {version('smplab')}")
        return OK
    if given[0] in ("-sc", "--shell-completion"):
        given = ["run", *given]  # what the shell asks for is completed as what follows `run`
    return _guarded(given[0], given[1:])


def _guarded(name: str, arguments: Sequence[str]) -> int:
    try:
        if name not in VERBS:
            from smplab.plugin.errors import ConfigError, choices

            raise ConfigError(f"there is no verb {name}; {choices(name, VERBS)}")
        code: int = importlib.import_module(VERBS[name].module).main(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough; Python would complain again when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        from smplab.language.errors import SmplabError

        if not isinstance(error, SmplabError) or os.environ.get("SMPLAB_TRACEBACK"):
            raise
        print(f"smplab: {error}", file=sys.stderr)
        return MISUSED
    return code


def _help() -> str:
    verbs = "\n".join(f"  {name:<11}{verb.summary}" for name, verb in VERBS.items())
    return f"""\
usage: smplab VERB ...

A laboratory for the scalability of kernels on simulated multiprocessors.

{verbs}

  --version  print the version
  --help     print this; `smplab VERB --help` tells more of a verb

Environment: SMPLAB_HOME, where results go (default: ./results);
SMPLAB_CACHE, where compiled engines are kept; SMPLAB_TRACEBACK=1, show where an
error comes from; SMPLAB_STRICT_PLUGINS=1, stop at a plugin that does not load."""


if __name__ == "__main__":
    sys.exit(main())
