"""The event log of each session, ordered, with replay from any id.
May use core.domain, core.errors, core.clock, core.redis.client, core.redis.keys.
Never drops an event silently: a reader too far behind gets an error. Knows neither HTTP nor the meaning of events.
Owned and closed by core.runtime.
Tests in tests/core/eventlog and tests/contracts.
"""
