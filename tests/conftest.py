"""What every test shares."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A test suite that passes today passes tomorrow: no random examples, no clocks.
settings.register_profile(
    "smplab", derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.load_profile("smplab")

# Ray would otherwise start its workers through `uv run` when the suite itself was started that way.
os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
