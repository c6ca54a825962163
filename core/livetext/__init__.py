"""Replies as they are written: the text so far of watched calls in flight, delivered to watchers in any process.
May use core.domain, core.redis, core.clock, core.supervise, core.errors.
Never stores text: it ends with the call, and nothing is read while nobody watches.
Owned and closed by core.runtime.
Tests in tests/core/livetext.
"""
