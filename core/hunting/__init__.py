"""Here lives the hunt: one hunt from call to outcome, runs, who owns what runs, and what a trainer can do.
May use every room below: judge, review, notebooks, providers, sessions, eventlog, telemetry, throttle, domain.
Never speaks HTTP to people and never builds its own parts: core.runtime hands them in.
Owned and closed by core.runtime; the Runner owns every running task and drains them.
Tests in tests/core/hunting.
"""
