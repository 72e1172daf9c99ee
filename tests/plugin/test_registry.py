from __future__ import annotations

import pytest

from smplab.plugin.errors import ConfigError, PluginError
from smplab.plugin.registry import Entry, Owner, Registry
from tests.sample_plugins import LockContention, Mcs, Ticket, Uniform, sample_host

OWNER = Owner("mine", "my-dist", "1.0")


def test_entries_come_sorted_and_know_their_names() -> None:
    registry = sample_host().registry
    assert registry.names("mechanism/lock") == ("mcs", "ticket")
    assert registry.names("scenario") == ()
    assert registry.kinds()[:3] == ("executor", "kernel", "mechanism/accounting")
    kinds = [(entry.kind, entry.name) for entry in registry]
    assert kinds == sorted(kinds)
    assert ("workload", "private") in registry


def test_an_entry_tells_what_its_component_is() -> None:
    entry = sample_host().registry.get("workload", "lock_contention")
    assert entry.doc == "Every CPU takes the lock."
    assert entry.slots() == ("lock",)
    assert Entry("mechanism/lock", "mcs", Mcs, OWNER).key == "mechanism.lock"


def test_duplicates_are_refused_with_both_owners() -> None:
    registry = Registry()
    registry.add(Entry("mechanism/lock", "mcs", Mcs, OWNER))
    other = Owner("theirs", "their-dist", "2.0")
    with pytest.raises(PluginError, match=r"by my-dist 1\.0 \(plugin mine\).*their-dist 2\.0"):
        registry.add(Entry("mechanism/lock", "mcs", Ticket, other))
    assert registry.get("mechanism/lock", "mcs").component is Mcs


@pytest.mark.parametrize(
    ("kind", "name", "component", "message"),
    [
        ("topologie", "x", Uniform, r"no such kind; did you mean topology\?"),
        ("mechanism", "x", Mcs, "no such kind"),
        ("mechanism/lock", "Mcs", Mcs, "lower-case"),
        ("mechanism/lock", "m-c-s", Mcs, "lower-case"),
        ("mechanism/lock", "mcs", int, "no dataclass"),
    ],
)
def test_what_breaks_the_rules_is_refused(
    kind: str, name: str, component: type, message: str
) -> None:
    registry = Registry()
    with pytest.raises(PluginError, match=message):
        registry.add(Entry(kind, name, component, OWNER))
    assert not list(registry)


def test_unknown_components_are_answered_with_the_known_ones() -> None:
    registry = sample_host().registry
    with pytest.raises(ConfigError, match=r"tickt: .* did you mean ticket\? choose from: mcs, t"):
        registry.get("mechanism/lock", "tickt")


def test_a_configuration_becomes_an_instance() -> None:
    registry = sample_host().registry
    built = registry.build("workload", {"name": "lock_contention", "think_cycles": 3})
    assert isinstance(built, LockContention)
    assert (built.think_cycles, built.think) == (3, "constant")
