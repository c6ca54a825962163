"""Session storage: the interface, memory, Redis (renew_and_publish.lua: the TTL), failover to memory and back.
May use core.domain, core.errors, core.clock, core.settings, core.redis.client, core.redis.keys, core.redis.health.
Never interprets a change: callers pass pure functions.
Owned and closed by core.runtime; a session is changed only through SessionStore.change.
Tests in tests/core/sessions and tests/contracts.
"""
