from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from smplab.cli import main as cli
from smplab.language.errors import SmplabError


def fake_verb(monkeypatch: pytest.MonkeyPatch, result: int | BaseException) -> list[list[str]]:
    """Make `plugins` a verb that returns or raises `result`; return what it is called with."""
    calls: list[list[str]] = []

    def verb(arguments: Sequence[str]) -> int:
        calls.append(list(arguments))
        if isinstance(result, BaseException):
            raise result
        return result

    fake = SimpleNamespace(main=verb)
    monkeypatch.setattr("smplab.cli.main.importlib.import_module", lambda name: fake)
    return calls


def test_help_names_every_verb_within_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {verb} " in out for verb in cli.VERBS)
    assert max(map(len, out.splitlines())) <= 80


def test_nothing_heavy_is_imported_for_the_help() -> None:
    code = (
        "import sys; before = set(sys.modules)\n"
        "from smplab.cli.main import main; main(['--help'])\n"
        "heavy = {'numpy', 'numba', 'hydra', 'omegaconf', 'pluggy', 'rich', 'mlflow', 'ray'}\n"
        "sys.exit(str(heavy & (set(sys.modules) - before) or ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


def test_without_a_verb_the_help_is_shown_and_the_code_is_not_zero(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main([]) == cli.MISUSED
    assert "usage: smplab" in capsys.readouterr().out


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("smplab 0.")


def test_an_unknown_verb_is_answered_with_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["rnu"]) == cli.MISUSED
    caught = capsys.readouterr()
    assert caught.out == ""
    assert "there is no verb rnu; did you mean run? choose from: explain, " in caught.err


def test_a_verb_gets_its_arguments_and_gives_the_exit_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = fake_verb(monkeypatch, 3)
    assert cli.main(["plugins", "list", "--json"]) == 3
    assert calls == [["list", "--json"]]


def test_what_the_shell_completes_goes_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = fake_verb(monkeypatch, 0)
    cli.main(["-sc", "query=bash"])
    assert calls == [["-sc", "query=bash"]]


def test_an_error_of_ours_is_one_message_without_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SMPLAB_TRACEBACK", raising=False)
    fake_verb(monkeypatch, SmplabError("no such thing"))
    assert cli.main(["plugins"]) == cli.MISUSED
    assert capsys.readouterr() == ("", "smplab: no such thing\n")


def test_the_traceback_is_shown_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMPLAB_TRACEBACK", "1")
    fake_verb(monkeypatch, SmplabError("no such thing"))
    with pytest.raises(SmplabError):
        cli.main(["plugins"])


def test_an_error_that_is_a_defect_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_verb(monkeypatch, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        cli.main(["plugins"])


def test_ctrl_c_ends_with_the_shells_code(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_verb(monkeypatch, KeyboardInterrupt())
    assert cli.main(["plugins"]) == cli.INTERRUPTED


def test_a_reader_that_has_enough_is_no_error() -> None:
    command = f"{sys.executable} -m smplab.cli.main plugins list --json | head -c 10"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (len(done.stdout), done.stderr) == (10, "")


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_is_a_module_with_a_main(verb: str) -> None:
    module = importlib.import_module(cli.VERBS[verb].module)
    assert callable(module.main)
