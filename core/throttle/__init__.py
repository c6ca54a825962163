"""Provider concurrency limits: slots per account, fair scheduling and a bounded queue, in one process or shared.
May use core.domain, core.redis, core.settings, core.clock, core.supervise, core.errors.
Never calls a provider, never retries, knows nothing about the purpose of a call.
Owned and closed by core.runtime; a slot is owned by the caller's `async with`.
Tests in tests/contracts/test_throttle.py and tests/core/throttle.
"""
