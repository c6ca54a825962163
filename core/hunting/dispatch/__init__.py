"""Here lives how jobs (a run, a reference check) find somebody to work on them: the promise and the local one.
May use core.domain, core.errors, core.clock.
Never knows what a job does: the worker is handed in.
Owned and closed by core.runtime, which drains it before anything that jobs use is closed.
Tests in tests/core/hunting.
"""
