"""The event log of each session, ordered, with replay from any id.
May use core.domain, core.errors, core.clock, core.redis.client, core.redis.keys.
Knows nothing about HTTP or the meaning of an event. Never drops one silently: a reader too far behind gets an error.
Owned and closed by core.runtime.
Tests in tests/core/eventlog and tests/contracts.
"""
