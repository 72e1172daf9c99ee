from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from smplab.cli.main import main
from smplab.lab.sweep import SweepSettings
from smplab.plugin.host import Failure, Host, shared_host
from smplab.plugin.registry import Owner

Capture = pytest.CaptureFixture[str]
QUICK = ("tracking=none", "warmup_cycles=1000", "run_cycles=20000")


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Send results to a folder of the test's own."""
    monkeypatch.setenv("SMPLAB_HOME", str(tmp_path))
    return tmp_path


def records(folder: str) -> list[dict[str, Any]]:
    text = (Path(folder) / "points.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_a_run_prints_its_folder_last_and_alone(results: Path, capsys: Capture) -> None:
    assert main(["run", *QUICK, "cpus=2"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 1
    assert Path(out[0]).parent == results
    (record,) = records(out[0])
    assert record["status"] == "ok"
    assert record["config"]["cpus"] == 2
    assert record["metrics"]["operations"] > 0


def test_a_sweep_has_a_record_for_each_point(capsys: Capture) -> None:
    locks = "mechanism/lock=tas,ttas,ticket,mcs,clh"
    assert main(["run", "-m", *QUICK, locks, "cpus=1,4", "topology=opteron48"]) == 0
    found = records(capsys.readouterr().out.strip())
    assert len({record["hash"] for record in found}) == 10


def test_the_outcome_as_json_is_alone_on_standard_output(capsys: Capture) -> None:
    assert main(["run", *QUICK, "--json", "replicas=2"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert (plain["points"], plain["ok"], plain["exit_code"]) == (2, 2, 0)
    assert Path(plain["folder"]).is_dir()


def test_a_dry_run_lists_the_points_and_leaves_nothing(results: Path, capsys: Capture) -> None:
    assert main(["run", "--dry-run", "-m", "cpus=1,2", "mechanism/lock=mcs,tas"]) == 0
    caught = capsys.readouterr()
    lines = caught.out.splitlines()
    assert len(lines) == 4
    assert "cpus=1" in lines[0]
    assert "mechanism.lock.name=mcs" in lines[0]
    assert "4 points" in caught.err
    assert list(results.iterdir()) == []


def test_a_dry_run_names_the_points_as_the_run_does(capsys: Capture) -> None:
    main(["run", "--dry-run", "--json", *QUICK, "cpus=3"])
    (point,) = json.loads(capsys.readouterr().out)["points"]
    main(["run", *QUICK, "cpus=3"])
    (record,) = records(capsys.readouterr().out.strip())
    assert point["hash"] == record["hash"]
    assert point["config"] == record["config"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["topology=opteron84"], "did you mean opteron48? choose from: "),
        (["mechanism/lock=msc"], "did you mean mcs"),
        (["topology=opteron48", "cpus=49"], "cpus=49 is more than topology opteron48 has: it has"),
        (["workload.think_cycels=3"], "did you mean think_cycles"),
        (["workload.think_cycles=soon"], "could not be converted to Integer"),
        (["topology=matrix", "topology.file=nowhere.csv"], "nowhere.csv"),
        (["cpus=1,2"], "add -m"),
        (["executor=ry"], "did you mean ray"),
        (["--resume", "/nowhere"], "/nowhere: no sweep"),
        (["--resume", "/nowhere", "cpus=3"], "/nowhere"),
    ],
)
def test_what_makes_no_sense_ends_before_anything_runs(
    arguments: list[str], message: str, results: Path, capsys: Capture
) -> None:
    assert main(["run", *arguments]) == 2
    caught = capsys.readouterr()
    assert message in caught.err
    assert caught.err.count("\n") == 1
    assert caught.out == ""
    assert list(results.iterdir()) == []


def test_a_misspelt_flag_is_refused(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["run", "--dryrun"])
    assert caught.value.code == 2
    assert "--dryrun" in capsys.readouterr().err


def test_a_sweep_is_gone_on_with_where_it_was_left(capsys: Capture) -> None:
    main(["run", "-m", *QUICK, "cpus=1,2,3"])
    folder = capsys.readouterr().out.strip()
    path = Path(folder) / "points.jsonl"
    first, *_ = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first)
    assert main(["run", "--resume", folder]) == 0
    assert capsys.readouterr().out.strip() == folder
    found = records(folder)
    assert [record["config"]["cpus"] for record in found] == [1, 2, 3]
    assert path.read_bytes().startswith(first)


def test_the_executor_may_be_another_when_a_sweep_is_gone_on_with(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["run", *QUICK, "executor.timeout_s=100"])
    folder = capsys.readouterr().out.strip()
    plans = []
    original = SweepSettings.__init__

    def seen(self: SweepSettings, plan: Any, *rest: Any, **more: Any) -> None:
        plans.append(plan)
        original(self, plan, *rest, **more)

    monkeypatch.setattr(SweepSettings, "__init__", seen)
    assert main(["run", "--resume", folder, "executor.timeout_s=200"]) == 0
    assert plans[0].executor == {"name": "serial", "timeout_s": 200}
    assert plans[0].tracking == {"name": "none"}
    assert main(["run", "--resume", folder, "cpus=3"]) == 2
    assert "only executor and tracking can be chosen anew" in capsys.readouterr().err


def test_help_explains_every_value_within_80_columns(capsys: Capture) -> None:
    assert main(["run", "--help"]) == 0
    out = capsys.readouterr().out
    for text in ("placement=compact", "replicas=1", "mechanism/lock", "opteron48", "--resume DIR"):
        assert text in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_broken_plugin_is_warned_of_and_does_not_stop_the_run(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure = Failure(Owner("ipc", "smplab-ipc", "2.0"), ImportError("no ipc"))
    monkeypatch.setattr(Host, "failures", property(lambda self: (failure,)))
    assert main(["run", *QUICK]) == 0
    assert "smplab: warning: plugin ipc of smplab-ipc 2.0 failed" in capsys.readouterr().err
    assert main(["run", "workload=ipc"]) == 2
    assert "workload/ipc comes from smplab-ipc 2.0, which failed" in capsys.readouterr().err


def test_the_shipped_plugins_load_without_failure() -> None:
    assert shared_host().failures == ()
