"""Judging outside of runs: checks, robustness reports, rejudging, second opinions on stored replies, drift.
May use core.hunting.hunts, core.hunting.runs, core.hunting.views and every package below core.hunting.
Never hunts: its calls go to judges, and to models that propose edits.
Owned and closed by core.runtime, which drains it first.
Tests in tests/core/hunting/checks.
"""
