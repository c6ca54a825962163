"""Here lives where sessions are kept: the promise, the memory store, the codec.
May use core.domain, core.errors, core.clock, core.settings.
Never decides what a change means: callers hand in pure functions.
Owned and closed by core.runtime; a session is changed only through SessionStore.change.
Tests in tests/core/sessions and tests/contracts.
"""
