from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smplab.plugin.contexts import Components, ConfigurationFolders, Figures, Metrics
from smplab.plugin.errors import ConfigError, PluginError
from smplab.plugin.hookspecs import hookimpl
from smplab.plugin.host import Host
from tests.sample_plugins import Mcs, Ticket, sample_host

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that installs a distribution with one plugin; only these are found."""
    site = tmp_path / "site"
    site.mkdir()
    kept = [p for p in sys.path if not _has_plugins(p)]
    monkeypatch.setattr(sys, "path", [str(site), *kept])

    def make(name: str, source: str, entry: str | None = None) -> None:
        module = f"sample_{name}"
        (site / f"{module}.py").write_text(source, encoding="utf-8")
        monkeypatch.delitem(sys.modules, module, raising=False)
        info = site / f"{module}-1.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: smplab-{name}\nVersion: 1.5\n", encoding="utf-8")
        text = f"[smplab]\n{entry or name} = {module}\n"
        (info / "entry_points.txt").write_text(text, encoding="utf-8")

    return make


def _has_plugins(folder: str) -> bool:
    return bool(list(Path(folder).glob("smplab-*.dist-info"))) if folder else False


GOOD = textwrap.dedent(
    """
    from smplab.plugin.hookspecs import hookimpl
    from tests.sample_plugins import Ticket

    @hookimpl
    def register_components(context):
        context.add("mechanism/lock", "{name}", Ticket)
    """
)


def test_installed_plugins_load_with_their_distribution(install: Install) -> None:
    install("fine", GOOD.format(name="fair"))
    host = Host()
    entry = host.registry.get("mechanism/lock", "fair")
    assert str(entry.owner) == "smplab-fine 1.5"
    assert host.failures == ()


def test_nothing_is_loaded_before_it_is_asked_for(install: Install) -> None:
    install("late", GOOD.format(name="late"))
    host = Host()
    assert "sample_late" not in sys.modules
    assert host.registry.names("mechanism/lock") == ("late",)


def test_without_autoload_nothing_installed_counts(install: Install) -> None:
    install("fine", GOOD.format(name="fair"))
    assert list(Host(autoload=False).registry) == []


def test_a_broken_plugin_is_reported_and_the_others_work(install: Install) -> None:
    install("a_broken", "import no_such_module_anywhere")
    install("fine", GOOD.format(name="fair"))
    host = Host()
    assert host.registry.names("mechanism/lock") == ("fair",)
    (failure,) = host.failures
    assert str(failure).startswith("plugin a_broken of smplab-a_broken 1.5 failed to load: Module")


def test_the_error_comes_back_where_the_component_is_asked_for(install: Install) -> None:
    install("ipc", "import no_such_module_anywhere")
    with pytest.raises(ConfigError, match=r"workload/ipc comes from smplab-ipc 1\.5, which failed"):
        Host().find("workload", "ipc")
    with pytest.raises(ConfigError, match=r"workload/x is not registered; it may .* smplab-ipc 1"):
        Host().find("workload", "x")


def test_a_plugin_that_fails_halfway_leaves_nothing_behind(install: Install) -> None:
    install(
        "half",
        GOOD.format(name="first") + "    raise RuntimeError('enough')\n",
    )
    host = Host()
    assert list(host.registry) == []
    with pytest.raises(ConfigError, match=r"mechanism/lock/first comes from smplab-half 1\.5"):
        host.find("mechanism/lock", "first")


def test_a_duplicate_name_refuses_the_second_plugin_whole(install: Install) -> None:
    install("a_first", GOOD.format(name="fair"))
    install(
        "b_second",
        GOOD.format(name="own") + '    context.add("mechanism/lock", "fair", Ticket)\n',
    )
    host = Host()
    assert host.registry.names("mechanism/lock") == ("fair",)
    assert "smplab-a_first 1.5" in str(host.failures[0])
    assert "smplab-b_second 1.5" in str(host.failures[0])


def test_a_plugin_cannot_take_a_name_that_ships(install: Install) -> None:
    install("aaa", GOOD.format(name="fair"))
    install("zzz", GOOD.format(name="fair"), entry="smplab")
    host = Host()
    assert host.registry.get("mechanism/lock", "fair").owner.distribution == "smplab-zzz"


def test_strict_stops_at_the_first_failure(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("broken", "import no_such_module_anywhere")
    monkeypatch.setenv("SMPLAB_STRICT_PLUGINS", "1")
    with pytest.raises(PluginError, match="smplab-broken"):
        Host().load()


class Misspelt:
    @hookimpl
    def register_component(self, context: Components) -> None:
        raise AssertionError("never called")


class Greedy:
    @hookimpl
    def register_components(self, context: Components, more: int) -> None:
        raise AssertionError("never called")


def test_misspelt_hooks_and_unknown_arguments_are_found() -> None:
    host = Host(autoload=False)
    with pytest.raises(PluginError, match=r"no hook register_component; did you mean register_c"):
        host.register(Misspelt(), "misspelt")
    with pytest.raises(Exception, match="more"):
        host.register(Greedy(), "greedy")
    host.register(sample_plugin_of_all_sorts(), "fine")
    assert host.registry.names("mechanism/lock") == ("mine",)


class AllSorts:
    folder: str = "pkg://tests"

    @hookimpl
    def register_components(self, context: Components) -> None:
        context.add("mechanism/lock", "mine", Mcs)

    @hookimpl
    def add_configuration(self, context: ConfigurationFolders) -> None:
        context.add(self.folder)

    @hookimpl
    def register_metrics(self, context: Metrics) -> None:
        context.add("one", "", lambda measurement: 1.0, "always one")

    @hookimpl
    def register_figures(self, context: Figures) -> None:
        context.add("blank", lambda table: None, "never drawn")


def sample_plugin_of_all_sorts() -> AllSorts:
    return AllSorts()


def test_folders_metrics_and_figures_are_kept() -> None:
    host = Host(autoload=False)
    host.register(AllSorts(), "all", "smplab-all")
    assert host.folders == ("pkg://tests",)
    (metric,) = host.metrics
    assert (metric.name, metric.doc, str(metric.owner)) == ("one", "always one", "smplab-all")
    assert [figure.name for figure in host.figures] == ["blank"]


def test_a_folder_may_be_a_path_that_exists(tmp_path: Path) -> None:
    host = Host(autoload=False)
    plugin = AllSorts()
    plugin.folder = str(tmp_path)
    host.register(plugin, "all")
    assert host.folders == (f"file://{tmp_path}",)
    other = AllSorts()
    other.folder = str(tmp_path / "nowhere")
    with pytest.raises(PluginError, match=r"nowhere does not exist"):
        Host(autoload=False).register(other, "all")


def test_a_second_metric_of_a_name_is_refused_and_all_else_of_its_plugin() -> None:
    host = Host(autoload=False)
    host.register(AllSorts(), "all")

    class Again:
        @hookimpl
        def register_components(self, context: Components) -> None:
            context.add("mechanism/lock", "other", Ticket)

        @hookimpl
        def register_metrics(self, context: Metrics) -> None:
            context.add("one", "", lambda measurement: 2.0, "two")

    with pytest.raises(PluginError, match="metric one is registered twice"):
        host.register(Again(), "again")
    assert host.registry.names("mechanism/lock") == ("mine",)


def test_observers_are_called_until_their_block_ends() -> None:
    seen: list[Any] = []

    class Observer:
        @hookimpl
        def point_finished(self, context: Any) -> None:
            seen.append(context)

    host = sample_host()
    with host.observers() as observe:
        observe(Observer())
        host.hook.point_finished(context=1)
    host.hook.point_finished(context=2)
    assert seen == [1]
