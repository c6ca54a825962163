"""Here lives who may call a provider now: slots per account, fair turns, a bounded queue; of one process or shared.
May use core.errors, core.clock, core.domain, core.redis.client, core.redis.keys.
Never calls a provider, retries, or knows what a call is for.
Owned and closed by core.runtime; a slot is owned by the caller's `async with`.
Tests in tests/contracts/test_throttle.py and tests/core/throttle.
"""
