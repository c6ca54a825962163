"""The domain model: tasks, hunts, verdicts, runs and sessions, and their rules; verdict.py decides what is a break.
May use pydantic, the standard library's types, core.errors, core.statistics.
Never does I/O, reads a clock or draws a random number; callers pass times and random bytes in.
Owned and closed by nobody: these are values and pure functions.
Tests in tests/core/domain.
"""
