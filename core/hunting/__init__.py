"""What users can do: hunts, checks, reviews, sharing, lists; dispatch and resume_restored_sessions.py survive a crash.
May use every package below it in docs/architecture.md, but not core.fetching or core.simulator.
Never handles HTTP requests and never builds what it uses of other packages: core.runtime passes it to opening.py.
Owned and closed by core.runtime; the Runner owns and drains the tasks of running hunts.
Tests in tests/core/hunting.
"""
