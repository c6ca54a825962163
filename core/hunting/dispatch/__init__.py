"""Job dispatch (runs, reference checks, rejudging): the interface, the local and the Redis implementation.
May use core.domain, core.errors, core.clock.
Never knows what a job does: the worker function is passed in.
Owned and closed by core.runtime, which drains it before anything that jobs use is closed.
Tests in tests/core/hunting.
"""
