"""Here lives where sessions are kept: the promise, memory, Redis, and how one stands in for the other and goes back.
May use core.domain, core.errors, core.clock, core.settings, core.redis.client, core.redis.keys, core.redis.health.
Never decides what a change means: callers hand in pure functions.
Owned and closed by core.runtime; a session is changed only through SessionStore.change.
Tests in tests/core/sessions and tests/contracts.
"""
