"""Here lives the JSON of sessions, runs, hunts, events and reviews.
May use core.hunting.run_plan and every package below core.hunting.
Never changes a session.
Owned and closed by nobody: it holds nothing open.
Tests in tests/contracts and tests/api.
"""
