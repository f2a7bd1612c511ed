"""What holds for every test."""

import os

from hypothesis import HealthCheck, settings

# How fast this machine is at the moment is nothing that a test may fail of. In CI the examples are the same
# each time, so that a change is judged by itself; elsewhere they go on looking.
settings.register_profile(
    "any machine",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any machine")
