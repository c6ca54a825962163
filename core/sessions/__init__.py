"""Session storage: memory, Redis (renew_and_publish.lua: the TTL), failover to memory and back, and the library.
May use core.domain, core.library, core.errors, core.clock, core.settings, core.supervise, core.redis.
Never interprets a change: callers pass pure functions.
Owned and closed by core.runtime; a session is changed only through SessionStore.change.
Tests in tests/core/sessions and tests/contracts.
"""
