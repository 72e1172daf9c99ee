"""A system with policy `static` is the system without one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from smplab.lab.point import assemble, run_point
from smplab.plugin.host import shared_host
from smplab_plugins.policies.static import Static
from tests.plugins.policies.declaring import heard
from tests.plugins.workloads.test_kernel_workloads import point


@pytest.mark.parametrize("how", ["uniprocessor", "locked", "messages"])
def test_it_adds_no_instruction_and_no_memory(how: str) -> None:
    config = point("ipc_pairs", how, 1)
    bare, static = (
        assemble({**config, "policy": policy}, shared_host()).program
        for policy in (None, {"name": "static"})
    )
    assert np.array_equal(bare.image.code, static.image.code)
    assert np.array_equal(bare.parameters, static.parameters)


def test_results_are_the_same() -> None:
    config: dict[str, Any] = point("ipc_clients", "locked", 4)
    assert run_point({**config, "policy": {"name": "static"}}) == run_point(config)


def test_it_tells_the_kernel_nothing() -> None:
    script = [("share", 1, 100, 0), ("involve", 1, 0, 2), ("group", 1, 1, 0), ("spread", 1, 2, 0)]
    assert heard(Static(), script)[0] == []
