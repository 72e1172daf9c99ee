from __future__ import annotations

import json

import pytest

from smplab.cli import main as cli
from smplab.cli import plugins
from smplab.plugin.contexts import Components
from smplab.plugin.errors import ConfigError
from smplab.plugin.hookspecs import hookimpl
from smplab.plugin.host import Failure, Host
from smplab.plugin.registry import Owner
from tests.sample_plugins import sample_host

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    """Return the host that the verb uses: that of the samples, and narrow output."""
    samples = sample_host()
    monkeypatch.setattr(plugins, "shared_host", lambda: samples)
    monkeypatch.setenv("COLUMNS", "80")
    return samples


def test_list_shows_every_component_within_80_columns(host: Host, capsys: Capture) -> None:
    assert plugins.main(["list"]) == 0
    out = capsys.readouterr().out
    for entry in host.registry:
        assert entry.name in out
    assert "A ticket lock." in out
    assert max(len(line.rstrip()) for line in out.splitlines()) <= 80


def test_list_as_json_is_alone_on_standard_output(host: Host, capsys: Capture) -> None:
    assert plugins.main(["list", "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert len(plain["components"]) == len(list(host.registry))
    assert plain["failures"] == []
    components = plain["components"]
    (ticket,) = (c for c in components if c["name"] == "ticket" and c["kind"] == "mechanism/lock")
    assert ticket == {
        "kind": "mechanism/lock",
        "name": "ticket",
        "distribution": "smplab-samples",
        "version": "",
        "plugin": "samples",
        "doc": "A ticket lock.",
    }


def test_list_reports_what_failed_to_load(host: Host, capsys: Capture) -> None:
    host._failures.append(Failure(Owner("ipc", "smplab-ipc", "2.0"), ImportError("no ipc")))
    assert plugins.main(["list"]) == 1
    assert "plugin ipc of smplab-ipc 2.0 failed to load: ImportError: no ipc" in " ".join(
        capsys.readouterr().out.split()
    )
    assert plugins.main(["list", "--json"]) == 1
    (failure,) = json.loads(capsys.readouterr().out)["failures"]
    assert (failure["distribution"], failure["error"]) == ("smplab-ipc", "ImportError: no ipc")


def test_show_tells_all_that_is_known_of_a_parameter(host: Host, capsys: Capture) -> None:
    assert plugins.main(["show", "ticket"]) == 0
    out = capsys.readouterr().out
    assert "mechanism/lock/ticket (smplab-samples)" in out
    assert "mechanism.lock.backoff_cycles = 0 cycles" in out
    assert "pause; at least 0; source: section 2.2" in out


def test_show_tells_build_parameters_choices_bounds_and_slots(host: Host, capsys: Capture) -> None:
    plugins.main(["show", "mcs"])
    assert "fixed when the image is built" in capsys.readouterr().out
    plugins.main(["show", "lock_contention"])
    out = capsys.readouterr().out
    assert "one of constant, uniform" in out
    assert "Uses the slots: lock" in out
    plugins.main(["show", "topology/uniform"])
    out = capsys.readouterr().out
    assert "1 to 64" in out
    assert "topology.costs.hit = 7 cycles" in out
    assert "Source: nobody" in out
    plugins.main(["show", "topology/matrix"])
    assert "topology.file = must be given" in capsys.readouterr().out


def test_show_as_json_holds_the_same(host: Host, capsys: Capture) -> None:
    plugins.main(["show", "mechanism/lock/mcs", "--json"])
    plain = json.loads(capsys.readouterr().out)
    (parameter,) = plain["parameters"]
    assert parameter["key"] == "mechanism.lock.nodes"
    assert (parameter["default"], parameter["build"], parameter["minimum"]) == (4, True, 1)


def test_the_numbers_of_a_shipped_machine_carry_their_provenance(capsys: Capture) -> None:
    assert cli.main(["plugins", "show", "opteron48", "--json"]) == 0
    numbers = {n["name"]: n for n in json.loads(capsys.readouterr().out)["numbers"]}
    assert numbers["distance_cycles"]["provenance"] == "measured"
    assert numbers["distance_cycles"]["value"] == "117 to 300"
    assert numbers["clock_ghz"]["value"] == "2.1"
    assert numbers["costs.occ_r"]["provenance"] == "calibrated"
    assert numbers["costs.occ_r"]["source"]


def test_a_policy_is_listed_and_shown_with_its_parameters(capsys: Capture) -> None:
    plugins.main(["list", "--json"])
    components = json.loads(capsys.readouterr().out)["components"]
    names = [c["name"] for c in components if c["kind"] == "policy"]
    assert names == ["hints", "hostile", "static"]
    plugins.main(["show", "policy/hints"])
    out = capsys.readouterr().out
    assert "policy/hints (smplab" in out
    assert "policy.shared_from_percent = 7 %" in out
    plugins.main(["show", "hostile", "--json"])
    keys = [p["key"] for p in json.loads(capsys.readouterr().out)["parameters"]]
    assert keys == ["policy.priority", "policy.pause_cycles", "policy.threads_on"]


def test_a_name_of_two_kinds_is_asked_back(host: Host) -> None:
    with pytest.raises(
        ConfigError, match=r"ambiguous; choose from: kernel/none, mechanism/accounting/none"
    ):
        plugins.find(host, "none")
    assert plugins.find(host, "kernel/none").kind == "kernel"


def test_an_unknown_name_is_answered_with_close_ones(host: Host) -> None:
    with pytest.raises(ConfigError, match=r"no plugin tikket; did you mean ticket\?"):
        plugins.find(host, "tikket")
    with pytest.raises(ConfigError, match=r"did you mean mechanism/lock/ticket"):
        plugins.find(host, "mechanism/lock/tikket")


def test_every_shipped_component_documents_all_its_parameters() -> None:
    for entry in Host().registry:
        assert entry.doc, entry
        for parameter in entry.parameters:
            assert parameter.info.doc, f"{entry.kind}/{entry.name}: {parameter.name}"


def test_a_components_module_is_its_source_unless_it_says_otherwise(host: Host) -> None:
    class Own:
        @hookimpl
        def register_components(self, context: Components) -> None:
            from smplab_plugins.locks.ticket import TicketLock

            context.add("mechanism/lock", "paper", TicketLock)

    host.register(Own(), "own")
    assert "Mellor-Crummey" in plugins._source(plugins.find(host, "paper"))


def test_what_fills_several_slots_is_shown_once(capsys: Capture) -> None:
    plugins.main(["show", "mcs"])
    assert "mechanism/lock/mcs" in capsys.readouterr().out
    plugins.main(["show", "mechanism/fine_lock/mcs"])
    assert "mechanism/fine_lock/mcs" in capsys.readouterr().out
