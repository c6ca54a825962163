"""Here lives what happened in each session, in order, with replay from any id.
May use core.domain, core.errors, core.clock, core.redis.client, core.redis.keys.
Never knows HTTP or what an event means; never drops one silently: a reader too far behind is told so.
Owned and closed by core.runtime.
Tests in tests/core/eventlog and tests/contracts.
"""
