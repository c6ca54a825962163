"""Job dispatch (runs, reference checks, rejudging): the interface, for one process and for several on one Redis.
May use core.domain, core.redis, core.settings, core.clock, core.supervise, core.errors.
Never knows what a job does: the worker function is passed in.
Owned and closed by core.runtime, which drains it before anything that jobs use is closed.
Tests in tests/core/hunting/dispatch.
"""
