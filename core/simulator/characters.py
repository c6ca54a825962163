"""The built-in simulated models, each with a character of its own."""

from __future__ import annotations

from collections.abc import Mapping

from core.simulator.role import Role

JUDGE = "judge"

CHARACTERS: Mapping[str, Role] = {
    "hasty": Role(target_latency_ms=400, judge_latency_ms=120, latency_spread=0.3, break_rate=0.5),
    "careful": Role(target_latency_ms=900, judge_latency_ms=250, latency_spread=0.3, break_rate=0.1),
    "thinker": Role(
        target_latency_ms=1600, judge_latency_ms=400, latency_spread=0.4, break_rate=0.3, reasoning="field"
    ),
    "flaky": Role(
        target_latency_ms=600,
        judge_latency_ms=150,
        latency_spread=0.5,
        rate_limited=0.04,
        rate_limited_bare=0.02,
        server_error=0.03,
        overloaded=0.02,
        error_in_200=0.02,
        error_mid_stream=0.02,
        empty_reply=0.02,
        cut_stream=0.02,
        silent=0.005,
        slow=0.005,
        silent_s=30,
    ),
    JUDGE: Role(target_latency_ms=400, judge_latency_ms=200, latency_spread=0.3),
}
"""Models by their id, without `simulated/`. flaky: one call in five goes wrong, in every way there is."""

ABOUT: Mapping[str, str] = {
    "hasty": "breaks about every second short task",
    "careful": "mostly holds",
    "thinker": "slow, with a reasoning trace",
    "flaky": "one call in five fails, in every way there is",
    JUDGE: "judges by looking where a program can check the criterion",
}

STAND_IN = Role()
"""How a model of any other name answers over HTTP, where the server stands in for a real provider."""
