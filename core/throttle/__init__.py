"""Here lives who may call a provider now: slots per account, fair turns between sessions, a bounded queue.
May use core.errors, core.clock, core.domain.
Never calls a provider, retries, or knows what a call is for.
Owned and closed by core.runtime; a slot is owned by the caller's `async with`.
Tests in tests/core/throttle.
"""
