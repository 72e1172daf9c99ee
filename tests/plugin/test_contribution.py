from __future__ import annotations

from pathlib import Path

import pytest

from smplab.plugin.contribution import (
    ComponentsContext,
    Contribution,
    FiguresContext,
    FoldersContext,
    MetricsContext,
)
from smplab.plugin.errors import PluginError
from smplab.plugin.registry import Owner, Registry
from tests.sample_plugins import Mcs

OWNER = Owner("mine", "my-dist", "1.0")


@pytest.fixture
def contribution() -> Contribution:
    """Return an empty contribution."""
    return Contribution(OWNER, Registry())


def test_components_are_registered_at_once_with_their_owner(contribution: Contribution) -> None:
    ComponentsContext(contribution).add("mechanism/lock", "mcs", Mcs)
    (entry,) = contribution.entries
    assert contribution.registry.get("mechanism/lock", "mcs") is entry
    assert entry.owner is OWNER
    with pytest.raises(PluginError, match="registered twice"):
        ComponentsContext(contribution).add("mechanism/lock", "mcs", Mcs)


def test_folders_are_packages_or_existing_paths(contribution: Contribution, tmp_path: Path) -> None:
    context = FoldersContext(contribution)
    context.add("pkg://mine.conf")
    context.add(tmp_path)
    assert contribution.folders == ["pkg://mine.conf", f"file://{tmp_path}"]
    with pytest.raises(PluginError, match="nowhere does not exist"):
        context.add(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["p99%", "a b", "", "9th", "a=b"])
def test_names_are_fit_for_columns_and_files(contribution: Contribution, name: str) -> None:
    with pytest.raises(PluginError, match="letters, digits and _ only"):
        MetricsContext(contribution, {}).add(name, "", lambda measurement: 1.0, "a metric")
    with pytest.raises(PluginError, match="letters, digits and _ only"):
        FiguresContext(contribution, {}).add(name, lambda table: None, "a figure")


def test_a_name_is_given_once_within_and_between_plugins(contribution: Contribution) -> None:
    metrics = MetricsContext(contribution, {})
    metrics.add("far", "transfers", lambda measurement: 1.0, "far transfers")
    with pytest.raises(PluginError, match=r"metric far is registered twice: by my-dist 1\.0"):
        metrics.add("far", "transfers", lambda measurement: 2.0, "again")
    taken = contribution.metrics
    later = Contribution(Owner("theirs", "their-dist"), Registry())
    with pytest.raises(PluginError, match=r"by my-dist 1\.0 and by their-dist"):
        MetricsContext(later, taken).add("far", "", lambda measurement: 3.0, "theirs")


def test_metrics_and_figures_keep_what_they_were_given(contribution: Contribution) -> None:
    MetricsContext(contribution, {}).add("far", "transfers", lambda measurement: 1.5, "far ones")
    FiguresContext(contribution, {}).add("curve", lambda table: None, "a curve")
    metric, figure = contribution.metrics["far"], contribution.figures["curve"]
    assert (metric.unit, metric.doc, metric.owner) == ("transfers", "far ones", OWNER)
    assert (figure.name, figure.doc, figure.owner) == ("curve", "a curve", OWNER)
