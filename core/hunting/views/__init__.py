"""The JSON of sessions, runs, hunts, events and reviews, and its types.
May use core.hunting.run_plan and every package below core.hunting.
Never changes a session.
Owned and closed by nobody: these are pure functions.
Tests in tests/contracts/test_released.py and tests/api.
"""
